import { describe, expect, it } from "vitest";
import { CompositionState } from "../../src/composition/state";
import { MapState } from "../../src/simplex/state";
import { panelModel } from "../composition/panel";
import { mapModel } from "./model";

const rounded = (values: readonly number[]) => values.map((x) => Number(x.toFixed(6)));

describe("a map of three elements", () => {
  it("tells the kernel's number where it has one, else what the map says", () => {
    const state = new MapState(mapModel(["Ti", "Cd", "C"], [0.5, 0.2, 0.3]));
    expect(state.reading.value).toEqual({
      value: 77,
      std: 3,
      in_domain: true,
      split: { aleatoric: 2.4, epistemic: 1.8 },
      estimated: false,
    });
    state.preview([0.25, 0.25, 0.5]);
    expect(state.reading.value.estimated).toBe(true);
    expect(state.reading.value.value).toBeCloseTo(25, 4);
    expect(state.reading.value.std).toBeCloseTo(1.25, 5);
  });

  it("commits on release only, and nothing when nothing moved", () => {
    const model = mapModel(["Ti", "Cd", "C"], [0.5, 0.2, 0.3]);
    const state = new MapState(model);
    state.preview([1.3, -0.1, -0.2]);
    expect(model.get("fractions")).toEqual([0.5, 0.2, 0.3]);
    state.abandon();
    expect(state.shown.value).toEqual([0.5, 0.2, 0.3]);
    state.preview([1.3, -0.1, -0.2]);
    state.release();
    expect(model.get("fractions")).toEqual([1, 0, 0]);
    const before = model.get("fractions");
    state.release();
    expect(model.get("fractions")).toBe(before);
  });

  it("spans its colours over the finite numbers of what is shown", () => {
    const model = mapModel(["Ti", "Cd", "C"], [0.5, 0.2, 0.3]);
    const state = new MapState(model);
    expect(state.span.value).toEqual({ low: 0, high: 100, least: 0, most: 100 });
    state.setShows("std");
    expect(state.span.value).toEqual({ low: 1, high: 2, least: 1, most: 2 });
    expect(model.get("shows")).toBe("std");
  });

  it("draws only rows of the path that fit its elements", () => {
    const model = mapModel(["Ti", "Cd", "C"], [0.5, 0.2, 0.3], {
      path: [
        [0.1, 0.9],
        [0.2, 0.2, 0.6],
      ],
    });
    expect(new MapState(model).path.value).toEqual([[0.2, 0.2, 0.6]]);
  });

  it("uses the small copy when a saved notebook has lost its arrays", () => {
    const levels = new Uint16Array([0, 65534, 32767, 65535, 0, 0]);
    const data = btoa(String.fromCharCode(...new Uint8Array(levels.buffer)));
    const model = mapModel(["Ti", "Cd", "C"], [0, 1, 0], {
      field: null,
      spread: null,
      predicted: [],
      saved: {
        steps: 2,
        value: { low: 10, high: 30, data },
        std: null,
        domain: btoa(String.fromCharCode(0b01000000)),
      },
    });
    const state = new MapState(model);
    expect(state.steps.value).toBe(2);
    expect(Array.from(state.field.value!, (x) => Math.round(x * 10) / 10)).toEqual([
      10,
      30,
      20,
      Number.NaN,
      10,
      10,
    ]);
    expect(Array.from(state.domain.value!)).toEqual([0, 1, 0, 0, 0, 0]);
  });

  it("says nothing where there is no field at all", () => {
    const model = mapModel(["Ti", "Cd", "C"], [0.5, 0.2, 0.3], { field: null, spread: null, predicted: [] });
    expect(new MapState(model).reading.value.value).toBeNull();
  });
});

describe("a map of four elements", () => {
  it("keeps the slice while the place in it moves, and the place while the slice moves", () => {
    const model = mapModel(["Ti", "Cd", "Zn", "C"], [0.4, 0.2, 0.2, 0.2]);
    const state = new MapState(model);
    state.preview([1, 0, 0]);
    expect(rounded(state.shown.value)).toEqual([0.8, 0, 0, 0.2]);
    state.abandon();
    state.previewFourth(0.6);
    expect(rounded(state.shown.value)).toEqual([0.2, 0.1, 0.1, 0.6]);
  });

  it("comes back from the corner where the slice is a point", () => {
    const state = new MapState(mapModel(["Ti", "Cd", "Zn", "C"], [0.4, 0.2, 0.2, 0.2]));
    state.previewFourth(1);
    state.release();
    expect(state.shown.value).toEqual([0, 0, 0, 1]);
    state.previewFourth(0.2);
    expect(rounded(state.shown.value)).toEqual([0.4, 0.2, 0.2, 0.2]);
  });
});

describe("a map linked with a panel", () => {
  it("lets each follow the other's hand", () => {
    const map = new MapState(mapModel(["Ti", "Cd", "C"], [0.5, 0.2, 0.3], { group: "pair" }));
    const panel = new CompositionState(panelModel({ group: "pair" }));
    panel.preview(0, 0.8);
    expect(rounded(map.shown.value)).toEqual([0.8, 0.08, 0.12]);
    panel.abandon();
    map.preview([0, 1, 0]);
    expect(rounded(panel.shown.value)).toEqual([0, 1, 0]);
    map.abandon();
    expect(panel.shown.value).toEqual([0.5, 0.2, 0.3]);
  });
});
