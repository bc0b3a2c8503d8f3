import { describe, expect, it } from "vitest";
import { DecompositionState, order, sheet, tilt } from "../../src/decomposition/state";
import { cosineText, distanceText, energyText, share, spokenBalance } from "../../src/decomposition/words";
import { decompositionModel, GALLIUM, SULFIDE, walked } from "./balance";

describe("the balance", () => {
  it("sums what the products bring to the compound, element by element", () => {
    const { elements, brought, sums, own } = sheet(GALLIUM);
    expect(elements).toEqual(["Ga", "Mo", "S"]);
    expect(brought[0]).toEqual([0, expect.closeTo(4 / 13, 12), expect.closeTo(8 / 13, 12)]);
    for (const [i, sum] of sums.entries()) expect(sum).toBeCloseTo(own[i], 12);
    expect(order(SULFIDE)).toEqual(["Mo", "S"]);
  });

  it("tilts to the side of the lower energy, more for more, never over", () => {
    const tilts = [-3, -0.05, 0, 0.05, 3].map((above) =>
      tilt({ ...GALLIUM, energy: GALLIUM.mixture_energy + above }),
    );
    expect(tilts).toEqual([...tilts].sort((a, b) => a - b));
    expect(tilts[2]).toBeCloseTo(0);
    expect(tilts[3]).toBeCloseTo(0.5);
    expect(Math.abs(tilts[4])).toBeLessThan(1);
    expect(tilt({ ...GALLIUM, energy: null })).toBe(0);
  });
});

describe("what is known without a page", () => {
  it("asks for a formula, and the answer is the new place", () => {
    const model = decompositionModel();
    const state = new DecompositionState(model);
    let done = 0;
    state.enter("  MoS2 ", () => (done += 1));
    expect(model.sent).toMatchObject([{ type: "request", kind: "decompose", data: "MoS2" }]);
    expect(state.busy.value).toBe(true);
    walked(model, SULFIDE);
    expect(done).toBe(1);
    expect(state.record.value?.formula).toBe("MoS2");
    expect([state.canGoBack.value, state.canGoForward.value]).toEqual([true, false]);
    expect(state.hasLatent.value).toBe(true); // the reason why not is there to be read
  });

  it("goes back and forward without a kernel, and links hear of it", () => {
    const changed: unknown[] = [];
    const model = decompositionModel(
      { trail: [GALLIUM, SULFIDE], at: 1, fractions: [0, 1 / 3, 2 / 3] },
      (message) => changed.push(message.data),
    );
    const state = new DecompositionState(model);
    state.forward();
    expect(changed).toEqual([]);
    state.back();
    expect(state.record.value?.formula).toBe("Ga(MoS2)4");
    expect(changed).toEqual([expect.objectContaining({ at: 0, fractions: [1 / 13, 4 / 13, 8 / 13] })]);
    expect(model.sent).toEqual([]);
  });

  it("knows that a linked composition is not yet decomposed", () => {
    const model = decompositionModel();
    const state = new DecompositionState(model);
    expect(state.stale.value).toBe(false);
    model.set("fractions", [0.2, 0.4, 0.4]);
    expect(state.stale.value).toBe(true);
    model.receive({ trail: [SULFIDE], fractions: [0, 1 / 3, 2 / 3] });
    expect(state.stale.value).toBe(false);
  });

  it("tells errors of the kernel, and forgets them with the next answer", () => {
    const model = decompositionModel();
    const state = new DecompositionState(model);
    state.enter(" ");
    expect(state.problem.value).toMatch(/^No formula/);
    expect(model.sent).toEqual([]);
    state.enter("hello");
    model.reply({
      type: "error",
      id: model.sent[0].id,
      kind: "decompose",
      text: "Malformed formula 'hello'",
    });
    expect(state.problem.value).toBe("Malformed formula 'hello'");
    expect(state.record.value?.formula).toBe("Ga(MoS2)4");
    state.enter("MoS2");
    walked(model, SULFIDE);
    expect(state.problem.value).toBe("");
  });

  it("holds the last place where Python tells one that is not there", () => {
    const model = decompositionModel({ at: 5 });
    expect(new DecompositionState(model).at.value).toBe(0);
  });
});

describe("numbers in words", () => {
  it("rounds energies, shares and likeness without lying at the ends", () => {
    expect([-1.2142, 0.0048, -0.00036, 0].map(energyText)).toEqual(["−1.214", "0.0048", "−0.0004", "0"]);
    expect([0, 1 / 13, 1].map(share)).toEqual(["–", "7.69", "100.00"]);
    expect([0.99985, 0.98526, 1, -0.5, null].map(cosineText)).toEqual([
      "0.99985",
      "0.985",
      "1.000",
      "−0.500",
      "–",
    ]);
    expect([0.1719, 0.0145, 0, null].map(distanceText)).toEqual(["0.172", "0.0145", "0", "–"]);
    expect(spokenBalance(GALLIUM)).toBe(
      "Ga(MoS2)4: 92.3 per cent MoS2, 7.7 per cent Ga. Above the hull by 0.040 eV/atom: decomposes into MoS₂ and Ga.",
    );
  });
});
