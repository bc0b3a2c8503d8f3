/** Choosing the rows of a long history that are kept when not all of them can be. */

/**
 * Indices of at most `budget` rows that keep the shape of `values`: the first and the last row always, and the lowest and
 * highest of each stretch between them, so that a spike is never lost to an even stride.
 */
export function thin(values: ArrayLike<number>, budget: number): number[] {
  const n = values.length;
  if (n <= Math.max(2, budget)) return Array.from({ length: n }, (_, i) => i);
  const kept = new Set<number>([0, n - 1]);
  const stretches = Math.floor((budget - 2) / 2);
  for (let s = 0; s < stretches; s++) {
    const from = 1 + Math.floor((s * (n - 2)) / stretches);
    const to = 1 + Math.floor(((s + 1) * (n - 2)) / stretches);
    let low = from;
    let high = from;
    for (let i = from; i < to; i++) {
      const value = values[i] as number;
      // a NaN loses against every number, whichever comes first
      if (value < (values[low] as number) || Number.isNaN(values[low])) low = i;
      if (value > (values[high] as number) || Number.isNaN(values[high])) high = i;
    }
    kept.add(low).add(high);
  }
  return [...kept].sort((a, b) => a - b);
}
