/** A host for one model, and a clock that only moves when told to. */
import type { Model } from "../../src/shared/model";
import type { Clock } from "../../src/trackers/session";

type Call = (...given: unknown[]) => void;

export class FakeModel implements Model {
  readonly sent: Record<string, unknown>[] = [];
  readonly saved: Record<string, unknown>[] = [];
  broken = false;
  private readonly calls = new Map<string, Set<Call>>();
  private dirty: Record<string, unknown> = {};

  constructor(private readonly traits: Record<string, unknown>) {}

  get(name: string): unknown {
    return this.traits[name];
  }

  set(name: string, value: unknown): void {
    if (this.traits[name] === value) return;
    this.traits[name] = value;
    this.dirty[name] = value;
    this.emit(`change:${name}`);
  }

  save_changes(): void {
    this.saved.push(this.dirty);
    this.dirty = {};
  }

  on(event: string, call: Call): void {
    if (!this.calls.has(event)) this.calls.set(event, new Set());
    this.calls.get(event)?.add(call);
  }

  off(event: string, call: Call): void {
    this.calls.get(event)?.delete(call);
  }

  send(content: unknown): void {
    if (this.broken) throw new Error("no kernel");
    this.sent.push(content as Record<string, unknown>);
  }

  listeners(): number {
    return [...this.calls.values()].reduce((sum, calls) => sum + calls.size, 0);
  }

  /** What Python does: traits change, one event each, and nothing becomes dirty. */
  push(values: Record<string, unknown>): void {
    Object.assign(this.traits, values);
    for (const name of Object.keys(values)) this.emit(`change:${name}`);
  }

  message(content: unknown, buffers: ArrayBufferView[] = []): void {
    this.emit("msg:custom", content, buffers);
  }

  private emit(event: string, ...given: unknown[]): void {
    for (const call of [...(this.calls.get(event) ?? [])]) call(...given);
  }
}

export class FakeClock implements Clock {
  private time = 0;
  private readonly timers = new Set<{ every: number; next: number; call: () => void }>();

  now(): number {
    return this.time;
  }

  every(milliseconds: number, call: () => void): () => void {
    const timer = { every: milliseconds, next: this.time + milliseconds, call };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  after(milliseconds: number, call: () => void): () => void {
    const stop = this.every(milliseconds, () => {
      stop();
      call();
    });
    return stop;
  }

  advance(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      const due = [...this.timers].sort((a, b) => a.next - b.next)[0];
      if (!due || due.next > end) break;
      this.time = due.next;
      due.next += due.every;
      due.call();
    }
    this.time = end;
  }
}

export function traits(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    title: "Ti, Cd, C",
    meta: {},
    state: "running",
    steps: 0,
    total: 100,
    rate: null,
    seconds_left: null,
    error: "",
    result: null,
    cursor: -1,
    saved: null,
    ...more,
  };
}

/** A batch as Python sends it. */
export function records(
  first: number,
  columns: string[],
  rows: number[][],
  type = "records",
): [Record<string, unknown>, ArrayBufferView[]] {
  return [
    { type, first, next: first + rows.length, columns, rows: rows.length },
    [new DataView(new Float64Array(rows.flat()).buffer)],
  ];
}
