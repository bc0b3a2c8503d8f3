import { batch, computed, signal } from "@preact/signals-core";
import { unpack } from "../shared/arrays";
import { onLatent } from "../shared/hub";
import { type Cleanup, commit, type Model, onChange } from "../shared/model";
import { type Requester, requester } from "../shared/request";
import { type Axis, angleAt, place } from "./angles";
import type { Marks, Score, Traits } from "./traits";

export type Kind = "plain" | "matched" | "missed" | "extra";

export interface Peak {
  at: number;
  intensity: number;
  kind: Kind;
  /** Where the other pattern has it. */
  partner: number | null;
}

export interface Pattern {
  name: string;
  y: Float32Array;
  other: Float32Array | null;
  otherName: string;
}

export interface Curves {
  /** 2theta of each point, in degrees. */
  x: Float64Array;
  patterns: Pattern[];
}

const NOTHING: Curves = { x: new Float64Array(0), patterns: [] };
const NARROWEST = 0.5; // degrees that a window has at least
const MARKS: Marks = { own: [], extra: [], compared: false };
export const LEVELS = 255;

/** What the viewer knows and does, without a page. */
export class XrdState {
  readonly curves = signal<Curves>(NOTHING);
  /** The curves are those of a saved notebook: a byte a point. */
  readonly sampled = signal(false);
  readonly marks = signal<Marks[]>([]);
  readonly scores = signal<(Score | null)[]>([]);
  readonly note = signal("");
  readonly at = signal(0);
  readonly hidden = signal<ReadonlySet<number>>(new Set());
  readonly root = signal(false);
  readonly axis = signal<Axis>("two_theta");
  readonly stacked = signal(false);
  readonly window = signal<readonly [number, number]>([10, 90]);
  readonly cursor = signal<number | null>(null);
  /** Where the pointer is. */
  readonly hovered = signal<number | null>(null);
  readonly problem = signal("");
  /** A linked hand is moving, and the kernel has not answered for a while. */
  readonly waiting;
  /** All peaks of the pattern that is read and of what it is compared with, by angle. */
  readonly peaks = computed(() => peaksOf(this.marks.value[this.at.value] ?? MARKS));

  private readonly decode: Requester<{ latent: readonly number[] }>;
  private previewed = false;
  private readonly stops: Cleanup[];
  private stopHub: Cleanup = () => {};
  private read: unknown[] = [];

  constructor(private readonly model: Model<Traits>) {
    this.decode = requester<{ latent: readonly number[] }, object>(model, {
      kind: "decode",
      onReply: () => (this.problem.value = ""),
      onError: (text) => (this.problem.value = text),
    });
    this.waiting = this.decode.waiting;
    const pulls: [(keyof Traits & string)[], () => void][] = [
      [["profiles", "reconstructions", "saved", "names", "reconstruction_names"], () => this.pullCurves()],
      [["peaks", "scores", "note"], () => this.pullMarks()],
      [["at", "hidden", "scale", "axis", "stacked", "cursor"], () => this.pullLook()],
      [["window", "two_theta"], () => this.pullWindow()],
      [["error"], () => (this.problem.value = model.get("error") ?? "")],
      [["group"], () => this.joinGroup()],
    ];
    this.stops = pulls.map(([traits, pull]) => onChange(model, traits, pull));
    for (const [, pull] of pulls) pull();
    // What is committed is newer than any preview that still waits.
    this.stops.push(
      onChange(model, ["latent", "trial"], () => {
        this.previewed = false;
        this.decode.cancel();
      }),
    );
  }

  get ends(): readonly [number, number] {
    const [first, last] = this.model.get("two_theta") ?? [];
    return last > first ? [first, last] : [10, 90];
  }

  get wavelength(): number {
    return this.model.get("wavelength");
  }

  private pullCurves(): void {
    const names = this.model.get("names") ?? [];
    const others = this.model.get("reconstruction_names") ?? [];
    const sources = [
      this.model.get("profiles"),
      this.model.get("reconstructions"),
      names.join("\n"),
      others.join("\n"),
    ];
    // Several traits change in one message: the arrays are read once.
    if (sources[0] && sources.every((source, i) => source === this.read[i])) return;
    const profiles = unpack(this.model.get("profiles"));
    if (profiles && profiles.shape[0] === names.length) {
      this.read = sources;
      const n = profiles.shape[1];
      const reconstructions = unpack(this.model.get("reconstructions"));
      const row = (array: typeof profiles | null, i: number) =>
        array && array.data.length >= (i + 1) * n
          ? (array.data.slice(i * n, (i + 1) * n) as Float32Array)
          : null;
      this.take(
        n,
        1,
        names.map((name, i) => {
          const other = row(reconstructions, i);
          return {
            name,
            y: row(profiles, i) as Float32Array,
            other: other && !Number.isNaN(other[0]) ? other : null,
            otherName: others[i] ?? "",
          };
        }),
        false,
      );
      return;
    }
    if (profiles || (this.curves.value.patterns.length && !this.sampled.value)) return;
    const {
      n = 0,
      stretch = 1,
      top = 1,
      profiles: texts = [],
      reconstructions: more = [],
    } = this.model.get("saved") ?? {};
    if (!n || texts.length !== names.length) return;
    this.take(
      n,
      stretch,
      names.map((name, i) => ({
        name,
        y: heights(texts[i], top),
        other: more[i] ? heights(more[i], top) : null,
        otherName: others[i] ?? "",
      })),
      true,
    );
  }

  private take(n: number, stretch: number, patterns: Pattern[], sampled: boolean): void {
    const [first, last] = this.ends;
    const step = (last - first) / (n - 1);
    const count = Math.ceil(n / stretch);
    const x = Float64Array.from({ length: count }, (_, i) =>
      Math.min(last, first + step * (i * stretch + (stretch - 1) / 2)),
    );
    batch(() => {
      this.sampled.value = sampled;
      this.curves.value = { x, patterns };
    });
  }

  private pullMarks(): void {
    batch(() => {
      this.marks.value = this.model.get("peaks") ?? [];
      this.scores.value = this.model.get("scores") ?? [];
      this.note.value = this.model.get("note") ?? "";
    });
  }

  private pullLook(): void {
    batch(() => {
      this.at.value = this.model.get("at") ?? 0;
      this.hidden.value = new Set(this.model.get("hidden") ?? []);
      this.root.value = this.model.get("scale") === "sqrt";
      this.axis.value = this.model.get("axis") ?? "two_theta";
      this.stacked.value = this.model.get("stacked") ?? false;
      this.cursor.value = this.model.get("cursor") ?? null;
    });
  }

  private pullWindow(): void {
    const seen = this.model.get("window") ?? [];
    this.window.value = seen.length === 2 ? [seen[0], seen[1]] : this.ends;
  }

  private joinGroup(): void {
    this.stopHub();
    this.stopHub = onLatent(this.model.get("group") ?? "", this, (latent) => {
      const committed = this.model.get("latent") ?? [];
      if (latent) {
        this.previewed = true;
        this.decode.ask({ latent });
      } else if (this.previewed && committed.length) {
        this.previewed = false;
        this.decode.ask({ latent: committed });
      }
    });
  }

  /** Intensity of a pattern at an angle, between the points of its grid. */
  intensity(y: Float32Array, at: number): number {
    const { x } = this.curves.value;
    const place = ((at - x[0]) / (x[x.length - 1] - x[0])) * (x.length - 1);
    const below = Math.min(x.length - 2, Math.max(0, Math.floor(place)));
    const part = Math.min(1, Math.max(0, place - below));
    return y[below] + part * (y[below + 1] - y[below]);
  }

  // -- what a person does

  toggle(row: number): void {
    const hidden = new Set(this.hidden.value);
    if (!hidden.delete(row)) hidden.add(row);
    commit(this.model, { hidden: [...hidden].sort((a, b) => a - b) });
  }

  /** Read another pattern: its peaks, reconstruction and residual. */
  choose(row: number): void {
    const count = this.curves.value.patterns.length;
    if (row < 0 || row >= count) return;
    commit(this.model, {
      at: row,
      hidden: (this.model.get("hidden") ?? []).filter((other) => other !== row),
    });
  }

  setRoot(on: boolean): void {
    commit(this.model, { scale: on ? "sqrt" : "linear" });
  }

  setAxis(axis: Axis): void {
    commit(this.model, { axis });
  }

  setStacked(stacked: boolean): void {
    commit(this.model, { stacked });
  }

  setCursor(at: number | null): void {
    const [first, last] = this.ends;
    commit(this.model, { cursor: at === null ? null : Math.min(last, Math.max(first, at)) });
    if (this.cursor.value !== null) this.reveal(this.cursor.value);
  }

  /** Look at a part; the whole is kept as no window at all. */
  show(low: number, high: number): void {
    const [first, last] = this.ends;
    const width = Math.min(last - first, Math.max(NARROWEST, high - low));
    const start = Math.min(last - width, Math.max(first, (low + high - width) / 2));
    const whole = width >= last - first - 1e-9;
    commit(this.model, { window: whole ? [] : [start, Math.min(last, start + width)] });
  }

  showAll(): void {
    commit(this.model, { window: [] });
  }

  /** Look closer (above 1) or from farther around the cursor, or the middle of what is seen. */
  zoom(factor: number): void {
    const [low, high] = this.window.value;
    const { cursor } = this;
    const inside = cursor.value !== null && cursor.value >= low && cursor.value <= high;
    // On the axis that is drawn, so that what is under the cursor stays there.
    const [a, b, c] = [low, high, inside ? (cursor.value as number) : (low + high) / 2].map((x) =>
      place(this.axis.value, x, this.wavelength),
    );
    const angle = (at: number) => angleAt(this.axis.value, Math.max(0, at), this.wavelength);
    this.show(angle(c - (c - a) / factor), angle(c + (b - c) / factor));
  }

  /** Move what is seen by a share of its width. */
  pan(share: number): void {
    const [low, high] = this.window.value;
    const by = share * (high - low);
    this.show(low + by, high + by);
  }

  /** Move the cursor by points of the grid; it begins in the middle. */
  step(points: number): void {
    const { x } = this.curves.value;
    const [low, high] = this.window.value;
    if (x.length < 2) return;
    const step = (this.ends[1] - this.ends[0]) / (x.length - 1);
    const from = this.cursor.value ?? (low + high) / 2;
    const index = Math.round((from - this.ends[0]) / step) + points;
    this.setCursor(this.ends[0] + step * Math.min(x.length - 1, Math.max(0, index)));
  }

  /** Walk to the next (1) or the previous (-1) peak; null where there is none. */
  walk(direction: 1 | -1): { peak: Peak; number: number } | null {
    const peaks = this.peaks.value;
    const from = this.cursor.value ?? (direction > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
    const ahead = (at: number) => (direction > 0 ? at > from + 1e-6 : at < from - 1e-6);
    const places = peaks.map((_, i) => i).filter((i) => ahead(peaks[i].at));
    const index = direction > 0 ? places[0] : places[places.length - 1];
    if (index === undefined) return null;
    this.setCursor(peaks[index].at);
    return { peak: peaks[index], number: index + 1 };
  }

  private reveal(at: number): void {
    const [low, high] = this.window.value;
    if (at >= low && at <= high) return;
    const half = (high - low) / 2;
    this.show(at - half, at + half);
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
    this.decode.stop();
    this.stopHub();
  }
}

function peaksOf({ own, extra, compared }: Marks): Peak[] {
  const mine = own.map(([at, intensity, partner]): Peak => {
    const kind = !compared ? "plain" : partner === null ? "missed" : "matched";
    return { at, intensity, kind, partner };
  });
  const others = extra.map(([at, intensity]): Peak => ({ at, intensity, kind: "extra", partner: null }));
  return [...mine, ...others].sort((a, b) => a.at - b.at);
}

/** A byte a point: the square root of the share of `top`. */
function heights(text: string, top: number): Float32Array {
  return Float32Array.from(atob(text), (letter) => top * (letter.charCodeAt(0) / LEVELS) ** 2);
}

/** Cosine between two curves; null where one is all zero. */
export function cosine(a: Float32Array, b: Float32Array): number | null {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : null;
}
