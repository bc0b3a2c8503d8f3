import { describe, expect, it } from "vitest";
import { drawnShares, spokenShares, toldShares } from "../../src/trackers/shares";

const names = (n: number) => Array.from({ length: n }, (_, i) => `E${i}`);
const of = (rows: number[][]) => (element: string) => rows.map((row) => row[Number(element.slice(1))]);
const NONE = Number.NaN;

describe("drawnShares", () => {
  it("draws a small system whole", () => {
    expect(drawnShares(names(8), of([[1, 0, 0, 0, 0, 0, 0, 0]]))).toEqual({
      elements: names(8),
      others: null,
    });
  });

  it("draws of a large system what occurs", () => {
    const row = [0.4, 0, 0.6, ...names(20).map(() => 0)];
    expect(drawnShares(names(23), of([row]))).toEqual({ elements: ["E0", "E2"], others: null });
    expect(drawnShares(names(20), of([names(20).map(() => NONE)]))).toEqual({ elements: [], others: null });
  });

  it("draws of many the largest at the end, and the sum of the others", () => {
    const rows = [
      names(12).map(() => NONE),
      [0.005, 0.005, 0.005, 0.005, 0.005, 0, 0, 0, 0, 0, 0, 0.975],
      [0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.12, 0.34, 0],
    ];
    const { elements, others } = drawnShares(names(12), of(rows));
    expect(elements).toEqual(["E4", "E5", "E6", "E7", "E8", "E9", "E10"]);
    expect(others?.[0]).toBeNaN();
    expect(others?.[1]).toBeCloseTo(0.995, 12);
    expect(others?.[2]).toBeCloseTo(0.14, 12);
  });

  it("gives the room that the end leaves to what was there before", () => {
    const rows = [
      [0.11, 0.1, 0.12, 0.09, 0.08, 0.07, 0.06, 0.05, 0.32, 0],
      [0, 0, 0, 0, 0, 0, 0, 0.001, 0.004, 0.995],
    ];
    const { elements, others } = drawnShares(names(10), of(rows));
    expect(elements).toEqual(["E0", "E1", "E2", "E3", "E4", "E8", "E9"]);
    expect(others?.[0]).toBeCloseTo(0.18, 12);
    expect(others?.[1]).toBeCloseTo(0.001, 12);
  });

  it("knows a column that a saved notebook left out as nothing", () => {
    const row = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0];
    const { others } = drawnShares(names(10), (element) => (element === "E9" ? [] : of([row])(element)));
    expect(others?.[0]).toBeCloseTo(0.2, 12);
  });
});

describe("toldShares", () => {
  const row = [0.5, 0.3, 0.19, 0.006, 0.004, 0.0004, 0, 0, 0];

  it("tells of a large system what has a hundredth", () => {
    const { told, below } = toldShares(names(9), row);
    expect(told.map(([element]) => element)).toEqual(["E0", "E1", "E2"]);
    expect(below).toBe(2); // 0.0004 reads 0.0 %
    expect(spokenShares(names(9), row)).toBe("E0 50.0 %, E1 30.0 %, E2 19.0 % and 2 below 1 %");
  });

  it("tells a small system whole", () => {
    expect(toldShares(names(3), [0.997, 0.003, 0])).toEqual({
      told: [
        ["E0", 0.997],
        ["E1", 0.003],
        ["E2", 0],
      ],
      below: 0,
    });
    expect(spokenShares(names(3), [0.997, 0.003, 0])).toBe("E0 99.7 %, E1 0.3 %");
  });
});
