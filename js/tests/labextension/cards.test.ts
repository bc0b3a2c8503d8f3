import { describe, expect, it } from "vitest";
import {
  type Card,
  commandId,
  parseCards,
  stem,
  TILE_COLOURS,
  tileSvg,
} from "../../src/labextension/cards.js";

const CRABNET: Card = {
  word: "crabnet",
  title: "CrabNet, run backwards",
  caption: "Freeze a trained network and let the composition learn.",
  notebook: "01_crabnet.ipynb",
};

describe("the server's list", () => {
  it("is taken as it is, without fields that a card does not have", () => {
    expect(parseCards([{ ...CRABNET, more: 1 }])).toEqual([CRABNET]);
    expect(parseCards([])).toEqual([]);
  });

  it.each([
    [{}, "The server's list of notebooks is no list."],
    [[null], 'Notebook 0 of the server\'s list has no text "word".'],
    [[CRABNET, { ...CRABNET, title: 3 }], 'Notebook 1 of the server\'s list has no text "title".'],
    [[{ ...CRABNET, notebook: "" }], 'Notebook 0 of the server\'s list has no text "notebook".'],
  ])("is refused where a card would be wrong: %j", (answer, message) => {
    expect(() => parseCards(answer)).toThrow(message);
  });
});

describe("a card", () => {
  it("has two commands of its own", () => {
    expect(stem(CRABNET)).toBe("01_crabnet");
    expect(commandId(CRABNET)).toBe("matwidgets:open-01_crabnet");
    expect(commandId(CRABNET, true)).toBe("matwidgets:copy-01_crabnet");
  });

  it("is a tile with the notebook's number and the first two letters of its word", () => {
    const svg = tileSvg(CRABNET);
    expect(svg).toContain(">1</text>");
    expect(svg).toContain(">Cr</text>");
    expect(svg).toContain(TILE_COLOURS[1]);
  });

  it("keeps whatever a word holds as text", () => {
    expect(tileSvg({ ...CRABNET, word: "<b" })).toContain(">&#60;b</text>");
  });

  it("is legible: white letters have a contrast of 4.5 or more on every colour", () => {
    for (const colour of TILE_COLOURS) {
      expect(1.05 / (luminance(colour) + 0.05)).toBeGreaterThanOrEqual(4.5);
    }
  });
});

/** Relative luminance of a colour as WCAG 2 defines it. */
function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const part = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
