// @vitest-environment jsdom
import { afterEach, describe, expect, it } from "vitest";
import { attentionOf, type Explanation, total } from "../../src/composition/explanation";
import type { Traits } from "../../src/composition/state";
import { epistemicShare, splitOf, splitText } from "../../src/shared/uncertainty";
import panel from "../../src/widgets/composition_panel";
import { answer, panelModel } from "./panel";

/** Two networks, one layer, two heads; the first network looks at itself, the second at the other. */
const EXPLANATION: Explanation = {
  elements: ["Ti", "C"],
  contributions: [-20, 170],
  unit: "GPa",
  attention: { shape: [2, 1, 2, 2, 2], values: [1, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 0.5, 0.5, 0.5, 0.5] },
};

describe("explanations", () => {
  it("average what is not chosen", () => {
    const all = { member: null, layer: null, head: null };
    expect(attentionOf(EXPLANATION, all)).toEqual([
      [0.625, 0.375],
      [0.375, 0.625],
    ]);
    expect(attentionOf(EXPLANATION, { ...all, member: 1, head: 0 })).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(attentionOf(EXPLANATION, { ...all, member: 1 })).toEqual([
      [0.25, 0.75],
      [0.75, 0.25],
    ]);
    expect(attentionOf({ ...EXPLANATION, attention: null }, all)).toEqual([]);
    expect(total(EXPLANATION)).toBe(150);
  });
});

describe("the two parts of an uncertainty", () => {
  it("share the variance, not the deviation", () => {
    expect(epistemicShare({ aleatoric: 4, epistemic: 3 })).toBeCloseTo(9 / 25);
    expect(splitOf(null, 3)).toBeNull();
    expect(splitOf(0, 0)).toBeNull();
    expect(splitText(2.5e-5, { aleatoric: 3e-6, epistemic: 1e-6 })).toEqual({
      aleatoric: "± 0.30×10⁻⁵",
      epistemic: "± 0.10×10⁻⁵",
    });
  });
});

function show(more: Partial<Traits> = {}) {
  const model = panelModel(more);
  const el = document.body.appendChild(document.createElement("div"));
  const cleanup = panel.render({ model, el });
  const details = el.querySelector("details") as HTMLDetailsElement;
  const open = () => {
    details.open = true;
    details.dispatchEvent(new Event("toggle"));
  };
  const asked = () => model.sent.filter(({ kind }) => kind === "explain");
  return { model, el, cleanup, details, open, asked };
}

afterEach(() => document.body.replaceChildren());

describe("the panel", () => {
  it("says where the uncertainty comes from", () => {
    const { el, model } = show();
    const split = el.querySelector<HTMLElement>(".mw-split")!;
    expect(split.hidden).toBe(false);
    expect(split.textContent).toBe(
      "scatter of the data ± 4.8 GPa, 64 %the networks disagree by ± 3.6 GPa, 36 % of variance",
    );
    model.receive({ std_aleatoric: null, std_epistemic: null });
    expect(split.hidden).toBe(true);
  });

  it("asks for an explanation only while it is open", () => {
    const { model, details, open, asked } = show();
    model.receive({ fractions: [0.2, 0.3, 0.5] });
    expect(asked()).toEqual([]);
    open();
    expect(asked().map(({ data }) => data)).toEqual([[0.2, 0.3, 0.5]]);
    answer(model, EXPLANATION);
    model.receive({ fractions: [0.5, 0, 0.5] });
    expect(asked()).toHaveLength(2);
    details.open = false;
    details.dispatchEvent(new Event("toggle"));
    model.receive({ fractions: [0.4, 0.1, 0.5] });
    expect(asked()).toHaveLength(2);
  });

  it("keeps the last composition only while an answer is under way", () => {
    const { model, open, asked } = show();
    open();
    model.receive({ fractions: [0.4, 0.1, 0.5] });
    model.receive({ fractions: [0.3, 0.2, 0.5] });
    model.receive({ fractions: [0.2, 0.3, 0.5] });
    expect(asked()).toHaveLength(1);
    answer(model, EXPLANATION);
    expect(asked().map(({ data }) => data)).toEqual([
      [0.5, 0.2, 0.3],
      [0.2, 0.3, 0.5],
    ]);
  });

  it("shows contributions whose sum is the value, and the attention of a choice", () => {
    const { model, el, open } = show();
    open();
    answer(model, EXPLANATION);
    expect([...el.querySelectorAll(".mw-bar-number")].map((one) => one.textContent)).toEqual([
      "−20.0 GPa",
      "170.0 GPa",
    ]);
    expect(el.querySelector(".mw-explain")!.textContent).toContain("Sum 150.0 GPa: the prediction.");
    const cells = () => [...el.querySelectorAll(".mw-heat td[style]")].map((one) => one.textContent);
    expect(cells()).toEqual(["0.63", "0.38", "0.38", "0.63"]);
    const [network, layer] = el.querySelectorAll("select");
    expect(layer.parentElement!.hidden).toBe(true); // there is but one
    network.value = "0";
    network.dispatchEvent(new Event("change"));
    expect(cells()).toEqual(["1.00", "0.00", "0.00", "1.00"]);
  });

  it("undoes the logarithm where the network learned one", () => {
    const { model, el, open } = show();
    open();
    answer(model, { ...EXPLANATION, contributions: [1, 2], unit: "ln(W/(m K))" });
    expect(el.querySelector(".mw-explain")!.textContent).toContain(
      "Sum 3.000 ln(W/(m K)); e to this power: 20.09 W/(m K): the prediction.",
    );
  });

  it("is not there without a callable", () => {
    const { model, details } = show({ explains: false });
    expect(details.hidden).toBe(true);
    model.receive({ explains: true });
    expect(details.hidden).toBe(false);
  });

  it("hands its locks and limits to a search", async () => {
    const { model, el } = show({ locks: ["Cd"], bounds: { Ti: [0.1, 0.6], Cd: [0, 0.5] } });
    const search = el.querySelector<HTMLButtonElement>('[aria-label="Copy a search as Python"]')!;
    search.click();
    expect(el.querySelector(".mw-code")!.textContent).toBe(
      'mw.design(["Ti", "Cd", "C"], maximize=model, bounds={"Ti": (0.1, 0.6)}, locks={"Cd": 0.2})',
    );
    model.receive({ search_template: "" });
    expect(search.hidden).toBe(true);
  });

  it("takes limits typed with the keyboard, and a lock", () => {
    const { model, el } = show();
    const named = (label: string) => el.querySelector<HTMLInputElement>(`[aria-label="${label}"]`)!;
    named("Least Titanium, at.%").value = "60";
    named("Least Titanium, at.%").dispatchEvent(new Event("change"));
    expect(model.get("bounds")).toEqual({ Ti: [0.6, 1] });
    expect(model.get("fractions")[0]).toBeCloseTo(0.6);
    named("Lock Carbon").click();
    expect(model.get("locks")).toEqual(["C"]);
  });
});
