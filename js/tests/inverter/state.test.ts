import { describe, expect, it } from "vitest";
import { InverterState } from "../../src/inverter/state";
import { BETWEEN, inverterModel, NEXT, START, stepped } from "./alloys";

describe("the inverter without a page", () => {
  it("asks for a step with everything that was chosen", () => {
    const model = inverterModel({ size: 0.5, keep: ["Cr"] });
    const state = new InverterState(model);
    state.wish("Cu", "forbid");
    state.step();
    expect(model.sent[0]).toMatchObject({
      kind: "step",
      data: { at: 0, target: "single", size: 0.5, keep: ["Cr"], forbid: ["Cu"] },
    });
    expect(state.busy.value).toBe(true);
    state.step(); // a second click while the first is under way
    expect(model.sent).toHaveLength(1);
    stepped(model, NEXT, "converged");
    expect(state.busy.value).toBe(false);
    expect(state.record.value?.alloy).toBe(NEXT.alloy);
    expect(state.before.value?.alloy).toBe(START.alloy);
    expect(state.canRun.value).toBe(false);
  });

  it("runs until the loop ends, one question at a time", () => {
    const model = inverterModel();
    const state = new InverterState(model);
    let ended = 0;
    state.run(() => (ended += 1));
    expect(model.sent).toHaveLength(1);
    stepped(model, BETWEEN, "going");
    expect(model.sent).toHaveLength(2);
    expect(model.sent[1].data).toMatchObject({ at: 1 });
    expect(state.running.value).toBe(true);
    stepped(model, NEXT, "converged");
    expect(model.sent).toHaveLength(2);
    expect(state.running.value).toBe(false);
    expect(ended).toBe(2);
    state.run();
    expect(model.sent).toHaveLength(2);
  });

  it("stops a run after the step under way", () => {
    const model = inverterModel();
    const state = new InverterState(model);
    state.run();
    state.halt();
    stepped(model, BETWEEN, "going");
    expect(model.sent).toHaveLength(1);
    expect(state.record.value?.alloy).toBe(BETWEEN.alloy);
  });

  it("stops a run on an error, and tells it", () => {
    const model = inverterModel();
    const state = new InverterState(model);
    state.run();
    model.reply({ type: "error", id: model.sent[0].id, kind: "step", text: "no such element" });
    expect([state.running.value, state.problem.value]).toEqual([false, "no such element"]);
  });

  it("goes back without a kernel: place, path and composition", () => {
    const later = { ...NEXT, step: 2 };
    const model = inverterModel({ trail: [START, BETWEEN, later], at: 2, outcome: { kind: "converged" } });
    const state = new InverterState(model);
    state.back();
    expect(model.get("at")).toBe(1);
    expect(model.get("path")).toEqual([START.z, BETWEEN.z]);
    const expected = [0.25, 0.25, 0.2, 0.2, 0.1, 0, 0, 0]; // in the order of the elements
    model.get("fractions").forEach((x, i) => {
      expect(x).toBeCloseTo(expected[i], 12);
    });
    expect(model.get("outcome")).toEqual({});
    state.reset();
    expect(model.get("path")).toEqual([START.z]);
    expect(state.trail.value).toHaveLength(3); // one can go forward again
    state.goTo(7);
    expect(model.get("at")).toBe(0);
  });

  it("has no composition to pass on where an element is foreign", () => {
    const model = inverterModel({ trail: [START, NEXT], at: 1, elements: ["Fe", "Ni"] });
    new InverterState(model).back();
    expect(model.get("fractions")).toEqual([]);
  });

  it("keeps or forbids an element, never both", () => {
    const model = inverterModel();
    const state = new InverterState(model);
    state.wish("Cu", "forbid");
    state.wish("Cu", "keep");
    expect([model.get("keep"), model.get("forbid")]).toEqual([["Cu"], []]);
    state.wish("Cu", "keep");
    expect([model.get("keep"), model.get("forbid")]).toEqual([[], []]);
  });

  it("takes back what was said when the target changes", () => {
    const model = inverterModel({ outcome: { kind: "converged", text: "done" } });
    const state = new InverterState(model);
    state.aim("multi");
    expect([model.get("target"), model.get("outcome")]).toEqual(["multi", {}]);
    expect(state.canRun.value).toBe(true);
  });

  it("does not ask for an empty alloy", () => {
    const model = inverterModel();
    const state = new InverterState(model);
    state.enter("  ");
    expect(model.sent).toHaveLength(0);
    expect(state.problem.value).toMatch(/^No alloy/);
  });

  it("asks for a label where one stands", () => {
    const model = inverterModel({ trail: [START, NEXT], at: 1 });
    new InverterState(model).teach("multi");
    expect(model.sent[0]).toMatchObject({ kind: "learn", data: { act: "start", at: 1, label: "multi" } });
  });
});
