import { batch, computed, signal } from "@preact/signals-core";
import { pack, unpack, type WireArray } from "../shared/arrays";
import { type Cleanup, type Model, onChange } from "../shared/model";
import { bitsOfRows, rowsOf } from "./bits";
import { readSearch, writeSearch } from "./formula";
import { type Funnel, funnel, inOrder, type Sign, type Stage, signOf } from "./funnel";
import { type ColumnFacts, OPEN, type Range, Table } from "./table";

export type Shows = "survivors" | "chosen" | "lost";

/** The first cards, as a saved notebook keeps them. */
export interface Saved {
  count?: number;
  formulas?: string[];
  /** In the order of the columns: 0, 1 or null for truth values; numbers, or null. */
  values?: (number | null)[][];
  /** In the order of the filters. */
  passed?: string[];
}

export interface Traits {
  label: string;
  names: string;
  n: number;
  columns: ColumnFacts[];
  formulas: WireArray | null;
  flags: WireArray | null;
  numbers: WireArray | null;
  order: string[];
  kept: string[];
  ranges: Record<string, [number | null, number | null]>;
  unknown_passes: boolean;
  elements: string[];
  without: string[];
  scope: "all" | "chosen";
  live: boolean;
  chosen: WireArray | null;
  sort: string;
  shows: Shows;
  lost_at: string;
  stages: Stage[];
  saved: Saved;
  error: string;
  group: string;
}

export const TRAITS = [
  "label",
  "names",
  "n",
  "columns",
  "formulas",
  "flags",
  "numbers",
  "order",
  "kept",
  "ranges",
  "unknown_passes",
  "elements",
  "without",
  "scope",
  "live",
  "chosen",
  "sort",
  "shows",
  "lost_at",
  "stages",
  "saved",
  "error",
  "group",
] as const satisfies readonly (keyof Traits)[];

export interface Card {
  /** -1 in a saved notebook, where rows mean nothing. */
  row: number;
  formula: string;
  values: (boolean | number | null)[];
  /** In the order of the filters. */
  passed: Sign[];
}

export const PAGE = 12;
const NOBODY = new Uint32Array(0);

/** What is asked, as the traits hold it. */
type Asked = Pick<
  Traits,
  | "order"
  | "kept"
  | "ranges"
  | "unknown_passes"
  | "elements"
  | "without"
  | "scope"
  | "live"
  | "sort"
  | "shows"
  | "lost_at"
>;
const ASKED = [
  "order",
  "kept",
  "ranges",
  "unknown_passes",
  "elements",
  "without",
  "scope",
  "live",
  "sort",
  "shows",
  "lost_at",
] as const satisfies readonly (keyof Asked)[];

/** What the gallery knows and does, without a page. */
export class GalleryState {
  readonly table = signal<Table | null>(null);
  readonly asked = signal<Asked>({} as Asked);
  readonly chosen = signal<Uint32Array>(NOBODY);
  readonly page = signal(0);
  readonly problem = signal("");
  readonly saved = signal<{ stages: Stage[]; cards: Saved }>({ stages: [], cards: {} });
  private readonly pool = computed(() => (this.asked.value.scope === "chosen" ? this.chosen.value : null));
  readonly funnel = computed<Funnel | null>(() => {
    const table = this.table.value;
    const asked = this.asked.value;
    if (!table) return null;
    return funnel(table, {
      order: asked.order,
      kept: asked.kept,
      ranges: asked.ranges,
      unknownPasses: asked.unknown_passes,
      elements: asked.elements,
      without: asked.without,
      chosen: this.pool.value,
    });
  });
  readonly stages = computed(() => this.funnel.value?.stages ?? this.saved.value.stages);
  readonly survivors = computed(() => this.stages.value.at(-1)?.count ?? 0);
  /** Rows of the list, in its order; null in a saved notebook. */
  readonly list = computed<Uint32Array | null>(() => {
    const table = this.table.value;
    const found = this.funnel.value;
    if (!table || !found) return null;
    const { shows, lost_at, sort } = this.asked.value;
    const bits =
      shows === "survivors"
        ? found.survivors
        : shows === "chosen"
          ? bitsOfRows(this.chosen.value, table.n)
          : found.lost.get(lost_at);
    if (!bits) return NOBODY;
    const order = table.order(sort);
    return order ? inOrder(bits, order) : rowsOf(bits);
  });
  readonly listed = computed(() => this.list.value?.length ?? this.saved.value.cards.count ?? 0);
  /** How many of these can be looked at: a saved notebook keeps the first ones. */
  readonly reachable = computed(
    () => this.list.value?.length ?? this.saved.value.cards.formulas?.length ?? 0,
  );
  readonly pages = computed(() => Math.max(1, Math.ceil(this.reachable.value / PAGE)));
  private telling = false;
  private readonly stops: Cleanup[];

  constructor(private readonly model: Model<Traits>) {
    this.stops = [
      onChange(model, ["n", "columns", "formulas", "flags", "numbers"], () => this.pullTable()),
      onChange(model, [...ASKED], () => this.pullAsked()),
      onChange(model, ["chosen"], () => this.heardChosen()),
      onChange(model, ["stages", "saved"], () => this.pullSaved()),
      onChange(model, ["error"], () => (this.problem.value = model.get("error") ?? "")),
    ];
    batch(() => {
      this.pullAsked();
      this.pullTable();
      this.pullSaved();
      this.pullChosen();
      this.problem.value = model.get("error") ?? "";
    });
  }

  private pullTable(): void {
    const { model } = this;
    const table = Table.of({
      n: model.get("n") ?? 0,
      columns: model.get("columns") ?? [],
      formulas: model.get("formulas"),
      flags: model.get("flags"),
      numbers: model.get("numbers"),
    });
    if (table) this.table.value = table;
  }

  private pullAsked(): void {
    if (this.telling) return;
    const { model } = this;
    const before = this.asked.value;
    const now: Asked = {
      order: model.get("order") ?? [],
      kept: model.get("kept") ?? [],
      ranges: model.get("ranges") ?? {},
      unknown_passes: model.get("unknown_passes") ?? false,
      elements: model.get("elements") ?? [],
      without: model.get("without") ?? [],
      scope: model.get("scope") ?? "all",
      live: model.get("live") ?? false,
      sort: model.get("sort") ?? "",
      shows: model.get("shows") ?? "survivors",
      lost_at: model.get("lost_at") ?? "",
    };
    if (ASKED.some((name) => name !== "live" && before[name] !== now[name])) this.page.value = 0;
    this.asked.value = now;
  }

  private pullSaved(): void {
    this.saved.value = { stages: this.model.get("stages") ?? [], cards: this.model.get("saved") ?? {} };
  }

  private pullChosen(): void {
    const rows = unpack(this.model.get("chosen"))?.data as Uint32Array | undefined;
    this.chosen.value = rows?.length ? rows : NOBODY;
  }

  private heardChosen(): void {
    if (this.telling) return;
    this.pullChosen();
    // Somebody else has chosen, a linked widget or Python: the survivors no longer lead.
    const { live } = this.asked.value;
    if (live && this.funnel.value && !same(this.chosen.value, rowsOf(this.funnel.value.survivors)))
      this.ask({ live: false });
  }

  /** Whether filters can be moved: in a saved notebook there is nothing to count. */
  get counts(): boolean {
    return this.table.value !== null;
  }

  // -- what is asked

  /** Ask for something else and tell the kernel; where the survivors lead, the choice goes with them. */
  ask(change: Partial<Asked>): void {
    batch(() => {
      this.problem.value = "";
      this.asked.value = { ...this.asked.value, ...change };
      if (Object.keys(change).some((name) => name !== "live")) this.page.value = 0;
    });
    const values: Partial<Traits> = { ...change };
    if (this.asked.value.live && this.funnel.value) {
      const rows = rowsOf(this.funnel.value.survivors);
      if (!same(rows, this.chosen.value)) {
        this.chosen.value = rows;
        values.chosen = pack(rows, [rows.length]);
      }
    }
    this.tell(values);
  }

  /** Set traits and send them; what this view sets is no news to it. */
  private tell(values: Partial<Traits>): void {
    this.telling = true;
    for (const name of Object.keys(values) as (keyof Traits)[]) this.model.set(name, values[name] as never);
    this.telling = false;
    this.model.save_changes();
  }

  toggle(name: string): void {
    if (!this.counts) return;
    const { kept, order, shows, lost_at } = this.asked.value;
    const now = kept.includes(name)
      ? kept.filter((other) => other !== name)
      : order.filter((other) => other === name || kept.includes(other));
    this.ask({ kept: now, ...(shows === "lost" && lost_at === name ? { shows: "survivors" as const } : {}) });
  }

  move(name: string, to: number): void {
    const order = this.asked.value.order.filter((other) => other !== name);
    const place = Math.min(Math.max(0, to), order.length);
    if (!this.counts || this.asked.value.order[place] === name) return;
    order.splice(place, 0, name);
    this.ask({ order });
  }

  /** A range in a moving hand: seen here, not told to anybody. */
  preview(name: string, range: Range): void {
    const { ranges } = this.asked.value;
    batch(() => {
      this.asked.value = { ...this.asked.value, ranges: { ...ranges, [name]: [...range] } };
      this.page.value = 0;
    });
  }

  setRange(name: string, range: Range): void {
    const { [name]: _, ...others } = this.asked.value.ranges;
    this.ask({ ranges: range[0] === null && range[1] === null ? others : { ...others, [name]: [...range] } });
  }

  range(name: string): Range {
    return this.asked.value.ranges[name] ?? OPEN;
  }

  show(shows: Shows, lost_at = ""): void {
    if (this.counts) this.ask({ shows, lost_at });
  }

  search(text: string): void {
    const read = readSearch(text);
    if (typeof read === "string") this.problem.value = read;
    else this.ask({ ...read });
  }

  searched(): string {
    return writeSearch(this.asked.value);
  }

  /** The survivors are chosen as the filters move, or only what is chosen goes into the funnel: not both. */
  setLive(live: boolean): void {
    this.ask(live ? { live, scope: "all" } : { live });
  }

  setScope(scope: "all" | "chosen"): void {
    this.ask(scope === "chosen" ? { scope, live: false } : { scope });
  }

  // -- what is chosen

  choose(rows: Uint32Array): void {
    if (!this.counts) return;
    this.chosen.value = rows;
    const values: Partial<Traits> = { chosen: pack(rows, [rows.length]) };
    if (this.asked.value.live) {
      this.asked.value = { ...this.asked.value, live: false };
      values.live = false;
    }
    this.tell(values);
  }

  toggleRow(row: number): void {
    const rows = this.chosen.value;
    const without = rows.filter((other) => other !== row);
    this.choose(without.length < rows.length ? without : Uint32Array.from([...rows, row]).sort());
  }

  /** Add what is listed to the choice. */
  chooseListed(): void {
    if (this.list.value)
      this.choose(Uint32Array.from(new Set([...this.chosen.value, ...this.list.value])).sort());
  }

  // -- what is looked at

  turn(to: number): void {
    this.page.value = Math.min(Math.max(0, to), this.pages.value - 1);
  }

  /** The cards of the page that is open. */
  cards(): Card[] {
    const from = PAGE * Math.min(this.page.value, this.pages.value - 1);
    const table = this.table.value;
    const list = this.list.value;
    const columns = this.model.get("columns") ?? [];
    const { order, ranges } = this.asked.value;
    if (table && list)
      return [...list.subarray(from, from + PAGE)].map((row) => ({
        row,
        formula: table.names[row],
        values: columns.map(({ name }) => table.value(name, row)),
        passed: order.map((name) => signOf(table, name, ranges[name] ?? OPEN, row)),
      }));
    const { formulas = [], values = [], passed = [] } = this.saved.value.cards;
    return formulas.slice(from, from + PAGE).map((formula, i) => ({
      row: -1,
      formula,
      values: columns.map(({ kind }, at) => {
        const value = values[from + i]?.[at] ?? null;
        return kind === "flag" && value !== null ? value === 1 : value;
      }),
      passed: [...(passed[from + i] ?? "")] as Sign[],
    }));
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }
}

function same(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((row, i) => row === b[i]);
}
