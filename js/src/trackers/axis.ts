/** Limits and ticks of the axes. No DOM. */
import { quantity, tickLabels, ticks } from "../shared/format";

export type Range = [low: number, high: number];

/**
 * Last step of the x axis. While a run goes on the axis is the whole, a half, a quarter ... of what is planned: it
 * changes seldom, and a long run does not begin as a dot at the left edge.
 */
export function lastStep(last: number, total: number | null, over: boolean): number {
  if (over || total === null || !(total > 0)) return Math.max(last, 1);
  let end = total;
  while (end > 20 && end / 2 >= last) end /= 2;
  return Math.max(end, last, 1);
}

/** Limits that show all numbers, with some air. */
export function cover(columns: Iterable<ArrayLike<number | null>>, air = 0.06): Range {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      const value = column[i];
      if (value === null || !Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return [0, 1];
  const margin = (high - low) * air || Math.abs(high) * air || (air && 1);
  return [low - margin, high + margin];
}

/** Ticks of an axis of logarithms: powers of ten, and 2 and 5 times them where there is less than two of those. */
export function logTicks(low: number, high: number): number[] {
  const marks: number[] = [];
  for (let k = Math.ceil(low); k <= high; k++) marks.push(k);
  if (marks.length >= 2) {
    const stride = Math.ceil(marks.length / 5);
    return marks.filter((_, i) => i % stride === 0);
  }
  const more: number[] = [];
  for (let k = Math.floor(low); k <= high; k++) {
    for (const f of [1, 2, 5]) {
      const mark = k + Math.log10(f);
      if (mark >= low && mark <= high) more.push(mark);
    }
  }
  return more.length >= 2 ? more : ticks(low, high, 3);
}

export function logLabels(marks: readonly number[]): string[] {
  return marks.map((mark) => {
    const value = 10 ** mark;
    const text = quantity(value, 2);
    return value >= 1e-3 && value < 1e5 && text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  });
}

export { tickLabels, ticks };
