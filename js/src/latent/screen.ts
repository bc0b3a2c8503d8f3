import type { Cloud } from "./cloud";
import { canvasPainter, type Look, type Painter, webglPainter } from "./painter";
import type { View } from "./viewport";

const FIRST = 100_000; // points painted in the first go; then as many as the machine is measured to paint
const MOVING = 30; // ms for a frame while a hand moves
const RESTING = 120; // ms for a go while nothing moves
const REST = 140; // ms without movement until the rest is filled in
const LEAST = 20_000;
const CANVAS_MOST = 20_000;

/** Size and opacity of the points, so that a small cloud is seen and a dense one keeps its structure. */
export function dotFor(count: number, zoomed: number, pixels: number, ratio: number) {
  const each = pixels / Math.max(1, count / Math.max(1, zoomed) ** 1.2);
  const size = Math.min(7, Math.max(1.7, 1.1 * each ** 0.36)) * ratio;
  return { size, opacity: Math.min(0.85, Math.max(0.16, 0.3 * each ** 0.4)) };
}

export interface Progress {
  shown: number;
  total: number;
}

/**
 * The canvas with the points. A frame begins with a part that is spread evenly over the whole; when nothing moves any
 * more the rest is painted over it go by go, and `onProgress` says how many are shown.
 */
export class Screen {
  canvas: HTMLCanvasElement;
  private painter: Painter | null = null;
  private cloud: Cloud | null = null;
  private levels: Uint8Array | null = null;
  private selection: Uint32Array = new Uint32Array(0);
  private looks: Look | null = null;
  private view: View | null = null;
  private whole: View | null = null;
  private ratio = 1;
  private painted = 0;
  private rate = 0; // points a millisecond, measured
  private goes = 0;
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(
    private readonly place: HTMLElement,
    private readonly onProgress: (progress: Progress) => void,
    private readonly onTrouble: (text: string) => void,
  ) {
    this.canvas = this.fresh();
    this.start();
  }

  get kind(): "webgl" | "canvas" | "none" {
    return this.painter?.kind ?? "none";
  }

  private fresh(): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.className = "mw-cloud";
    canvas.setAttribute("aria-hidden", "true");
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault(); // else it never comes back
      if (this.stopped || canvas !== this.canvas) return;
      this.painter = null;
      this.halt();
      this.onTrouble(
        "The graphics processor took its memory back; the points return when it gives it again.",
      );
    });
    canvas.addEventListener("webglcontextrestored", () => {
      if (this.stopped || canvas !== this.canvas) return;
      this.onTrouble("");
      this.start();
      this.reload();
    });
    this.place.prepend(canvas);
    return canvas;
  }

  private start(): void {
    this.painter = webglPainter(this.canvas);
    if (this.painter) return;
    // A canvas whose WebGL failed gives no other context: take a new one.
    const { width, height } = this.canvas;
    this.canvas.remove();
    this.canvas = this.fresh();
    Object.assign(this.canvas, { width, height });
    this.painter = canvasPainter(this.canvas);
    if (this.painter) this.onTrouble("This page has no WebGL: a sample of the points is drawn.");
  }

  private reload(): void {
    if (this.cloud) this.painter?.load(this.cloud);
    if (this.looks) this.painter?.look(this.looks);
    this.painter?.mark(this.levels, this.selection);
    this.repaint();
  }

  load(cloud: Cloud, levels: Uint8Array | null, selection: Uint32Array): void {
    this.cloud = cloud;
    this.painter?.load(cloud);
    this.mark(levels, selection);
  }

  mark(levels: Uint8Array | null, selection: Uint32Array): void {
    this.levels = levels;
    this.selection = selection;
    if (!this.cloud) return;
    this.painter?.mark(levels, selection);
    this.repaint();
  }

  look(look: Look): void {
    this.looks = look;
    this.painter?.look(look);
    this.repaint();
  }

  resize(width: number, height: number): void {
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    const [w, h] = [Math.round(width * this.ratio), Math.round(height * this.ratio)];
    if (this.canvas.width === w && this.canvas.height === h) return;
    this.canvas.width = w;
    this.canvas.height = h;
    this.repaint();
  }

  show(view: View, whole: View): void {
    this.view = view;
    this.whole = whole;
    this.repaint();
  }

  private most(): number {
    const total = this.cloud?.count ?? 0;
    return this.kind === "canvas" ? Math.min(total, CANVAS_MOST) : total;
  }

  private repaint(): void {
    clearTimeout(this.timer);
    if (this.frame || !this.painter) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      const budget = this.rate ? Math.max(LEAST, this.rate * MOVING) : FIRST;
      this.painter?.clear();
      this.painted = 0;
      this.go(Math.min(this.most(), Math.round(budget)));
      if (this.painted < this.most()) this.timer = setTimeout(() => this.fill(), REST);
    });
  }

  private fill(): void {
    if (this.stopped || !this.painter) return;
    const budget = Math.max(LEAST, (this.rate || 1000) * RESTING);
    this.go(Math.min(this.most(), this.painted + Math.round(budget)));
    if (this.painted < this.most()) this.timer = setTimeout(() => this.fill(), 0);
  }

  private go(to: number): void {
    const { painter, cloud, view, whole, ratio } = this;
    if (!painter || !cloud || !view || !whole || !this.looks) return;
    const from = this.painted;
    const area = this.canvas.width * this.canvas.height;
    const dot = dotFor(this.most(), (view.scale / whole.scale) ** 2, area / ratio ** 2, ratio);
    const scaled = { middle: view.middle, scale: view.scale * ratio };
    // Waiting for the processor costs time itself, so it is measured now and then.
    const measuring = to > from && (this.goes < 4 || this.goes % 16 === 0);
    const before = performance.now();
    painter.paint(scaled, from, to, dot.size, dot.opacity);
    if (measuring) {
      painter.finish();
      const measured = (to - from) / Math.max(0.5, performance.now() - before);
      // Slower than thought counts at once, faster only half: a moving hand must not wait.
      this.rate = this.rate && measured > this.rate ? (this.rate + measured) / 2 : measured;
    }
    this.goes += 1;
    this.painted = to;
    this.onProgress({ shown: to, total: cloud.count });
  }

  private halt(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    clearTimeout(this.timer);
  }

  stop(): void {
    this.stopped = true;
    this.halt();
    this.painter?.stop();
    this.painter = null;
  }
}
