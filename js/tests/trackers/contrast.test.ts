/** The rings of single trials stand out from the ground and from the band around the best, in both themes. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { BANDS, TRIAL } from "../../src/trackers/paint";

const css = readFileSync(fileURLToPath(new URL("../../src/shared/theme.css", import.meta.url)), "utf8");
const dark = css.indexOf('data-mw-theme="dark"');

function colour(name: string, part: string): number[] {
  const hex = new RegExp(`${name}:[^;]*#([0-9a-f]{6})`).exec(part)?.[1] as string;
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

/** WCAG 2.1. */
function luminance(rgb: number[]): number {
  const [r, g, b] = rgb.map((v) =>
    v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: number[], other: number[]): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

describe.each([
  ["light", css.slice(0, dark)],
  ["dark", css.slice(dark)],
])("trials in the %s theme", (_theme, part) => {
  const ring = colour(TRIAL, part);
  const ground = colour("--mw-bg", part);
  const accent = colour("--mw-accent", part);
  const band = ground.map((v, i) => v + BANDS.alone * (accent[i] - v));

  it("stand out from the ground", () => {
    expect(contrast(ring, ground)).toBeGreaterThanOrEqual(3);
  });

  it("stand out from the band", () => {
    expect(contrast(ring, band)).toBeGreaterThanOrEqual(3);
  });
});
