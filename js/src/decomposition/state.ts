import { batch, computed, type ReadonlySignal, signal } from "@preact/signals-core";
import { type Cleanup, commit, type Model, onChange } from "../shared/model";
import { type Requester, requester } from "../shared/request";

export interface Phase {
  formula: string;
  /** With subscripts. */
  shown: string;
  fractions: Record<string, number>;
  /** eV/atom; null where it is not known. */
  energy: number | null;
}

export interface Product extends Phase {
  /** Share of the atoms. */
  amount: number;
  /** The same as "220/247", or "". */
  ratio: string;
}

export interface Likeness {
  cosine: number | null;
  /** In units of the spread, or of the length of the compound's own vector. */
  distance: number | null;
}

export interface LatentBalance extends Likeness {
  mean: number[];
  mixture: number[];
  relative_to: "spread" | "length";
  parts: Likeness[];
}

export interface Balance extends Phase {
  mixture_energy: number;
  unit: string;
  source: string;
  products: Product[];
  verdict: { kind: "stable" | "above" | "level" | "reference" | "unknown"; text: string };
  closing: { closed: boolean; text: string };
  latent: LatentBalance | null;
  latent_problem: string;
  /** The elements that give the colours. */
  system: string[];
}

export type Shows = "composition" | "latent";

export interface Traits {
  trail: Balance[];
  at: number;
  elements: string[];
  fractions: number[];
  shows: Shows;
  decomposes: boolean;
  label: string;
  latent_label: string;
  error: string;
  group: string;
}

export const TRAITS = [
  "trail",
  "at",
  "elements",
  "fractions",
  "shows",
  "decomposes",
  "label",
  "latent_label",
  "error",
  "group",
] as const satisfies readonly (keyof Traits)[];

/** eV/atom that tilts the beam half as far as it goes. */
const HALF_TILT = 0.05;

/** How far the beam tilts, -1..1: above zero the compound is higher in energy than its products. */
export function tilt(record: Balance): number {
  if (record.energy === null) return 0;
  const above = record.energy - record.mixture_energy;
  return above / (Math.abs(above) + HALF_TILT);
}

/** The compound's elements in the order of its system. */
export function order(record: Balance): string[] {
  return record.system.filter((symbol) => record.fractions[symbol] > 0);
}

export interface Sheet {
  elements: string[];
  /** For each product what it brings of each element, in atomic fractions of the whole. */
  brought: number[][];
  /** Their sums, and what the compound has. */
  sums: number[];
  own: number[];
}

/** The balance sheet: columns are elements, rows are products; the sums are the compound. */
export function sheet(record: Balance): Sheet {
  const elements = order(record);
  const brought = record.products.map((part) =>
    elements.map((symbol) => part.amount * (part.fractions[symbol] ?? 0)),
  );
  return {
    elements,
    brought,
    sums: elements.map((_, i) => brought.reduce((sum, row) => sum + row[i], 0)),
    own: elements.map((symbol) => record.fractions[symbol]),
  };
}

/** Whether a product is the compound itself, as with elements: there is nowhere to walk. */
export function isItself(record: Balance): boolean {
  return record.verdict.kind === "reference";
}

/** What the view knows and does, without a page. */
export class DecompositionState {
  readonly trail = signal<readonly Balance[]>([]);
  readonly at = signal(0);
  readonly shows = signal<Shows>("composition");
  readonly problem = signal("");
  /** A linked widget has given another composition; what is shown waits for its decomposition. */
  readonly stale = signal(false);
  readonly record = computed<Balance | null>(() => this.trail.value[this.at.value] ?? null);
  readonly canGoBack = computed(() => this.at.value > 0);
  readonly canGoForward = computed(() => this.at.value < this.trail.value.length - 1);
  /** Whether there is a latent space to look at, or a reason why not. */
  readonly hasLatent = computed(() => {
    const record = this.record.value;
    return record !== null && (record.latent !== null || record.latent_problem !== "");
  });
  readonly busy: ReadonlySignal<boolean>;
  readonly waiting: ReadonlySignal<boolean>;
  private readonly questions: Requester<string>;
  private readonly stops: Cleanup[];
  private entered: (() => void) | null = null;

  constructor(private readonly model: Model<Traits>) {
    this.questions = requester<string, unknown>(model, {
      kind: "decompose",
      onReply: () => {
        this.problem.value = "";
        this.entered?.();
      },
      onError: (text) => (this.problem.value = text),
    });
    this.busy = this.questions.busy;
    this.waiting = this.questions.waiting;
    this.stops = [
      () => this.questions.stop(),
      onChange(model, ["trail", "at", "shows", "elements", "fractions"], () => this.pull()),
      onChange(model, ["error"], () => (this.problem.value = model.get("error") ?? "")),
    ];
    this.pull();
    this.problem.value = model.get("error") ?? "";
  }

  private pull(): void {
    const { model } = this;
    batch(() => {
      const trail = model.get("trail") ?? [];
      this.trail.value = trail;
      this.at.value = Math.min(Math.max(0, model.get("at") ?? 0), Math.max(0, trail.length - 1));
      this.shows.value = model.get("shows") ?? "composition";
      const { fractions } = this.record.value ?? {};
      const given = model.get("fractions") ?? [];
      const off = (symbol: string, i: number) =>
        Math.abs((given[i] ?? 0) - (fractions?.[symbol] ?? 0)) > 1e-6;
      this.stale.value = fractions !== undefined && (model.get("elements") ?? []).some(off);
    });
  }

  /** Ask for the products of a compound; the answer comes as a new place of the trail. */
  enter(formula: string, done: () => void = () => {}): void {
    const text = formula.trim();
    if (!text) {
      this.problem.value = "No formula: type one, such as BaTiO3.";
      return;
    }
    this.entered = done;
    this.questions.ask(text);
  }

  /** Look at another place of the way; needs no kernel. */
  goTo(at: number): void {
    const record = this.trail.value[at];
    if (!record || at === this.at.value) return;
    this.questions.cancel();
    batch(() => {
      this.at.value = at;
      this.problem.value = "";
    });
    commit(this.model, {
      elements: [...record.system],
      fractions: record.system.map((symbol) => record.fractions[symbol] ?? 0),
      at,
    });
  }

  back(): void {
    this.goTo(this.at.value - 1);
  }

  forward(): void {
    this.goTo(this.at.value + 1);
  }

  show(shows: Shows): void {
    this.shows.value = shows;
    commit(this.model, { shows });
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }
}
