// @vitest-environment jsdom

import { beforeEach, describe, expect, it } from "vitest";
import { drawn, frame } from "./dom";
import { FakeModel, records, traits } from "./fake";

const { default: optimization, TRAITS: OPTIMIZATION } = await import(
  "../../src/widgets/optimization_tracker"
);
const { default: training, TRAITS: TRAINING } = await import("../../src/widgets/training_tracker");

const OBJECTIVE = { property: "bulk_modulus", direction: "maximize", label: "Bulk modulus", unit: "GPa" };
const ELEMENTS = ["Ti", "Cd", "C"];
const COLUMNS = [
  "step",
  "loss",
  "value:bulk_modulus",
  "std:bulk_modulus",
  ...ELEMENTS.map((e) => `fraction:${e}`),
];
const ROWS = Array.from({ length: 41 }, (_, i) => [
  i,
  2 - i / 100,
  180 + i,
  10,
  0.3 + i / 200,
  0.4 - i / 100,
  0.3 + i / 200,
]);

const undo: (() => void)[] = [];
beforeEach(() => {
  for (const call of undo.splice(0)) call();
  document.body.replaceChildren();
  drawn.length = 0;
});

async function open(widget: typeof optimization, more: Record<string, unknown>) {
  const model = new FakeModel(traits(more));
  const el = document.createElement("div");
  document.body.append(el);
  undo.push(widget.render({ model, el }));
  await frame();
  const find = (selector: string) => el.querySelector<HTMLElement>(selector) as HTMLElement;
  const button = (text: string) =>
    [...el.querySelectorAll("button")].find((one) => one.textContent?.trim() === text) as HTMLButtonElement;
  return { model, el, find, button };
}

function search(more: Record<string, unknown> = {}) {
  return open(optimization, {
    title: "maximize bulk modulus of Ti-Cd-C",
    meta: { elements: ELEMENTS, objectives: [OBJECTIVE], n_starts: 4 },
    elements: ELEMENTS,
    fractions: [],
    path: [],
    group: "",
    ...more,
  });
}

async function live(more: Record<string, unknown> = {}) {
  const opened = await search({ steps: 40, rate: 61, seconds_left: 0.98, ...more });
  opened.model.message(...records(0, COLUMNS, ROWS, "history"));
  await frame();
  return opened;
}

describe("OptimizationTracker", () => {
  it("shows state, progress and the last step", async () => {
    const { find } = await live();
    expect(find(".mw-title").textContent).toBe("Maximize bulk modulus of Ti-Cd-C");
    expect(find(".mwt-chip").textContent).toBe("Running");
    expect(find(".mwt-pace").textContent).toBe("40 of 100 steps · 61 steps/s · under 1 s left");
    expect(find("[role=progressbar]").getAttribute("aria-valuenow")).toBe("40");
    expect(find(".mwt-readout").textContent).toContain("Step 40");
    expect(find(".mwt-readout").textContent).toContain("220.0 ± 10.0 GPa");
    expect(find(".mwt-readout").textContent).toContain("Ti50.0at.%");
    expect(find("[aria-live=polite]").textContent).toBe("Running, 40 of 100 steps");
  });

  it("has no bar where the whole is unknown", async () => {
    const { find } = await live({ total: null });
    expect(find("[role=progressbar]").hidden).toBe(true);
    expect(find(".mwt-pace").textContent).toBe("40 steps · 61 steps/s");
  });

  it("paints curves, band, restarts and names", async () => {
    const { model } = await live();
    const [content] = records(41, COLUMNS, [[41, 1, 221, 10, 0.5, 0, 0.5]]);
    const family = { columns: ["step", "family:bulk_modulus:0"], rows: 2 };
    model.message({ ...content, family }, [
      new DataView(new Float64Array([41, 1, 221, 10, 0.5, 0, 0.5]).buffer),
      new DataView(new Float64Array([0, 150, 41, 200]).buffer),
    ]);
    await frame();
    const names = drawn.filter(([name]) => name === "fillText").map(([, text]) => text);
    expect(names).toEqual(expect.arrayContaining(ELEMENTS));
    expect(drawn.some(([name]) => name === "closePath")).toBe(true);
  });

  it("sends commands and shows what is under way", async () => {
    const { model, find, button } = await live();
    expect(button("Step").disabled).toBe(true);
    button("Pause").click();
    await frame();
    expect(model.sent.at(-1)).toEqual({ type: "command", name: "pause" });
    expect(find(".mwt-chip").textContent).toBe("Pausing");
    expect(button("Pause").disabled).toBe(true);
    model.push({ state: "paused" });
    await frame();
    expect(button("Resume").disabled).toBe(false);
    button("Step").click();
    expect(model.sent.at(-1)).toEqual({ type: "command", name: "step" });
    model.push({ steps: 41 });
    await frame();
    button("Stop").click();
    expect(model.sent.at(-1)).toEqual({ type: "command", name: "stop" });
  });

  it("scrubs by keys and by the slider, and tells the linked widgets the fractions", async () => {
    const { model, el, find, button } = await live();
    const slider = find("input[type=range]") as HTMLInputElement;
    slider.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true }));
    await frame();
    expect(model.get("cursor")).toBe(0);
    expect(model.get("fractions")).toEqual([0.3, 0.4, 0.3]);
    expect(find(".mwt-readout").textContent).toContain("Step 0");
    expect(slider.getAttribute("aria-valuetext")).toBe(
      "step 0: Bulk modulus 180.0 plus or minus 10.0 GPa; Ti 30.0 %, Cd 40.0 %, C 30.0 %",
    );
    expect([...el.querySelectorAll<HTMLElement>(".mwt-scrub")].every((line) => !line.hidden)).toBe(true);
    slider.value = "20";
    slider.dispatchEvent(new Event("input"));
    await frame();
    expect(find(".mwt-readout").textContent).toContain("Step 20");
    expect(button("Latest").getAttribute("aria-pressed")).toBe("false");
    button("Latest").click();
    await frame();
    expect(find(".mwt-readout").textContent).toContain("Step 40");
    expect(button("Latest").getAttribute("aria-pressed")).toBe("true");
  });

  it("has the line of the step that is looked at in its place from the beginning", async () => {
    const columns = Object.fromEntries(COLUMNS.map((name, j) => [name, ROWS.map((row) => row[j])]));
    const { el } = await search({ saved: { next: 41, columns }, steps: 40, state: "done", cursor: 20 });
    const line = el.querySelector(".mwt-scrub") as HTMLElement;
    expect(line.hidden).toBe(false);
    expect(Number.parseFloat(line.style.transform.slice("translateX(".length))).toBeGreaterThan(50);
  });

  it("scrubs by the mouse on a chart", async () => {
    const { find, el } = await live();
    const over = el.querySelector(".u-over") as HTMLElement;
    over.setPointerCapture = () => {};
    const press = new MouseEvent("pointerdown", { clientX: 0, button: 0, bubbles: true });
    over.dispatchEvent(press);
    await frame();
    expect(find(".mwt-readout").textContent).toContain("Step 0");
  });

  it("shows the result, and text as text", async () => {
    const { model, el, find } = await live();
    const result = {
      formula: "<b>TiC</b>",
      fractions: [0.5, 0, 0.5],
      values: { bulk_modulus: 238.2 },
      std: { bulk_modulus: 8.1 },
      values_at_formula: { bulk_modulus: 238 },
      grid_best: { bulk_modulus: 239 },
    };
    model.push({ result, state: "done", steps: 100 });
    await frame();
    expect(find(".mwt-result").hidden).toBe(false);
    expect(find(".mwt-result strong").textContent).toBe("<b>TiC</b>");
    expect(el.querySelector(".mwt-result b")).toBeNull();
    expect(find(".mwt-result").textContent).toContain(
      "Found at Ti 50.0 %, C 50.0 %: Bulk modulus 238.2 ± 8.1 GPa",
    );
    expect(
      [...el.querySelectorAll<HTMLButtonElement>("[role=group] button")].every((one) => one.disabled),
    ).toBe(true);
  });

  it("shows the text of an error of the run", async () => {
    const { model, find } = await live();
    model.push({ state: "failed", failure: "its checkpoint may be damaged: load another" });
    await frame();
    expect(find("[role=alert]").textContent).toBe("its checkpoint may be damaged: load another");
    expect(find(".mwt-chip").textContent).toBe("Failed");
  });

  it("shows a saved history as recorded, with nothing to press", async () => {
    const saved = {
      next: 41,
      columns: Object.fromEntries(COLUMNS.map((name, j) => [name, ROWS.map((row) => row[j])])),
    };
    const model = new FakeModel(
      traits({ meta: { elements: ELEMENTS, objectives: [OBJECTIVE], n_starts: 1 }, saved, steps: 40 }),
    );
    model.broken = true;
    const el = document.createElement("div");
    document.body.append(el);
    undo.push(optimization.render({ model, el }));
    await frame();
    expect(el.querySelector(".mwt-chip")?.textContent).toBe("Recorded · unfinished");
    expect(el.querySelector(".mw-note")?.textContent).toContain("no kernel holds this run now");
    expect(el.querySelector(".mwt-readout")?.textContent).toContain("Step 40");
    expect(
      [...el.querySelectorAll<HTMLButtonElement>("[role=group] button")].every((one) => one.disabled),
    ).toBe(true);
  });

  it("tells of a search point by point what is best and what each gave, of a hundred elements those there are", async () => {
    const many = ["Ti", "O", ...Array.from({ length: 20 }, (_, i) => `E${i}`)];
    const columns = [
      "step",
      "loss",
      "value:bulk_modulus",
      "std:bulk_modulus",
      ...many.map((e) => `fraction:${e}`),
    ];
    const { model, el, find } = await search({
      meta: { elements: many, objectives: [OBJECTIVE], n_starts: 1, trials: true },
      elements: many,
    });
    const nothing = many.map(() => Number.NaN);
    model.message(...records(0, columns, [[1, Number.NaN, Number.NaN, Number.NaN, ...nothing]], "history"));
    await frame();
    expect(find(".mwt-readout").textContent).not.toContain("NaN");
    const found = many.map((_, i) => [0.34, 0.66][i] ?? 0);
    model.message(...records(1, columns, [[2, -1, 220, 10, ...found]]));
    await frame();
    expect(el.textContent).toContain("best so far");
    expect(el.textContent).toContain("each trial");
    expect(find(".mwt-readout").textContent).toContain("Ti34.0at.%");
    expect(find(".mwt-readout").textContent).not.toContain("E0");
    const names = drawn.filter(([name]) => name === "fillText").map(([, text]) => text);
    expect(names).toContain("O");
    expect(names).not.toContain("E0");
  });

  it("tells after how many trials a point is the best, and of many elements the largest", async () => {
    const many = Array.from({ length: 30 }, (_, i) => `E${i}`);
    const columns = [
      "step",
      "value:bulk_modulus",
      "std:bulk_modulus",
      "std_epistemic:bulk_modulus",
      ...many.map((e) => `fraction:${e}`),
    ];
    const { model, el, find } = await search({
      meta: { elements: many, objectives: [OBJECTIVE], n_starts: 1, trials: true },
      elements: many,
    });
    const shares = many.map((_, i) => (i < 10 ? 0.1 - 0.001 * i : i < 19 ? 0.005 : 0));
    const [content, [matrix]] = records(0, columns, [[14, 156.1, 49.4, Number.NaN, ...shares]], "history");
    const family = { columns: ["step", "family:bulk_modulus:0"], rows: 2 };
    model.message({ ...content, family }, [
      matrix,
      new DataView(new Float64Array([13, 90, 14, 156.1]).buffer),
    ]);
    await frame();
    const told = find(".mwt-readout").textContent;
    expect(told).toContain("Best after 14 trials");
    expect(told).not.toContain("Step");
    expect(told).toContain("E99.1at.%"); // E9, 9.1 %
    expect(told).not.toContain("E10");
    expect(told).toMatch(/and 9 below 1 %$/);
    const names = drawn.filter(([name]) => name === "fillText").map(([, text]) => text);
    expect(names.filter((name) => /^E|others/.test(String(name))).sort()).toEqual([
      ...many.slice(0, 7),
      "others",
    ]);
    const radii = drawn.filter(([name]) => name === "arc").map(([, , , radius]) => radius);
    expect(radii.filter((radius) => radius === 3.2)).toHaveLength(2); // a ring a trial
    const keys = [...el.querySelectorAll<HTMLElement>(".mwt-key")].filter((key) => !key.hidden);
    expect(keys.map((key) => key.textContent)).toEqual([
      "best so far",
      "± 1 std",
      "each trial",
      "loss, change since the first step (right axis)",
    ]);
  });

  it("has the disagreement of the networks in the legend where the records have it", async () => {
    const { model, el } = await search();
    const words = () =>
      [...el.querySelectorAll<HTMLElement>(".mwt-key")]
        .filter((key) => !key.hidden)
        .map((key) => key.textContent);
    expect(words()).not.toContain("± 1 std"); // nothing is drawn yet
    const columns = ["step", "value:bulk_modulus", "std:bulk_modulus", "std_epistemic:bulk_modulus"];
    model.message(...records(0, columns, [[0, 200, 10, 4]], "history"));
    await frame();
    expect(words().slice(1, 3)).toEqual(["± 1 std", "± disagreement of the networks"]);
  });

  it("stacks two objectives", async () => {
    const other = { property: "energy", direction: "minimize", label: "Energy", unit: "eV" };
    const { el } = await search({
      meta: { elements: ELEMENTS, objectives: [OBJECTIVE, other], n_starts: 1 },
    });
    expect([...el.querySelectorAll("h4")].map((one) => one.textContent)).toEqual([
      "Pareto front",
      "Bulk modulus (GPa)",
      "Energy (eV)",
      "Hypervolume of the front",
      "Composition (at.%)",
    ]);
  });

  it("leaves nothing behind", async () => {
    const { model, el } = await live();
    for (const call of undo.splice(0)) call();
    expect(model.listeners()).toBe(0);
    expect(el.childElementCount).toBe(0);
  });

  it("names its traits", () => {
    expect(OPTIMIZATION).toEqual([...OPTIMIZATION].sort());
  });
});

describe("TrainingTracker", () => {
  const TERMS = [
    { name: "train_loss", label: "Training loss", unit: "" },
    { name: "val_loss", label: "Validation loss", unit: "" },
    { name: "val_mae", label: "Validation MAE", unit: "GPa" },
    { name: "learning_rate", label: "Learning rate", unit: "" },
  ];
  const NAMES = ["step", ...TERMS.map((term) => `term:${term.name}`), "member"];

  async function learning(more: Record<string, unknown> = {}) {
    const opened = await open(training, {
      title: "training crabnet",
      meta: { terms: TERMS, members: 2 },
      log_scale: false,
      steps: 4,
      total: 8,
      ...more,
    });
    opened.model.message(
      ...records(
        0,
        NAMES,
        [1, 2, 3, 4].map((epoch) => [epoch, 1 / epoch, 2 / epoch, 9 + epoch, 1e-3, epoch > 2 ? 1 : 0]),
        "history",
      ),
    );
    await frame();
    return opened;
  }

  it("has a chart a unit and the learning rate last", async () => {
    const { el, find } = await learning();
    expect([...el.querySelectorAll("h4")].map((one) => one.textContent)).toEqual([
      "Loss terms",
      "Validation MAE (GPa)",
      "Learning rate",
    ]);
    expect(find(".mwt-pace").textContent).toBe("4 of 8 epochs");
    expect(find(".mwt-readout").textContent).toContain("Epoch 4");
    expect(find(".mwt-readout").textContent).toContain("Learning rate0.001000");
    const names = drawn.filter(([name]) => name === "fillText").map(([, text]) => text);
    expect(names).toEqual(expect.arrayContaining(["member 1", "member 2"]));
  });

  it("turns the logarithmic axis on and off", async () => {
    const { model, button } = await learning();
    button("Log scale").click();
    await frame();
    expect(model.get("log_scale")).toBe(true);
    expect(model.saved.at(-1)).toEqual({ log_scale: true });
    expect(button("Log scale").getAttribute("aria-pressed")).toBe("true");
  });

  it("hides a term", async () => {
    const { button } = await learning();
    button("Validation loss").click();
    expect(button("Validation loss").getAttribute("aria-pressed")).toBe("false");
  });

  it("tells the summary at the end", async () => {
    const { model, find } = await learning();
    model.push({ state: "done", result: { text: "Lowest validation MAE 10 GPa (epoch 1)" } });
    await frame();
    expect(find(".mwt-result").textContent).toBe("Lowest validation MAE 10 GPa (epoch 1)");
    expect(find("[aria-live=polite]").textContent).toBe("Lowest validation MAE 10 GPa (epoch 1)");
  });

  it("names its traits", () => {
    expect(TRAINING).toEqual([...TRAINING].sort());
  });
});
