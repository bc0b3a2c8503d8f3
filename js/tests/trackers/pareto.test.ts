// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { onPreview } from "../../src/shared/hub";
import { frame } from "./dom";
import { FakeModel, records, traits } from "./fake";

const { default: tracker } = await import("../../src/widgets/optimization_tracker");

const ELEMENTS = ["Ca", "O"];
const OBJECTIVES = [
  { property: "modulus", direction: "maximize", label: "Bulk modulus", unit: "GPa" },
  { property: "energy", direction: "minimize", label: "Energy", unit: "eV" },
];
const COLUMNS = ["step", "loss", "value:modulus", "value:energy", "std:modulus", "std:energy"].concat([
  "fraction:Ca",
  "fraction:O",
  "hypervolume",
]);
const ROWS = [0, 1, 2, 3].map((t) => [t, 99_000 - t, 100 + t, 1 - t / 10, 5, 0.1, 0.5, 0.5, 1 + t / 4]);
/** At step 0 one point, at step 2 three of them. */
const FRONTS = [
  [0, 100, 0.9, 0.5, 0.5],
  [2, 90, 0.2, 0.2, 0.8],
  [2, 110, 0.5, 0.4, 0.6],
  [2, 130, 0.8, 0.7, 0.3],
];

const undo: (() => void)[] = [];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(() => {
  for (const call of undo.splice(0)) call();
  document.body.replaceChildren();
  vi.useRealTimers();
});

async function open(more: Record<string, unknown> = {}, told = true) {
  const model = new FakeModel(
    traits({
      title: "two at once",
      meta: { elements: ELEMENTS, objectives: OBJECTIVES, n_starts: 2 },
      elements: ELEMENTS,
      fractions: [],
      chosen: [],
      path: [],
      group: "",
      steps: 3,
      ...more,
    }),
  );
  const el = document.body.appendChild(document.createElement("div"));
  undo.push(tracker.render({ model, el }));
  const [content, buffers] = records(0, COLUMNS, ROWS, "history");
  const family = ["step", "family:modulus:0", "family:modulus:1", "family:energy:0", "family:energy:1"];
  model.message(
    {
      ...content,
      family: { columns: family, rows: 1 },
      front: { columns: ["step", "value:modulus", "value:energy", "fraction:Ca", "fraction:O"], rows: 4 },
    },
    [
      ...buffers,
      new DataView(new Float64Array([0, 100, 80, 0.9, 1.2]).buffer),
      new DataView(
        Float64Array.from(FRONTS.flatMap((row) => (told ? row : [...row.slice(0, 3), NaN, NaN]))).buffer,
      ),
    ],
  );
  await frame();
  await frame();
  const list = el.querySelector("[role=listbox]")!;
  const press = async (key: string) => {
    list.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await frame();
  };
  const options = () => [...el.querySelectorAll("[role=option]")];
  const card = () => el.querySelector(".mwt-point")!.textContent;
  return { model, el, list, press, options, card };
}

describe("the Pareto view", () => {
  it("is there with two objectives, with spoken points and axes that say where better is", async () => {
    const { el, list, options } = await open();
    expect(list.getAttribute("aria-label")).toBe("Pareto front, 3 points: arrow keys choose one");
    expect(options().map((one) => one.getAttribute("aria-label"))).toEqual([
      "1 of 3: Bulk modulus 90.00 GPa, Energy 0.2000 eV",
      "2 of 3: Bulk modulus 110.0 GPa, Energy 0.5000 eV",
      "3 of 3: Bulk modulus 130.0 GPa, Energy 0.8000 eV",
    ]);
    const axes = [...el.querySelectorAll(".mwt-front-axis")].map((one) => one.textContent);
    expect(axes).toEqual(["Bulk modulus (GPa), better →", "← better, Energy (eV)"]);
    expect([...el.querySelectorAll("h4")].map((one) => one.textContent)).toEqual([
      "Pareto front",
      "Bulk modulus (GPa)",
      "Energy (eV)",
      "Hypervolume of the front",
      "Composition (at.%)",
    ]);
    expect(el.querySelector(".mwt-hypervolume")!.textContent).toBe(
      "Hypervolume 1.750; 1 of the starts stands beyond the edges",
    );
  });

  it("chooses by keys at once, also faster than the kernel is told", async () => {
    const { model, press, options, card } = await open();
    for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"]) await press(key);
    expect(options().map((one) => one.getAttribute("aria-selected"))).toEqual(["false", "true", "false"]);
    expect(card()).toContain("Ca40.0at.%");
    expect(model.get("chosen")).toEqual([90, 0.2]); // the first went at once, the rest wait
    vi.advanceTimersByTime(60);
    expect(model.get("chosen")).toEqual([110, 0.5]);
    expect(model.get("fractions")).toEqual([0.4, 0.6]);
    expect(model.get("cursor")).toBe(-1); // the arrows did not move through the steps
    await press("End");
    vi.advanceTimersByTime(60);
    expect(model.get("fractions")).toEqual([0.7, 0.3]);
  });

  it("lets go with Escape and when somebody looks at a step", async () => {
    const { model, el, press, options } = await open();
    const none = () => options().every((one) => one.getAttribute("aria-selected") === "false");
    await press("Home");
    await press("Escape");
    vi.advanceTimersByTime(60);
    expect(none()).toBe(true);
    expect([model.get("chosen"), model.get("fractions")]).toEqual([[], [0.5, 0.5]]);
    await press("Home");
    vi.advanceTimersByTime(60);
    const slider = el.querySelector<HTMLInputElement>("input[type=range]")!;
    slider.value = "0";
    slider.dispatchEvent(new Event("input"));
    await frame();
    vi.advanceTimersByTime(60);
    expect(model.get("chosen")).toEqual([]);
    expect(options()).toHaveLength(1); // the front as it was then
  });

  it("chooses with the mouse the point that is meant, and none where there is none", async () => {
    const { model, el, options } = await open();
    const svg = el.querySelector(".mwt-front")!;
    const at = (i: number) => ["cx", "cy"].map((name) => Number(options()[i].getAttribute(name)));
    const down = (clientX: number, clientY: number) =>
      svg.dispatchEvent(new MouseEvent("pointerdown", { clientX, clientY, button: 0, bubbles: true }));
    const [x, y] = at(2);
    down(x + 8, y - 8);
    await frame();
    expect(options()[2].getAttribute("aria-selected")).toBe("true");
    vi.advanceTimersByTime(60);
    expect(model.get("chosen")).toEqual([130, 0.8]);
    down(x - 120, y + 200);
    await frame();
    expect(options()[2].getAttribute("aria-selected")).toBe("false");
  });

  it("shows what rests under the pointer to the linked widgets", async () => {
    const { el, options } = await open({ group: "g" });
    const seen: (readonly number[] | null)[] = [];
    undo.push(onPreview("g", {}, ({ fractions }) => seen.push(fractions)));
    const svg = el.querySelector(".mwt-front")!;
    const [clientX, clientY] = ["cx", "cy"].map((name) => Number(options()[0].getAttribute(name)));
    svg.dispatchEvent(new MouseEvent("pointermove", { clientX, clientY }));
    expect(el.querySelector<HTMLElement>(".mwt-tip")!.hidden).toBe(false);
    svg.dispatchEvent(new MouseEvent("pointerleave"));
    expect(seen).toEqual([[0.2, 0.8], null]);
  });

  it("says so where the composition of a point is not told yet", async () => {
    const { model, press, card } = await open({ fractions: [0.5, 0.5] }, false);
    await press("Home");
    vi.advanceTimersByTime(60);
    expect(card()).toContain("Its composition is told when the run has ended or is stopped.");
    expect(model.get("chosen")).toEqual([90, 0.2]);
    expect(model.get("fractions")).toEqual([0.5, 0.5]);
  });

  it("has the formulas of the result at its end", async () => {
    const { model, el, press, card, options } = await open();
    const pareto = [
      [95, 0.1, "CaO", true],
      [135, 0.7, "CaO2", false],
    ].map(([x, y, formula, known]) => ({
      formula,
      fractions: [0.5, 0.5],
      values: [x, y],
      std: [5, 0.1],
      values_at_formula: [94, 0.15],
      known,
    }));
    model.push({
      state: "done",
      result: {
        formula: "CaO",
        fractions: [0.5, 0.5],
        values: { modulus: 95, energy: 0.1 },
        std: { modulus: 5, energy: 0.1 },
        values_at_formula: { modulus: 94, energy: 0.15 },
        grid_best: null,
        pareto,
        hypervolume: 2.5,
      },
    });
    await frame();
    const area = () => el.querySelector(".mwt-hypervolume b")!.textContent;
    expect(area()).toBe("2.500"); // that of the front which is drawn, not of the last step's
    expect(options().map((one) => one.getAttribute("aria-label"))).toEqual([
      "1 of 2: CaO, Bulk modulus 95.0 plus or minus 5.0 GPa, Energy 0.10 plus or minus 0.10 eV",
      "2 of 2: CaO2, Bulk modulus 135.0 plus or minus 5.0 GPa, Energy 0.70 plus or minus 0.10 eV",
    ]);
    expect(el.querySelector(".mwt-front-result")).not.toBeNull();
    await press("End");
    expect(card()).toContain("CaO22 of 2in none of the tables here");
    expect(card()).toContain("95.0 ± 5.0 GPa".replace("95.0", "135.0"));
    el.querySelector<HTMLButtonElement>('[aria-label="Previous point of the front"]')!.click();
    await frame();
    expect(card()).toContain("known compound");
    expect(el.querySelector("[aria-live=polite]")!.textContent).toBe(options()[0].getAttribute("aria-label"));
    const slider = el.querySelector<HTMLInputElement>("input[type=range]")!;
    slider.value = "0";
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await frame();
    expect(area()).not.toBe("2.500");
  });

  it("draws what a saved notebook kept", async () => {
    const model = new FakeModel(
      traits({
        meta: { elements: ELEMENTS, objectives: OBJECTIVES, n_starts: 1 },
        chosen: [],
        saved: {
          next: 4,
          columns: Object.fromEntries(COLUMNS.map((name, j) => [name, ROWS.map((row) => row[j])])),
          front: { columns: { step: [2, 2], "value:modulus": [90, 110], "value:energy": [0.2, 0.5] } },
        },
      }),
    );
    model.broken = true;
    const el = document.body.appendChild(document.createElement("div"));
    undo.push(tracker.render({ model, el }));
    await frame();
    await frame();
    expect(el.querySelectorAll("[role=option]")).toHaveLength(2);
  });

  it("leaves nothing behind", async () => {
    const { model, el } = await open();
    for (const call of undo.splice(0)) call();
    expect(model.listeners()).toBe(0);
    expect(el.childElementCount).toBe(0);
  });
});
