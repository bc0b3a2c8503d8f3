// @vitest-environment jsdom
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Traits } from "../../src/simplex/state";
import map, { TRAITS } from "../../src/widgets/simplex_map";
import { mapModel } from "./model";

beforeAll(() => {
  // jsdom paints no canvas; the pixels are looked at in a browser.
  HTMLCanvasElement.prototype.getContext = (() => null) as typeof HTMLCanvasElement.prototype.getContext;
});
afterEach(() => document.body.replaceChildren());

function show(elements: string[], fractions: number[], more: Partial<Traits> = {}) {
  const model = mapModel(elements, fractions, more);
  const el = document.body.appendChild(document.createElement("div"));
  const cleanup = map.render({ model, el });
  const marker = el.querySelector<SVGGElement>("[role=slider]")!;
  const key = (type: string, name: string) =>
    marker.dispatchEvent(new KeyboardEvent(type, { key: name, bubbles: true, cancelable: true }));
  return {
    model,
    el,
    marker,
    key,
    cleanup,
    text: (selector: string) => el.querySelector(selector)!.textContent,
  };
}

describe("the map in a page", () => {
  it("names its corners and says where the mark stands", () => {
    const { el, marker, model, text } = show(["Ti", "Cd", "C"], [0.5, 0.2, 0.3]);
    expect([...el.querySelectorAll(".mw-corner")].map((corner) => corner.textContent)).toEqual([
      "Ti",
      "Cd",
      "C",
    ]);
    expect(marker.getAttribute("aria-valuetext")).toBe("Ti 50.0 %, Cd 20.0 %, C 30.0 %; 77.00 GPa");
    expect(text(".mw-title")).toBe("Bulk modulus of Ti–Cd–C");
    expect(text(".mw-value")).toBe("77.0");
    expect(Object.keys(model.state).sort()).toEqual([...TRAITS].sort());
  });

  it("moves by arrow keys: pressed a preview, let go the commit", () => {
    const { model, key, text } = show(["Ti", "Cd", "C"], [0.5, 0.2, 0.3]);
    key("keydown", "ArrowUp");
    expect(model.get("fractions")).toEqual([0.5, 0.2, 0.3]);
    expect(text(".mw-side")).toContain("read off the map");
    key("keyup", "ArrowUp");
    expect(model.get("fractions").map((x) => Number(x.toFixed(6)))).toEqual([0.51, 0.195, 0.295]);
    key("keydown", "ArrowLeft");
    key("keydown", "Escape");
    expect(model.get("fractions")[0]).toBeCloseTo(0.51);
  });

  it("draws the optimiser's path with its start and its end", () => {
    const { el, model } = show(["Ti", "Cd", "C"], [0.5, 0.2, 0.3]);
    expect(el.querySelector(".mw-path path")).toBeNull();
    model.receive({
      path: [
        [0.3, 0.3, 0.4],
        [0.5, 0, 0.5],
      ],
    });
    expect(el.querySelectorAll(".mw-path path")).toHaveLength(2);
    expect(el.querySelectorAll(".mw-path-start, .mw-path-end")).toHaveLength(2);
  });

  it("has a slider for the fourth element, and only then", () => {
    const three = show(["Ti", "Cd", "C"], [0.5, 0.2, 0.3]);
    expect(three.el.querySelector<HTMLElement>(".mw-slice")!.hidden).toBe(true);
    const { el, model } = show(["Ti", "Cd", "Zn", "C"], [0.4, 0.2, 0.2, 0.2]);
    const slider = el.querySelector<HTMLInputElement>(".mw-fourth")!;
    expect(slider.getAttribute("aria-label")).toBe("Amount of Carbon, at.%");
    slider.value = "60";
    slider.dispatchEvent(new Event("input"));
    expect(model.get("fractions")[3]).toBe(0.2);
    slider.dispatchEvent(new Event("change"));
    expect(model.get("fractions")[3]).toBeCloseTo(0.6);
  });

  it("says so when the field is not there", () => {
    const { text } = show(["Ti", "Cd", "C"], [0.5, 0.2, 0.3], { field: null, spread: null });
    expect(text(".mw-legend")).toContain("run the cell again");
  });

  it("leaves nothing behind", () => {
    const { model, el, cleanup } = show(["Ti", "Cd", "C"], [0.5, 0.2, 0.3]);
    cleanup();
    expect(el.childElementCount).toBe(0);
    expect([...model.listeners.values()].every((callbacks) => callbacks.size === 0)).toBe(true);
  });
});
