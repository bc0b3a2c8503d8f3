import { batch, signal } from "@preact/signals-core";
import { pack, unpack, type WireArray } from "../shared/arrays";
import { onPreview, publishLatent, publishPreview } from "../shared/hub";
import { type Cleanup, commit, type Model, onChange } from "../shared/model";
import { type Requester, requester } from "../shared/request";
import { Cloud, combine, type Extent, type Place } from "./cloud";
import type { Scale } from "./palette";

export interface Decoded {
  formula?: string;
  note?: string;
  valid?: boolean | null;
  known?: boolean | null;
  nearest?: string[];
  far?: string[];
  fractions?: number[] | null;
  /** Of a preview, where widgets are linked: the latent vector itself. */
  latent?: number[];
  at?: number[];
}

export interface Walk {
  title?: string;
  xy?: number[][];
  steps?: Decoded[];
}

export interface Saved {
  count?: number;
  points?: string;
  levels?: string;
}

export interface Traits {
  label: string;
  axes: string[];
  n: number;
  extent: number[];
  coarse: WireArray | null;
  fine: WireArray | null;
  channels: string[];
  colour: string;
  levels: WireArray | null;
  scale: Scale;
  saved: Saved;
  selection: WireArray | null;
  cursor: number[];
  /** Latent vector under the cursor. */
  latent: number[];
  point: number;
  decoded: Decoded;
  decodes: boolean;
  through: string;
  locates: boolean;
  dimensions: number;
  walk: Walk;
  /** Latent vectors of a linked way. */
  path: number[][];
  elements: string[];
  fractions: number[];
  error: string;
  group: string;
}

export const TRAITS = [
  "label",
  "axes",
  "n",
  "extent",
  "coarse",
  "fine",
  "channels",
  "colour",
  "levels",
  "scale",
  "saved",
  "selection",
  "cursor",
  "latent",
  "point",
  "decoded",
  "decodes",
  "through",
  "locates",
  "dimensions",
  "walk",
  "path",
  "elements",
  "fractions",
  "error",
  "group",
] as const satisfies readonly (keyof Traits)[];

export interface Told {
  name: string;
  values: [name: string, value: number | string, unit: string][];
}

const NOBODY = new Uint32Array(0);
const SAME = 1e-9;

/** What the explorer knows and does, without a page. */
export class LatentState {
  readonly cloud = signal<Cloud | null>(null);
  readonly levels = signal<Uint8Array | null>(null);
  readonly scale = signal<Scale>({});
  /** The points are the sample of a saved notebook; rows mean nothing then. */
  readonly sampled = signal(false);
  readonly selection = signal<Uint32Array>(NOBODY);
  readonly committed = signal<readonly number[]>([]);
  /** Where the cursor is seen: it may be in a hand. */
  readonly cursor = signal<readonly number[]>([]);
  readonly point = signal(-1);
  readonly decoded = signal<Decoded>({});
  readonly walk = signal<Walk>({});
  readonly problem = signal("");
  /** The row under the pointer or the cursor's row, and what the kernel tells of it. */
  readonly hovered = signal(-1);
  readonly told = signal<{ row: number; told: Told } | null>(null);
  /** Where a path between two places begins and ends; empty where that is not chosen. */
  readonly ends = signal<readonly [readonly number[], readonly number[]]>([[], []]);
  /** What the plane is laid through. */
  readonly through = signal("");
  /** The last lasso or box had nothing in it. */
  readonly missed = signal(false);
  readonly walking = signal(false);

  private gesture = false;
  /** A linked widget's hand is moving. */
  private previewed = false;
  private read: unknown[] = [];
  private readonly asks: {
    decode: Requester<{ xy: readonly number[] }>;
    point: Requester<{ index: number }>;
    place: Requester<{ fractions: readonly number[] }>;
    walk: Requester<{ axis: number }>;
    end: Requester<{ which: "start" | "end" }>;
    locate: Requester<{ text: string }>;
    middle: Requester<Record<string, never>>;
  };
  private readonly stops: Cleanup[];
  private stopHub: Cleanup = () => {};

  constructor(private readonly model: Model<Traits>) {
    const onError = (text: string) => (this.problem.value = text);
    this.asks = {
      decode: requester<{ xy: readonly number[] }, Decoded>(model, {
        kind: "decode",
        onReply: ({ data }, { xy }) => {
          if (!this.gesture) return;
          this.problem.value = "";
          this.decoded.value = { ...data, at: [...xy] };
          if (data.fractions) this.publish(data.fractions);
          if (data.latent) publishLatent(model.get("group"), this, data.latent);
        },
        onError,
      }),
      point: requester<{ index: number }, Told>(model, {
        kind: "point",
        onReply: ({ data }, { index }) => (this.told.value = { row: index, told: data }),
        onError,
      }),
      place: requester<{ fractions: readonly number[] }, { xy: number[] }>(model, {
        kind: "place",
        onReply: ({ data }) => {
          if (!this.gesture && this.previewed) this.cursor.value = data.xy;
        },
        onError,
      }),
      walk: requester<{ axis: number }, { count: number }>(model, {
        kind: "walk",
        onReply: () => this.walked(""),
        onError: (text) => this.walked(text),
      }),
      end: requester<{ which: "start" | "end" }, { count: number }>(model, {
        kind: "end",
        onReply: () => this.walked(""),
        onError: (text) => this.walked(text),
      }),
      locate: requester<{ text: string }, object>(model, {
        kind: "locate",
        onReply: () => (this.problem.value = ""),
        onError,
      }),
      middle: requester<Record<string, never>, object>(model, {
        kind: "middle",
        onReply: () => (this.problem.value = ""),
        onError,
      }),
    };
    const pulls: [(keyof Traits & string)[], () => void][] = [
      [["coarse", "fine", "extent", "saved"], () => this.pullCloud()],
      [["levels", "scale", "saved"], () => this.pullLevels()],
      [["selection"], () => this.pullSelection()],
      [["cursor", "point"], () => this.pullCursor()],
      [["decoded"], () => this.pullDecoded()],
      [["walk"], () => (this.walk.value = model.get("walk") ?? {})],
      [["through"], () => (this.through.value = model.get("through") ?? "")],
      [["error"], () => (this.problem.value = model.get("error") ?? "")],
      [["group"], () => this.joinGroup()],
    ];
    this.stops = pulls.map(([traits, pull]) => onChange(model, traits, pull));
    for (const [, pull] of pulls) pull();
    this.stops.push(onChange(model, ["path"], () => this.pullPath()));
  }

  private pullCloud(): void {
    const extent = (this.model.get("extent") ?? []) as unknown as Extent;
    if (extent.length !== 4) return;
    const sources = [this.model.get("coarse"), this.model.get("fine"), extent];
    // Several traits change in one message: a million points are read once.
    if (sources[0] && sources.every((source, i) => source === this.read[i])) return;
    this.read = sources;
    const coarse = unpack(this.model.get("coarse"));
    const fine = unpack(this.model.get("fine"));
    if (coarse && fine && coarse.data.length === fine.data.length) {
      batch(() => {
        this.sampled.value = false;
        this.cloud.value = Cloud.of(coarse.data as Uint16Array, fine.data as Uint8Array, extent);
      });
      this.pullLevels();
      return;
    }
    if (this.cloud.value && !this.sampled.value) return;
    const saved = this.model.get("saved") ?? {};
    const raw = bytes(saved.points);
    if (raw.length === 0 || raw.length !== 4 * (saved.count ?? 0)) return;
    batch(() => {
      this.sampled.value = raw.length / 4 < this.model.get("n");
      this.cloud.value = Cloud.of(new Uint16Array(raw.buffer), null, extent);
    });
    this.pullLevels();
  }

  private pullLevels(): void {
    const count = this.cloud.value?.count ?? 0;
    const wire = unpack(this.model.get("levels"))?.data as Uint8Array | undefined;
    const saved = bytes(this.model.get("saved")?.levels);
    const levels = [wire, saved].find((candidate) => candidate?.length === count) ?? null;
    batch(() => {
      this.levels.value = count ? levels : null;
      this.scale.value = this.levels.value ? (this.model.get("scale") ?? {}) : {};
    });
  }

  /** In two dimensions places are the vectors: a linked way is drawn without the kernel. */
  private pullPath(): void {
    const path = this.model.get("path") ?? [];
    if (path.length > 0 && this.model.get("dimensions") === 2)
      this.walk.value = { title: "", xy: path, steps: [] };
  }

  private pullSelection(): void {
    const rows = unpack(this.model.get("selection"))?.data as Uint32Array | undefined;
    this.selection.value = rows?.length ? rows : NOBODY;
  }

  private pullCursor(): void {
    const cursor = this.model.get("cursor") ?? [];
    batch(() => {
      this.committed.value = cursor;
      this.point.value = cursor.length ? this.model.get("point") : -1;
      if (!this.gesture) this.cursor.value = cursor;
    });
    if (this.point.value >= 0) this.tell(this.point.value);
  }

  private pullDecoded(): void {
    if (!this.gesture) this.decoded.value = this.model.get("decoded") ?? {};
  }

  private joinGroup(): void {
    this.stopHub();
    this.stopHub = onPreview(this.model.get("group") ?? "", this, ({ elements, fractions }) => {
      const mine = this.model.get("elements") ?? [];
      if (this.gesture || !mine.length || elements.join() !== mine.join()) return;
      this.previewed = fractions !== null;
      if (fractions) this.asks.place.ask({ fractions });
      else this.cursor.value = this.committed.value;
    });
  }

  private publish(fractions: readonly number[] | null): void {
    const elements = this.model.get("elements") ?? [];
    if (elements.length) publishPreview(this.model.get("group"), this, { elements, fractions });
  }

  /** What is told of a row: only the newest question counts. */
  tell(row: number): void {
    if (row < 0 || this.sampled.value || this.told.value?.row === row) return;
    this.asks.point.ask({ index: row });
  }

  hover(row: number): void {
    if (row === this.hovered.value) return;
    this.hovered.value = row;
    if (row >= 0) this.tell(row);
  }

  /** The decoded answer belongs to where the cursor is. */
  upToDate(): boolean {
    const { at } = this.decoded.value;
    return !!at && at.every((x, i) => Math.abs(x - this.cursor.value[i]) <= SAME * (1 + Math.abs(x)));
  }

  /** Try a place with the cursor in the hand. */
  preview(place: Place): void {
    this.gesture = true;
    batch(() => {
      this.cursor.value = place;
      this.point.value = -1;
    });
    if (this.model.get("decodes")) this.asks.decode.ask({ xy: place });
  }

  release(): void {
    if (!this.gesture) return;
    this.gesture = false;
    this.asks.decode.cancel();
    this.settle(this.cursor.value, -1);
    this.publish(null);
  }

  abandon(): void {
    if (!this.gesture) return;
    this.gesture = false;
    this.asks.decode.cancel();
    this.pullCursor();
    this.pullDecoded();
    this.publish(null);
    publishLatent(this.model.get("group"), this, null);
  }

  /** Put the cursor on a point. */
  goTo(row: number): void {
    const cloud = this.cloud.value;
    if (!cloud || row < 0) return;
    this.settle([cloud.x[row], cloud.y[row]], this.sampled.value ? -1 : row);
    this.tell(row);
  }

  goToPlace(place: Place): void {
    this.settle(place, -1);
  }

  private settle(cursor: readonly number[], point: number): void {
    batch(() => {
      this.cursor.value = this.committed.value = cursor;
      this.point.value = point;
    });
    commit(this.model, { cursor: [...cursor], point });
  }

  choose(rows: Uint32Array, how: "new" | "add" | "remove" = "new"): void {
    if (this.sampled.value) return;
    this.missed.value = false;
    const next = how === "new" ? rows : combine(this.selection.value, rows, how);
    this.selection.value = next;
    commit(this.model, { selection: pack(next, [next.length]) });
  }

  /** Choose what a lasso or box holds. */
  chooseInside(rows: Uint32Array, how: "new" | "add" | "remove"): void {
    this.choose(rows, how);
    this.missed.value = rows.length === 0;
  }

  setColour(colour: string): void {
    commit(this.model, { colour });
  }

  /** A path begins or ends under the cursor, which knows more of its place than the plane shows. */
  setEnd(which: 0 | 1): void {
    const here = this.cursor.value;
    if (!here.length) return;
    this.ends.value = which === 0 ? [here, []] : [this.ends.value[0], here];
    this.walking.value = which === 1;
    this.asks.end.ask({ which: which === 0 ? "start" : "end" });
  }

  traverse(axis: number): void {
    this.walking.value = true;
    this.asks.walk.ask({ axis });
  }

  /** Go to what somebody writes. */
  locate(text: string): void {
    if (text.trim()) this.asks.locate.ask({ text: text.trim() });
  }

  layThroughMean(): void {
    this.asks.middle.ask({});
  }

  private walked(problem: string): void {
    batch(() => {
      this.walking.value = false;
      this.problem.value = problem;
    });
  }

  clearWalk(): void {
    batch(() => {
      this.ends.value = [[], []];
      this.walk.value = {};
    });
    commit(this.model, { walk: {} });
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
    for (const ask of Object.values(this.asks)) ask.stop();
    this.stopHub();
  }
}

function bytes(text: string | undefined): Uint8Array {
  return text ? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)) : new Uint8Array(0);
}
