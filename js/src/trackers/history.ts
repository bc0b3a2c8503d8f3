/** The records of a run, column by column; what the page knows of `run.history`. No DOM. */
import { thin } from "./thin";

/** Rows as they travel: one matrix of doubles, row by row. They stand for the records `first` to `next` of the run. */
export interface Batch {
  first: number;
  next: number;
  columns: string[];
  rows: number;
  values: Float64Array;
}

/** What a saved notebook keeps of a history: few rows, plain JSON (null where a number does not exist). */
export interface SavedHistory {
  next: number;
  columns: Record<string, (number | null)[]>;
}

/** More rows than this are thinned to half: no screen shows them and no page should grow for ever. */
export const MOST_ROWS = 8192;

export class History {
  private columns = new Map<string, number[]>();
  private names: string[] = [];
  /** Number of records of the run that these rows stand for. */
  next = 0;

  get rows(): number {
    return this.columns.get("step")?.length ?? 0;
  }

  /** Whether rows were left out, so that the page can say so. */
  get thinned(): boolean {
    return this.rows < this.next;
  }

  has(name: string): boolean {
    return this.columns.has(name);
  }

  column(name: string): readonly number[] {
    return this.columns.get(name) ?? [];
  }

  /** Names that begin with `prefix`, in the order in which the run gives them. */
  named(prefix: string): string[] {
    return this.names.filter((name) => name.startsWith(prefix));
  }

  at(name: string, row: number): number {
    return this.columns.get(name)?.[row] ?? Number.NaN;
  }

  get steps(): readonly number[] {
    return this.column("step");
  }

  get lastStep(): number {
    return this.rows ? this.at("step", this.rows - 1) : Number.NaN;
  }

  /** Row whose step is nearest to `step`; -1 while there is none. */
  nearest(step: number): number {
    const steps = this.steps;
    if (!steps.length) return -1;
    let low = 0;
    let high = steps.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((steps[middle] as number) <= step) low = middle;
      else high = middle;
    }
    return step - (steps[low] as number) <= (steps[high] as number) - step ? low : high;
  }

  clear(): void {
    this.columns.clear();
    this.names = [];
    this.next = 0;
  }

  load(saved: SavedHistory): void {
    this.clear();
    for (const [name, values] of Object.entries(saved.columns)) {
      this.names.push(name);
      this.columns.set(
        name,
        values.map((value) => value ?? Number.NaN),
      );
    }
    this.next = saved.next;
  }

  /** Append a batch. False if records between it and what was here are missing: then ask for the whole history. */
  add(batch: Batch): boolean {
    const complete = batch.first <= this.next;
    if (batch.first === 0) this.clear();
    const width = batch.columns.length;
    const place = batch.columns.indexOf("step");
    const last = this.lastStep;
    for (const name of batch.columns) this.require(name);
    for (let row = 0; row < batch.rows; row++) {
      const step = batch.values[row * width + place] as number;
      if (step <= last) continue; // an overlap with what was known already
      batch.columns.forEach((name, j) => {
        this.columns.get(name)?.push(batch.values[row * width + j] as number);
      });
      const rows = this.rows;
      for (const values of this.columns.values()) if (values.length < rows) values.push(Number.NaN);
    }
    this.next = Math.max(this.next, batch.next);
    if (this.rows > MOST_ROWS) this.halve();
    return complete;
  }

  private require(name: string): void {
    if (this.columns.has(name)) return;
    this.names.push(name);
    this.columns.set(name, new Array<number>(this.rows).fill(Number.NaN));
  }

  private halve(): void {
    const guide = this.names.find((name) => name === "loss") ?? this.names[1] ?? "step";
    const kept = thin(this.column(guide), MOST_ROWS / 2);
    for (const [name, values] of this.columns) {
      this.columns.set(
        name,
        kept.map((row) => values[row] as number),
      );
    }
  }
}

/** Values as uPlot wants them: null where there is no number. On a log scale nothing that is not positive exists. */
export function gaps(values: readonly number[], log = false): (number | null)[] {
  return values.map((value) => (Number.isFinite(value) && (!log || value > 0) ? value : null));
}
