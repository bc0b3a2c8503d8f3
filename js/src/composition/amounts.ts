/**
 * Amounts that always add up to one: what the other elements do when a hand moves one of them. All amounts are atomic
 * fractions; locks and bounds hold the atomic fraction, also while weight per cent is shown.
 */
export interface Limits {
  lower: readonly number[];
  upper: readonly number[];
  locked: readonly boolean[];
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const clip = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

export function noLimits(count: number): Limits {
  return { lower: Array(count).fill(0), upper: Array(count).fill(1), locked: Array(count).fill(false) };
}

/** Share `total` among parts in proportion to `weights`, each part within its own bounds. */
function share(
  total: number,
  weights: readonly number[],
  lower: readonly number[],
  upper: readonly number[],
): number[] {
  const at = (t: number) => weights.map((weight, i) => clip(weight * t, lower[i], upper[i]));
  let low = 0;
  let high = 1;
  while (sum(at(high)) < total && high < 1e9) high *= 4;
  for (let step = 0; step < 80; step += 1) {
    const middle = (low + high) / 2;
    if (sum(at(middle)) < total) low = middle;
    else high = middle;
  }
  const parts = at(high);
  // Parts of weight zero take a share only where those with weight are full.
  let missing = total - sum(parts);
  for (let round = 0; round < parts.length && Math.abs(missing) > 1e-12; round += 1) {
    const free = parts.map((part, i) => (missing > 0 ? upper[i] - part : part - lower[i]));
    const open = free.filter((room) => room > 1e-15).length;
    if (open === 0) break;
    const each = missing / open;
    for (let i = 0; i < parts.length; i += 1)
      if (free[i] > 1e-15) parts[i] = clip(parts[i] + each, lower[i], upper[i]);
    missing = total - sum(parts);
  }
  return parts;
}

/** The amounts that element `i` can take while locks and bounds hold: [least, most]. */
export function reach(i: number, fractions: readonly number[], limits: Limits): [number, number] {
  if (limits.locked[i]) return [fractions[i], fractions[i]];
  let fixed = 0;
  let least = 0;
  let most = 0;
  for (let j = 0; j < fractions.length; j += 1) {
    if (j === i) continue;
    if (limits.locked[j]) fixed += fractions[j];
    else {
      least += limits.lower[j];
      most += limits.upper[j];
    }
  }
  const low = clip(1 - fixed - most, limits.lower[i], limits.upper[i]);
  const high = clip(1 - fixed - least, limits.lower[i], limits.upper[i]);
  return [Math.min(low, high), Math.max(low, high)];
}

/** Move element `i` to `value`: the unlocked others share the rest in the proportions that `base` has. */
export function move(i: number, value: number, base: readonly number[], limits: Limits): number[] {
  const [low, high] = reach(i, base, limits);
  const result = [...base];
  result[i] = clip(value, low, high);
  const others = base.map((_, j) => j).filter((j) => j !== i && !limits.locked[j]);
  if (others.length === 0) return [...base];
  const held = sum(base.filter((_, j) => j !== i && limits.locked[j]));
  const weights = others.map((j) => base[j]);
  const parts = share(
    1 - result[i] - held,
    sum(weights) > 1e-9 ? weights : weights.map(() => 1),
    others.map((j) => limits.lower[j]),
    others.map((j) => limits.upper[j]),
  );
  for (let n = 0; n < others.length; n += 1) result[others[n]] = parts[n];
  return normalised(result);
}

/** The nearest amounts in the same proportions that keep the bounds; locked elements stay if that is possible. */
export function project(fractions: readonly number[], limits: Limits): number[] {
  const within = (j: number) =>
    fractions[j] >= limits.lower[j] - 1e-9 && fractions[j] <= limits.upper[j] + 1e-9;
  const free = fractions.map((_, j) => j).filter((j) => !limits.locked[j] || !within(j));
  const held = sum(fractions.filter((_, j) => !free.includes(j)));
  const weights = free.map((j) => fractions[j]);
  const parts = share(
    1 - held,
    sum(weights) > 1e-9 ? weights : weights.map(() => 1),
    free.map((j) => limits.lower[j]),
    free.map((j) => limits.upper[j]),
  );
  const result = [...fractions];
  for (let n = 0; n < free.length; n += 1) result[free[n]] = parts[n];
  return normalised(result);
}

/** Rounding errors go to the largest part, so that the sum is one to the last bit that matters. */
function normalised(fractions: number[]): number[] {
  const result = fractions.map((x) => (x < 1e-12 ? 0 : x));
  const largest = result.indexOf(Math.max(...result));
  result[largest] += 1 - sum(result);
  return result;
}

/** Weight fractions of atomic fractions. */
export function toWeight(fractions: readonly number[], masses: readonly number[]): number[] {
  const weights = fractions.map((x, i) => x * masses[i]);
  const total = sum(weights);
  return weights.map((weight) => weight / total);
}

/** Move element `i` to the weight fraction `weight`; what is held and bounded stays the atomic fraction. */
export function moveWeight(
  i: number,
  weight: number,
  base: readonly number[],
  limits: Limits,
  masses: readonly number[],
): number[] {
  let [low, high] = reach(i, base, limits);
  // The weight fraction grows with the atomic fraction, so halving finds it.
  for (let step = 0; step < 48; step += 1) {
    const middle = (low + high) / 2;
    if (toWeight(move(i, middle, base, limits), masses)[i] < weight) low = middle;
    else high = middle;
  }
  return move(i, (low + high) / 2, base, limits);
}

export function same(a: readonly number[], b: readonly number[], tolerance = 1e-9): boolean {
  return a.length === b.length && a.every((x, i) => Math.abs(x - b[i]) <= tolerance);
}

/** What is wrong with bounds, in one line; "" when compositions exist that keep them. */
export function boundsProblem(
  elements: readonly string[],
  lower: readonly number[],
  upper: readonly number[],
): string {
  for (let i = 0; i < elements.length; i += 1) {
    if (![lower[i], upper[i]].every((x) => x >= 0 && x <= 1))
      return `Limits of ${elements[i]} must lie between 0 and 100 at.%.`;
    if (lower[i] > upper[i]) return `The least ${elements[i]} is above its most: swap the two limits.`;
  }
  const per = (x: number) => `${Math.round(x * 1000) / 10} at.%`;
  if (sum(lower) > 1 + 1e-9) return `The least amounts add up to ${per(sum(lower))}: lower one of them.`;
  if (sum(upper) < 1 - 1e-9) return `The most amounts add up to only ${per(sum(upper))}: raise one of them.`;
  return "";
}
