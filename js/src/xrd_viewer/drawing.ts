/** Where things stand in the drawing: scales of the panels, and paths of curves. No DOM. */
import { type Axis, angleAt, place } from "./angles";
import type { Curves, Pattern } from "./state";

export const LEFT = 62;
export const RIGHT = 14;
const TOP = 12;
const STRIP = 34; // peak marks
const BETWEEN = 20; // above the residual: its name
const RESIDUAL = 88;
const BOTTOM = 42;
/** Between stacked patterns, in units of the highest. */
export const GAP = 1.12;
const LEAST_RESIDUAL = 0.05;

export interface Panel {
  top: number;
  height: number;
  low: number;
  high: number;
}

export interface Layout {
  width: number;
  height: number;
  main: Panel;
  /** Middles of the two rows of marks. */
  rows: readonly [number, number];
  /** Null where nothing is compared. */
  residual: Panel | null;
  /** Where the plots end and the axis begins. */
  bottom: number;
  x(twoTheta: number): number;
  angle(pixel: number): number;
  /** The intensity as it is drawn. */
  scaled(value: number): number;
  /** What a pattern is lifted by. */
  lift(row: number): number;
}

export interface Look {
  axis: Axis;
  wavelength: number;
  window: readonly [number, number];
  root: boolean;
  stacked: boolean;
  /** Rows that are drawn, the first one lowest. */
  shown: readonly number[];
  read: Pattern | null;
  marked: boolean;
}

/** First and last point within a window, with one more on either side. */
function within({ x }: Curves, [low, high]: readonly [number, number]): [number, number] {
  let [from, to] = [0, x.length - 1];
  while (from < to && x[from + 1] <= low) from += 1;
  while (to > from && x[to - 1] >= high) to -= 1;
  return [from, to];
}

function highest(curves: Curves, look: Look): number {
  const [from, to] = within(curves, look.window);
  let top = 0;
  for (const row of look.shown) {
    const { y, other } = curves.patterns[row];
    for (const curve of [y, drawsOther(look, curves.patterns[row]) ? other : null])
      if (curve) for (let i = from; i <= to; i += 1) if (curve[i] > top) top = curve[i];
  }
  return top || 1;
}

/** Stacked, each pattern has its own; over one another only that of the pattern which is read. */
export function drawsOther(look: Look, pattern: Pattern): boolean {
  return pattern.other !== null && (look.stacked || pattern === look.read);
}

export function layout(curves: Curves, look: Look, width: number): Layout {
  const { axis, wavelength, window, root } = look;
  const scaled = (value: number) => (root ? Math.sqrt(value) : value);
  const top = scaled(highest(curves, look));
  const lifts = new Map(look.shown.map((row, i) => [row, look.stacked ? i * GAP * top : 0]));
  const most = Math.max(0, ...lifts.values());
  const count = look.stacked ? look.shown.length : 1;
  const main: Panel = {
    top: TOP,
    height: 290 + 44 * Math.min(6, count - 1),
    low: -0.015 * top,
    high: (most + top) * 1.05,
  };
  const below = main.top + main.height;
  const strip = look.marked ? STRIP : 8;
  let bottom = below + strip;
  let residual: Panel | null = null;
  if (look.read?.other) {
    const span = Math.max(LEAST_RESIDUAL, 1.08 * widest(curves, look.read, window));
    residual = { top: bottom + BETWEEN, height: RESIDUAL, low: -span, high: span };
    bottom = residual.top + residual.height + 4;
  }
  const [a, b] = window.map((at) => place(axis, at, wavelength));
  const room = width - LEFT - RIGHT;
  return {
    width,
    height: bottom + BOTTOM,
    main,
    rows: [below + 11, below + 25],
    residual,
    bottom,
    x: (twoTheta) => LEFT + ((place(axis, twoTheta, wavelength) - a) / (b - a)) * room,
    angle: (pixel) => angleAt(axis, a + ((pixel - LEFT) / room) * (b - a), wavelength),
    scaled,
    lift: (row) => lifts.get(row) ?? 0,
  };
}

function widest(curves: Curves, { y, other }: Pattern, window: readonly [number, number]): number {
  const [from, to] = within(curves, window);
  let most = 0;
  for (let i = from; i <= to; i += 1) most = Math.max(most, Math.abs(y[i] - other![i]));
  return most;
}

export function up(panel: Panel, value: number): number {
  return panel.top + (1 - (value - panel.low) / (panel.high - panel.low)) * panel.height;
}

/** Path data of a curve within the window. */
export function path(
  curves: Curves,
  look: Look,
  { x }: Layout,
  panel: Panel,
  value: (i: number) => number,
): string {
  const [from, to] = within(curves, look.window);
  const parts: string[] = [];
  for (let i = from; i <= to; i += 1)
    parts.push(`${x(curves.x[i]).toFixed(1)} ${up(panel, value(i)).toFixed(1)}`);
  return parts.length ? `M${parts.join("L")}` : "";
}

/** The same, closed down to a level. */
export function area(line: string, base: number): string {
  const points = line.slice(1).split("L");
  const [first] = points[0].split(" ");
  const [last] = points[points.length - 1].split(" ");
  return `${line}L${last} ${base.toFixed(1)}L${first} ${base.toFixed(1)}Z`;
}
