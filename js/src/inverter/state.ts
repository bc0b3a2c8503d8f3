import { batch, computed, type ReadonlySignal, signal } from "@preact/signals-core";
import { type Cleanup, commit, type Model, onChange } from "../shared/model";
import { type Requester, requester } from "../shared/request";

export type Side = "single" | "multi";

export interface Feature {
  symbol: string;
  name: string;
  unit: string;
  value: number;
  /** What it adds to the probability of a single phase; null where that is not known. */
  shapley: number | null;
}

export interface Alloy {
  alloy: string;
  /** With subscripts. */
  shown: string;
  fractions: Record<string, number>;
  /** Of a single phase. */
  probability: number;
  /** Over the members. */
  std: number | null;
  z: number[];
  /** The mean probability that the contributions start from. */
  base: number | null;
  features: Feature[];
  in_domain: boolean | null;
  nearest: string;
  note: string;
  verdict: { kind: Side | "open"; text: string };
  /** Number of steps since the first alloy. */
  step: number;
}

export interface Outcome {
  kind?: "" | "there" | "converged" | "going" | "cycle" | "limit" | "infeasible";
  text?: string;
}

export interface Lesson {
  state?: "running" | "done" | "stopped" | "failed";
  shown?: string;
  label?: Side;
  text?: string;
  steps?: number;
  total?: number | null;
  seconds_left?: number | null;
  before?: number;
  after?: number;
}

export interface Traits {
  label: string;
  trail: Alloy[];
  at: number;
  path: number[][];
  elements: string[];
  fractions: number[];
  target: Side;
  size: number;
  keep: string[];
  forbid: string[];
  cutoff: number;
  most_steps: number;
  outcome: Outcome;
  evaluates: boolean;
  inverts: boolean;
  learns: boolean;
  lesson: Lesson;
  taught: { alloy: string; shown: string; label: Side }[];
  error: string;
  group: string;
}

export const TRAITS = [
  "label",
  "trail",
  "at",
  "path",
  "elements",
  "fractions",
  "target",
  "size",
  "keep",
  "forbid",
  "cutoff",
  "most_steps",
  "outcome",
  "evaluates",
  "inverts",
  "learns",
  "lesson",
  "taught",
  "error",
  "group",
] as const satisfies readonly (keyof Traits)[];

export type Wish = "keep" | "forbid";
export type Beside = "step" | "start";

interface StepQuestion {
  at: number;
  target: Side;
  size: number;
  keep: string[];
  forbid: string[];
}

type LearnQuestion = { act: "start"; at: number; label: Side } | { act: "stop" } | { act: "forget" };

/** Outcomes after which the loop does not go on by itself. */
const ENDS: readonly (string | undefined)[] = ["there", "converged"];

/** What the view knows and does, without a page. */
export class InverterState {
  readonly trail = signal<readonly Alloy[]>([]);
  readonly at = signal(0);
  readonly target = signal<Side>("single");
  readonly size = signal(1);
  readonly keep = signal<readonly string[]>([]);
  readonly forbid = signal<readonly string[]>([]);
  readonly elements = signal<readonly string[]>([]);
  readonly outcome = signal<Outcome>({});
  readonly lesson = signal<Lesson>({});
  readonly taught = signal<Traits["taught"]>([]);
  readonly evaluates = signal(false);
  readonly inverts = signal(false);
  readonly learns = signal(false);
  readonly cutoff = signal(0.6);
  readonly problem = signal("");
  /** The loop goes on by itself until it ends. */
  readonly running = signal(false);
  readonly record = computed<Alloy | null>(() => this.trail.value[this.at.value] ?? null);
  /** What the alloy is compared with: the one before the step, or the first one. */
  readonly beside = signal<Beside>("step");
  readonly before = computed<Alloy | null>(() => {
    const at = this.at.value;
    return at === 0 ? null : (this.trail.value[this.beside.value === "start" ? 0 : at - 1] ?? null);
  });
  readonly canGoBack = computed(() => this.at.value > 0);
  readonly canReset = computed(() => this.trail.value.length > 1);
  readonly canRun = computed(() => !ENDS.includes(this.outcome.value.kind));
  readonly learning = computed(() => this.lesson.value.state === "running");
  readonly busy: ReadonlySignal<boolean>;
  readonly waiting: ReadonlySignal<boolean>;
  private readonly enters: Requester<string>;
  private readonly steps: Requester<StepQuestion>;
  private readonly lessons: Requester<LearnQuestion>;
  private readonly stops: Cleanup[];
  private done: () => void = () => {};

  constructor(private readonly model: Model<Traits>) {
    const onError = (text: string) => {
      batch(() => {
        this.running.value = false;
        this.problem.value = text;
      });
    };
    this.enters = requester<string, unknown>(model, {
      kind: "enter",
      onReply: () => this.answered(),
      onError,
    });
    this.steps = requester<StepQuestion, Outcome>(model, {
      kind: "step",
      onReply: ({ data }) => {
        if (this.running.value && data.kind === "going") this.askStep();
        else this.running.value = false;
        this.answered();
      },
      onError,
    });
    this.lessons = requester<LearnQuestion, unknown>(model, {
      kind: "learn",
      onReply: () => (this.problem.value = ""),
      onError,
    });
    const any = (pick: (asks: Requester<never>) => ReadonlySignal<boolean>) =>
      computed(() => [this.enters, this.steps].some((asks) => pick(asks as Requester<never>).value));
    this.busy = any((asks) => asks.busy);
    this.waiting = computed(() => [this.enters, this.steps, this.lessons].some((asks) => asks.waiting.value));
    this.stops = [
      () => {
        for (const asks of [this.enters, this.steps, this.lessons]) asks.stop();
      },
      onChange(model, [...TRAITS], () => this.pull()),
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
      this.target.value = model.get("target") ?? "single";
      this.size.value = model.get("size") ?? 1;
      this.keep.value = model.get("keep") ?? [];
      this.forbid.value = model.get("forbid") ?? [];
      this.elements.value = model.get("elements") ?? [];
      this.outcome.value = model.get("outcome") ?? {};
      this.lesson.value = model.get("lesson") ?? {};
      this.taught.value = model.get("taught") ?? [];
      this.evaluates.value = Boolean(model.get("evaluates"));
      this.inverts.value = Boolean(model.get("inverts"));
      this.learns.value = Boolean(model.get("learns"));
      this.cutoff.value = model.get("cutoff") ?? 0.6;
    });
  }

  private answered(): void {
    this.problem.value = "";
    this.done();
  }

  /** Begin anew with another alloy; the answer comes as a new trail. */
  enter(alloy: string, done: () => void = () => {}): void {
    const text = alloy.trim();
    if (!text) {
      this.problem.value = "No alloy: type one, such as Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1.";
      return;
    }
    this.halt();
    this.done = done;
    this.enters.ask(text);
  }

  /** One step of the loop, from the alloy that is shown. */
  step(done: () => void = () => {}): void {
    if (this.busy.value) return;
    this.done = done;
    this.askStep();
  }

  /** Steps until the loop ends; every one of them is shown. */
  run(done: () => void = () => {}): void {
    if (this.busy.value || !this.canRun.value) return;
    this.running.value = true;
    this.step(done);
  }

  /** Stop after the step under way. */
  halt(): void {
    this.running.value = false;
  }

  private askStep(): void {
    this.steps.ask({
      at: this.at.value,
      target: this.target.value,
      size: this.size.value,
      keep: [...this.keep.value],
      forbid: [...this.forbid.value],
    });
  }

  /** Look at another place of the way; needs no kernel. */
  goTo(at: number): void {
    const record = this.trail.value[at];
    if (!record || at === this.at.value || this.busy.value) return;
    this.halt();
    const way = this.trail.value.slice(0, at + 1).map(({ z }) => z);
    const elements = this.elements.value;
    const inside = elements.length > 0 && Object.keys(record.fractions).every((e) => elements.includes(e));
    const amounts = elements.map((symbol) => record.fractions[symbol] ?? 0);
    const total = amounts.reduce((sum, x) => sum + x, 0);
    batch(() => {
      this.problem.value = "";
      commit(this.model, {
        at,
        path: way.every((z) => z.length > 0) ? way : [],
        fractions: inside ? amounts.map((x) => x / total) : [],
        outcome: {}, // the kernel says it anew
      });
    });
  }

  back(): void {
    this.goTo(this.at.value - 1);
  }

  reset(): void {
    this.goTo(0);
  }

  aim(target: Side): void {
    if (target === this.target.value) return;
    this.halt();
    commit(this.model, { target, outcome: {} });
  }

  resize(size: number): void {
    commit(this.model, { size });
  }

  /** Keep or forbid an element, or take the wish back; it cannot be both. */
  wish(symbol: string, wish: Wish): void {
    const lists = { keep: [...this.keep.value], forbid: [...this.forbid.value] };
    const had = lists[wish].includes(symbol);
    const without = (list: string[]) => list.filter((other) => other !== symbol);
    const keep = without(lists.keep);
    const forbid = without(lists.forbid);
    if (!had) (wish === "keep" ? keep : forbid).push(symbol);
    commit(this.model, { keep, forbid });
  }

  teach(label: Side): void {
    this.halt();
    this.lessons.ask({ act: "start", at: this.at.value, label });
  }

  stopLearning(): void {
    this.lessons.ask({ act: "stop" });
  }

  forget(): void {
    this.lessons.ask({ act: "forget" });
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }
}
