/** The growing Pareto front of a search with two objectives, and its geometry. No DOM. */
import type { Batch } from "./history";

export interface Objective {
  property: string;
  direction: "maximize" | "minimize" | "target";
  label?: string;
  unit?: string;
  target?: number | null;
}

/** A point that nothing beats in both objectives. */
export interface FrontPoint {
  values: [number, number];
  /** Atomic fractions; null where the run does not tell them. */
  fractions: number[] | null;
  /** What the result adds at the end. */
  formula?: string;
  std?: (number | null)[];
  values_at_formula?: (number | null)[];
  known?: boolean | null;
}

/** Fronts by the step that brought them; each stands until the next. */
export class Fronts {
  private readonly found: { step: number; points: FrontPoint[] }[] = [];

  get count(): number {
    return this.found.length;
  }

  /** All points that ever were on a front: the plot's limits must not move when somebody scrubs. */
  *all(): Generator<FrontPoint> {
    for (const { points } of this.found) yield* points;
  }

  clear(): void {
    this.found.length = 0;
  }

  add({ columns, rows, values }: Pick<Batch, "columns" | "rows" | "values">): void {
    const width = columns.length;
    for (let row = 0; row < rows; row += 1)
      this.push(values[row * width], Array.from(values.subarray(row * width + 1, (row + 1) * width)));
  }

  load({ columns }: { columns: Record<string, (number | null)[]> }): void {
    this.clear();
    const names = Object.keys(columns);
    const steps = columns["step"] ?? [];
    steps.forEach((step, row) => {
      const rest = names.filter((name) => name !== "step").map((name) => columns[name][row] ?? Number.NaN);
      if (step !== null) this.push(step, rest);
    });
  }

  private push(step: number, [x, y, ...fractions]: number[]): void {
    let last = this.found.at(-1);
    if (last && step < last.step) return; // an overlap with what was known already
    if (last?.step !== step) this.found.push((last = { step, points: [] }));
    const known = fractions.length > 0 && fractions.every((f) => Number.isFinite(f));
    const point: FrontPoint = { values: [x, y], fractions: known ? fractions : null };
    // a step that comes twice (an answer to a question and the news) stands once
    if (!last?.points.some(({ values }) => values[0] === x && values[1] === y)) last?.points.push(point);
  }

  /** The front at a step. */
  at(step: number): readonly FrontPoint[] {
    let low = 0;
    let high = this.found.length; // the first front after the step
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.found[middle].step <= step) low = middle + 1;
      else high = middle;
    }
    return this.found[low - 1]?.points ?? [];
  }

  /** A few of the fronts before a step, to show how it grew. */
  before(step: number, most: number): readonly (readonly FrontPoint[])[] {
    const earlier = this.found.filter((front) => front.step < step).slice(0, -1);
    const stride = Math.max(1, Math.ceil(earlier.length / most));
    return earlier.filter((_, i) => i % stride === 0).map(({ points }) => points);
  }
}

/** 1 where more is better, -1 where less is, 0 where a target value is. */
export function side({ direction }: Objective): -1 | 0 | 1 {
  return direction === "maximize" ? 1 : direction === "minimize" ? -1 : 0;
}

/** Corners of the edge of what a front dominates; none where an objective is a target, which has two sides. */
export function staircase(
  points: readonly FrontPoint[],
  objectives: readonly Objective[],
): [number, number][] {
  const [first, second] = objectives.map(side);
  if (!first || !second) return [];
  const worse = (sign: number, a: number, b: number) => (sign > 0 ? Math.min(a, b) : Math.max(a, b));
  const sorted = points.map(({ values }) => values).sort((a, b) => a[0] - b[0]);
  return sorted.flatMap((here, i) => {
    const next = sorted[i + 1];
    return next ? [here, [worse(first, here[0], next[0]), worse(second, here[1], next[1])]] : [here];
  });
}

/** The point nearest to a place, in shares of the given extents; -1 for none within `reach`. */
export function nearest(
  points: readonly FrontPoint[],
  place: readonly number[],
  extents: readonly number[],
  reach = Number.POSITIVE_INFINITY,
): number {
  let best = -1;
  let least = reach;
  points.forEach(({ values }, i) => {
    const distance = Math.hypot(
      (values[0] - place[0]) / (extents[0] || 1),
      (values[1] - place[1]) / (extents[1] || 1),
    );
    if (distance < least) {
      least = distance;
      best = i;
    }
  });
  return best;
}
