import { describe, expect, it } from "vitest";
import { contours, ontoSimplex, toParts, toPoint, triangle } from "../../src/simplex/geometry";
import { gridIndex, gridPoints, gridSize, Interpolator } from "../../src/simplex/grid";
import { spanOf } from "../../src/simplex/span";
import recorded from "./interpolated.json";

describe("the simplex grid", () => {
  it.each([
    [3, 50, 1326],
    [3, 100, 5151],
    [4, 20, 1771],
    [2, 7, 8],
  ])("of %i parts with %i steps has %i points", (k, n, size) => {
    expect(gridSize(k, n)).toBe(size);
    const points = gridPoints(k, n);
    expect(points).toHaveLength(size);
    for (const [i, counts] of points.entries()) expect(gridIndex(counts, n)).toBe(i);
  });

  it.each([3, 4])("with %i parts gives linear fields exactly, and its own points too", (k) => {
    const n = 6;
    const points = gridPoints(k, n);
    const linear = points.map((counts) => counts.reduce((sum, c, i) => sum + c * (i + 1), 0) / n);
    const between = new Interpolator(k, n);
    for (const [i, counts] of points.entries())
      expect(between.locate(counts.map((c) => c / n)).at(linear)).toBeCloseTo(linear[i], 12);
    let seed = 1;
    for (let trial = 0; trial < 500; trial += 1) {
      const raw = Array.from({ length: k }, () => (seed = (seed * 48271) % 2147483647) / 2147483647);
      const sum = raw.reduce((a, b) => a + b);
      const x = raw.map((r) => r / sum);
      const exact = x.reduce((total, part, i) => total + part * (i + 1), 0);
      expect(between.locate(x).at(linear)).toBeCloseTo(exact, 10);
    }
  });

  it("mixes a curved field as Python does", () => {
    for (const { k, steps, fractions, field, value } of recorded)
      expect(new Interpolator(k, steps).locate(fractions).at(field)).toBeCloseTo(value, 10);
  });
});

describe("the triangle", () => {
  const shape = triangle(100, 10, 20);

  it("turns places into parts and back", () => {
    for (const parts of [
      [1, 0, 0],
      [0.2, 0.3, 0.5],
      [-0.1, 0.6, 0.5],
    ])
      toParts(toPoint(parts, shape), shape).forEach((x, i) => {
        expect(x).toBeCloseTo(parts[i], 10);
      });
  });

  it("takes the nearest place inside for one outside", () => {
    expect(ontoSimplex([1.4, -0.2, -0.2])).toEqual([1, 0, 0]);
    const [a, b, c] = ontoSimplex([-0.2, 0.7, 0.5]);
    expect(a).toBe(0);
    expect(b).toBeCloseTo(0.6);
    expect(c).toBeCloseTo(0.4);
  });

  it("finds a straight line of equal value of a linear field", () => {
    const n = 10;
    const values = gridPoints(3, n).map(([i]) => i / n);
    const [pieces] = contours(values, n, [0.35], (i, j) => toPoint([i / n, j / n, (n - i - j) / n], shape));
    expect(pieces.length).toBeGreaterThan(5);
    const heights = pieces.flat().map(([, y]) => y);
    for (const y of heights) expect(y).toBeCloseTo(heights[0], 9);
  });
});

describe("the ends of the colours", () => {
  it("are the field's own where nothing stands far out", () => {
    expect(spanOf([1, 2, 3, 4])).toEqual({ low: 1, high: 4, least: 1, most: 4 });
    const even = Array.from({ length: 1000 }, (_, i) => i);
    expect(spanOf(even)).toEqual({ low: 0, high: 999, least: 0, most: 999 });
  });

  it("stop before a rare corner, and say how far it goes", () => {
    const field = [...Array.from({ length: 1000 }, (_, i) => i / 10), 400, 410];
    const span = spanOf(field)!;
    expect(span.high).toBeLessThan(100);
    expect(span.most).toBe(410);
    expect(span.low).toBe(0);
  });

  it("leave out numbers that do not exist, and stand apart where all are equal", () => {
    expect(spanOf([Number.NaN, 1, 3])).toEqual({ low: 1, high: 3, least: 1, most: 3 });
    expect(spanOf([2, 2])).toEqual({ low: 1.5, high: 2.5, least: 2, most: 2 });
    expect(spanOf([Number.NaN])).toBeNull();
  });
});
