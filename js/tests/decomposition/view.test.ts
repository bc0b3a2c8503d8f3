// @vitest-environment jsdom
import { afterEach, describe, expect, it } from "vitest";
import type { Traits } from "../../src/decomposition/state";
import view, { TRAITS } from "../../src/widgets/decomposition_view";
import { decompositionModel, GALLIUM, SULFIDE, walked } from "./balance";

function show(more: Partial<Traits> = {}) {
  const model = decompositionModel(more);
  const el = document.body.appendChild(document.createElement("div"));
  const cleanup = view.render({ model, el });
  const named = (label: string) =>
    [...el.querySelectorAll<HTMLElement>("[aria-label]")].find((element) =>
      element.getAttribute("aria-label")!.startsWith(label),
    )!;
  const rows = (table = el.querySelector("table")!) =>
    [...table.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent));
  const press = (target: Element, key: string) =>
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  return { model, el, cleanup, named, rows, press, text: (at: string) => el.querySelector(at)!.textContent };
}

afterEach(() => document.body.replaceChildren());

describe("the decomposition in a page", () => {
  it("is a balance sheet whose sums are the compound", () => {
    const { el, model, rows, text } = show();
    expect(text(".mwd-verdict")).toBe(GALLIUM.verdict.text);
    expect(rows()).toEqual([
      ["MoS₂", "92.31 % = 12/13", "MoS", "–", "30.77", "61.54", "−1.306"],
      ["Ga", "7.69 % = 1/13", "Ga", "7.69", "–", "–", "0"],
      ["Together", "100.00 %", "GaMoS", "7.69", "30.77", "61.54", "−1.214"],
      ["Ga(MoS₂)₄", "", "GaMoS", "7.69", "30.77", "61.54", "−1.174"],
    ]);
    expect(text(".mwd-closing")).toBe(GALLIUM.closing.text);
    expect(el.textContent).toContain("Energies: a table");
    expect(Object.keys(model.state).sort()).toEqual([...TRAITS].sort());
  });

  it("draws each side with the same area for each element", () => {
    const { el } = show();
    const area = (pan: Element) => {
      const sums = new Map<string, number>();
      for (const cell of pan.querySelectorAll("rect.mwd-cell")) {
        const size = Number(cell.getAttribute("width")) * Number(cell.getAttribute("height"));
        const colour = cell.getAttribute("style")!;
        sums.set(colour, (sums.get(colour) ?? 0) + size);
      }
      return sums;
    };
    const [left, right] = [...el.querySelectorAll(".mwd-pan")].map(area);
    expect(left.size).toBe(3);
    for (const [colour, size] of left) expect(right.get(colour)).toBeCloseTo(size, 6);
  });

  it("lifts the pan of the higher energy", () => {
    const { el, model } = show();
    const heights = () =>
      [...el.querySelectorAll<SVGElement>(".mwd-pan")].map((pan) =>
        Number(/translateY\((-?[\d.]+)px/.exec(pan.style.transform)![1]),
      );
    expect(heights()[0]).toBeLessThan(0); // up
    expect(heights()[1]).toBeGreaterThan(0);
    model.receive({ trail: [SULFIDE] });
    expect(heights()[0]).toBeGreaterThan(0);
  });

  it("walks to a product and back; the focus stays where one can go on", () => {
    const { el, model, named, text } = show();
    const first = named("Decompose MoS2:");
    expect(first.getAttribute("aria-label")).toContain("Molybdenum 33.3 per cent");
    first.focus();
    first.click();
    walked(model, SULFIDE);
    expect(text(".mwd-verdict")).toBe(SULFIDE.verdict.text);
    expect(document.activeElement?.getAttribute("aria-label")).toMatch(/^Decompose Mo:/);
    expect(el.querySelector("[role=status]")!.textContent).toMatch(/^MoS2: 33\.3 per cent Mo/);
    const back = named("Back") as HTMLButtonElement;
    back.click();
    expect(text(".mwd-verdict")).toBe(GALLIUM.verdict.text);
    expect(back.disabled).toBe(true);
    expect(document.activeElement).toBe(named("Forward"));
    named("Go to MoS2").click();
    expect(model.get("at")).toBe(1);
    expect(el.querySelector("[aria-current]")!.textContent).toBe("MoS₂");
  });

  it("decomposes what is typed, and says beside the box what is wrong with it", () => {
    const { el, model, named, press } = show();
    const input = named("Formula of a compound") as HTMLInputElement;
    input.value = "hello";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    press(input, "Enter");
    model.reply({
      type: "error",
      id: model.sent[0].id,
      kind: "decompose",
      text: "Malformed formula 'hello'",
    });
    expect(el.querySelector("[role=alert]")!.textContent).toBe("Malformed formula 'hello'");
    expect(input.getAttribute("aria-invalid")).toBe("true");
    press(input, "Escape");
    expect(input.value).toBe("Ga(MoS2)4");
    input.value = "MoS2";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    press(input, "Enter");
    walked(model, SULFIDE);
    expect(el.querySelector("[role=alert]")!.textContent).toBe("");
    expect(input.value).toBe("MoS2");
  });

  it("shows the latent side with the products alone beside the sum", () => {
    const { el, model, named, rows } = show();
    named("Show the latent space").click();
    expect(model.get("shows")).toBe("latent");
    expect(el.querySelectorAll(".mwd-chart rect.mwd-own")).toHaveLength(3);
    expect(rows(el.querySelector<HTMLTableElement>(".mwd-likeness")!)).toEqual([
      ["Weighted sum", "0.99985", "0.0520"],
      ["MoS₂ alone", "0.980", "0.200"],
      ["Ga alone", "–", "1.300"],
    ]);
    const heights = [...el.querySelectorAll(".mwd-chart rect.mwd-own")].map((bar) =>
      Number(bar.getAttribute("height")),
    );
    expect(heights[0] / heights[1]).toBeCloseTo(0.5);
    model.receive({ trail: [SULFIDE] });
    expect(el.querySelector(".mwd-latent-place")!.textContent).toBe(
      "Not in the latent means: sulfur is not known",
    );
  });

  it("has no switch without a latent space, and no box without a kernel that decomposes", () => {
    const plain = { ...GALLIUM, latent: null };
    const { el, named } = show({ trail: [plain], decomposes: false, shows: "latent" });
    expect(el.querySelector<HTMLElement>(".mw-segment")!.hidden).toBe(true);
    expect(el.querySelector<HTMLElement>(".mwd-form")!.hidden).toBe(true);
    expect(named("Back").hidden).toBe(true);
    expect(el.querySelectorAll(".mwd-walker")).toHaveLength(0);
    expect(el.querySelector<HTMLElement>(".mwd-latent-place")!.hidden).toBe(true);
  });

  it("says where the sides do not balance", () => {
    const open = { ...GALLIUM, closing: { closed: false, text: "The sides do not balance: S differs." } };
    const { el } = show({ trail: [open] });
    expect(el.querySelector(".mwd-closing")!.classList.contains("mwd-open")).toBe(true);
    expect(el.querySelector(".mwd-closing")!.textContent).toContain("do not balance");
  });

  it("takes names as text, never as HTML", () => {
    const { el } = show({ trail: [{ ...GALLIUM, shown: "<img src=x>", source: "<b>bold</b>" }] });
    expect(el.querySelector("img, .mwd-source b")).toBeNull();
  });

  it("leaves nothing behind", () => {
    const { el, model, cleanup } = show();
    cleanup();
    expect(el.childElementCount).toBe(0);
    expect([...model.listeners.values()].every((callbacks) => callbacks.size === 0)).toBe(true);
  });
});
