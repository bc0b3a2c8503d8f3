import { describe, expect, it } from "vitest";
import { type FrontPoint, Fronts, nearest, type Objective, staircase } from "../../src/trackers/front";
import { axisText } from "../../src/trackers/pareto";

const point = (x: number, y: number): FrontPoint => ({ values: [x, y], fractions: null });
const aims = (...directions: Objective["direction"][]): Objective[] =>
  directions.map((direction, i) => ({ property: `p${i}`, direction }));
const COLUMNS = ["step", "value:p0", "value:p1", "fraction:Ti", "fraction:C"];

function batch(...rows: number[][]) {
  return { columns: COLUMNS, rows: rows.length, values: Float64Array.from(rows.flat()) };
}

describe("Fronts", () => {
  it("stand from the step that brought them until the next", () => {
    const fronts = new Fronts();
    fronts.add(batch([2, 1, 5, 0.5, 0.5], [2, 3, 4, 0.25, 0.75], [7, 6, 6, 0.1, 0.9]));
    expect(fronts.at(1)).toEqual([]);
    expect(fronts.at(6).map(({ values }) => values)).toEqual([
      [1, 5],
      [3, 4],
    ]);
    expect(fronts.at(2)[1].fractions).toEqual([0.25, 0.75]);
    expect(fronts.at(99).map(({ values }) => values)).toEqual([[6, 6]]);
  });

  it("take what they know already once", () => {
    const fronts = new Fronts();
    const news = batch([2, 1, 5, 0.5, 0.5], [7, 6, 6, 0.1, 0.9]);
    fronts.add(news);
    fronts.add(news);
    expect(fronts.count).toBe(2);
    expect(fronts.at(7)).toHaveLength(1);
  });

  it("know no composition where the run tells none, and come back from a saved notebook", () => {
    const fronts = new Fronts();
    fronts.load({ columns: { step: [3, 3, 5], "value:p0": [1, 2, 3], "value:p1": [9, 8, 7] } });
    expect(fronts.at(4)).toEqual([point(1, 9), point(2, 8)]);
    fronts.add(batch([6, 1, 1, Number.NaN, Number.NaN]));
    expect(fronts.at(6)).toEqual([point(1, 1)]);
  });

  it("show a few of those before", () => {
    const fronts = new Fronts();
    for (let step = 0; step < 20; step += 1) fronts.add(batch([step, step, step, 1, 0]));
    const earlier = fronts.before(19, 4).map(([{ values }]) => values[0]);
    expect(earlier.length).toBeLessThanOrEqual(4);
    expect(earlier[0]).toBe(0);
    expect(Math.max(...earlier)).toBeLessThan(19);
    expect(fronts.before(0, 4)).toEqual([]);
  });
});

describe("the edge of what a front dominates", () => {
  // Two points that nothing beats; between them the best that both beat.
  it.each([
    ["maximize", "maximize", [1, 5], [3, 4], [1, 4]],
    ["maximize", "minimize", [1, 4], [3, 5], [1, 5]],
    ["minimize", "maximize", [1, 4], [3, 5], [3, 4]],
    ["minimize", "minimize", [1, 5], [3, 4], [3, 5]],
  ] as const)("%s and %s", (first, second, a, b, corner) => {
    const points = [point(b[0], b[1]), point(a[0], a[1])];
    expect(staircase(points, aims(first, second))).toEqual([a, corner, b]);
  });

  it("is none where a target has two sides", () => {
    expect(staircase([point(1, 2), point(2, 1)], aims("target", "maximize"))).toEqual([]);
    expect(staircase([], aims("maximize", "maximize"))).toEqual([]);
  });
});

describe("the nearest point", () => {
  it("is counted in shares of the extents", () => {
    const points = [point(0, 0), point(100, 1)];
    expect(nearest(points, [40, 1], [100, 1])).toBe(1);
    expect(nearest(points, [40, 1], [1, 100])).toBe(0);
    expect(nearest(points, [40, 1], [100, 1], 0.1)).toBe(-1);
    expect(nearest([], [0, 0], [1, 1])).toBe(-1);
    expect(nearest([point(3, 3)], [0, 0], [0, 0])).toBe(0); // a single point has no extent
  });
});

describe("an axis", () => {
  it("says where it gets better", () => {
    const unit = "GPa";
    const label = "Bulk modulus";
    expect(axisText({ property: "k", direction: "maximize", unit, label })).toBe(
      "Bulk modulus (GPa), better →",
    );
    expect(axisText({ property: "k", direction: "minimize", unit, label })).toBe(
      "← better, Bulk modulus (GPa)",
    );
    expect(axisText({ property: "k", direction: "target", target: 150, unit, label })).toBe(
      "Bulk modulus (GPa), best at 150",
    );
  });
});
