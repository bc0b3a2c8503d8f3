import { describe, expect, it } from "vitest";
import { cardNumber } from "../../src/gallery/words";
import { COLUMNS } from "./materials";

describe("numbers on a card", () => {
  it("have no decimals where the column counts something", () => {
    const elements = { ...COLUMNS[1], unit: "", ends: [2, 7], whole: true };
    expect(cardNumber(elements, 3)).toBe("3");
    expect(cardNumber({ ...elements, whole: false }, 3)).toBe("3.00");
    expect(cardNumber({ ...elements, ends: [0, 2e6] }, 2e6)).toBe("2.0×10⁶");
  });
});
