import { describe, expect, it } from "vitest";
import { angleAt, axisTicks, place, scattering, spacing } from "../../src/xrd_viewer/angles";
import { COPPER } from "./patterns";

describe("Bragg's law", () => {
  it("gives the spacings of silicon's reflections (a = 5.4310 angstrom, Cu K-alpha1)", () => {
    // NIST SRM 640: 2theta of 111, 220, 400 with 1.5405929 angstrom
    const known: [number, number][] = [
      [28.443, Math.sqrt(3)],
      [47.304, Math.sqrt(8)],
      [69.132, Math.sqrt(16)],
    ];
    for (const [twoTheta, root] of known) expect(spacing(twoTheta, 1.5405929)).toBeCloseTo(5.431 / root, 3);
  });

  it("knows q = 2 pi / d, and the way back", () => {
    for (const twoTheta of [10, 33.3, 90, 150]) {
      expect(scattering(twoTheta, COPPER) * spacing(twoTheta, COPPER)).toBeCloseTo(2 * Math.PI, 12);
      for (const axis of ["two_theta", "d", "q"] as const)
        expect(angleAt(axis, place(axis, twoTheta, COPPER), COPPER)).toBeCloseTo(twoTheta, 9);
    }
  });
});

describe("the ticks of an axis", () => {
  it("stand at round numbers of its own unit, in the order of the angle", () => {
    for (const window of [
      [10, 90],
      [30, 32],
      [44.5, 45],
    ] as const) {
      for (const axis of ["two_theta", "d", "q"] as const) {
        const ticks = axisTicks(axis, window, COPPER, 8);
        expect(ticks.length).toBeGreaterThan(2);
        expect(ticks.length).toBeLessThan(14);
        const angles = ticks.map(({ at }) => at);
        expect(angles).toEqual([...angles].sort((a, b) => a - b));
        for (const { at, text } of ticks) {
          expect(at).toBeGreaterThanOrEqual(window[0] - 1e-9);
          expect(at).toBeLessThanOrEqual(window[1] + 1e-9);
          const said = { two_theta: at, d: spacing(at, COPPER), q: scattering(at, COPPER) }[axis];
          expect(Number(text)).toBeCloseTo(said, 6);
        }
        expect(new Set(ticks.map(({ text }) => text)).size).toBe(ticks.length);
      }
    }
  });
});
