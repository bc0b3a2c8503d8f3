// @vitest-environment jsdom
import { afterEach, describe, expect, it } from "vitest";
import type { Traits } from "../../src/periodic/state";
import table, { TRAITS } from "../../src/widgets/periodic_table";
import { HostModel } from "../harness/host";

function show(more: Partial<Traits> = {}) {
  const model = new HostModel<Traits>({
    selected: [],
    values: {},
    allowed: null,
    limit: null,
    unit: "GPa",
    label: "contribution",
    error: "",
    group: "",
    ...more,
  });
  const el = document.body.appendChild(document.createElement("div"));
  const cleanup = table.render({ model, el });
  const cell = (symbol: string) => el.querySelector<HTMLElement>(`[data-symbol=${symbol}]`)!;
  const press = (key: string) =>
    document.activeElement!.dispatchEvent(
      new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }),
    );
  return { model, el, cell, press, cleanup };
}

afterEach(() => document.body.replaceChildren());

describe("the periodic table in a page", () => {
  it("names its colours anew when their meaning changes, also after the values", () => {
    const { el, model } = show({ values: { Ti: 1, C: 2 } });
    expect(el.querySelector(".mw-legend")!.textContent).toContain("Contribution");
    model.receive({ values: { Ti: 0.1, C: 0.2 } });
    model.receive({ label: "likeness to Fe", unit: "" });
    expect(el.querySelector(".mw-legend")!.textContent).toContain("Likeness to Fe");
    expect(el.querySelector(".mw-legend")!.textContent).not.toContain("GPa");
  });

  it("is a grid of 118 cells with spoken names and one tab stop", () => {
    const { el, cell, model } = show({ selected: ["Ti"], values: { Ti: 12.3 } });
    expect(el.querySelector("[role=grid]")).not.toBeNull();
    expect(el.querySelectorAll("[role=gridcell]")).toHaveLength(118);
    expect(el.querySelectorAll("[role=row]")).toHaveLength(9);
    expect(el.querySelectorAll("[role=gridcell][tabindex='0']")).toHaveLength(1);
    expect(cell("Ti").getAttribute("aria-label")).toBe("Titanium, Ti, 22, transition metal, 12.3 GPa");
    expect(cell("Ti").getAttribute("aria-selected")).toBe("true");
    expect(Object.keys(model.state).sort()).toEqual([...TRAITS].sort());
  });

  it("walks with the arrow keys and selects with Enter and Space", () => {
    const { cell, press, model } = show({ selected: ["Ti"] });
    cell("Ti").focus();
    press("ArrowRight");
    expect(document.activeElement).toBe(cell("V"));
    expect(cell("Ti").tabIndex).toBe(-1);
    press("Enter");
    press("ArrowDown");
    press(" ");
    expect(model.get("selected")).toEqual(["Ti", "V", "Nb"]);
    press("w");
    expect(document.activeElement).toBe(cell("W"));
  });

  it("shows why an element is refused", () => {
    const { el, cell } = show({ limit: 2, selected: ["Ti", "C"] });
    cell("Cd").click();
    expect(el.querySelector("[role=alert]")!.textContent).toMatch(/^At most 2 elements/);
  });

  it("follows Python", () => {
    const { model, cell, el } = show();
    model.receive({ selected: ["W"], allowed: ["W", "C"] });
    expect(cell("W").getAttribute("aria-selected")).toBe("true");
    expect(cell("He").getAttribute("aria-disabled")).toBe("true");
    expect([...el.querySelectorAll(".mw-chip")].map((chip) => chip.textContent)).toEqual(["W"]);
  });

  it("keeps JupyterLab's shortcuts away and leaves nothing behind", () => {
    const { el, model, cleanup } = show();
    expect(el.querySelector<HTMLElement>(".mw")!.dataset.lmSuppressShortcuts).toBe("true");
    cleanup();
    expect(el.childElementCount).toBe(0);
    expect([...model.listeners.values()].every((callbacks) => callbacks.size === 0)).toBe(true);
  });
});
