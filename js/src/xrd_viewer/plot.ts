import { effect, signal } from "@preact/signals-core";
import { h, setAttribute, svg } from "../shared/dom";
import { tickLabels, ticks } from "../shared/format";
import type { Cleanup } from "../shared/model";
import { axisTicks } from "./angles";
import {
  area,
  drawsOther,
  type Layout,
  LEFT,
  type Look,
  layout,
  type Panel,
  path,
  RIGHT,
  up,
} from "./drawing";
import { colourOf, dashOf, mark, OTHER } from "./glyphs";
import type { Peak, XrdState } from "./state";
import { axisName, peakLines } from "./words";

const USUAL_WIDTH = 860; // until the page has laid it out
const NEAR = 7; // px within which a mark counts as pointed at

let plots = 0;

/** The drawing: patterns, peak marks and residual over one axis, and what stands under the cursor. */
export class Plot {
  readonly element: HTMLElement;
  private readonly clip = `mwx-clip-${(plots += 1)}`;
  private readonly frame = svg("g", {});
  private readonly line = svg("path", { class: "mwx-cursor" });
  private readonly dots = svg("g", {});
  private readonly chosen = svg("rect", { class: "mwx-chosen", visibility: "hidden" });
  private readonly drawing: SVGSVGElement;
  private readonly tip = h("div", { class: "mwx-tip mw-num", "aria-hidden": "true", hidden: true });
  private width = USUAL_WIDTH;
  private look!: Look;
  private layout!: Layout;
  /** Counts the drawings: what follows the hand stands on the last one. */
  private readonly drawn = signal(0);
  private readonly stops: Cleanup[];

  constructor(
    private readonly state: XrdState,
    private readonly radiation: () => string,
  ) {
    this.drawing = svg(
      "svg",
      { class: "mwx-drawing", "aria-hidden": "true" },
      this.frame,
      this.chosen,
      this.line,
      this.dots,
    );
    this.element = h(
      "div",
      { class: "mwx-plot", tabindex: 0, role: "application", "aria-roledescription": "powder pattern" },
      this.drawing,
      this.tip,
    );
    const observer =
      typeof ResizeObserver === "function" ? new ResizeObserver(() => this.resized()) : undefined;
    observer?.observe(this.element);
    this.stops = [() => observer?.disconnect(), effect(() => this.draw()), effect(() => this.point())];
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  private resized(): void {
    const width = Math.floor(this.element.clientWidth);
    if (width < 80 || width === this.width) return;
    this.width = width;
    this.draw();
  }

  // -- what stands still

  private draw(): void {
    const { state } = this;
    const curves = state.curves.value;
    const { patterns } = curves;
    const at = state.at.value;
    const shown = patterns.map((_, i) => i).filter((i) => !state.hidden.value.has(i));
    const peaks = state.peaks.value;
    this.look = {
      axis: state.axis.value,
      wavelength: state.wavelength,
      window: state.window.value,
      root: state.root.value,
      stacked: state.stacked.value && patterns.length > 1,
      shown,
      read: shown.includes(at) ? patterns[at] : null,
      marked: peaks.length > 0 && shown.includes(at),
    };
    this.layout = layout(curves, this.look, this.width);
    const { look } = this;
    const { height, width, main, residual } = this.layout;
    setAttribute(this.drawing, "viewBox", `0 0 ${width} ${height}`);
    setAttribute(this.drawing, "width", String(width));
    setAttribute(this.drawing, "height", String(height));
    this.element.style.height = `${height}px`;
    const room = { x: LEFT, width: width - LEFT - RIGHT };
    const panels: Panel[] = residual ? [main, residual] : [main];
    const clip = svg(
      "clipPath",
      { id: this.clip },
      ...panels.map((panel) => svg("rect", { ...room, y: panel.top - 3, height: panel.height + 6 })),
    );
    const lines = svg("g", { "clip-path": `url(#${this.clip})` });
    if (curves.x.length) {
      for (const row of shown) lines.append(...this.lines(row));
      if (residual && look.read) lines.append(this.residual(residual));
    }
    this.frame.replaceChildren(
      svg("defs", {}, clip),
      ...this.axes(),
      lines,
      ...this.names(),
      ...(look.marked ? this.marks(peaks) : []),
    );
    this.drawn.value = this.drawn.peek() + 1;
  }

  private lines(row: number): SVGElement[] {
    const { look, layout: made } = this;
    const curves = this.state.curves.peek();
    const pattern = curves.patterns[row];
    const value = (curve: Float32Array) => (i: number) => made.scaled(curve[i]) + made.lift(row);
    const own = path(curves, look, made, made.main, value(pattern.y));
    const drawn: SVGElement[] = [];
    const compared = drawsOther(look, pattern);
    if (compared)
      drawn.push(
        svg("path", {
          class: "mwx-area",
          d: area(own, up(made.main, made.lift(row))),
          style: `fill:${colourOf(row)}`,
        }),
      );
    drawn.push(
      svg("path", {
        class: pattern === look.read ? "mwx-line mwx-read" : "mwx-line",
        d: own,
        style: `stroke:${colourOf(row)}`,
        "stroke-dasharray": dashOf(row, look.stacked) || null,
      }),
    );
    if (compared)
      drawn.push(
        svg("path", {
          class: "mwx-line mwx-other",
          d: path(curves, look, made, made.main, value(pattern.other as Float32Array)),
        }),
      );
    return drawn;
  }

  private residual(panel: Panel): SVGElement {
    const { y, other } = this.look.read!;
    const rest = (i: number) => y[i] - (other as Float32Array)[i];
    return svg("path", {
      class: "mwx-line mwx-rest",
      d: path(this.state.curves.peek(), this.look, this.layout, panel, rest),
    });
  }

  /** Grid, numbers and names of the axes. */
  private axes(): SVGElement[] {
    const { look, layout: made } = this;
    const { main, residual, width, bottom, height } = made;
    const end = width - RIGHT;
    const text = (x: number, y: number, words: string, more: Record<string, string | number> = {}) =>
      svg("text", { x: x.toFixed(1), y: y.toFixed(1), ...more }, words);
    const parts: SVGElement[] = [];
    const count = Math.max(3, Math.round((width - LEFT - RIGHT) / 90));
    for (const { at, text: words } of axisTicks(look.axis, look.window, look.wavelength, count)) {
      const x = made.x(at);
      parts.push(
        svg("path", { class: "mwx-grid", d: `M${x.toFixed(1)} ${main.top}V${bottom}` }),
        text(x, bottom + 16, words, { "text-anchor": "middle" }),
      );
    }
    parts.push(svg("path", { class: "mwx-base", d: `M${LEFT} ${bottom}H${end}` }));
    parts.push(
      text((LEFT + end) / 2, height - 6, axisName(look.axis, this.radiation()), {
        "text-anchor": "middle",
        class: "mwx-name",
      }),
    );
    if (!look.stacked) {
      const marks = ticks(0, main.high, 5);
      const words = tickLabels(marks);
      marks.forEach((value, i) => {
        const y = up(main, value);
        parts.push(
          svg("path", { class: i ? "mwx-grid" : "mwx-base", d: `M${LEFT} ${y.toFixed(1)}H${end}` }),
          text(LEFT - 7, y + 4, words[i], { "text-anchor": "end" }),
        );
      });
    }
    const name = look.root ? "√ intensity" : "Intensity";
    parts.push(this.side(look.stacked ? `${name}, offset` : `${name} (relative)`, main));
    if (residual) {
      const most = ticks(0, residual.high * 0.95, 2).at(-1) || residual.high;
      const words = tickLabels([-most, 0, most]);
      [-most, 0, most].forEach((value, i) => {
        const y = up(residual, value);
        parts.push(
          svg("path", { class: i === 1 ? "mwx-base" : "mwx-grid", d: `M${LEFT} ${y.toFixed(1)}H${end}` }),
          text(LEFT - 7, y + 4, words[i], { "text-anchor": "end" }),
        );
      });
      const { name: own, otherName } = look.read!;
      parts.push(
        text(LEFT, residual.top - 6, `Residual: ${short(own)} less ${short(otherName)}`, {
          class: "mwx-name",
        }),
      );
    }
    return parts;
  }

  private side(words: string, panel: Panel): SVGElement {
    const y = panel.top + panel.height / 2;
    return svg(
      "text",
      { class: "mwx-name", "text-anchor": "middle", transform: `translate(14 ${y.toFixed(1)}) rotate(-90)` },
      words,
    );
  }

  /** Stacked patterns have their names above them. */
  private names(): SVGElement[] {
    const { look, layout: made } = this;
    if (!look.stacked) return [];
    const { patterns } = this.state.curves.peek();
    return look.shown.map((row) =>
      svg(
        "text",
        {
          class: "mwx-pattern-name",
          x: made.width - RIGHT - 4,
          y: (up(made.main, made.lift(row)) - 14).toFixed(1),
          "text-anchor": "end",
          style: `fill:${colourOf(row)}`,
        },
        patterns[row].name,
      ),
    );
  }

  private marks(peaks: readonly Peak[]): SVGElement[] {
    const { rows, x } = this.layout;
    const [low, high] = this.look.window;
    return peaks
      .filter(({ at }) => at >= low && at <= high)
      .map(({ at, kind }) => mark(kind, x(at), kind === "extra" ? rows[1] : rows[0]));
  }

  // -- what follows the hand

  private point(): void {
    const { state } = this;
    void this.drawn.value;
    const at = state.hovered.value ?? state.cursor.value;
    const curves = state.curves.peek();
    const { look, layout: made } = this;
    const seen =
      at !== null && at >= look.window[0] - 1e-9 && at <= look.window[1] + 1e-9 && curves.x.length > 0;
    setAttribute(this.line, "visibility", seen ? null : "hidden");
    this.dots.replaceChildren();
    this.tip.hidden = true;
    if (!seen) return;
    const x = made.x(at);
    setAttribute(this.line, "d", `M${x.toFixed(1)} ${made.main.top}V${made.bottom}`);
    for (const row of look.shown) {
      const pattern = curves.patterns[row];
      const dot = (curve: Float32Array, colour: string) =>
        svg("circle", {
          cx: x.toFixed(1),
          cy: up(made.main, made.scaled(state.intensity(curve, at)) + made.lift(row)).toFixed(1),
          r: 3.5,
          style: `fill:${colour}`,
        });
      this.dots.append(dot(pattern.y, colourOf(row)));
      if (drawsOther(look, pattern)) this.dots.append(dot(pattern.other as Float32Array, OTHER));
    }
    this.tell(this.peakAt(at));
  }

  /** The peak whose mark stands within a few pixels of an angle. */
  peakAt(at: number): Peak | null {
    if (!this.look.marked) return null;
    const x = this.layout.x(at);
    let best: Peak | null = null;
    let near = NEAR;
    for (const peak of this.state.peaks.peek()) {
      const apart = Math.abs(this.layout.x(peak.at) - x);
      if (apart < near) [best, near] = [peak, apart];
    }
    return best;
  }

  private tell(peak: Peak | null): void {
    const { read } = this.look;
    if (!peak || !read) return;
    const x = this.layout.x(peak.at);
    const [first, ...rest] = peakLines(peak, this.look.wavelength, read);
    this.tip.replaceChildren(h("b", {}, first), ...rest.map((words) => h("div", {}, words)));
    this.tip.hidden = false;
    this.tip.style.top = `${this.layout.rows[1] + 14}px`;
    const half = this.tip.offsetWidth / 2;
    const left = Math.max(LEFT + half - 10, Math.min(this.width - half - 2, x));
    this.tip.style.left = `${left}px`;
  }

  // -- what the hand asks

  /** The x in the drawing nearest to where an event happened. */
  inside(event: { clientX: number }): number {
    const x = event.clientX - this.element.getBoundingClientRect().left;
    return Math.min(this.width - RIGHT, Math.max(LEFT, x));
  }

  /** The angle at an x of the drawing. */
  angle(x: number): number {
    return this.layout.angle(x);
  }

  /** Outline what a drag has chosen; null for nothing. */
  outline(ends: readonly [number, number] | null): void {
    setAttribute(this.chosen, "visibility", ends ? null : "hidden");
    if (!ends) return;
    const { main, bottom } = this.layout;
    setAttribute(this.chosen, "x", String(Math.min(...ends)));
    setAttribute(this.chosen, "width", String(Math.abs(ends[1] - ends[0])));
    setAttribute(this.chosen, "y", String(main.top));
    setAttribute(this.chosen, "height", String(bottom - main.top));
  }
}

function short(name: string): string {
  return name.length <= 28 ? name : `${name.slice(0, 27)}…`;
}
