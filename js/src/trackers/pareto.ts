/** Both objectives against one another: the front, how it grew, where each start stands; points to choose. */
import { h, setAttribute, setText, svg } from "../shared/dom";
import { axisPower, measured, tickLabels, ticks } from "../shared/format";
import type { Cleanup } from "../shared/model";
import type { Range } from "./axis";
import { type FrontPoint, nearest, type Objective, side, staircase } from "./front";

export interface ParetoPicture {
  points: readonly FrontPoint[];
  /** Earlier fronts, oldest first. */
  earlier: readonly (readonly FrontPoint[])[];
  /** Where each start stands. */
  family: readonly (readonly [number, number])[];
  /** The way of the followed start. */
  way: readonly (readonly [number, number])[];
  limits: readonly [Range, Range];
  /** Which point is chosen; -1 for none. */
  chosen: number;
  /** The values of what the run gives as its result. */
  result: readonly [number, number] | null;
}

export interface ParetoOptions {
  objectives: readonly Objective[];
  onChoose(index: number): void;
  onHover(index: number): void;
  describe(point: FrontPoint): string;
}

const LEFT = 64;
const RIGHT = 14;
const TOP = 10;
const BOTTOM = 46;
const REACH = 26; // px from a point within which a press means it
const NEAR = 14; // px within which the pointer rests on it

let count = 0;

export class Pareto {
  readonly element: HTMLElement;
  private readonly drawing = svg("svg", { class: "mwt-front" });
  private readonly grid = svg("g", { "aria-hidden": "true" });
  private readonly frame = svg("rect", { x: LEFT, y: TOP });
  private readonly under: SVGGElement;
  private readonly list: SVGGElement;
  private readonly over = svg("g", { "aria-hidden": "true" });
  private readonly tip = h("div", { class: "mwt-tip mw-num", "aria-hidden": "true", hidden: true });
  private readonly id = `mwt-front-${(count += 1)}`;
  private picture: ParetoPicture | null = null;
  private width = 0;
  private height = 0;
  private hovered = -1;
  private readonly stop: Cleanup;

  constructor(private readonly options: ParetoOptions) {
    // starts and ways may lie far beyond the front: the plot is the front's
    const clip = svg("clipPath", { id: `${this.id}-frame` }, this.frame);
    this.under = svg("g", { "aria-hidden": "true", "clip-path": `url(#${this.id}-frame)` });
    this.list = svg("g", { role: "listbox", tabindex: 0, class: "mwt-front-points" });
    this.drawing.append(clip, this.grid, this.under, this.list, this.over);
    this.element = h("div", { class: "mwt-front-room" }, this.drawing, this.tip);
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(this.element);
    this.stop = () => observer.disconnect();
    this.listen();
  }

  dispose(): void {
    this.stop();
  }

  show(picture: ParetoPicture): void {
    this.picture = picture;
    this.paint();
  }

  private resize(): void {
    const width = Math.floor(this.element.clientWidth);
    if (width < 60 || width === this.width) return;
    this.width = width;
    this.height = Math.round(Math.min(440, Math.max(280, width * 0.8)));
    setAttribute(this.drawing, "viewBox", `0 0 ${width} ${this.height}`);
    setAttribute(this.drawing, "height", String(this.height));
    setAttribute(this.frame, "width", String(width - LEFT - RIGHT));
    setAttribute(this.frame, "height", String(this.height - TOP - BOTTOM));
    this.paint();
  }

  // -- places

  private x(value: number): number {
    const [low, high] = this.picture!.limits[0];
    return LEFT + ((value - low) / (high - low)) * (this.width - LEFT - RIGHT);
  }

  private y(value: number): number {
    const [low, high] = this.picture!.limits[1];
    return TOP + (1 - (value - low) / (high - low)) * (this.height - TOP - BOTTOM);
  }

  private at([x, y]: readonly [number, number]): string {
    return `${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}`;
  }

  private line(places: readonly (readonly [number, number])[]): string {
    return places.length ? `M${places.map((place) => this.at(place)).join("L")}` : "";
  }

  // -- paint

  private paint(): void {
    const { picture } = this;
    if (!picture || !this.width) return;
    this.paintGrid();
    const { points, earlier, family, way } = picture;
    const { objectives } = this.options;
    const stairs = staircase(points, objectives);
    const rings = family
      .filter((place) => place.every(Number.isFinite))
      .map((place) => `M${this.at(place)}m-2.6 0a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0 -5.2 0`)
      .join("");
    this.under.replaceChildren(
      svg("path", { class: "mwt-front-area", d: this.dominated(stairs) }),
      ...earlier.map((front, i) =>
        svg("path", {
          class: "mwt-front-before",
          d: this.line(staircase(front, objectives)),
          "stroke-opacity": (0.25 + (0.45 * (i + 1)) / earlier.length).toFixed(2),
        }),
      ),
      svg("path", { class: "mwt-front-way", d: this.line(way) }),
      svg("path", { class: "mwt-front-family", d: rings }),
      svg("path", { class: "mwt-front-edge", d: this.line(stairs) }),
    );
    this.paintPoints();
    this.paintOver();
  }

  private paintGrid(): void {
    const { objectives } = this.options;
    const [[left, right], [low, high]] = this.picture!.limits;
    const floor = this.height - BOTTOM;
    const wall = this.width - RIGHT;
    const across = ticks(left, right, Math.max(3, Math.round(this.width / 90)));
    const up = ticks(low, high, Math.max(3, Math.round(this.height / 60)));
    const powers = [axisPower(left, right), axisPower(low, high)];
    const [acrossNames, upNames] = [across, up].map((marks, i) =>
      tickLabels(marks.map((mark) => mark / powers[i].unit)),
    );
    const parts: SVGElement[] = [];
    across.forEach((value, i) => {
      const x = this.x(value);
      parts.push(
        svg("path", { class: "mwt-front-grid", d: `M${x} ${TOP}V${floor}` }),
        svg("text", { x, y: floor + 16, "text-anchor": "middle" }, acrossNames[i]),
      );
    });
    up.forEach((value, i) => {
      const y = this.y(value);
      parts.push(
        svg("path", { class: "mwt-front-grid", d: `M${LEFT} ${y}H${wall}` }),
        svg("text", { x: LEFT - 7, y: y + 4, "text-anchor": "end" }, upNames[i]),
      );
    });
    objectives.forEach(({ direction, target }, i) => {
      if (direction !== "target" || target === null || target === undefined) return;
      const d = i === 0 ? `M${this.x(target)} ${TOP}V${floor}` : `M${LEFT} ${this.y(target)}H${wall}`;
      parts.push(svg("path", { class: "mwt-front-target", d }));
    });
    const middle = (TOP + floor) / 2;
    const name = (i: number, room: number) => {
      const words = axisText(objectives[i], powers[i].text);
      return [words, `font-size:${Math.max(9, Math.min(13, (1.75 * room) / words.length)).toFixed(1)}px`];
    };
    const [acrossName, acrossSize] = name(0, wall - LEFT);
    const [upName, upSize] = name(1, floor - TOP);
    parts.push(
      svg(
        "text",
        {
          class: "mwt-front-axis",
          style: acrossSize,
          x: (LEFT + wall) / 2,
          y: this.height - 8,
          "text-anchor": "middle",
        },
        acrossName,
      ),
      svg(
        "text",
        {
          class: "mwt-front-axis",
          style: upSize,
          transform: `translate(13 ${middle}) rotate(-90)`,
          "text-anchor": "middle",
        },
        upName,
      ),
    );
    this.grid.replaceChildren(...parts);
  }

  /** What the front dominates, to the end of the plot. */
  private dominated(stairs: readonly (readonly [number, number])[]): string {
    if (!stairs.length) return "";
    const [first, second] = this.options.objectives.map(side);
    const [[left, right], [low, high]] = this.picture!.limits;
    const [x, y] = [first > 0 ? left : right, second > 0 ? low : high];
    const [head, tail] = [stairs[0], stairs[stairs.length - 1]];
    // The corner that is worst in both; the edge reaches it along one border at each of its ends.
    const begin: [number, number] = first > 0 ? [x, head[1]] : [head[0], y];
    const end: [number, number] = first > 0 ? [tail[0], y] : [x, tail[1]];
    return `${this.line([begin, ...stairs, end, [x, y]])}Z`;
  }

  private paintPoints(): void {
    const { points, chosen } = this.picture!;
    const total = points.length;
    setAttribute(
      this.list,
      "aria-label",
      `Pareto front, ${total} point${total === 1 ? "" : "s"}: arrow keys choose one`,
    );
    while (this.list.childElementCount > total) this.list.lastElementChild!.remove();
    while (this.list.childElementCount < total)
      this.list.append(
        svg("circle", { role: "option", id: `${this.id}-${this.list.childElementCount}`, r: 5.5 }),
      );
    points.forEach((point, i) => {
      const circle = this.list.children[i];
      setAttribute(circle, "cx", this.x(point.values[0]).toFixed(1));
      setAttribute(circle, "cy", this.y(point.values[1]).toFixed(1));
      setAttribute(circle, "aria-selected", String(i === chosen));
      setAttribute(circle, "aria-label", `${i + 1} of ${total}: ${this.options.describe(point)}`);
    });
    setAttribute(this.list, "aria-activedescendant", chosen >= 0 ? `${this.id}-${chosen}` : null);
  }

  private paintOver(): void {
    const { points, chosen, result } = this.picture!;
    const parts: SVGElement[] = [];
    const point = points[chosen];
    if (result?.every(Number.isFinite)) {
      const [x, y] = [this.x(result[0]), this.y(result[1])];
      parts.push(svg("path", { class: "mwt-front-result", d: `M${x} ${y - 9}l9 9l-9 9l-9 -9Z` }));
      // the name of a chosen point nearby matters more
      const near = point && Math.hypot(this.x(point.values[0]) - x, this.y(point.values[1]) - y) < 120;
      if (!near) parts.push(...this.label(x, y, "result", 14));
    }
    if (point) {
      const [x, y] = [this.x(point.values[0]), this.y(point.values[1])];
      parts.push(svg("circle", { class: "mwt-front-chosen", cx: x, cy: y, r: 10 }));
      if (point.formula) parts.push(...this.label(x, y, point.formula, 15));
    }
    this.over.replaceChildren(...parts);
  }

  /** A name beside a place, on the side where there is room. */
  private label(x: number, y: number, words: string, gap: number): SVGElement[] {
    const room = this.width - RIGHT - x > 11 + gap + 7.5 * words.length;
    const at = { x: room ? x + gap : x - gap, y: y > TOP + 22 ? y - 7 : y + 18 };
    return [svg("text", { class: "mwt-front-name", ...at, "text-anchor": room ? "start" : "end" }, words)];
  }

  // -- hands and keys

  private listen(): void {
    const { list, drawing, options } = this;
    const found = (event: PointerEvent, reach: number): number => {
      if (!this.picture) return -1;
      const box = drawing.getBoundingClientRect();
      const place = [event.clientX - box.left, event.clientY - box.top];
      const places = this.picture.points.map(
        ({ values }) => ({ values: [this.x(values[0]), this.y(values[1])] }) as FrontPoint,
      );
      return nearest(places, place, [1, 1], reach);
    };
    drawing.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      list.focus({ preventScroll: true });
      options.onChoose(found(event, REACH));
    });
    drawing.addEventListener("pointermove", (event) => this.hover(found(event, NEAR)));
    drawing.addEventListener("pointerleave", () => this.hover(-1));
    list.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !this.picture) return;
      const { points, chosen } = this.picture;
      const last = points.length - 1;
      const step = STEPS[event.key];
      if (event.key === "Escape" && chosen >= 0) options.onChoose(-1);
      else if (step === undefined || last < 0) return;
      else if (chosen < 0)
        options.onChoose(event.key === "Home" || (step > 0 && event.key !== "End") ? 0 : last);
      else options.onChoose(Math.min(last, Math.max(0, chosen + step)));
      event.preventDefault();
      event.stopPropagation(); // elsewhere the arrows move through the steps
    });
  }

  private hover(index: number): void {
    if (index === this.hovered) return;
    this.hovered = index;
    const point = this.picture?.points[index];
    this.tip.hidden = !point;
    this.drawing.classList.toggle("mwt-near", !!point);
    if (point) {
      const lines = this.options.objectives.map((objective, i) => {
        const { value, spread, power } = measured(point.values[i], point.std?.[i] ?? null);
        return `${objective.label ?? objective.property} ${value}${spread ? ` ± ${spread}` : ""}${power} ${objective.unit ?? ""}`;
      });
      setText(this.tip, [point.formula, ...lines].filter(Boolean).join("\n"));
      const right = this.x(point.values[0]) < this.width / 2;
      this.tip.style.left = right ? `${this.x(point.values[0]) + 14}px` : "";
      this.tip.style.right = right ? "" : `${this.width - this.x(point.values[0]) + 14}px`;
      this.tip.style.top = `${Math.max(0, this.y(point.values[1]) - 20)}px`;
    }
    this.options.onHover(index);
  }
}

const STEPS: Record<string, number> = {
  ArrowRight: 1,
  ArrowDown: 1,
  ArrowLeft: -1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** What an axis shows, and on which side of it is better. */
export function axisText({ label, property, unit, direction, target }: Objective, power = ""): string {
  const scale = [power, unit].filter(Boolean).join(" ");
  const name = `${label ?? property}${scale ? ` (${scale})` : ""}`;
  if (direction === "target") return `${name}, best at ${target ?? "its target"}`;
  return direction === "maximize" ? `${name}, better →` : `← better, ${name}`;
}
