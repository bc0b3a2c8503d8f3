import { BY_SYMBOL } from "./periodic";

/** How many colours `--mw-c0` ... are in theme.css. */
const COLOURS = 12;
/** Okabe and Ito's seven first; the rest only where a system has more elements. */
const FIRST = 7;

/**
 * The colour of each element of a system, as an index into the theme's palette. It depends on which elements there are,
 * not on their order, so that every widget of a system paints titanium alike: in the order of the atomic number each
 * element takes its own place (number modulo seven) or the next free one.
 */
export function elementColourIndex(elements: readonly string[]): Map<string, number> {
  const taken = new Set<number>();
  const result = new Map<string, number>();
  const number = (symbol: string) => BY_SYMBOL.get(symbol)?.number ?? 119;
  for (const symbol of [...new Set(elements)].sort((a, b) => number(a) - number(b) || (a < b ? -1 : 1))) {
    const pool = taken.size < FIRST ? FIRST : COLOURS;
    if (taken.size === COLOURS) taken.clear();
    let index = number(symbol) % FIRST;
    while (taken.has(index)) index = (index + 1) % pool;
    taken.add(index);
    result.set(symbol, index);
  }
  return result;
}

/** The same as CSS: `var(--mw-c3)`. On a canvas resolve it with `cssColor(element, "--mw-c3", ...)`. */
export function elementColour(elements: readonly string[]): Map<string, string> {
  return new Map([...elementColourIndex(elements)].map(([symbol, index]) => [symbol, `var(--mw-c${index})`]));
}

/** Viridis (Smith, van der Walt 2015) at 17 stops: even steps of lightness, read alike by colour-blind eyes. */
const VIRIDIS =
  "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c 1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219 fde725";

export type Rgb = [red: number, green: number, blue: number];
/** `bright` leaves out viridis' darkest quarter: single points are seen on a dark ground as well. */
export const MAPS = { viridis: stops(VIRIDIS), bright: stops(VIRIDIS).slice(4) };
export type ColourMap = keyof typeof MAPS;

function stops(text: string): Rgb[] {
  return text
    .split(" ")
    .map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb);
}

/** The colour at `t` (0..1, clipped) of a colour map. */
export function colourAt(map: ColourMap, t: number): Rgb {
  const table = MAPS[map];
  const position = Math.min(1, Math.max(0, Number.isFinite(t) ? t : 0)) * (table.length - 1);
  const below = Math.min(table.length - 2, Math.floor(position));
  const part = position - below;
  return [0, 1, 2].map((c) => table[below][c] + part * (table[below + 1][c] - table[below][c])) as Rgb;
}

/** 256 colours as RGBA bytes, for painting fields. */
export function colourTable(map: ColourMap): Uint8ClampedArray {
  const table = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i += 1) table.set([...colourAt(map, i / 255), 255], 4 * i);
  return table;
}

export function rgb([red, green, blue]: Rgb): string {
  return `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`;
}

/** Black or white, whichever reads better on the colour. */
export function inkOn([red, green, blue]: Rgb): string {
  const linear = [red, green, blue].map((v) =>
    v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
  );
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return luminance > 0.179 ? "#000000" : "#ffffff";
}
