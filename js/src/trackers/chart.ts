/** Curves against steps: uPlot with this project's colours, band, restarts, names at the line ends, and scrub line. */
import uPlot from "uplot";
import uplotCss from "uplot/dist/uPlot.min.css?inline";
import { h } from "../shared/dom";
import type { Cleanup } from "../shared/model";
import { cssColor } from "../shared/theme";
import { cover, logLabels, logTicks, type Range, tickLabels, ticks } from "./axis";

export { uplotCss };

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
  /** Read against the right axis. */
  right?: boolean;
  hidden?: boolean;
}

export interface Faint {
  x: readonly number[];
  lines: (number | null)[][];
  colour: string;
}

export interface Curves {
  x: readonly number[];
  end: number;
  lines: Line[];
  faint?: Faint;
  log?: boolean;
  limits?: Range;
  /** A level with a name: what came out at the end. */
  level?: { at: number; name: string };
  /** Steps at which something new begins: the next member of an ensemble. */
  seams?: { at: number; name: string }[];
}

export interface ChartOptions {
  height: number;
  /** Only the lowest of several charts names the steps. */
  xAxis: boolean;
  xLabel?: string;
  rightAxis?: boolean;
  onScrub(step: number): void;
  onHover(step: number | null): void;
}

/** Room for the axes; the timeline beneath the charts keeps the same. */
const LEFT = 58;
const RIGHT = 62;
const FONT = "11.5px system-ui, sans-serif";

export class Chart {
  readonly element: HTMLElement;
  private plot: uPlot | null = null;
  private curves: Curves = { x: [], end: 1, lines: [] };
  private shape = "";
  private width = 0;
  private marked: number | null = null;
  private readonly marker = h("div", { class: "mwt-scrub", hidden: true });
  private readonly stop: Cleanup;

  constructor(private readonly options: ChartOptions) {
    this.element = h("div", { class: "mwt-chart" });
    this.element.style.height = `${options.height}px`;
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(this.element);
    this.stop = () => observer.disconnect();
  }

  show(curves: Curves): void {
    this.curves = curves;
    this.paint();
  }

  /** Mark a step by a line across the chart; null for none. */
  mark(step: number | null): void {
    this.marked = step;
    this.place();
  }

  /** Colours have changed. */
  repaint(): void {
    this.plot?.redraw(false, true);
  }

  dispose(): void {
    this.stop();
    this.plot?.destroy();
    this.plot = null;
  }

  private resize(): void {
    const width = Math.floor(this.element.clientWidth);
    if (width < 60 || width === this.width) return;
    this.width = width;
    if (this.plot) this.plot.setSize({ width, height: this.options.height });
    else this.paint();
    this.place();
  }

  private paint(): void {
    if (!this.width) return;
    const { lines } = this.curves;
    const shape = JSON.stringify([
      lines.map((line) => [!!line.spread, !!line.right, line.colour, line.dash]),
    ]);
    const data = this.data();
    if (!this.plot || shape !== this.shape) {
      this.plot?.destroy();
      this.shape = shape;
      this.plot = new uPlot(this.configure(lines), data, this.element);
      this.plot.over.append(this.marker);
      this.listenTo(this.plot.over);
    } else {
      lines.forEach((line, i) => {
        const series = this.plot?.series[i + 1];
        if (series) series.show = !line.hidden;
      });
      this.plot.setData(data, true);
    }
    this.place();
  }

  private data(): uPlot.AlignedData {
    const { x, lines, log } = this.curves;
    const scale = (values: (number | null)[]) =>
      log ? values.map((value) => (value === null || value <= 0 ? null : Math.log10(value))) : values;
    return [x as number[], ...lines.map((line) => scale(line.values))] as uPlot.AlignedData;
  }

  private colour(name: string): string {
    return cssColor(this.element, name, "#555");
  }

  private configure(lines: Line[]): uPlot.Options {
    const { options } = this;
    const text = () => this.colour("--mw-text-soft");
    const grid = { stroke: () => this.colour("--mw-line"), width: 1 };
    const y: uPlot.Axis = {
      scale: "y",
      size: LEFT,
      stroke: text,
      font: FONT,
      grid,
      ticks: { show: false },
      gap: 6,
      splits: (_u, _axis, low, high) =>
        this.curves.log
          ? logTicks(low, high)
          : ticks(low, high, Math.max(2, Math.round(options.height / 42))),
      values: (_u, marks) => (this.curves.log ? logLabels(marks) : tickLabels(marks)),
    };
    const right: uPlot.Axis = {
      scale: "right",
      side: 1,
      size: RIGHT,
      show: true,
      stroke: text,
      font: FONT,
      grid: { show: false },
      ticks: { show: false },
      gap: 6,
      splits: (_u, _axis, low, high) => ticks(low, high, 3),
      values: (_u, marks) => tickLabels(marks),
    };
    const x: uPlot.Axis = {
      scale: "x",
      size: options.xAxis ? 22 : 8,
      stroke: text,
      font: FONT,
      labelFont: FONT,
      label: options.xAxis ? options.xLabel : undefined,
      labelSize: 16,
      labelGap: 0,
      grid,
      ticks: { show: false },
      gap: 5,
      splits: (_u, _axis, low, high) =>
        ticks(low, high, Math.max(2, Math.round(this.width / 90))).filter((mark) => Number.isInteger(mark)),
      values: (_u, marks) => marks.map((mark) => (options.xAxis ? String(mark) : "")),
    };
    const shown = () => this.curves.lines.filter((line) => !line.hidden);
    return {
      width: this.width,
      height: options.height,
      padding: [8, options.rightAxis ? 0 : RIGHT, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: () => [0, this.curves.end] },
        y: { range: () => this.range(shown().filter((line) => !line.right)) },
        right: { range: () => this.range(shown().filter((line) => line.right)) },
      },
      axes: options.rightAxis ? [x, y, right] : [x, y],
      series: [
        {},
        ...lines.map((line) => ({
          scale: line.right ? "right" : "y",
          stroke: () => this.colour(line.colour),
          width: line.width ?? 2,
          dash: line.dash,
          points: { show: false },
          show: !line.hidden,
          pxAlign: 0,
          // no line leads from one part to the next
          gaps: (u: uPlot, _i: number, _from: number, _to: number, empty: uPlot.Series.Gaps) =>
            [...empty, ...(this.curves.seams ?? []).map(({ at }) => gap(u, at))].sort((a, b) => a[0] - b[0]),
        })),
      ],
      hooks: {
        drawClear: [(u) => this.under(u)],
        draw: [(u) => this.over(u)],
      },
    };
  }

  private range(lines: Line[]): uPlot.Range.MinMax {
    const { curves } = this;
    if (curves.limits && !curves.log) return curves.limits;
    const columns: (number | null)[][] = [];
    for (const line of lines) {
      if (curves.log) {
        columns.push(line.values.map((value) => (value === null || value <= 0 ? null : Math.log10(value))));
        continue;
      }
      columns.push(line.values);
      const { spread } = line;
      if (spread) {
        columns.push(line.values.map((value, i) => sum(value, spread[i], 1)));
        columns.push(line.values.map((value, i) => sum(value, spread[i], -1)));
      }
    }
    if (lines.some((line) => !line.right)) {
      if (curves.faint) columns.push(...curves.faint.lines);
      if (curves.level) columns.push([curves.level.at]);
    }
    return cover(columns);
  }

  /** Restarts and bands, beneath the lines. */
  private under(u: uPlot): void {
    const { ctx, bbox } = u;
    const { faint, lines, x, log } = this.curves;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineJoin = "round";
    ctx.setLineDash([]); // the context still has the dashes of the line that was drawn last
    if (faint) {
      ctx.globalAlpha = 0.38;
      ctx.lineWidth = devicePixelRatio;
      ctx.strokeStyle = this.colour(faint.colour);
      for (const line of faint.lines) {
        ctx.beginPath();
        trace(ctx, u, faint.x, line, "y");
        ctx.stroke();
      }
    }
    for (const line of lines) {
      const { spread } = line;
      if (!spread || line.hidden || log) continue;
      ctx.globalAlpha = 0.26;
      ctx.fillStyle = this.colour(line.colour);
      for (const [from, to] of stretches(line.values, spread)) {
        ctx.beginPath();
        for (let i = from; i <= to; i++)
          point(ctx, u, x[i] as number, sum(line.values[i], spread[i], 1) as number, i > from);
        for (let i = to; i >= from; i--)
          point(ctx, u, x[i] as number, sum(line.values[i], spread[i], -1) as number, true);
        ctx.closePath();
        ctx.fill();
      }
    }
    ctx.restore();
  }

  /** Seams between parts, and the level of the result. */
  private annotate(u: uPlot): void {
    const { ctx, bbox } = u;
    const { level, seams = [] } = this.curves;
    const scale = devicePixelRatio;
    ctx.save();
    ctx.font = `${11.5 * scale}px system-ui, sans-serif`;
    ctx.lineWidth = scale;
    ctx.fillStyle = this.colour("--mw-text-soft");
    ctx.strokeStyle = this.colour("--mw-line-strong");
    ctx.textBaseline = "top";
    ctx.textAlign = "left"; // the axes leave theirs
    for (const [i, { at, name }] of seams.entries()) {
      const x = u.valToPos(at, "x", true);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const room = u.valToPos(seams[i + 1]?.at ?? this.curves.end, "x", true) - x;
      if (ctx.measureText(name).width + 8 * scale < room)
        ctx.fillText(name, x + 4 * scale, bbox.top + 2 * scale);
    }
    if (level) {
      const y = u.valToPos(level.at, "y", true);
      ctx.setLineDash([2 * scale, 3 * scale]);
      ctx.strokeStyle = this.colour("--mw-text");
      ctx.fillStyle = this.colour("--mw-text");
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.font = `600 ${11.5 * scale}px system-ui, sans-serif`;
      ctx.textAlign = "right";
      // the name stands where there is room: above the level, or beneath it at the top of the plot
      const above = y - bbox.top > 18 * scale;
      ctx.textBaseline = above ? "bottom" : "top";
      const at = [bbox.left + bbox.width - 6 * scale, y + (above ? -4 : 4) * scale] as const;
      ctx.setLineDash([]);
      ctx.lineWidth = 4 * scale;
      ctx.strokeStyle = this.colour("--mw-bg");
      ctx.strokeText(level.name, ...at);
      ctx.fillText(level.name, ...at);
    }
    ctx.restore();
  }

  /** A dot at each line's end and its name beside the plot, moved apart where they would overlap. */
  private over(u: uPlot): void {
    const { ctx, bbox } = u;
    const data = u.data;
    const x = data[0];
    if (!x.length) return;
    const scale = devicePixelRatio;
    ctx.save();
    ctx.setLineDash([]);
    this.annotate(u);
    const ends: { at: number; line: Line }[] = [];
    this.curves.lines.forEach((line, j) => {
      if (line.hidden) return;
      const column = data[j + 1] as (number | null)[];
      let last = column.length - 1;
      while (last >= 0 && column[last] === null) last--;
      if (last < 0) return;
      const at = u.valToPos(column[last] as number, line.right ? "right" : "y", true);
      if (!line.right) {
        ctx.fillStyle = this.colour(line.colour);
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
      ctx.fillStyle = this.colour(line.colour);
      ctx.fillText(line.name ?? "", bbox.left + bbox.width + 9 * scale, at);
    }
    ctx.restore();
  }

  private place(): void {
    const { plot, marked } = this;
    this.marker.hidden = marked === null || !plot || !this.curves.x.length;
    if (plot && marked !== null) this.marker.style.transform = `translateX(${plot.valToPos(marked, "x")}px)`;
  }

  private listenTo(over: HTMLElement): void {
    const step = (event: PointerEvent) => {
      const x = event.clientX - over.getBoundingClientRect().left;
      return this.plot?.posToVal(x, "x") ?? 0;
    };
    over.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      over.setPointerCapture(event.pointerId);
      this.options.onScrub(step(event));
    });
    over.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) this.options.onScrub(step(event));
      else this.options.onHover(step(event));
    });
    over.addEventListener("pointerleave", () => this.options.onHover(null));
  }
}

/** Pixels between a step and the next. */
function gap(u: uPlot, step: number): [number, number] {
  return [Math.round(u.valToPos(step, "x", true)), Math.round(u.valToPos(step + 1, "x", true))];
}

function sum(
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
    const here = i < values.length && values[i] !== null && spread[i] !== null;
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
