import { describe, expect, it } from "vitest";
import { CompositionState, type Traits } from "../../src/composition/state";
import { answer, panelModel, rounded } from "./panel";

describe("preview and commit", () => {
  it("paints at once, asks the kernel, and commits only on release", () => {
    const model = panelModel();
    const state = new CompositionState(model);
    state.preview(0, 0.8);
    expect(rounded(state.shown.value)).toEqual([0.8, 0.08, 0.12]);
    expect(model.get("fractions")).toEqual([0.5, 0.2, 0.3]);
    expect(model.sent.map(({ kind, data }) => [kind, rounded(data as number[])])).toEqual([
      ["predict", [0.8, 0.08, 0.12]],
    ]);
    answer(model, { value: 200, std: 9, in_domain: false, formula: "x" });
    expect(state.reading.value.value).toBe(200);
    expect(state.current.value).toBe(true);
    state.release();
    expect(rounded(model.get("fractions"))).toEqual([0.8, 0.08, 0.12]);
    expect(state.previewing.value).toBe(false);
  });

  it("moves from where the hand took hold, so that going back restores the rest", () => {
    const state = new CompositionState(panelModel());
    state.preview(0, 1);
    state.preview(0, 0.5);
    expect(rounded(state.shown.value)).toEqual([0.5, 0.2, 0.3]);
  });

  it("shows the newest prediction and says when it belongs to another composition", () => {
    const model = panelModel();
    const state = new CompositionState(model);
    state.preview(0, 0.6);
    state.preview(0, 0.7);
    answer(model, { value: 160, std: 6, in_domain: true, formula: "" });
    expect(state.reading.value.value).toBe(160);
    expect(state.current.value).toBe(false);
    expect(model.sent).toHaveLength(2);
    answer(model, { value: 170, std: 6, in_domain: true, formula: "" });
    expect(state.current.value).toBe(true);
  });

  it("goes back to what is committed when the move is abandoned", () => {
    const model = panelModel();
    const state = new CompositionState(model);
    state.preview(0, 0.8);
    answer(model, { value: 200, std: 9, in_domain: true, formula: "" });
    state.abandon();
    expect(state.shown.value).toEqual([0.5, 0.2, 0.3]);
    expect(state.reading.value.value).toBe(150);
    expect(model.get("fractions")).toEqual([0.5, 0.2, 0.3]);
  });

  it("does not let an answer to an abandoned preview overwrite the committed number", () => {
    const model = panelModel();
    const state = new CompositionState(model);
    state.preview(0, 0.8);
    state.abandon();
    answer(model, { value: 999, std: 9, in_domain: true, formula: "" });
    expect(state.reading.value.value).toBe(150);
  });

  it("takes over the kernel's number for what was committed", () => {
    const model = panelModel();
    const state = new CompositionState(model);
    state.setComposition([0.25, 0.25, 0.5]);
    expect(state.current.value).toBe(false);
    model.receive({ value: 170, predicted: [0.25, 0.25, 0.5] });
    expect(state.current.value).toBe(true);
    expect(state.reading.value.value).toBe(170);
  });

  it("shows the text of an error that a callback raised", () => {
    const model = panelModel();
    const state = new CompositionState(model);
    state.preview(0, 0.8);
    model.reply({ type: "error", id: model.sent[0].id, kind: "predict", text: "ValueError: broken" });
    expect(state.problem.value).toBe("ValueError: broken");
    model.receive({ error: "RuntimeError: also broken" });
    expect(state.problem.value).toBe("RuntimeError: also broken");
  });
});

describe("history", () => {
  it("undoes and redoes what was committed", () => {
    const model = panelModel();
    const state = new CompositionState(model);
    state.setComposition([1, 0, 0]);
    state.setComposition([0, 1, 0]);
    state.undo();
    expect(model.get("fractions")).toEqual([1, 0, 0]);
    state.undo();
    expect(model.get("fractions")).toEqual([0.5, 0.2, 0.3]);
    expect(state.canUndo.value).toBe(false);
    state.redo();
    state.redo();
    expect(model.get("fractions")).toEqual([0, 1, 0]);
    expect(state.canRedo.value).toBe(false);
  });

  it("forgets the undone future after a new move, and keeps no entry for no move", () => {
    const state = new CompositionState(panelModel());
    state.setComposition([1, 0, 0]);
    state.undo();
    state.setComposition([0, 0, 1]);
    expect(state.canRedo.value).toBe(false);
    state.setComposition([0, 0, 1]);
    state.undo();
    expect(state.shown.value).toEqual([0.5, 0.2, 0.3]);
  });
});

describe("locks, bounds, units", () => {
  it("locks by symbol", () => {
    const model = panelModel();
    const state = new CompositionState(model);
    state.toggleLock(1);
    expect(model.get("locks")).toEqual(["Cd"]);
    state.preview(0, 1);
    expect(rounded(state.shown.value)).toEqual([0.8, 0.2, 0]);
  });

  it("refuses impossible bounds in words and changes nothing", () => {
    const model = panelModel({ bounds: { Ti: [0.5, 1] } });
    const state = new CompositionState(model);
    state.setBounds(2, 0.6, 1);
    expect(state.problem.value).toBe("The least amounts add up to 110 at.%: lower one of them.");
    expect(model.get("bounds")).toEqual({ Ti: [0.5, 1] });
  });

  it("moves the composition inside new bounds, as one step of the history", () => {
    const model = panelModel();
    const state = new CompositionState(model);
    state.setBounds(0, 0, 0.4);
    expect(model.get("bounds")).toEqual({ Ti: [0, 0.4] });
    expect(rounded(model.get("fractions"))).toEqual([0.4, 0.24, 0.36]);
    state.undo();
    expect(model.get("fractions")).toEqual([0.5, 0.2, 0.3]);
  });

  it("shows and moves weight per cent with the masses it knows", () => {
    const model = panelModel({ elements: ["Ti", "C"], fractions: [0.5, 0.5], predicted: [0.5, 0.5] });
    const state = new CompositionState(model);
    state.setMode("wt");
    expect(model.get("mode")).toBe("wt");
    expect(state.amounts()[0]).toBeCloseTo(0.7994, 4);
    state.preview(0, 0.5);
    expect(state.amounts()[0]).toBeCloseTo(0.5, 6);
    expect(state.shown.value[0]).toBeCloseTo(0.2006, 4);
  });

  it("gives equal parts to what is not locked", () => {
    const state = new CompositionState(panelModel({ locks: ["Cd"] }));
    state.equalParts();
    expect(rounded(state.shown.value)).toEqual([0.4, 0.2, 0.4]);
  });
});

describe("formulas and Python", () => {
  it("takes a formula from the kernel as a step of the history", () => {
    const model = panelModel();
    const state = new CompositionState(model);
    let done = 0;
    state.enterFormula("TiC", () => (done += 1));
    expect(model.sent[0]).toMatchObject({ kind: "formula", data: "TiC" });
    answer(model, { fractions: [0.5, 0, 0.5] });
    expect(done).toBe(1);
    expect(model.get("fractions")).toEqual([0.5, 0, 0.5]);
    expect(state.canUndo.value).toBe(true);
  });

  it("says what is wrong with a formula and leaves the composition alone", () => {
    const model = panelModel();
    const state = new CompositionState(model);
    state.enterFormula("Xx2", () => {});
    model.reply({ type: "error", id: model.sent[0].id, kind: "formula", text: "Unknown element 'Xx'" });
    expect(state.problem.value).toBe("Unknown element 'Xx'");
    expect(model.get("fractions")).toEqual([0.5, 0.2, 0.3]);
    model.receive({ value: 151, fractions: [0.4, 0.3, 0.3], predicted: [0.4, 0.3, 0.3] });
    expect(state.problem.value).toBe("Unknown element 'Xx'");
    model.receive({ fractions: [0.5, 0.2, 0.3], predicted: [0.5, 0.2, 0.3] });
    state.enterFormula("  ", () => {});
    expect(state.problem.value).toMatch(/^The formula is empty/);
    expect(model.sent).toHaveLength(1);
  });

  it("writes the composition as a line of Python, without what is absent", () => {
    const state = new CompositionState(panelModel({ fractions: [0.5, 0, 0.5] }));
    expect(state.python()).toBe('model.predict({"Ti": 0.5, "C": 0.5})');
  });
});

describe("linked widgets", () => {
  it("follow each other's previews without a commit, and come back", () => {
    const one = panelModel({ group: "g" });
    const other = panelModel({ group: "g" });
    const [a, b] = [new CompositionState(one), new CompositionState(other)];
    a.preview(0, 0.8);
    expect(rounded(b.shown.value)).toEqual([0.8, 0.08, 0.12]);
    expect(other.get("fractions")).toEqual([0.5, 0.2, 0.3]);
    a.abandon();
    expect(b.shown.value).toEqual([0.5, 0.2, 0.3]);
    b.stop();
    a.preview(0, 0.9);
    expect(b.shown.value).toEqual([0.5, 0.2, 0.3]);
  });

  it("wait for fractions that fit new elements", () => {
    const model = panelModel();
    const state = new CompositionState(model);
    model.receive({ elements: ["Ti", "C"] } as Partial<Traits>);
    expect(state.elements.value).toEqual(["Ti", "Cd", "C"]);
    model.receive({ fractions: [0.6, 0.4] });
    expect(state.elements.value).toEqual(["Ti", "C"]);
    expect(state.shown.value).toEqual([0.6, 0.4]);
  });
});
