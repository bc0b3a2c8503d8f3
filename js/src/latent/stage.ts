import { effect, untracked } from "@preact/signals-core";
import { h, setAttribute, svg } from "../shared/dom";
import type { Cleanup } from "../shared/model";
import type { Place } from "./cloud";
import { type Progress, Screen } from "./screen";
import type { LatentState } from "./state";
import { lines } from "./told";
import { overview, toPixel, toPlace, type View, zoom } from "./viewport";

const WIDTH = 640; // px until the page has laid it out
const HEIGHT = 460;
const NEAR = 12; // px within which a point counts as pointed at
const FACTS = 6; // lines of a tip

/** The plot: points on a canvas, cursor, shapes and paths over them, and which part of the plane is seen. */
export class Stage {
  readonly element: HTMLElement;
  readonly across = h("span", { class: "mw-axis-x mw-small mw-soft" });
  readonly up = h("span", { class: "mw-axis-y mw-small mw-soft" });
  readonly screen: Screen;
  view: View = { middle: [0, 0], scale: 1 };
  whole = this.view;

  private width = WIDTH;
  private height = HEIGHT;
  private readonly shape = svg("path", { class: "mw-lasso" });
  private readonly way = svg("g", { class: "mw-way" });
  private readonly ring = svg("circle", { class: "mw-hover", r: 7, visibility: "hidden" });
  private readonly cross = svg(
    "g",
    { class: "mw-cursor", visibility: "hidden" },
    svg("circle", { r: 10, class: "mw-cursor-halo" }),
    svg("circle", { r: 10, class: "mw-cursor-ring" }),
    svg("circle", { r: 2.2, class: "mw-cursor-dot" }),
  );
  private readonly overlay = svg(
    "svg",
    { class: "mw-overlay", "aria-hidden": "true" },
    this.shape,
    this.way,
    this.ring,
    this.cross,
  );
  private readonly tip = h("div", { class: "mw-tip mw-num", "aria-hidden": "true", hidden: true });
  private readonly stops: Cleanup[];

  constructor(
    private readonly state: LatentState,
    onProgress: (progress: Progress) => void,
    onTrouble: (text: string) => void,
  ) {
    this.element = h(
      "div",
      {
        class: "mw-plot",
        tabindex: 0,
        role: "application",
        "aria-roledescription": "scatter of points",
        style: `height:${HEIGHT}px`,
      },
      this.overlay,
      this.across,
      this.up,
      this.tip,
    );
    this.screen = new Screen(this.element, onProgress, onTrouble);
    const observer =
      typeof ResizeObserver === "function" ? new ResizeObserver(() => this.resized()) : undefined;
    observer?.observe(this.element);
    this.stops = [
      () => observer?.disconnect(),
      () => this.screen.stop(),
      effect(() => {
        const cloud = state.cloud.value;
        if (cloud) untracked(() => this.load());
      }),
      effect(() => this.screen.mark(state.levels.value, state.selection.value)),
      effect(() => {
        void [state.cursor.value, state.walk.value, state.ends.value];
        untracked(() => this.draw());
      }),
      effect(() => this.fillTip()),
    ];
  }

  private load(): void {
    const { cloud, levels, selection } = this.state;
    if (!cloud.value) return;
    this.measure();
    this.whole = overview(cloud.value.extent, this.width, this.height);
    this.screen.load(cloud.value, levels.value, selection.value);
    this.show(this.whole);
  }

  private measure(): void {
    this.width = this.element.clientWidth || WIDTH;
    this.height = this.element.clientHeight || HEIGHT;
    this.overlay.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`);
    this.screen.resize(this.width, this.height);
  }

  private resized(): void {
    const cloud = this.state.cloud.value;
    if (!cloud || this.element.clientWidth === this.width) return;
    const zoomed = this.view.scale / this.whole.scale;
    this.measure();
    this.whole = overview(cloud.extent, this.width, this.height);
    this.show({ middle: this.view.middle, scale: this.whole.scale * zoomed });
  }

  show(view: View): void {
    this.view = view;
    this.screen.show(view, this.whole);
    this.draw();
  }

  scaleBy(factor: number, anchor?: Place): void {
    const cursor = this.state.cursor.value;
    const around = anchor ?? (cursor.length ? (cursor as unknown as Place) : this.view.middle);
    this.show(zoom(this.view, factor, around, this.whole));
  }

  get size(): readonly [width: number, height: number] {
    return [this.width, this.height];
  }

  pixel(place: readonly number[]): [number, number] {
    return toPixel(this.view, place as unknown as Place, this.width, this.height);
  }

  /** Where an event happened, in the plane. The canvas lies within the border. */
  place(event: { clientX: number; clientY: number }): Place {
    const box = this.element.getBoundingClientRect();
    const [x, y] = [
      event.clientX - box.left - this.element.clientLeft,
      event.clientY - box.top - this.element.clientTop,
    ];
    return toPlace(this.view, x, y, this.width, this.height);
  }

  near(place: Place): number {
    return this.state.cloud.value?.nearest(place, NEAR / this.view.scale) ?? -1;
  }

  hover(place: Place | null): void {
    const row = place ? this.near(place) : -1;
    const cloud = this.state.cloud.value;
    this.state.hover(row);
    this.tip.hidden = row < 0;
    setAttribute(this.ring, "visibility", row < 0 ? "hidden" : "visible");
    if (row < 0 || !cloud) return;
    const [x, y] = this.pixel([cloud.x[row], cloud.y[row]]);
    this.ring.setAttribute("transform", `translate(${x} ${y})`);
    this.tip.style.left = `${Math.min(this.width - 90, Math.max(90, x))}px`;
    this.tip.style.top = `${y}px`;
    this.tip.classList.toggle("mw-below-point", y < 90);
  }

  /** Draw the edge of a lasso or box; nothing for fewer than two corners. */
  outline(shape: readonly Place[]): void {
    const points = shape.map((place) =>
      this.pixel(place)
        .map((v) => v.toFixed(1))
        .join(" "),
    );
    setAttribute(this.shape, "d", points.length > 1 ? `M${points.join("L")}Z` : null);
  }

  private draw(): void {
    const { cursor, walk, ends } = this.state;
    const has = cursor.value.length > 0;
    setAttribute(this.cross, "visibility", has ? "visible" : "hidden");
    if (has) this.cross.setAttribute("transform", `translate(${this.pixel(cursor.value).join(" ")})`);
    const spots = (walk.value.xy ?? []).map((place) => this.pixel(place));
    const parts: SVGElement[] = [];
    if (spots.length > 1) {
      const d = `M${spots.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
      parts.push(svg("path", { class: "mw-way-casing", d }), svg("path", { class: "mw-way-line", d }));
    } else for (const place of ends.value) if (place.length) spots.push(this.pixel(place));
    for (const [x, y] of spots) parts.push(svg("circle", { class: "mw-way-spot", cx: x, cy: y, r: 4 }));
    this.way.replaceChildren(...parts);
    setAttribute(this.ring, "visibility", "hidden");
    this.tip.hidden = true;
  }

  private fillTip(): void {
    const { told, hovered } = this.state;
    const known = told.value?.row === hovered.value ? told.value.told : null;
    this.tip.replaceChildren(
      h("b", {}, known?.name ?? `point ${hovered.value}`),
      ...(known ? lines(known) : []).slice(0, FACTS).map((line) => h("div", {}, line)),
    );
  }

  stop(): void {
    for (const stop of this.stops.splice(0).reverse()) stop();
  }
}
