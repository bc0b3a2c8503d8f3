// @vitest-environment jsdom
import { afterEach, describe, expect, it } from "vitest";
import type { Traits } from "../../src/inverter/state";
import { signed, values } from "../../src/inverter/words";
import view, { TRAITS } from "../../src/widgets/alloy_inverter";
import { BETWEEN, inverterModel, NEXT, START, stepped } from "./alloys";

function show(more: Partial<Traits> = {}) {
  const model = inverterModel(more);
  const el = document.body.appendChild(document.createElement("div"));
  const cleanup = view.render({ model, el });
  const named = <E extends HTMLElement = HTMLButtonElement>(label: string) =>
    [...el.querySelectorAll<E>("[aria-label]")].find((element) =>
      element.getAttribute("aria-label")!.startsWith(label),
    )!;
  const rows = () =>
    [...el.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent));
  const press = (target: Element, key: string) =>
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  return { model, el, cleanup, named, rows, press, text: (at: string) => el.querySelector(at)!.textContent };
}

afterEach(() => document.body.replaceChildren());

describe("the inverter in a page", () => {
  it("shows the alloy, its probability in words and its features", () => {
    const { el, model, named, rows, text } = show();
    expect(text(".mwi-formula")).toBe(START.shown);
    expect(text(".mwi-verdict")).toBe("0.24 ± 0.08Probably several phases");
    expect(named("probability of a single phase").getAttribute("aria-label")).toBe(
      "probability of a single phase 0.24, give or take 0.08 between the members of the model, wanted at least 0.60",
    );
    expect(text(".mwi-domain")).toBe(
      "inside the training dataNearest known alloy: AlCoCrCuFeNi (several phases)",
    );
    expect(rows()).toEqual([
      ["TmKMelting temperature", "1637", "K", ""],
      ["δ%Atomic size difference", "5.230", "%", ""],
    ]);
    expect(el.querySelector("tbody sub")!.textContent).toBe("m");
    expect(text(".mwi-sum")).toContain("Mean probability 0.500, all features together −0.260, makes 0.240.");
    expect(named("Aluminium 28.6 atomic per cent")).toBeTruthy();
    expect(Object.keys(model.state).sort()).toEqual([...TRAITS].sort());
  });

  it("puts the spread and the marker where they belong on the scale", () => {
    const { el } = show();
    expect(el.querySelector<HTMLElement>(".mwi-now")!.style.left).toBe("24%");
    const { left, right } = el.querySelector<HTMLElement>(".mwi-spread")!.style;
    expect([left, right]).toEqual(["16%", "68%"]);
  });

  it("draws contributions to the side they push to, on one scale", () => {
    const { el } = show({ trail: [START, NEXT], at: 1 });
    const width = (bar: Element) => Number.parseFloat((bar as HTMLElement).style.width);
    const [hot, size] = [...el.querySelectorAll("tbody tr")].map((row) => [
      ...row.querySelectorAll(".mwi-part"),
    ]);
    expect(size.map((bar) => bar.classList.contains("mwi-away"))).toEqual([true, false]);
    expect(hot.map((bar) => bar.classList.contains("mwi-towards"))).toEqual([true, true]);
    expect(width(size[0])).toBe(50); // the largest of both alloys
    expect(width(size[1]) / width(size[0])).toBeCloseTo(0.1 / 0.28, 3);
  });

  it("steps, shows before beside now, and says how it ended", () => {
    const { el, model, named, rows, text } = show();
    named("One step").focus();
    named("One step").click();
    expect(named("One step").getAttribute("aria-disabled")).toBe("true");
    expect(document.activeElement).toBe(named("One step"));
    stepped(model, NEXT, "converged", "Converged after 1 step.");
    expect(text(".mwi-outcome")).toBe("Converged after 1 step.");
    expect(rows()).toEqual([
      ["TmKMelting temperature", "1637", "▲1868", "K", ""],
      ["δ%Atomic size difference", "5.230", "▼1.180", "%", ""],
    ]);
    const shares = [...el.querySelectorAll(".mwi-elements li")].map(
      (row) => row.querySelector("b")!.textContent,
    );
    expect(shares).toEqual(["Co", "Cr", "Fe", "Ni", "Al", "Cu"]);
    expect(named("Aluminium 0.0 atomic per cent, before 28.6")).toBeTruthy();
    expect(named<HTMLInputElement>("Alloy").value).toBe(NEXT.alloy);
    expect(named<HTMLButtonElement>("Run to the end").disabled).toBe(true);
    expect(el.querySelector("[role=status]")!.textContent).toMatch(
      /^Step 1: Co25Cr25Fe25Ni25, probability of a single phase 0\.70.*outside the training data.*Converged/,
    );
    expect(el.querySelectorAll(".mwi-trail li")).toHaveLength(2);
    named("Go to the start").focus();
    named("Go to the start").click();
    expect(text(".mwi-formula")).toBe(START.shown);
    expect(document.activeElement).toBe(named("Go to the start"));
    expect(el.querySelector("[aria-current]")!.textContent).toContain("Start0.24");
  });

  it("compares with the step before or with the start", () => {
    const later = { ...NEXT, step: 2 };
    const { el, model, named, rows, press } = show({ trail: [START, { ...BETWEEN, step: 1 }, later], at: 2 });
    expect(rows()[0].slice(0, 3)).toEqual(["TmKMelting temperature", "1868", "1868"]); // BETWEEN has NEXT's features
    press(named("Compare with the step before"), "ArrowRight");
    expect(document.activeElement).toBe(named("Compare with the start"));
    expect(rows()[0].slice(0, 3)).toEqual(["TmKMelting temperature", "1637", "▲1868"]);
    expect(el.querySelector("thead")!.textContent).toContain("Start");
    expect(named("Cobalt 25.0 atomic per cent, before 14.3")).toBeTruthy();
    model.receive({ at: 1 });
    expect(el.querySelector<HTMLElement>(".mwi-beside")!.hidden).toBe(true);
  });

  it("runs and can be stopped", () => {
    const { model, named } = show();
    named("Run to the end").click();
    stepped(model, BETWEEN, "going");
    named("Stop here").click();
    stepped(model, NEXT, "going");
    expect(model.sent).toHaveLength(2);
    named("Run to the end").focus();
    named("Run to the end").click();
    stepped(model, { ...NEXT, probability: 0.8 }, "converged");
    expect(named<HTMLButtonElement>("Run to the end").disabled).toBe(true);
    expect(document.activeElement).toBe(named("One step")); // the focus is not lost
  });

  it("keeps the focus on a wish that was toggled", () => {
    const { el, model, named } = show();
    named("Forbid Copper").focus();
    named("Forbid Copper").click();
    expect(model.get("forbid")).toEqual(["Cu"]);
    expect(document.activeElement).toBe(named("Forbid Copper"));
    expect(named("Forbid Copper").getAttribute("aria-pressed")).toBe("true");
    named("Forbid Vanadium").click();
    expect(el.querySelector("summary")!.textContent).toBe("Other elements; forbidden: V");
  });

  it("takes an alloy that is typed, and says beside the box what is wrong with it", () => {
    const { el, model, named, press } = show();
    const input = named<HTMLInputElement>("Alloy");
    input.value = "hello";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    press(input, "Enter");
    expect(model.sent[0]).toMatchObject({ kind: "enter", data: "hello" });
    model.reply({ type: "error", id: model.sent[0].id, kind: "enter", text: "Malformed formula 'hello'" });
    expect(el.querySelector("[role=alert]")!.textContent).toBe("Malformed formula 'hello'");
    expect(input.getAttribute("aria-invalid")).toBe("true");
    press(input, "Escape");
    expect(input.value).toBe(START.alloy);
  });

  it("chooses target and step size", () => {
    const { model, named, press } = show();
    press(named("Target: a single phase"), "ArrowLeft");
    expect(model.get("target")).toBe("multi");
    expect(document.activeElement).toBe(named("Target: several phases"));
    const size = named<HTMLInputElement>("Step size");
    size.value = "0.35";
    size.dispatchEvent(new Event("input"));
    expect(model.get("size")).toBe(1); // still in the hand
    size.dispatchEvent(new Event("change"));
    expect(model.get("size")).toBe(0.35);
  });

  it("shows what is being learned, and then what has changed", () => {
    const { el, model, named, text } = show();
    named("Label this alloy: a single phase").focus();
    named("Label this alloy: a single phase").click();
    expect(model.sent[0].data).toEqual({ act: "start", at: 0, label: "single" });
    model.reply({ type: "reply", id: model.sent[0].id, kind: "learn", data: {} });
    model.receive({
      lesson: {
        state: "running",
        shown: START.shown,
        label: "single",
        steps: 30,
        total: 120,
        seconds_left: 4.4,
      },
    });
    expect(text(".mwi-going")).toBe(`Learning ${START.shown}: 25 %, about 4 s leftStop`);
    expect(document.activeElement).toBe(named("Stop learning"));
    expect(el.querySelector<HTMLProgressElement>("progress")!.value).toBe(0.25);
    expect(named("One step").getAttribute("aria-disabled")).toBeNull(); // the rest stays usable
    model.receive({
      lesson: { state: "done", text: "Learned it." },
      taught: [{ alloy: START.alloy, shown: START.shown, label: "single" }],
    });
    expect(text(".mwi-learned")).toBe("Learned it.");
    expect(document.activeElement).toBe(named("Label this alloy: several phases"));
    expect(el.querySelector("[role=status]")!.textContent).toBe("Learned it.");
    expect(text(".mwi-taught")).toBe(`Labels learned here: ${START.shown} (a single phase)`);
    named("Forget the labels").click();
    expect(model.sent.at(-1)!.data).toEqual({ act: "forget" });
  });

  it("has no controls without a step, and nothing to label without a learn", () => {
    const { el } = show({ evaluates: false, inverts: false, learns: false });
    for (const part of [".mwi-form", ".mwi-controls", ".mwi-school", ".mwi-rest"])
      expect(el.querySelector<HTMLElement>(part)!.hidden).toBe(true);
    expect(el.querySelectorAll(".mwi-chip, .mwi-wanted")).toHaveLength(0);
  });

  it("leaves out what is not known", () => {
    const bare = {
      ...START,
      std: null,
      base: null,
      in_domain: null,
      nearest: "",
      features: START.features.map((feature) => ({ ...feature, shapley: null })),
    };
    const { el, text } = show({ trail: [bare] });
    expect(text(".mwi-number")).toBe("0.24");
    expect(el.querySelector(".mwi-spread, .mwi-bars, .mwi-sum")).toBeNull();
    expect(el.querySelector<HTMLElement>(".mwi-domain")!.hidden).toBe(true);
  });

  it("takes names as text, never as HTML", () => {
    const { el } = show({ trail: [{ ...START, shown: "<img src=x>", nearest: "<b>bold</b>" }] });
    expect(el.querySelector("img, .mwi-domain b")).toBeNull();
  });

  it("leaves nothing behind", () => {
    const { el, model, cleanup } = show();
    cleanup();
    expect(el.childElementCount).toBe(0);
    expect([...model.listeners.values()].every((callbacks) => callbacks.size === 0)).toBe(true);
  });
});

describe("numbers", () => {
  it("have the decimals that compare them", () => {
    expect(values(1868, 1637)).toEqual(["1868", "1637"]);
    expect(values(-3.2, -19.3)).toEqual(["−3.20", "−19.30"]);
    expect(values(0.11, 0)).toEqual(["0.1100", "0.0000"]);
    expect(values(5.23, null)).toEqual(["5.230", ""]);
  });

  it("carry their sign", () => {
    expect([signed(0.12), signed(-0.0004), signed(0)]).toEqual(["+0.120", "0.000", "0.000"]);
  });
});
