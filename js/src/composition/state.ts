import { batch, computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals-core";
import { onPreview, publishPreview } from "../shared/hub";
import { type Cleanup, commit, type Model, onChange } from "../shared/model";
import { BY_SYMBOL } from "../shared/periodic";
import { type Requester, requester } from "../shared/request";
import {
  boundsProblem,
  type Limits,
  move,
  moveWeight,
  noLimits,
  project,
  reach,
  same,
  toWeight,
} from "./amounts";
import type { Explanation } from "./explanation";

export interface Traits {
  elements: string[];
  /** Committed atomic fractions, in the order of `elements`. */
  fractions: number[];
  value: number | null;
  std: number | null;
  std_aleatoric: number | null;
  std_epistemic: number | null;
  in_domain: boolean | null;
  formula: string;
  /** The fractions that value, std, in_domain and formula belong to. */
  predicted: number[];
  property: string;
  label: string;
  unit: string;
  locks: string[];
  bounds: Record<string, [number, number]>;
  mode: "at" | "wt";
  scale: number[];
  masses: Record<string, number>;
  code_template: string;
  search_template: string;
  reads_formulas: boolean;
  explains: boolean;
  error: string;
  group: string;
}

export const TRAITS = [
  "elements",
  "fractions",
  "value",
  "std",
  "std_aleatoric",
  "std_epistemic",
  "in_domain",
  "formula",
  "predicted",
  "property",
  "label",
  "unit",
  "locks",
  "bounds",
  "mode",
  "scale",
  "masses",
  "code_template",
  "search_template",
  "reads_formulas",
  "explains",
  "error",
  "group",
] as const satisfies readonly (keyof Traits)[];

export interface Reading {
  fractions: readonly number[];
  value: number | null;
  std: number | null;
  std_aleatoric: number | null;
  std_epistemic: number | null;
  in_domain: boolean | null;
  formula: string;
}

const NONE: Reading = {
  fractions: [],
  value: null,
  std: null,
  std_aleatoric: null,
  std_epistemic: null,
  in_domain: null,
  formula: "",
};

type Answer = Omit<Reading, "fractions">;

const HISTORY = 200;

/** Everything the panel knows and does, without a page: gestures in, signals out. */
export class CompositionState {
  readonly elements = signal<readonly string[]>([]);
  readonly committed = signal<readonly number[]>([]);
  /** What the sliders show: a preview while a hand moves, else what is committed. */
  readonly shown = signal<readonly number[]>([]);
  readonly previewing = signal(false);
  readonly limits = signal<Limits>(noLimits(0));
  readonly mode = signal<"at" | "wt">("at");
  readonly reading = signal<Reading>(NONE);
  /** The reading of what is committed, to compare a preview with. */
  readonly settled = signal<Reading>(NONE);
  /** The number shown belongs to the composition shown. */
  readonly current: ReadonlySignal<boolean> = computed(() =>
    same(this.reading.value.fractions, this.shown.value, 1e-6),
  );
  readonly scale = signal<[number, number]>([0, 1]);
  /** What went wrong, in words; "" when all is well. */
  readonly problem = signal("");
  readonly canUndo = signal(false);
  readonly canRedo = signal(false);
  /** How the prediction for what is committed comes about; asked for only while somebody looks. */
  readonly explanation = signal<Explanation | null>(null);
  /** It is asked for, and what is shown (if anything) belongs to an earlier composition. */
  readonly explaining: ReadonlySignal<boolean>;
  /** The kernel owes an answer for longer than it should. */
  readonly waiting: ReadonlySignal<boolean>;

  private base: readonly number[] | null = null;
  private past: (readonly number[])[] = [];
  private future: (readonly number[])[] = [];
  private readonly predict: Requester<number[]>;
  private readonly formula: Requester<string>;
  private readonly why: Requester<number[]>;
  private looking = false;
  private readonly stops: Cleanup[] = [];
  private stopHub: Cleanup = () => {};
  private answered: (() => void) | null = null;

  constructor(private readonly model: Model<Traits>) {
    this.predict = requester<number[], Answer>(model, {
      kind: "predict",
      onReply: ({ data }, fractions) => {
        this.problem.value = "";
        this.read({ ...data, fractions });
      },
      onError: (text) => (this.problem.value = text),
    });
    this.formula = requester<string, { fractions: number[] }>(model, {
      kind: "formula",
      onReply: ({ data }) => {
        this.setComposition(data.fractions);
        this.answered?.();
      },
      onError: (text) => (this.problem.value = text),
    });
    this.why = requester<number[], Explanation>(model, {
      kind: "explain",
      onReply: ({ data }) => (this.explanation.value = data),
      onError: (text) => {
        this.explanation.value = null;
        this.problem.value = text;
      },
    });
    this.explaining = computed(() => this.why.busy.value);
    this.waiting = computed(() => this.predict.waiting.value || this.formula.waiting.value);
    this.stops.push(
      onChange(model, ["elements", "fractions", "locks", "bounds", "mode", "masses"], () => this.pull()),
      onChange(
        model,
        ["value", "std", "std_aleatoric", "std_epistemic", "in_domain", "formula", "predicted", "scale"],
        () => this.pullReading(),
      ),
      onChange(model, ["error"], () => (this.problem.value = model.get("error") ?? "")),
      onChange(model, ["group"], () => this.joinGroup()),
      () => this.predict.stop(),
      () => this.formula.stop(),
      () => this.why.stop(),
      effect(() => {
        const fractions = this.committed.value;
        untracked(() => this.askWhy(fractions));
      }),
      () => this.stopHub(),
    );
    this.pull();
    this.pullReading();
    this.joinGroup();
    this.problem.value = model.get("error") ?? "";
  }

  // -- what the kernel says

  private pull(): void {
    const { model } = this;
    const elements = model.get("elements") ?? [];
    const fractions = model.get("fractions") ?? [];
    // Elements and their fractions may come in two messages: wait for both.
    if (elements.length !== fractions.length) return;
    const bounds = model.get("bounds") ?? {};
    const locks = new Set(model.get("locks") ?? []);
    batch(() => {
      if (elements.join() !== this.elements.value.join()) {
        this.elements.value = [...elements];
        this.explanation.value = null;
        this.past = [];
        this.future = [];
        this.endGesture();
      }
      this.limits.value = {
        lower: elements.map((symbol) => bounds[symbol]?.[0] ?? 0),
        upper: elements.map((symbol) => bounds[symbol]?.[1] ?? 1),
        locked: elements.map((symbol) => locks.has(symbol)),
      };
      this.mode.value = model.get("mode") === "wt" ? "wt" : "at";
      this.committed.value = [...fractions];
      if (!this.previewing.value) this.shown.value = this.committed.value;
      this.countHistory();
    });
  }

  private pullReading(): void {
    const { model } = this;
    const scale = model.get("scale");
    const reading: Reading = {
      fractions: model.get("predicted") ?? [],
      value: model.get("value"),
      std: model.get("std"),
      std_aleatoric: model.get("std_aleatoric") ?? null,
      std_epistemic: model.get("std_epistemic") ?? null,
      in_domain: model.get("in_domain"),
      formula: model.get("formula") ?? "",
    };
    batch(() => {
      this.settled.value = reading;
      if (scale?.length === 2 && scale[1] > scale[0]) this.scale.value = [scale[0], scale[1]];
      if (!this.previewing.value) this.read(reading);
    });
  }

  private read(reading: Reading): void {
    batch(() => {
      this.reading.value = reading;
      const { value } = reading;
      const [low, high] = this.scale.value;
      if (value !== null && Number.isFinite(value) && (value < low || value > high))
        this.scale.value = [Math.min(low, value), Math.max(high, value)];
    });
  }

  private joinGroup(): void {
    this.stopHub();
    this.stopHub = onPreview(this.model.get("group") ?? "", this, ({ elements, fractions }) => {
      if (this.base || elements.join() !== this.elements.value.join()) return;
      batch(() => {
        this.previewing.value = fractions !== null;
        this.shown.value = fractions ?? this.committed.value;
      });
      if (fractions) this.predict.ask([...fractions]);
      else this.predict.cancel();
    });
  }

  // -- what a hand does

  private get masses(): number[] {
    const given = this.model.get("masses") ?? {};
    return this.elements.value.map((symbol) => given[symbol] ?? BY_SYMBOL.get(symbol)?.mass ?? 1);
  }

  /** What is shown in the unit of the sliders (at.% or wt.%), as fractions of one. */
  amounts(fractions: readonly number[] = this.shown.value): readonly number[] {
    return this.mode.value === "wt" ? toWeight(fractions, this.masses) : fractions;
  }

  /** The least and most amount that element `i` can be moved to, in the unit of the sliders. */
  range(i: number): [number, number] {
    const base = this.base ?? this.committed.value;
    const ends = reach(i, base, this.limits.value);
    if (this.mode.value === "at") return ends;
    const [low, high] = ends.map((end) => toWeight(move(i, end, base, this.limits.value), this.masses)[i]);
    return [low, high];
  }

  /** Try an amount of element `i`: painted at once, predicted by the kernel, committed by `release`. */
  preview(i: number, amount: number): void {
    const base = (this.base ??= this.committed.value);
    const limits = this.limits.value;
    const fractions =
      this.mode.value === "wt"
        ? moveWeight(i, amount, base, limits, this.masses)
        : move(i, amount, base, limits);
    batch(() => {
      this.previewing.value = true;
      this.shown.value = fractions;
    });
    this.predict.ask(fractions);
    publishPreview(this.model.get("group"), this, { elements: this.elements.value, fractions });
  }

  /** Somebody looks at the explanation, or does not any more. */
  explain(looking: boolean): void {
    this.looking = looking;
    this.askWhy(this.committed.value);
  }

  private askWhy(fractions: readonly number[]): void {
    if (this.looking && fractions.length) this.why.ask([...fractions]);
    else this.why.cancel();
  }

  /** Commit what is shown. */
  release(): void {
    if (!this.base) return;
    const fractions = this.shown.value;
    this.endGesture();
    this.setComposition(fractions);
  }

  /** Back to what is committed. */
  abandon(): void {
    if (!this.base) return;
    this.endGesture();
    batch(() => {
      this.shown.value = this.committed.value;
      this.reading.value = this.settled.value;
    });
    publishPreview(this.model.get("group"), this, { elements: this.elements.value, fractions: null });
  }

  private endGesture(): void {
    this.base = null;
    this.previewing.value = false;
    this.predict.cancel();
  }

  /** Commit a composition, with an entry in the history. */
  setComposition(fractions: readonly number[]): void {
    if (same(fractions, this.committed.value)) {
      this.shown.value = this.committed.value;
      return;
    }
    this.past.push(this.committed.value);
    if (this.past.length > HISTORY) this.past.shift();
    this.future = [];
    this.apply(fractions);
  }

  private apply(fractions: readonly number[], more: Partial<Traits> = {}): void {
    batch(() => {
      this.committed.value = fractions;
      this.shown.value = fractions;
      this.problem.value = "";
      this.countHistory();
    });
    commit(this.model, { fractions: [...fractions], ...more });
    publishPreview(this.model.get("group"), this, { elements: this.elements.value, fractions: null });
  }

  undo(): void {
    this.travel(this.past, this.future);
  }

  redo(): void {
    this.travel(this.future, this.past);
  }

  private travel(from: (readonly number[])[], to: (readonly number[])[]): void {
    const target = from.pop();
    if (!target) return;
    to.push(this.committed.value);
    this.endGesture();
    this.apply(target);
  }

  private countHistory(): void {
    this.canUndo.value = this.past.length > 0;
    this.canRedo.value = this.future.length > 0;
  }

  /** The same amount of every element, as far as locks and bounds allow. */
  equalParts(): void {
    const { locked } = this.limits.value;
    const committed = this.committed.value;
    const free = locked.filter((lock) => !lock).length;
    if (free === 0) return;
    const held = committed.reduce((total, x, i) => total + (locked[i] ? x : 0), 0);
    this.setComposition(
      project(
        committed.map((x, i) => (locked[i] ? x : (1 - held) / free)),
        this.limits.value,
      ),
    );
  }

  setMode(mode: "at" | "wt"): void {
    this.mode.value = mode;
    commit(this.model, { mode });
  }

  toggleLock(i: number): void {
    const locked = this.limits.value.locked.map((lock, j) => (j === i ? !lock : lock));
    this.limits.value = { ...this.limits.value, locked };
    commit(this.model, { locks: this.elements.value.filter((_, j) => locked[j]) });
  }

  /** Set the least and most atomic fraction of element `i`; impossible bounds are refused in words. */
  setBounds(i: number, low: number, high: number): void {
    const lower = this.limits.value.lower.map((x, j) => (j === i ? low : x));
    const upper = this.limits.value.upper.map((x, j) => (j === i ? high : x));
    const problem = boundsProblem(this.elements.value, lower, upper);
    if (problem) {
      this.problem.value = problem;
      return;
    }
    const limits = { ...this.limits.value, lower, upper };
    const bounds: Traits["bounds"] = {};
    this.elements.value.forEach((symbol, j) => {
      if (lower[j] > 0 || upper[j] < 1) bounds[symbol] = [lower[j], upper[j]];
    });
    const fractions = project(this.committed.value, limits);
    this.limits.value = limits;
    this.problem.value = "";
    if (same(fractions, this.committed.value)) commit(this.model, { bounds });
    else {
      this.past.push(this.committed.value);
      this.future = [];
      this.apply(fractions, { bounds });
    }
  }

  /** Read a formula in the kernel; `done` is called when it became the composition. */
  enterFormula(text: string, done: () => void): void {
    if (!text.trim()) {
      this.problem.value = "The formula is empty: type one such as TiC or Ti0.5 C0.5.";
      return;
    }
    this.answered = done;
    this.formula.ask(text);
  }

  /** The composition as a line of Python. */
  python(): string {
    const parts = this.elements.value
      .map((symbol, i) => [symbol, this.shown.value[i]] as const)
      .filter(([, x]) => x > 5e-6)
      .map(([symbol, x]) => `"${symbol}": ${Number(x.toFixed(5))}`);
    const composition = `{${parts.join(", ")}}`;
    return (this.model.get("code_template") || "{composition}").replace("{composition}", () => composition);
  }

  /** A search within these locks and bounds as a line of Python; "" where the kernel gave no template. */
  searchPython(): string {
    const { locked, lower, upper } = this.limits.value;
    const rounded = (x: number) => Number(x.toFixed(5));
    const locks: string[] = [];
    const bounds: string[] = [];
    this.elements.value.forEach((symbol, i) => {
      if (locked[i]) locks.push(`"${symbol}": ${rounded(this.committed.value[i])}`);
      else if (lower[i] > 0 || upper[i] < 1)
        bounds.push(`"${symbol}": (${rounded(lower[i])}, ${rounded(upper[i])})`);
    });
    const limits =
      (bounds.length ? `, bounds={${bounds.join(", ")}}` : "") +
      (locks.length ? `, locks={${locks.join(", ")}}` : "");
    const elements = `[${this.elements.value.map((symbol) => `"${symbol}"`).join(", ")}]`;
    return (this.model.get("search_template") ?? "")
      .replace("{elements}", () => elements)
      .replace("{limits}", () => limits);
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }
}
