// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Traits } from "../../src/composition/state";
import panel, { TRAITS } from "../../src/widgets/composition_panel";
import { answer, panelModel, rounded } from "./panel";

function show(more: Partial<Traits> = {}) {
  const model = panelModel(more);
  const el = document.body.appendChild(document.createElement("div"));
  const cleanup = panel.render({ model, el });
  const sliders = () => [...el.querySelectorAll<HTMLInputElement>("input[type=range]")];
  const fire = (target: Element, type: string, more: object = {}) =>
    target.dispatchEvent(
      type.startsWith("key")
        ? new KeyboardEvent(type, { bubbles: true, cancelable: true, ...more })
        : new Event(type, { bubbles: true }),
    );
  const text = (selector: string) => el.querySelector(selector)!.textContent;
  const named = (label: string) => el.querySelector<HTMLInputElement>(`[aria-label="${label}"]`)!;
  return { model, el, cleanup, sliders, fire, text, named };
}

afterEach(() => document.body.replaceChildren());

describe("the panel in a page", () => {
  it("shows the prediction with its uncertainty, and a slider an element with a spoken name", () => {
    const { el, model, sliders, text } = show();
    expect(text(".mw-value")).toBe("150.0");
    expect(text(".mw-spread")).toBe("± 6.0 GPa");
    expect(text(".mw-title")).toBe("Bulk modulus");
    expect(sliders().map((slider) => slider.getAttribute("aria-label"))).toEqual([
      "Titanium, at.%",
      "Cadmium, at.%",
      "Carbon, at.%",
    ]);
    expect(sliders()[0].getAttribute("aria-valuetext")).toBe("50.0 at.%");
    expect(el.querySelector<HTMLElement>(".mw-badge")!.hidden).toBe(true);
    expect(Object.keys(model.state).sort()).toEqual([...TRAITS].sort());
  });

  it("previews on input and commits on change", () => {
    const { model, sliders, fire, text } = show();
    sliders()[0].value = "80";
    fire(sliders()[0], "input");
    expect(sliders().map((slider) => slider.value)).toEqual(["80", "8", "12"]);
    expect(model.get("fractions")).toEqual([0.5, 0.2, 0.3]);
    answer(model, { value: 201.5, std: 8, in_domain: false, formula: "x" });
    expect(text(".mw-value")).toBe("201.5");
    expect(text(".mw-change")).toBe("+51.5");
    fire(sliders()[0], "change");
    expect(rounded(model.get("fractions"))).toEqual([0.8, 0.08, 0.12]);
  });

  it("marks what lies outside the training data", () => {
    const { el } = show({ in_domain: false });
    expect(el.querySelector<HTMLElement>(".mw-badge")!.hidden).toBe(false);
  });

  it("moves by arrow keys: pressed a preview, let go the commit", () => {
    const { model, sliders, fire } = show();
    fire(sliders()[0], "keydown", { key: "ArrowRight" });
    fire(sliders()[0], "keydown", { key: "ArrowRight" });
    expect(model.get("fractions")).toEqual([0.5, 0.2, 0.3]);
    fire(sliders()[0], "keyup", { key: "ArrowRight" });
    expect(model.get("fractions")[0]).toBeCloseTo(0.52);
    fire(sliders()[0], "keydown", { key: "End" });
    fire(sliders()[0], "keydown", { key: "Escape" });
    fire(sliders()[0], "keyup", { key: "Escape" });
    expect(model.get("fractions")[0]).toBeCloseTo(0.52);
  });

  it("takes a typed number and says when it was cut", () => {
    const { model, named, fire, text } = show({ locks: ["Cd"] });
    const box = named("Titanium as a number, at.%");
    box.value = "95";
    fire(box, "input");
    fire(box, "change");
    expect(rounded(model.get("fractions"))).toEqual([0.8, 0.2, 0]);
    expect(text("[role=alert]")).toBe(
      "Ti can be 0.0 to 80.0 at.% while locks and limits hold: it is now 80.0.",
    );
  });

  it("undoes with Ctrl+Z and redoes with Ctrl+Shift+Z", () => {
    const { model, sliders, fire, named } = show();
    expect((named("Undo") as unknown as HTMLButtonElement).disabled).toBe(true);
    sliders()[0].value = "80";
    fire(sliders()[0], "input");
    fire(sliders()[0], "change");
    fire(sliders()[0], "keydown", { key: "z", ctrlKey: true });
    expect(model.get("fractions")).toEqual([0.5, 0.2, 0.3]);
    fire(sliders()[0], "keydown", { key: "Z", ctrlKey: true, shiftKey: true });
    expect(rounded(model.get("fractions"))).toEqual([0.8, 0.08, 0.12]);
  });

  it("shows what Python says as text, never as markup", () => {
    const { model, el, text } = show();
    model.receive({ error: "<img src=x onerror=alert(1)>", label: "<b>bold</b>" });
    expect(text("[role=alert]")).toBe("<img src=x onerror=alert(1)>");
    expect(el.querySelector("img, .mw-title b")).toBeNull();
  });

  it("sets the composition from a formula, and shows why it cannot", () => {
    const { model, named, fire, text } = show();
    const box = named("Formula");
    expect(box.value).toBe("Ti5Cd2C3");
    box.value = "Xx";
    fire(box, "input");
    fire(box, "keydown", { key: "Enter" });
    model.reply({ type: "error", id: model.sent[0].id, kind: "formula", text: "Unknown element 'Xx'" });
    expect(text("[role=alert]")).toBe("Unknown element 'Xx'");
    expect(box.value).toBe("Xx");
    fire(box, "keydown", { key: "Escape" });
    expect(box.value).toBe("Ti5Cd2C3");
  });

  it("copies the composition, or shows the line where the clipboard is closed", async () => {
    const { named, text } = show();
    const write = vi.fn<(line: string) => Promise<void>>().mockResolvedValue();
    Object.defineProperty(navigator, "clipboard", { value: { writeText: write }, configurable: true });
    const line = 'model.predict({"Ti": 0.5, "Cd": 0.2, "C": 0.3})';
    named("Copy as Python").click();
    await vi.waitFor(() => expect(text(".mw-note")).toBe(`Copied: ${line}`));
    expect(write).toHaveBeenCalledWith(line);
    write.mockRejectedValue(new Error("not allowed"));
    named("Copy as Python").click();
    await vi.waitFor(() => expect(text(".mw-note")).toBe(`Press Ctrl+C to copy: ${line}`));
  });

  it("shows weight per cent on demand", () => {
    const { model, named, sliders } = show({
      elements: ["Ti", "C"],
      fractions: [0.5, 0.5],
      predicted: [0.5, 0.5],
    });
    named("weight per cent").click();
    expect(model.get("mode")).toBe("wt");
    expect(sliders()[0].getAttribute("aria-valuetext")).toBe("79.9 wt.%");
  });

  it("locks, and a locked slider rests", () => {
    const { model, named, sliders } = show();
    named("Lock Cadmium").click();
    expect(model.get("locks")).toEqual(["Cd"]);
    expect(sliders()[1].disabled).toBe(true);
  });

  it("follows new elements from a link", () => {
    const { model, el, sliders } = show();
    model.receive({ elements: ["W", "C"], fractions: [0.25, 0.75] });
    expect(
      [...el.querySelectorAll<HTMLElement>(".mw-strip span")].map((part) => part.style.flexGrow),
    ).toEqual(["0.25", "0.75"]);
    expect(sliders().map((slider) => slider.getAttribute("aria-label"))).toEqual([
      "Tungsten, at.%",
      "Carbon, at.%",
    ]);
  });

  it("leaves nothing behind", () => {
    const { model, el, cleanup } = show();
    cleanup();
    expect(el.childElementCount).toBe(0);
    expect([...model.listeners.values()].every((callbacks) => callbacks.size === 0)).toBe(true);
  });
});
