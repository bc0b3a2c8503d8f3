import { describe, expect, it } from "vitest";
import { fixed, measured, quantity, spoken, tickLabels, ticks } from "../../src/shared/format";

describe("numbers for people", () => {
  it("gives the value as many decimals as its uncertainty has", () => {
    expect(measured(238.84, 6.43)).toEqual({ value: "238.8", spread: "6.4", power: "" });
    expect(measured(238.84, 23.1)).toEqual({ value: "238.8", spread: "23.1", power: "" });
    expect(measured(1.23456, 0.0123)).toEqual({ value: "1.235", spread: "0.012", power: "" });
    expect(measured(1.2e-5, 3e-7)).toEqual({ value: "1.200", spread: "0.030", power: "×10⁻⁵" });
  });

  it("shows a dash for a number that does not exist", () => {
    expect(measured(null, null).value).toBe("–");
    expect(quantity(Number.NaN)).toBe("–");
  });

  it("writes a real minus sign and no minus zero", () => {
    expect(fixed(-1.25, 1)).toBe("−1.3");
    expect(fixed(-0.01, 1)).toBe("0.0");
  });

  it("uses powers of ten only where plain digits do not read", () => {
    expect(quantity(0.0012)).toBe("0.001200");
    expect(quantity(1.23e-5)).toBe("1.23×10⁻⁵");
    expect(quantity(123456)).toBe("123456");
  });

  it.each([
    [40, 260, [50, 100, 150, 200, 250]],
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [-3, 3, [-3, -2, -1, 0, 1, 2, 3]],
  ])("ticks %f..%f at round numbers", (low, high, expected) => {
    const found = ticks(low, high);
    expect(found.every((x, i) => Math.abs(x - expected[i]) < 1e-9)).toBe(true);
    expect(found).toHaveLength(expected.length);
  });

  it("labels ticks with the decimals that tell them apart", () => {
    expect(tickLabels([0.25, 0.5, 0.75])).toEqual(["0.25", "0.50", "0.75"]);
    expect(tickLabels([100, 200])).toEqual(["100", "200"]);
    expect(tickLabels([2e-5, 4e-5])).toEqual(["2×10⁻⁵", "4×10⁻⁵"]);
    expect(tickLabels([2.5e-5, 3e-5])).toEqual(["2.5×10⁻⁵", "3.0×10⁻⁵"]);
  });

  it("says a composition without what is absent", () => {
    expect(spoken(["Ti", "Cd", "C"], [0.5, 0, 0.5])).toBe("Ti 50.0 %, C 50.0 %");
  });
});
