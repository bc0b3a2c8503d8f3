// @vitest-environment jsdom
import { afterEach, describe, expect, it } from "vitest";
import view, { TRAITS } from "../../src/widgets/xrd_viewer";
import type { Traits } from "../../src/xrd_viewer/traits";
import type { HostModel } from "../harness/host";
import { threePatterns, xrdModel } from "./patterns";

function show(model: HostModel<Traits> = xrdModel()) {
  const el = document.body.appendChild(document.createElement("div"));
  const cleanup = view.render({ model, el });
  const plot = el.querySelector<HTMLElement>(".mwx-plot")!;
  const press = (key: string, more: KeyboardEventInit = {}) =>
    plot.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  const named = (label: string) => el.querySelector<HTMLButtonElement>(`[aria-label="${label}"]`)!;
  const point = (type: string, clientX: number) =>
    plot.dispatchEvent(new MouseEvent(type, { clientX, bubbles: true, button: 0 }));
  return {
    model,
    el,
    cleanup,
    press,
    named,
    point,
    text: (at: string) => el.querySelector(at)!.textContent,
    voice: () => el.querySelector("[role=status]")!.textContent,
    count: (at: string) => el.querySelectorAll(at).length,
  };
}

afterEach(() => document.body.replaceChildren());

describe("a pattern with its reconstruction", () => {
  it("is drawn with residual, marks of three shapes, and words", () => {
    const { el, model, text, count } = show();
    expect(Object.keys(model.state).sort()).toEqual([...TRAITS].sort());
    expect(count(".mwx-line")).toBe(3); // pattern, reconstruction, residual
    expect(count(".mwx-area")).toBe(1);
    const drawing = el.querySelector(".mwx-drawing")!;
    expect(
      [".mwx-matched", ".mwx-missed", ".mwx-extra"].map((at) => drawing.querySelectorAll(at).length),
    ).toEqual([2, 1, 1]);
    const shapes = new Set([...drawing.querySelectorAll(".mwx-mark")].map((mark) => mark.getAttribute("d")));
    expect(shapes.size).toBe(3);
    expect(text(".mwx-marks")).toBe("2 matched1 missed1 extra");
    expect(text(".mwx-verdict")).toMatch(
      /^Recall 2 of 3 peaks \(67 %\); precision 2 of 3 peaks \(67 %\); peaks from 5 % of the strongest within 0.2° count as the same; cosine similarity 0\.\d{3}$/,
    );
    expect(drawing.textContent).toContain("Residual: NaCl less reconstruction");
    expect(drawing.textContent).toContain("2θ (degrees), Cu Kα");
  });

  it("says from which height peaks count, where that is known", () => {
    const alone = { reconstructions: null, reconstruction_names: [""], scores: [null] };
    const peaks = [{ own: [[30, 100, null]] as [number, number, null][], extra: [], compared: false }];
    expect(show(xrdModel({ ...alone, peaks })).text(".mwx-marks")).toBe("1 peak from 5 % of the strongest");
    expect(show(xrdModel({ ...alone, peaks, least: 0 })).el.querySelector(".mwx-marks")!.textContent).toBe(
      "1 peak",
    );
    expect(show(xrdModel({ least: 0 })).text(".mwx-verdict")).toContain(
      "; peaks within 0.2° count as the same",
    );
  });

  it("says aloud once that a decoded pattern is not to be trusted", () => {
    const { model, voice, text } = show();
    model.set("note", "far from every known crystal: do not trust it; most alike pattern: NaCl");
    expect(voice()).toBe("Far from every known crystal: do not trust it");
    expect(text(".mw-note")).toContain("most alike pattern: NaCl");
    model.set("note", "pattern half lent by TiO₂; most alike pattern: NaCl");
    expect(voice()).toBe("Pattern half lent by TiO₂");
  });

  it("is walked through by keys, and heard", () => {
    const { press, voice, model, text } = show();
    press("n");
    expect(voice()).toBe(
      "Peak 1 of 4: 30.00 degrees 2 theta, d 2.979 angstrom, relative intensity 100 per cent; matched: reconstruction has it at 30.10 degrees",
    );
    expect(model.get("cursor")).toBe(30);
    expect(text(".mwx-readout")).toContain("2θ 30.00°d 2.979 Å");
    for (const key of ["n", "n"]) press(key);
    expect(voice()).toContain("missed: reconstruction has none here");
    press("n");
    expect(voice()).toContain("extra: reconstruction has it, NaCl has none");
    press("n");
    expect(voice()).toBe("No peak after this one");
    press("ArrowLeft");
    expect(model.get("cursor")).toBeCloseTo(74.9, 6);
    expect(voice()).toMatch(
      /^74\.90 degrees 2 theta, d 1\.\d{3} angstrom, intensity 0\.000, reconstruction 0\.3/,
    );
    press("ArrowRight", { shiftKey: true });
    expect(model.get("cursor")).toBeCloseTo(76.9, 6);
    press("Escape");
    expect(model.get("cursor")).toBe(null);
  });

  it("is looked at closer by keys and whole again", () => {
    const { press, model, named } = show();
    expect(named("Show all angles").disabled).toBe(true);
    press("+");
    const [low, high] = model.get("window");
    expect(high - low).toBeCloseTo(80 / 1.5, 6);
    press("PageDown");
    expect(model.get("window")[1]).toBe(90);
    press("-");
    press("+");
    press("Home");
    expect(model.get("window")).toEqual([]);
  });

  it("is looked at closer by a drag, whole again by a double click; a click reads", () => {
    const { point, model } = show();
    // 860 px wide until laid out: 62 px on the left, 14 on the right
    const pixel = (at: number) => 62 + ((at - 10) / 80) * (860 - 76);
    for (const [type, at] of [
      ["pointerdown", 40],
      ["pointermove", 30],
      ["pointermove", 20],
      ["pointerup", 20],
    ] as const)
      point(type, pixel(at));
    expect(model.get("window").map((x) => Math.round(10 * x) / 10)).toEqual([20, 40]);
    expect(model.get("cursor")).toBe(null);
    point("dblclick", 200);
    expect(model.get("window")).toEqual([]);
    point("pointerdown", pixel(52));
    point("pointerup", pixel(52));
    expect(model.get("cursor")).toBeCloseTo(52, 1);
    point("pointerdown", pixel(45) + 3); // near a mark: the peak itself
    point("pointerup", pixel(45) + 3);
    expect(model.get("cursor")).toBe(45);
  });

  it("has an axis of spacings and one of scattering vectors", () => {
    const { named, el, model } = show();
    named("Axis of lattice spacings").click();
    expect(model.get("axis")).toBe("d");
    expect(el.querySelector(".mwx-drawing")!.textContent).toContain("d (Å), evenly spaced in 1/d");
    named("Axis of lattice spacings").dispatchEvent(
      new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true }),
    );
    expect(model.get("axis")).toBe("q");
    expect(named("Axis of scattering vectors").getAttribute("aria-checked")).toBe("true");
  });

  it("tells its peaks as a table", () => {
    const { el } = show();
    const details = el.querySelector("details")!;
    details.open = true;
    details.dispatchEvent(new Event("toggle"));
    const rows = [...el.querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    );
    expect(rows).toEqual([
      ["30.00", "2.979", "100.0", "matched at 30.10°"],
      ["45.00", "2.015", "60.0", "matched at 45.00°"],
      ["60.00", "1.542", "25.0", "missed"],
      ["75.00", "1.266", "40.0", "extra"],
    ]);
  });
});

describe("several patterns", () => {
  it("are hidden, read and stacked", () => {
    const { el, model, named, count, press, voice } = show(threePatterns());
    const lines = () => count(".mwx-drawing .mwx-line");
    expect(lines()).toBe(3);
    const dashes = [...el.querySelectorAll(".mwx-drawing .mwx-line")].map((line) =>
      line.getAttribute("stroke-dasharray"),
    );
    expect(new Set(dashes).size).toBe(3); // not by colour alone
    named("Draw b").focus();
    named("Draw b").click();
    expect(model.get("hidden")).toEqual([1]);
    expect(lines()).toBe(2);
    expect(document.activeElement).toBe(named("Draw b"));
    expect(named("Draw b").getAttribute("aria-pressed")).toBe("false");
    named("Read b").click();
    expect([model.get("at"), model.get("hidden")]).toEqual([1, []]);
    press("ArrowUp");
    expect(voice()).toBe("c, 3 of 3 patterns");
    named("Patterns one above the other").click();
    expect(model.get("stacked")).toBe(true);
    expect([...el.querySelectorAll(".mwx-pattern-name")].map((name) => name.textContent)).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  it("grow with the square root where that is wanted", () => {
    const { el, named } = show(threePatterns({ hidden: [1, 2] }));
    // Of the second and the third peak, at points 350 and 500, in px above the lowest.
    const heights = () => {
      const points = el.querySelector(".mwx-read")!.getAttribute("d")!.slice(1).split("L");
      const ys = points.map((point) => Number(point.split(" ")[1]));
      return [350, 500].map((i) => Math.max(...ys) - ys[i]);
    };
    const [second, third] = heights();
    expect(third / second).toBeCloseTo(0.25 / 0.6, 1);
    named("Square root of the intensities: weak peaks are seen").click();
    const [secondRoot, thirdRoot] = heights();
    expect(thirdRoot / secondRoot).toBeCloseTo(Math.sqrt(0.25 / 0.6), 1);
  });
});

it("says that nothing is there yet, and shows what comes", () => {
  const { el, model, text } = show(
    xrdModel({
      names: [],
      profiles: null,
      reconstructions: null,
      reconstruction_names: [],
      peaks: [],
      scores: [],
    }),
  );
  expect(text(".mwx-empty")).toContain("Nothing decoded yet");
  expect(el.querySelector<HTMLElement>(".mwx-plot")!.hidden).toBe(true);
  model.receive(xrdModel().state);
  expect(el.querySelector<HTMLElement>(".mwx-plot")!.hidden).toBe(false);
  expect(el.querySelectorAll(".mwx-line").length).toBe(3);
});

it("writes text as text", () => {
  const { el } = show(
    xrdModel({
      names: ["<img src=x onerror=alert(1)>"],
      label: "<b>salt</b>",
      note: "<i>note</i>",
      error: "<u>bad</u>",
    }),
  );
  expect(el.querySelector("img, b b, i, u")).toBe(null);
  expect(el.textContent).toContain("<img src=x onerror=alert(1)>");
  expect(el.querySelector("[role=alert]")!.textContent).toBe("<u>bad</u>");
});

it("leaves nothing behind", () => {
  const { cleanup, el, model } = show(xrdModel({ group: "g" }));
  cleanup();
  expect(el.children.length).toBe(0);
  expect([...model.listeners.values()].every((set) => set.size === 0)).toBe(true);
});
