// @vitest-environment jsdom
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Traits } from "../../src/latent/state";
import { onLatent, publishPreview } from "../../src/shared/hub";
import explorer, { TRAITS } from "../../src/widgets/latent_explorer";
import { latentModel, selected } from "./model";

beforeAll(() => {
  // jsdom paints no canvas; the pixels are looked at in a browser.
  HTMLCanvasElement.prototype.getContext = (() => null) as typeof HTMLCanvasElement.prototype.getContext;
  Element.prototype.setPointerCapture = () => {};
});
afterEach(() => document.body.replaceChildren());

/** In jsdom a plot is 640 x 460 at the page's corner: 6 units on 460 px with 6 % margin are 72.3 px a unit. */
const UNIT = 460 / (6 * 1.06);
const at = (x: number, y: number) => ({ clientX: 320 + (x - 3) * UNIT, clientY: 230 - (y - 3) * UNIT });

function show(more: Partial<Traits> = {}) {
  const model = latentModel(more);
  const el = document.body.appendChild(document.createElement("div"));
  const cleanup = explorer.render({ model, el });
  const plot = el.querySelector<HTMLElement>(".mw-plot")!;
  const key = (name: string, type = "keydown", options: KeyboardEventInit = {}) =>
    plot.dispatchEvent(new KeyboardEvent(type, { key: name, bubbles: true, cancelable: true, ...options }));
  const hand = (type: string, x: number, y: number, options: MouseEventInit = {}) =>
    plot.dispatchEvent(
      new MouseEvent(`pointer${type}`, { bubbles: true, cancelable: true, ...at(x, y), ...options }),
    );
  const drag = (way: [number, number][], options: MouseEventInit = {}) => {
    hand("down", ...way[0]);
    for (const place of way) hand("move", ...place);
    hand("up", ...way[way.length - 1], options);
  };
  const answer = (data: object) => {
    const { kind, id } = model.sent[model.sent.length - 1];
    model.reply({ type: "reply", kind, id, data });
  };
  const mode = (text: string) =>
    [...el.querySelectorAll<HTMLElement>("[role=radio]")].find((b) => b.textContent === text)!.click();
  const press = (text: string) =>
    [...el.querySelectorAll<HTMLElement>("button")].find((b) => b.textContent === text)!.click();
  return {
    model,
    el,
    plot,
    key,
    hand,
    drag,
    answer,
    mode,
    press,
    cleanup,
    text: (selector: string) => el.querySelector(selector)?.textContent,
    said: () => el.querySelector("[role=status]")!.textContent,
  };
}

describe("the explorer in a page", () => {
  it("says what it is and what the colours mean", () => {
    const { el, model, plot, text } = show();
    expect(text(".mw-title")).toBe("Latent space");
    expect(plot.getAttribute("aria-label")).toContain("49 points");
    expect([...el.querySelectorAll(".mw-legend li")].map((li) => li.textContent)).toEqual([
      "oxide28",
      "carbide21",
    ]);
    expect(Object.keys(model.state).sort()).toEqual([...TRAITS].sort());
  });

  it("chooses points by lasso, box and click; Shift adds, Alt takes away", () => {
    const { model, drag, hand, mode, text } = show();
    mode("Lasso");
    drag([
      [0.5, 0.5],
      [2.5, 0.5],
      [2.5, 1.5],
      [0.5, 1.5],
    ]);
    expect(selected(model)).toEqual([8, 9]);
    mode("Box");
    drag(
      [
        [4.5, 4.5],
        [6.4, 5.5],
      ],
      { shiftKey: true },
    );
    expect(selected(model)).toEqual([8, 9, 40, 41]);
    drag(
      [
        [1.5, 0.5],
        [2.5, 6],
      ],
      { altKey: true },
    );
    expect(selected(model)).toEqual([8, 40, 41]);
    expect(text(".mw-chosen")).toContain("3 chosen");
    mode("Cursor");
    hand("down", 3.05, 2);
    hand("up", 3.05, 2);
    expect(selected(model)).toEqual([17]);
    expect([model.get("point"), model.get("cursor")]).toEqual([
      17,
      [expect.closeTo(3, 6), expect.closeTo(2, 6)],
    ]);
  });

  it("decodes what the hand passes, one question in flight, and commits on release", () => {
    const { model, hand, answer, text } = show();
    hand("down", 1.5, 1.5);
    hand("move", 2.2, 1.4);
    hand("move", 2.6, 1.4);
    hand("move", 3.4, 1.6);
    expect(model.sent.filter(({ kind }) => kind === "decode")).toHaveLength(1);
    answer({ formula: "TiC", note: "", valid: true, nearest: [] });
    expect(text(".mw-formula")).toBe("TiC");
    expect(model.sent.filter(({ kind }) => kind === "decode")).toHaveLength(2);
    expect((model.sent.at(-1)!.data as { xy: number[] }).xy[0]).toBeCloseTo(3.4, 6);
    expect(model.get("cursor")).toEqual([]);
    hand("up", 3.4, 1.6);
    expect(model.get("cursor")).toEqual([expect.closeTo(3.4, 6), expect.closeTo(1.6, 6)]);
    answer({ formula: "too late", note: "", valid: true, nearest: [] });
    expect(text(".mw-formula")).not.toBe("too late");
  });

  it("tells linked widgets the latent vector under the hand, and when the hand gives up", () => {
    const { hand, answer, key } = show({ group: "g" });
    const heard: (readonly number[] | null)[] = [];
    const stop = onLatent("g", {}, (latent) => heard.push(latent));
    key("ArrowRight");
    answer({ formula: "TiC", note: "", valid: true, nearest: [], latent: [1, 2, 3] });
    key("ArrowRight", "keyup");
    expect(heard).toEqual([[1, 2, 3]]); // what is let go is committed: it comes by the trait
    hand("down", 1.5, 1.5);
    hand("move", 2.2, 1.4);
    answer({ formula: "TiC", note: "", valid: true, nearest: [], latent: [4, 5, 6] });
    key("Escape");
    expect(heard.slice(1)).toEqual([[4, 5, 6], null]);
    stop();
  });

  it("is used by keys alone: cursor, nearest point, box, nothing", () => {
    const { model, key, answer, said } = show();
    key("ArrowRight");
    key("ArrowRight", "keyup");
    expect(model.get("cursor")[0]).toBeCloseTo(3 + 14 / UNIT, 6);
    key("Enter");
    expect([model.get("point"), ...selected(model)]).toEqual([24, 24]);
    key("ArrowUp", "keyup");
    answer({ name: "TiC", values: [["gap", 1.25, "eV"]] });
    expect(said()).toBe("TiC; gap 1.250 eV");
    key("b");
    for (let i = 0; i < 2; i += 1) key("ArrowRight", "keydown", { shiftKey: true });
    key("ArrowUp", "keydown", { shiftKey: true });
    key("Enter");
    expect(selected(model)).toEqual([24, 25]);
    expect(said()).toBe("2 points chosen");
    key("Escape");
    expect(selected(model)).toEqual([]);
  });

  it("keeps what is seen while the cursor moves", () => {
    const { el, key } = show({ cursor: [3, 3] });
    const x = () =>
      Number(/translate\(([\d.]+)/.exec(el.querySelector(".mw-cursor")!.getAttribute("transform")!)![1]);
    for (let i = 0; i < 5; i += 1) key("+");
    const before = x();
    key("ArrowRight");
    expect(x()).toBeCloseTo(before + 14, 6);
    key("ArrowRight", "keyup");
    expect(x()).toBeCloseTo(before + 14, 6);
  });

  it("takes a held cursor back with Escape", () => {
    const { model, key, hand } = show({ cursor: [1, 1] });
    hand("down", 1, 1);
    hand("move", 4, 4);
    key("Escape");
    hand("up", 4, 4);
    expect(model.get("cursor")).toEqual([1, 1]);
  });

  it("asks for a walk between two points, shows its steps and goes to one", () => {
    const { model, el, press, answer } = show({ cursor: [1, 1], point: 8 });
    const to = [...el.querySelectorAll<HTMLButtonElement>("button")].find(
      (b) => b.textContent === "to here",
    )!;
    expect(to.disabled).toBe(true);
    press("Path from here");
    expect(el.querySelectorAll(".mw-way-spot")).toHaveLength(1);
    model.receive({ cursor: [5, 5], point: 40 });
    press("to here");
    answer({ count: 0 });
    const asked = model.sent.filter(({ kind }) => kind === "end");
    expect(asked.map(({ data }) => data)).toEqual([{ which: "start" }, { which: "end" }]);
    model.receive({
      walk: {
        title: "From a to b",
        xy: [
          [1, 1],
          [5, 5],
        ],
        steps: [
          { formula: "TiC", valid: true, known: true, note: "", nearest: ["TiC"], far: ["the same"] },
          { formula: "<b>W", valid: false, note: "", nearest: ["WC"], far: ["50 % other atoms"] },
        ],
      },
    });
    answer({ count: 2 });
    const cards = [...el.querySelectorAll<HTMLElement>(".mw-step")];
    expect(cards.map((card) => card.textContent)).toEqual([
      "1TiCvalidknown",
      "2<b>Winvalidnear WC50 % other atoms",
    ]);
    expect(el.querySelectorAll(".mw-way-spot")).toHaveLength(2);
    cards[0].click();
    expect([model.get("cursor"), model.get("point")]).toEqual([[1, 1], -1]);
    el.querySelector<HTMLElement>("[aria-label='Take the path away']")!.click();
    expect([model.get("walk"), el.querySelector<HTMLElement>(".mw-walk")!.hidden]).toEqual([{}, true]);
  });

  it("says what is decoded, how far the nearest are and what the plane is laid through", () => {
    const { model, el, text, press } = show({ cursor: [1.5, 1], through: "TiO\u2082" });
    const decoded = { formula: "TiC", valid: true, known: false, note: "a note", at: [1.5, 1] };
    model.receive({ decoded: { ...decoded, nearest: ["TiN", "VC"], far: ["50 % other atoms", ""] } });
    expect(text(".mw-about")).toContain("at 1.500, 1.000 in the plane through TiO\u2082");
    expect([...el.querySelectorAll(".mw-near li")].map((li) => li.textContent)).toEqual([
      "TiN50 % other atoms",
      "VC",
    ]);
    press("mean instead");
    expect(model.sent.at(-1)).toMatchObject({ kind: "middle" });
    model.receive({ through: "" });
    expect(text(".mw-origin")).toBe("at 1.500, 1.000");
  });

  it("goes to what somebody writes, where that can be looked up", () => {
    const { model, el, text } = show({ locates: true });
    const field = el.querySelector<HTMLInputElement>(".mw-find input")!;
    field.value = " PoO2 ";
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "2" }));
    expect(model.sent.filter(({ kind }) => kind === "locate")).toEqual([]);
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    const { kind, id, data } = model.sent.at(-1)!;
    expect([kind, data]).toEqual(["locate", { text: "PoO2" }]);
    model.reply({ type: "error", kind, id, text: "Po is outside the 89 elements" });
    expect(text(".mw-error")).toBe("Po is outside the 89 elements");
    expect(show().el.querySelector<HTMLElement>(".mw-find")!.hidden).toBe(true);
  });

  it("says when a lasso held nothing", () => {
    const { mode, drag, text, said } = show();
    mode("Box");
    drag([
      [0.2, 0.2],
      [0.6, 0.8],
    ]);
    expect(text(".mw-chosen")).toContain("no point lies inside");
    expect(said()).toBe("No point lies inside; 0 points chosen");
    drag([
      [0.2, 0.2],
      [1.2, 1.2],
    ]);
    expect(text(".mw-chosen")).toContain("1 chosen");
  });

  it("draws a linked way in two dimensions without the kernel", () => {
    const { model, el } = show({ dimensions: 2 });
    model.receive({
      path: [
        [1, 1],
        [2, 2],
        [2, 4],
      ],
    });
    expect(el.querySelectorAll(".mw-way-spot")).toHaveLength(3);
    model.receive({ path: [], walk: {} });
    expect(el.querySelectorAll(".mw-way-spot")).toHaveLength(0);
  });

  it("walks along a latent axis", () => {
    const { model, el, press } = show();
    el.querySelector<HTMLSelectElement>("[aria-label='Latent axis']")!.value = "2";
    press("Walk along");
    expect(model.sent.at(-1)).toMatchObject({ kind: "walk", data: { axis: 2 } });
  });

  it("asks for another channel and keeps colours and legend together until it comes", () => {
    const { model, el, text } = show();
    const channel = el.querySelector<HTMLSelectElement>(".mw-field-row select")!;
    channel.value = "gap";
    channel.dispatchEvent(new Event("change"));
    expect(model.get("colour")).toBe("gap");
    expect(text(".mw-legend")).toContain("Class");
    const levels = { dtype: "uint8" as const, shape: [49], data: new DataView(new Uint8Array(49).buffer) };
    model.receive({
      levels,
      scale: { name: "gap", unit: "eV", kind: "number", low: 0, high: 2, least: 0, most: 9 },
    });
    expect(text(".mw-legend")).toContain("Gap (eV)");
    expect(text(".mw-legend")).toContain("values reach from 0 to 9.00");
  });

  it("follows the hand in a linked panel without the kernel's commit", () => {
    const { model, el, answer } = show({ elements: ["Ti", "C"], group: "g", cursor: [1, 1] });
    publishPreview("g", {}, { elements: ["Ti", "C"], fractions: [0.4, 0.6] });
    expect(model.sent.at(-1)).toMatchObject({ kind: "place", data: { fractions: [0.4, 0.6] } });
    answer({ xy: [4, 2] });
    const cursor = () => el.querySelector(".mw-cursor")!.getAttribute("transform");
    expect(cursor()).toContain(`${320 + UNIT}`.slice(0, 6));
    publishPreview("g", {}, { elements: ["Ti", "C"], fractions: null });
    expect(cursor()).toContain(`${320 - 2 * UNIT}`.slice(0, 6));
    expect(model.get("cursor")).toEqual([1, 1]);
  });

  it("shows the sample of a saved notebook and chooses no rows of it", () => {
    const points = btoa(String.fromCharCode(0, 0, 0, 0, 255, 255, 255, 255));
    const { model, mode, drag } = show({
      n: 1000,
      coarse: null,
      fine: null,
      levels: null,
      saved: { count: 2, points },
    });
    mode("Box");
    drag([
      [-0.2, -0.2],
      [6.2, 6.2],
    ]);
    expect(selected(model)).toEqual([]);
  });

  it("shows trouble as text", () => {
    const { model, hand, el, text } = show({ error: "no weights" });
    expect(text(".mw-error")).toBe("no weights");
    hand("down", 1.5, 1.5);
    hand("move", 2.2, 1.4);
    const { kind, id } = model.sent.at(-1)!;
    model.reply({ type: "error", kind, id, text: "<img src=x>" });
    expect(text(".mw-error")).toBe("<img src=x>");
    expect(el.querySelector("img")).toBeNull();
  });

  it("scrolls the page unless somebody looks into the plot", () => {
    const { plot } = show();
    const wheel = (options = {}) => {
      const event = new WheelEvent("wheel", { deltaY: -100, cancelable: true, ...options });
      plot.dispatchEvent(event);
      return event.defaultPrevented;
    };
    expect([wheel(), wheel({ ctrlKey: true })]).toEqual([false, true]);
    plot.focus();
    expect(wheel()).toBe(true);
  });

  it("leaves nothing behind", () => {
    vi.useFakeTimers();
    const { model, el, cleanup } = show();
    cleanup();
    expect(el.childElementCount).toBe(0);
    expect([...model.listeners.values()].every((callbacks) => callbacks.size === 0)).toBe(true);
    vi.runAllTimers();
    vi.useRealTimers();
  });
});
