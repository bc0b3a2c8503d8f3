import { describe, expect, it } from "vitest";
import {
  boundsProblem,
  type Limits,
  move,
  moveWeight,
  noLimits,
  project,
  reach,
  toWeight,
} from "../../src/composition/amounts";

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** A small generator with a fixed seed: the same compositions in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

function composition(count: number, next: () => number): number[] {
  const raw = Array.from({ length: count }, () => -Math.log(1 - next()));
  return raw.map((x) => x / total(raw));
}

describe("moving one element", () => {
  it("keeps the sum, the bounds and the locks, whatever is moved where", () => {
    const next = random(7);
    for (let trial = 0; trial < 300; trial += 1) {
      const count = 2 + Math.floor(next() * 6);
      const base = composition(count, next);
      const limits: Limits = {
        lower: base.map((x) => x * next() * 0.9),
        upper: base.map((x) => x + (1 - x) * next()),
        locked: base.map(() => next() < 0.25),
      };
      const i = Math.floor(next() * count);
      const moved = move(i, next(), base, limits);
      expect(total(moved)).toBeCloseTo(1, 12);
      moved.forEach((x, j) => {
        expect(x).toBeGreaterThanOrEqual(limits.lower[j] - 1e-9);
        expect(x).toBeLessThanOrEqual(limits.upper[j] + 1e-9);
        if (limits.locked[j]) expect(x).toBeCloseTo(base[j], 9);
      });
    }
  });

  it("lets the others keep their proportions", () => {
    const moved = move(0, 0.5, [0.2, 0.6, 0.2], noLimits(3));
    expect(moved[0]).toBeCloseTo(0.5);
    expect(moved[1] / moved[2]).toBeCloseTo(3);
  });

  it("shares equally among elements that are all absent", () => {
    expect(move(0, 0.4, [1, 0, 0], noLimits(3)).map((x) => Number(x.toFixed(9)))).toEqual([0.4, 0.3, 0.3]);
  });

  it("reaches all of one element and comes back from it", () => {
    expect(move(1, 1, [0.2, 0.6, 0.2], noLimits(3))).toEqual([0, 1, 0]);
  });

  it("stops where a lock or a bound of the others stops it", () => {
    const limits: Limits = { lower: [0, 0.1, 0], upper: [1, 1, 0.3], locked: [false, false, false] };
    expect(reach(0, [0.4, 0.4, 0.2], limits)).toEqual([0, 0.9]);
    const locked: Limits = { ...noLimits(3), locked: [false, true, false] };
    const [low, high] = reach(0, [0.4, 0.4, 0.2], locked);
    expect(low).toBeCloseTo(0);
    expect(high).toBeCloseTo(0.6);
    expect(move(0, 1, [0.4, 0.4, 0.2], locked).map((x) => Number(x.toFixed(9)))).toEqual([0.6, 0.4, 0]);
  });

  it("moves nothing when all others are locked", () => {
    const base = [0.4, 0.4, 0.2];
    expect(move(0, 0.9, base, { ...noLimits(3), locked: [false, true, true] })).toEqual(base);
  });
});

describe("weight per cent", () => {
  const masses = [47.867, 12.011];

  it("gives titanium carbide its 79.9 wt.% of titanium", () => {
    expect(toWeight([0.5, 0.5], masses)[0]).toBeCloseTo(0.7994, 4);
  });

  it("finds the atomic fraction of a weight fraction", () => {
    const moved = moveWeight(0, 0.7994, [0.3, 0.7], noLimits(2), masses);
    expect(moved[0]).toBeCloseTo(0.5, 4);
  });
});

describe("bounds", () => {
  it("pull a composition inside and keep the proportions where they can", () => {
    const projected = project([0.6, 0.3, 0.1], {
      lower: [0, 0, 0.2],
      upper: [0.5, 1, 1],
      locked: [false, false, false],
    });
    expect(total(projected)).toBeCloseTo(1, 12);
    expect(projected[0]).toBeLessThanOrEqual(0.5 + 1e-9);
    expect(projected[2]).toBeGreaterThanOrEqual(0.2 - 1e-9);
  });

  it.each([
    [[0.6, 0.5], [1, 1], "The least amounts add up to 110 at.%: lower one of them."],
    [[0, 0], [0.5, 0.4], "The most amounts add up to only 90 at.%: raise one of them."],
    [[0.5, 0], [0.4, 1], "The least Ti is above its most: swap the two limits."],
    [[-0.1, 0], [1, 1], "Limits of Ti must lie between 0 and 100 at.%."],
    [[0.2, 0.2], [1, 1], ""],
  ])("%j to %j: %s", (lower, upper, text) => {
    expect(boundsProblem(["Ti", "C"], lower, upper)).toBe(text);
  });
});
