import { type ColourMap, colourAt, type Rgb } from "../shared/colors";

/** What the levels of the points mean (matwidgets/widgets/_points.py). */
export interface Scale {
  name?: string;
  unit?: string;
  kind?: "class" | "number";
  ordered?: boolean;
  labels?: string[];
  low?: number;
  high?: number;
  least?: number;
  most?: number;
}

export const MISSING = 255;
const LAST = 254;

/** The colours of the classes: of the map where they have an order, else the theme's palette. */
export function classColours(scale: Scale, palette: readonly Rgb[], map: ColourMap): Rgb[] {
  const labels = scale.labels ?? [];
  return labels.map((_, i) =>
    scale.ordered ? colourAt(map, i / Math.max(1, labels.length - 1)) : palette[i % palette.length],
  );
}

/** 256 RGB colours, one a level. */
export function levelColours(
  scale: Scale,
  palette: readonly Rgb[],
  map: ColourMap,
  plain: Rgb,
  missing: Rgb,
): Uint8Array {
  const table = new Uint8Array(256 * 3);
  const classes = classColours(scale, palette, map);
  for (let level = 0; level < 256; level += 1) {
    let colour = plain;
    if (scale.kind === "number") colour = level === MISSING ? missing : colourAt(map, level / LAST);
    if (scale.kind === "class") colour = classes[level] ?? missing;
    table.set(colour.map(Math.round), 3 * level);
  }
  return table;
}

/** "#0072b2", "rgb(0 114 178)" or "rgba(0, 0, 0, .87)" as numbers. */
export function parseColour(text: string): Rgb {
  const hex =
    /^#([0-9a-f]{6})$/i.exec(text)?.[1] ?? /^#([0-9a-f]{3})$/i.exec(text)?.[1].replace(/./g, "$&$&");
  if (hex) return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
  const numbers = text.match(/[\d.]+/g)?.map(Number) ?? [];
  return [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0];
}
