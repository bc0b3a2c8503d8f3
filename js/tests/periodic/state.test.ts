import { describe, expect, it } from "vitest";
import { neighbour, PeriodicState, spelled, type Traits } from "../../src/periodic/state";
import { HostModel } from "../harness/host";

const START: Traits = {
  selected: [],
  values: {},
  allowed: null,
  limit: null,
  unit: "",
  label: "",
  error: "",
  group: "",
};

const tableModel = (more: Partial<Traits> = {}) => new HostModel<Traits>({ ...START, ...more });

describe("walking the table", () => {
  it.each([
    ["H", "right", "He"],
    ["He", "left", "H"],
    ["Be", "right", "B"],
    ["Mg", "down", "Ca"],
    ["Ti", "up", "Ti"],
    ["B", "up", "B"],
    ["Ne", "up", "He"],
    ["Rf", "down", "La"],
    ["Ac", "up", "La"],
    ["La", "up", "Rf"],
    ["Og", "right", "Og"],
    ["Ba", "right", "Hf"],
    ["Fe", "row-start", "K"],
    ["Fe", "row-end", "Kr"],
    ["Fe", "first", "H"],
    ["Fe", "last", "Og"],
  ] as const)("%s %s: %s", (from, direction, to) => {
    expect(neighbour(from, direction)).toBe(to);
  });

  it.each([
    ["c", "C"],
    ["ca", "Ca"],
    ["ti", "Ti"],
    ["tit", "Ti"],
    ["q", null],
    ["", null],
    ["iron", "Fe"],
  ])("typing %s finds %s", (letters, symbol) => {
    expect(spelled(letters)).toBe(symbol);
  });
});

describe("choosing elements", () => {
  it("keeps the order of choice and takes out again", () => {
    const model = tableModel();
    const state = new PeriodicState(model);
    for (const symbol of ["Ti", "C", "Cd"]) expect(state.toggle(symbol)).toBe(true);
    state.toggle("C");
    expect(model.get("selected")).toEqual(["Ti", "Cd"]);
    state.clear();
    expect(model.get("selected")).toEqual([]);
  });

  it("refuses in words more than the limit", () => {
    const model = tableModel({ limit: 2, selected: ["Ti", "C"] });
    const state = new PeriodicState(model);
    expect(state.toggle("Cd")).toBe(false);
    expect(state.problem.value).toBe("At most 2 elements: take one out before adding Cadmium.");
    expect(model.get("selected")).toEqual(["Ti", "C"]);
    state.toggle("C");
    expect(state.problem.value).toBe("");
  });

  it("replaces the choice when only one is wanted", () => {
    const model = tableModel({ limit: 1, selected: ["Ti"] });
    new PeriodicState(model).toggle("C");
    expect(model.get("selected")).toEqual(["C"]);
  });

  it("refuses in words what is not allowed", () => {
    const state = new PeriodicState(tableModel({ allowed: ["Ti"] }));
    expect(state.toggle("He")).toBe(false);
    expect(state.problem.value).toBe("Helium cannot be chosen here: the model does not know it.");
  });

  it("starts the tab order at the first chosen, else the first allowed element", () => {
    expect(new PeriodicState(tableModel({ selected: ["W"] })).focus.value).toBe("W");
    expect(new PeriodicState(tableModel({ allowed: ["Ti", "C"] })).focus.value).toBe("C");
  });
});

describe("values", () => {
  it("span the finite numbers only", () => {
    const state = new PeriodicState(tableModel({ values: { Ti: 1, C: 3, Cd: null } }));
    expect(state.range.value).toEqual([1, 3]);
    expect(state.values.value.has("Cd")).toBe(false);
  });

  it("get a range of their own when all are equal, and none without values", () => {
    expect(new PeriodicState(tableModel({ values: { Ti: 2 } })).range.value).toEqual([1.5, 2.5]);
    expect(new PeriodicState(tableModel()).range.value).toBeNull();
  });
});
