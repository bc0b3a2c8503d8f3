/** One view's knowledge of a run: history, state, and whether anybody is there. No DOM; the clock is an argument. */
import type { Model } from "../shared/model";
import { lastStep } from "./axis";
import { type Command, ended, type Link, type RunFacts, type RunState, settled } from "./controls";
import { Fronts } from "./front";
import { type Batch, History, type SavedHistory } from "./history";
import { FOLLOW, Scrub } from "./scrub";

export interface Clock {
  now(): number;
  every(milliseconds: number, call: () => void): () => void;
  after(milliseconds: number, call: () => void): () => void;
}

export const WALL: Clock = {
  now: () => performance.now(),
  every: (milliseconds, call) => {
    const id = setInterval(call, milliseconds);
    return () => clearInterval(id);
  },
  after: (milliseconds, call) => {
    const id = setTimeout(call, milliseconds);
    return () => clearTimeout(id);
  },
};

/** What a moving cursor tells the kernel and linked widgets: at most twenty times a second, the last place always. */
export const SYNC_MS = 50;

/** Python sends a sign of life every 2 s from the tracker's own thread, also while a cell is busy. */
export const SILENCE_MS = 7000;
/** No answer for so long after opening: nobody is there. */
export const CONNECT_MS = 3000;

export interface Snapshot extends SavedHistory {
  family?: SavedHistory;
  front?: { columns: Record<string, (number | null)[]> };
}

const STATUS = ["state", "steps", "total", "rate", "seconds_left", "failure", "error", "result"] as const;

export class Session {
  readonly history = new History();
  /** Restarts, in a history of their own: a saved notebook keeps fewer rows of them. */
  readonly family = new History();
  /** The growing Pareto front of a search with two objectives. */
  readonly fronts = new Fronts();
  readonly scrub = new Scrub(this.history);
  link: Link = "connecting";
  pending: Command | null = null;
  /** Text of an error of a command; the run's own error is the trait `error`. */
  trouble = "";
  private stepsThen = 0;
  private heard: number;
  private asked: number;
  private unsynced: Record<string, unknown> | null = null;
  private resting = false;
  private readonly leave: (() => void)[] = [];
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly model: Model,
    private readonly clock: Clock = WALL,
  ) {
    this.heard = this.asked = clock.now();
    const saved = model.get("saved") as Snapshot | null;
    if (saved?.columns) {
      this.history.load(saved);
      this.family.load(saved.family ?? { next: 0, columns: {} });
      this.fronts.load(saved.front ?? { columns: {} });
    }
    this.readCursor();
    const message = (content: unknown, buffers?: unknown) => this.receive(content, buffers);
    this.listen("msg:custom", message);
    for (const name of STATUS) this.listen(`change:${name}`, () => this.statusChanged());
    this.listen("change:cursor", () => {
      this.readCursor();
      this.tell();
    });
    this.leave.push(clock.every(1000, () => this.watch()));
    this.ask();
  }

  get state(): RunState {
    return this.model.get("state") as RunState;
  }

  get facts(): RunFacts {
    const number = (name: string) => (this.model.get(name) as number | null) ?? null;
    return {
      state: this.state,
      steps: number("steps") ?? 0,
      total: number("total"),
      rate: number("rate"),
      secondsLeft: number("seconds_left"),
      link: this.link,
      pending: this.pending,
    };
  }

  onChange(call: () => void): void {
    this.listeners.add(call);
  }

  /** Ask the run for something; buttons stay waiting until the run shows that it happened. */
  command(name: Command): void {
    if (this.link !== "live") return;
    this.pending = name;
    this.stepsThen = this.facts.steps;
    this.trouble = "";
    if (name !== "stop" && !this.scrub.following) this.look(FOLLOW);
    this.send({ type: "command", name });
    this.tell();
  }

  dispose(): void {
    if (this.unsynced) this.sync();
    for (const undo of this.leave.splice(0)) undo();
    this.listeners.clear();
  }

  /** Look at a step (or FOLLOW): this view at once; `also` are further traits that follow from it. */
  look(step: number, also: Record<string, unknown> = {}): void {
    if (step === FOLLOW) this.scrub.follow();
    else this.scrub.to(step);
    this.put({ cursor: this.scrub.step, ...also });
  }

  /** Set traits: the linked widgets and the kernel hear of it at most twenty times a second, of the last always. */
  put(values: Record<string, unknown>): void {
    this.unsynced = { ...this.unsynced, ...values };
    if (!this.resting) this.sync();
    this.tell();
  }

  /** A trait as this view has it, which may be newer than what was sent. */
  get(name: string): unknown {
    return this.unsynced && name in this.unsynced ? this.unsynced[name] : this.model.get(name);
  }

  /** Last step of the x axis. */
  get end(): number {
    const over = ended(this.state) || this.link === "recorded";
    return lastStep(this.history.lastStep, this.facts.total, over);
  }

  /** All that went wrong, in words. */
  get errors(): string[] {
    const told = [this.model.get("failure"), this.model.get("error"), this.trouble];
    return told.filter((text): text is string => typeof text === "string" && text !== "");
  }

  private sync(): void {
    const values = this.unsynced;
    if (!values) return;
    this.unsynced = null;
    this.resting = true;
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    this.model.save_changes();
    this.clock.after(SYNC_MS, () => {
      this.resting = false;
      this.sync();
    });
  }

  private listen(event: string, call: (...given: never[]) => void): void {
    this.model.on(event, call as never);
    this.leave.push(() => this.model.off(event, call as never));
  }

  private readCursor(): void {
    if (this.unsynced) return; // the hand is further than the trait
    const step = Number(this.model.get("cursor") ?? FOLLOW);
    if (step < 0) this.scrub.follow();
    else this.scrub.to(step);
  }

  private ask(): void {
    this.asked = this.clock.now();
    this.send({ type: "hello" });
  }

  private send(content: Record<string, unknown>): void {
    try {
      this.model.send(content);
    } catch (error) {
      // a host without a kernel may refuse to send: that is an answer, and it is shown as one
      this.pending = null;
      this.link = "recorded";
      if (content.type !== "hello") this.trouble = String(error);
    }
  }

  private receive(content: unknown, buffers: unknown): void {
    const message = content as { type?: string; text?: string } & Omit<Batch, "values">;
    switch (message?.type) {
      case "history":
      case "records": {
        const { main, family, front } = matrices(message, buffers as ArrayBufferView[]);
        const complete = this.history.add(main);
        if (family) this.family.add(family);
        if (message.first === 0) this.fronts.clear();
        if (front) this.fronts.add(front);
        // one question a second is enough while records come in faster than an answer can
        if (!complete && this.clock.now() - this.asked > 1000) this.ask();
        break;
      }
      case "alive":
        break;
      case "error":
        this.pending = null;
        this.trouble = message.text ?? "";
        break;
      default:
        return; // not ours: the shared parts have messages of their own
    }
    this.sign();
    this.tell();
  }

  private statusChanged(): void {
    this.sign();
    this.tell();
  }

  /** Somebody is there. */
  private sign(): void {
    this.heard = this.clock.now();
    if (this.link === "lost") this.ask();
    this.link = "live";
    const { state, steps } = this.facts;
    if (this.pending && settled(this.pending, this.stepsThen, state, steps)) this.pending = null;
  }

  private watch(): void {
    const now = this.clock.now();
    const before = this.link;
    if (this.link === "connecting" && now - this.asked >= CONNECT_MS) this.link = "recorded";
    if (this.link === "live" && !ended(this.state) && now - this.heard >= SILENCE_MS) {
      this.link = "lost";
      this.pending = null;
    }
    if (this.link !== before) this.tell();
  }

  private tell(): void {
    for (const call of this.listeners) call();
  }
}

/** The matrix of records, and after it those of the restarts and of the Pareto fronts if there are any. */
function matrices(
  message: Omit<Batch, "values">,
  buffers: ArrayBufferView[],
): { main: Batch; family: Batch | null; front: Batch | null } {
  const more = message as Omit<Batch, "values"> & Partial<Record<"family" | "front", Part>>;
  const { first, next } = message;
  let used = 0;
  const part = (given: Part | undefined): Batch | null =>
    given && buffers[used + 1] ? { first, next, ...given, values: floats(buffers[(used += 1)]) } : null;
  const main = { ...message, values: floats(buffers[0]) };
  return { main, family: part(more.family), front: part(more.front) };
}

interface Part {
  columns: string[];
  rows: number;
}

function floats(buffer: ArrayBufferView | undefined): Float64Array {
  if (!buffer) return new Float64Array();
  // a copy: the view that arrives may not begin on a multiple of eight bytes
  return new Float64Array(
    buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength) as ArrayBuffer,
  );
}
