import { colourTable } from "../shared/colors";
import { compose, type Triangle, toParts } from "./geometry";
import type { Interpolator } from "./grid";
import type { Span } from "./span";

export interface Picture {
  field: ArrayLike<number>;
  domain: ArrayLike<number> | null;
  span: Span;
  interpolator: Interpolator;
  fourth: number | null;
  triangle: Triangle;
}

const TABLE = colourTable("viridis");
const HATCH = 9; // px between the lines over what lies outside the training data

/** Paint the field of one slice as pixels; `scale` is device pixels per unit of the picture. */
export function paintField(canvas: HTMLCanvasElement, picture: Picture, scale: number): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { width, height } = canvas;
  const { field, domain, span, interpolator, fourth, triangle } = picture;
  const image = context.createImageData(width, height);
  const { low, high } = span;
  const bleed = 1.5 / (triangle.side * scale); // half covered pixels at the edge take the edge's colour
  const whole = 1 - (fourth ?? 0);
  const mixed = new Float64Array(fourth === null ? 3 : 4);
  if (fourth !== null) mixed[3] = fourth;
  for (let py = 0; py < height; py += 1) {
    for (let px = 0; px < width; px += 1) {
      const exact = toParts([(px + 0.5) / scale, (py + 0.5) / scale], triangle);
      if (exact[0] < -bleed || exact[1] < -bleed || exact[2] < -bleed) continue;
      const sum = Math.max(0, exact[0]) + Math.max(0, exact[1]) + Math.max(0, exact[2]);
      for (let i = 0; i < 3; i += 1) mixed[i] = (Math.max(0, exact[i]) * whole) / sum;
      const here = interpolator.locate(mixed);
      const value = here.at(field);
      if (!Number.isFinite(value)) continue;
      const colour = 4 * Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low))));
      const at = 4 * (py * width + px);
      let [red, green, blue] = [TABLE[colour], TABLE[colour + 1], TABLE[colour + 2]];
      if (domain && here.at(domain) < 0.5) {
        const phase = ((px + py) / scale) % HATCH;
        if (phase < 1.3) {
          // Thin lines, lighter on dark and darker on light ground.
          const ink = red + green + blue > 380 ? 0 : 255;
          red += 0.38 * (ink - red);
          green += 0.38 * (ink - green);
          blue += 0.38 * (ink - blue);
        }
      }
      image.data[at] = red;
      image.data[at + 1] = green;
      image.data[at + 2] = blue;
      image.data[at + 3] = 255;
    }
  }
  context.clearRect(0, 0, width, height);
  context.putImageData(image, 0, 0);
}

/** The values of a slice on a grid of its own, for lines of equal value. */
export function sampleSlice(
  field: ArrayLike<number>,
  interpolator: Interpolator,
  fourth: number | null,
  n: number,
): Float64Array {
  const values = new Float64Array(((n + 1) * (n + 2)) / 2);
  let at = 0;
  for (let i = 0; i <= n; i += 1)
    for (let j = 0; j <= n - i; j += 1) {
      const parts = [i / n, j / n, (n - i - j) / n];
      values[at] = interpolator.locate(compose(parts, fourth)).at(field);
      at += 1;
    }
  return values;
}

/** Path data of pieces of lines; neighbouring pieces are joined where they meet. */
export function pathOf(pieces: readonly (readonly [readonly number[], readonly number[]])[]): string {
  return pieces
    .map(([[x0, y0], [x1, y1]]) => `M${x0.toFixed(1)} ${y0.toFixed(1)}L${x1.toFixed(1)} ${y1.toFixed(1)}`)
    .join("");
}
