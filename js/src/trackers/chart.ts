/** Curves against steps: uPlot with this project's colours, band, restarts, names at the line ends, and scrub line. */
import uPlot from "uplot";
import uplotCss from "uplot/dist/uPlot.min.css?inline";
import { h } from "../shared/dom";
import type { Cleanup } from "../shared/model";
import { cssColor } from "../shared/theme";
import { cover, logLabels, logTicks, tickLabels, ticks } from "./axis";
import { type Curves, gap, type Line, paintOver, paintUnder, sum } from "./paint";

export type { Curves, Line } from "./paint";
export { uplotCss };

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
const FONT = "12px system-ui, sans-serif"; // uPlot reads whole pixels only

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

  private readonly colour = (name: string): string => cssColor(this.element, name, "#555");

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
        drawClear: [(u) => paintUnder(u, this.curves, this.colour)],
        draw: [(u) => paintOver(u, this.curves, this.colour), () => this.place()], // only now it knows its places
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
      if (curves.levels) columns.push(curves.levels.map(({ at }) => at));
    }
    return cover(columns);
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
