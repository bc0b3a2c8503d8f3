import { describe, expect, it } from "vitest";
import { colourAt, elementColourIndex, inkOn } from "../../src/shared/colors";
import { BY_SYMBOL, ELEMENTS } from "../../src/shared/periodic";

describe("colours of elements", () => {
  it("do not depend on the order of the elements", () => {
    const one = elementColourIndex(["Ti", "Cd", "C"]);
    const other = elementColourIndex(["C", "Ti", "Cd"]);
    for (const symbol of ["Ti", "Cd", "C"]) expect(one.get(symbol)).toBe(other.get(symbol));
  });

  it("are all different up to twelve elements", () => {
    for (const count of [2, 7, 8, 10, 12]) {
      const symbols = ELEMENTS.slice(20, 20 + count).map((element) => element.symbol);
      expect(new Set(elementColourIndex(symbols).values()).size).toBe(count);
    }
  });
});

describe("colour map", () => {
  it("runs from dark to light and clips", () => {
    const lightness = [0, 0.25, 0.5, 0.75, 1]
      .map((t) => colourAt("viridis", t))
      .map(([r, g, b]) => r + 2 * g + b);
    expect([...lightness].sort((a, b) => a - b)).toEqual(lightness);
    expect(colourAt("viridis", -1)).toEqual(colourAt("viridis", 0));
    expect(colourAt("viridis", 2)).toEqual(colourAt("viridis", 1));
    expect(colourAt("viridis", Number.NaN)).toEqual(colourAt("viridis", 0));
  });

  it("chooses ink that reads", () => {
    expect(inkOn([253, 231, 37])).toBe("#000000");
    expect(inkOn([68, 1, 84])).toBe("#ffffff");
  });
});

describe("periodic table", () => {
  it("has 118 elements, each in a place of its own", () => {
    expect(ELEMENTS).toHaveLength(118);
    expect(new Set(ELEMENTS.map(({ row, column }) => `${row},${column}`)).size).toBe(118);
    expect(ELEMENTS.every(({ mass, name }) => mass > 1 && name.length > 2)).toBe(true);
  });

  it.each([
    ["H", 1, 1],
    ["He", 1, 18],
    ["B", 2, 13],
    ["Ti", 4, 4],
    ["Hf", 6, 4],
    ["La", 8, 4],
    ["Lr", 9, 18],
    ["Og", 7, 18],
  ])("puts %s in row %i, column %i", (symbol, row, column) => {
    expect(BY_SYMBOL.get(symbol)).toMatchObject({ row, column });
  });
});
