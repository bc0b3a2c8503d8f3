/** What is painted on a chart's canvas beneath and above uPlot's own lines. */
import type uPlot from "uplot";
import type { Range } from "./axis";

/** The present value of a custom property. */
export type Colour = (name: string) => string;

export interface Line {
  /** Name of a custom property, for example `--mw-c0`. */
  colour: string;
  values: (number | null)[];
  /** Written at the right end of the line. */
  name?: string;
  dash?: number[];
  width?: number;
  /** Half width of a band around the line. */
  spread?: (number | null)[];
  /** Half width of a darker band within that one. */
  inner?: (number | null)[];
  /** Read against the right axis. */
  right?: boolean;
  hidden?: boolean;
}

export interface Faint {
  x: readonly number[];
  lines: (number | null)[][];
  colour: string;
  /** Single points that no line joins: rings over everything. */
  rings?: boolean;
}

export interface Curves {
  x: readonly number[];
  end: number;
  lines: Line[];
  faint?: Faint;
  log?: boolean;
  limits?: Range;
  /** Levels with a name: what was aimed at, what came out at the end. */
  levels?: { at: number; name: string; kind: "target" | "result" }[];
  /** Steps at which something new begins: the next member of an ensemble. */
  seams?: { at: number; name: string }[];
}

/** Of the points of a search point by point: stands out from the ground and from the band in both themes. */
export const TRIAL = "--mw-c1";
/** How dense a band is: alone, as the outer one of two, and the inner one over it. */
export const BANDS = { alone: 0.26, outer: 0.2, inner: 0.38 };

function band(
  ctx: CanvasRenderingContext2D,
  u: uPlot,
  x: readonly number[],
  values: (number | null)[],
  width: (number | null)[],
): void {
  for (const [from, to] of stretches(values, width)) {
    ctx.beginPath();
    for (let i = from; i <= to; i++)
      point(ctx, u, x[i] as number, sum(values[i], width[i], 1) as number, i > from);
    for (let i = to; i >= from; i--)
      point(ctx, u, x[i] as number, sum(values[i], width[i], -1) as number, true);
    ctx.closePath();
    ctx.fill();
  }
}

/** Restarts and bands, beneath the lines. */
export function paintUnder(u: uPlot, curves: Curves, colour: Colour): void {
  const { ctx, bbox } = u;
  const { faint, lines, x, log } = curves;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineJoin = "round";
  ctx.setLineDash([]); // the context still has the dashes of the line that was drawn last
  if (faint && !faint.rings) {
    ctx.globalAlpha = 0.38 * Math.min(1, Math.sqrt(8 / faint.lines.length)); // many must not drown the line
    ctx.lineWidth = devicePixelRatio;
    ctx.strokeStyle = colour(faint.colour);
    for (const line of faint.lines) {
      ctx.beginPath();
      trace(ctx, u, faint.x, line, "y");
      ctx.stroke();
    }
  }
  for (const line of lines) {
    const { spread, inner } = line;
    if (!spread || line.hidden || log) continue;
    ctx.fillStyle = ctx.strokeStyle = colour(line.colour);
    ctx.lineWidth = devicePixelRatio;
    ctx.globalAlpha = inner ? BANDS.outer : BANDS.alone;
    band(ctx, u, x, line.values, spread);
    if (!inner) continue;
    ctx.globalAlpha = BANDS.inner;
    band(ctx, u, x, line.values, inner);
  }
  ctx.restore();
}

/** A ring a point; smaller where they would touch. */
function rings(u: uPlot, faint: Faint, colour: Colour): void {
  const { ctx, bbox } = u;
  const scale = devicePixelRatio;
  const radius = Math.min(3.2, Math.max(1.6, (0.4 * bbox.width) / scale / Math.max(1, faint.x.length)));
  ctx.save();
  ctx.lineWidth = 1.5 * scale;
  ctx.strokeStyle = colour(faint.colour);
  for (const line of faint.lines)
    line.forEach((value, i) => {
      if (value === null) return;
      ctx.beginPath();
      ctx.arc(
        u.valToPos(faint.x[i] as number, "x", true),
        u.valToPos(value, "y", true),
        radius * scale,
        0,
        2 * Math.PI,
      );
      ctx.stroke();
    });
  ctx.restore();
}

/** Seams between parts, and the level of the result. */
function annotate(u: uPlot, curves: Curves, colour: Colour): void {
  const { ctx, bbox } = u;
  const { levels = [], seams = [] } = curves;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.font = `${11.5 * scale}px system-ui, sans-serif`;
  ctx.lineWidth = scale;
  ctx.fillStyle = colour("--mw-text-soft");
  ctx.strokeStyle = colour("--mw-line-strong");
  ctx.textBaseline = "top";
  ctx.textAlign = "left"; // the axes leave theirs
  for (const [i, { at, name }] of seams.entries()) {
    const x = u.valToPos(at, "x", true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const room = u.valToPos(seams[i + 1]?.at ?? curves.end, "x", true) - x;
    if (ctx.measureText(name).width + 8 * scale < room)
      ctx.fillText(name, x + 4 * scale, bbox.top + 2 * scale);
  }
  for (const level of levels) {
    const y = u.valToPos(level.at, "y", true);
    const aim = level.kind === "target";
    ctx.lineWidth = (aim ? 1.5 : 1) * scale;
    ctx.setLineDash(aim ? [7 * scale, 4 * scale] : [2 * scale, 3 * scale]);
    ctx.strokeStyle = colour("--mw-text");
    ctx.fillStyle = colour("--mw-text");
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = `600 ${11.5 * scale}px system-ui, sans-serif`;
    ctx.textAlign = aim ? "left" : "right"; // so that both can be read where they are near
    // the name stands where there is room: above the level, or beneath it at the top of the plot
    const above = y - bbox.top > 18 * scale;
    ctx.textBaseline = above ? "bottom" : "top";
    const at = [
      bbox.left + (aim ? 6 * scale : bbox.width - 6 * scale),
      y + (above ? -4 : 4) * scale,
    ] as const;
    ctx.setLineDash([]);
    ctx.lineWidth = 4 * scale;
    ctx.strokeStyle = colour("--mw-bg");
    ctx.strokeText(level.name, ...at);
    ctx.fillText(level.name, ...at);
  }
  ctx.restore();
}

/** A dot at each line's end and its name beside the plot, moved apart where they would overlap. */
export function paintOver(u: uPlot, curves: Curves, colour: Colour): void {
  const { ctx, bbox } = u;
  const data = u.data;
  const x = data[0];
  if (!x.length) return;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.setLineDash([]);
  if (curves.faint?.rings) rings(u, curves.faint, colour);
  annotate(u, curves, colour);
  const ends: { at: number; line: Line }[] = [];
  curves.lines.forEach((line, j) => {
    if (line.hidden) return;
    const column = data[j + 1] as (number | null)[];
    let last = column.length - 1;
    while (last >= 0 && column[last] === null) last--;
    if (last < 0) return;
    const at = u.valToPos(column[last] as number, line.right ? "right" : "y", true);
    if (!line.right) {
      ctx.fillStyle = colour(line.colour);
      ctx.beginPath();
      ctx.arc(u.valToPos(x[last], "x", true), at, 3 * scale, 0, 2 * Math.PI);
      ctx.fill();
    }
    if (line.name) ends.push({ at, line });
  });
  ctx.font = `600 ${11.5 * scale}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  const gap = Math.min(14 * scale, bbox.height / Math.max(1, ends.length));
  for (const { at, line } of apart(ends, gap, bbox.top, bbox.top + bbox.height)) {
    ctx.fillStyle = colour(line.colour);
    ctx.fillText(line.name ?? "", bbox.left + bbox.width + 9 * scale, at);
  }
  ctx.restore();
}

/** Pixels between a step and the next. */
export function gap(u: uPlot, step: number): [number, number] {
  return [Math.round(u.valToPos(step, "x", true)), Math.round(u.valToPos(step + 1, "x", true))];
}

export function sum(
  value: number | null | undefined,
  spread: number | null | undefined,
  sign: number,
): number | null {
  return value === null || value === undefined || spread === null || spread === undefined
    ? null
    : value + sign * spread;
}

function point(ctx: CanvasRenderingContext2D, u: uPlot, x: number, y: number, pen: boolean): void {
  const across = u.valToPos(x, "x", true);
  const up = u.valToPos(y, "y", true);
  if (pen) ctx.lineTo(across, up);
  else ctx.moveTo(across, up);
}

function trace(
  ctx: CanvasRenderingContext2D,
  u: uPlot,
  x: readonly number[],
  values: (number | null)[],
  scale: string,
): void {
  let pen = false;
  values.forEach((value, i) => {
    if (value === null) {
      pen = false;
      return;
    }
    const across = u.valToPos(x[i] as number, "x", true);
    const up = u.valToPos(value, scale, true);
    if (pen) ctx.lineTo(across, up);
    else ctx.moveTo(across, up);
    pen = true;
  });
}

/** Runs of rows where both a value and its spread exist. */
function stretches(values: (number | null)[], spread: (number | null)[]): [number, number][] {
  const found: [number, number][] = [];
  let from = -1;
  for (let i = 0; i <= values.length; i++) {
    const here = i < values.length && values[i] !== null && typeof spread[i] === "number";
    if (here && from < 0) from = i;
    if (!here && from >= 0) {
      found.push([from, i - 1]);
      from = -1;
    }
  }
  return found;
}

/** The same things with at least `gap` between them, inside the limits, as near to their places as that allows. */
export function apart<T extends { at: number }>(items: T[], gap: number, low: number, high: number): T[] {
  const sorted = [...items].sort((a, b) => a.at - b.at).map((item) => ({ ...item }));
  for (let i = 0; i < sorted.length; i++) {
    const before = sorted[i - 1];
    const item = sorted[i] as T;
    item.at = Math.max(item.at, before ? before.at + gap : low);
  }
  for (let i = sorted.length - 1; i >= 0; i--) {
    const after = sorted[i + 1];
    const item = sorted[i] as T;
    item.at = Math.min(item.at, after ? after.at - gap : high);
  }
  return sorted;
}
