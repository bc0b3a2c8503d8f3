/**
 * The simplex grid and what lies between its points. With k parts and n steps the grid holds every composition whose
 * amounts are whole multiples of 1/n, in lexicographic order (the first part slowest), as Python sends it.
 */

/** Number of compositions of `k` parts with `n` steps: (n + k - 1 choose k - 1). */
export function gridSize(k: number, n: number): number {
  let size = 1;
  for (let i = 1; i < k; i += 1) size = (size * (n + i)) / i;
  return Math.round(size);
}

/** Place of a grid point in the arrays. */
export function gridIndex(counts: readonly number[], n: number): number {
  let index = 0;
  let left = n;
  for (let part = 0; part < counts.length - 1; part += 1) {
    const rest = counts.length - 1 - part;
    // All points whose amount of this part is less: sum over a < counts of the grids of the remaining parts.
    index += gridSize(rest + 1, left) - gridSize(rest + 1, left - counts[part]);
    left -= counts[part];
  }
  return index;
}

/** Every grid point as counts, in the order of the arrays. */
export function gridPoints(k: number, n: number): number[][] {
  if (k === 1) return [[n]];
  const points: number[][] = [];
  for (let first = 0; first <= n; first += 1)
    for (const rest of gridPoints(k - 1, n - first)) points.push([first, ...rest]);
  return points;
}

/**
 * Linear interpolation within the small simplices of the grid. The cumulative amounts y_j = n (x_1 + ... + x_j) never
 * fall, and the unit cells of y, cut along their diagonals (Kuhn's triangulation), are small simplices whose corners
 * are grid points: the values there are mixed with the barycentric weights.
 */
export class Interpolator {
  private readonly y: Float64Array;
  private readonly part: Float64Array;
  private readonly order: number[];
  private readonly counts: number[];
  private readonly indices: Int32Array;
  private readonly weights: Float64Array;

  constructor(
    readonly k: number,
    readonly n: number,
  ) {
    this.y = new Float64Array(k - 1);
    this.part = new Float64Array(k - 1);
    this.order = Array.from({ length: k - 1 }, (_, i) => i);
    this.counts = Array(k).fill(0);
    this.indices = new Int32Array(k);
    this.weights = new Float64Array(k);
  }

  /** Find the corners around a composition; `at` then mixes any field of the grid. */
  locate(fractions: ArrayLike<number>): this {
    const { k, n, y, part, order, counts, indices, weights } = this;
    let sum = 0;
    for (let j = 0; j < k - 1; j += 1) {
      sum += fractions[j];
      const exact = Math.min(n, Math.max(0, sum * n));
      const near = Math.round(exact);
      // Rounding errors must not put a grid point into the cell beside it.
      const value = Math.abs(exact - near) < 1e-7 ? near : exact;
      y[j] = Math.floor(value);
      part[j] = value - y[j];
    }
    // Equal amounts rise together: the later sum first, so that the sums never fall.
    order.sort((a, b) => part[b] - part[a] || b - a);
    let before = 1;
    for (let corner = 0; corner < k; corner += 1) {
      const next = corner < k - 1 ? part[order[corner]] : 0;
      weights[corner] = before - next;
      before = next;
      indices[corner] = 0;
      if (weights[corner] > 0) {
        for (let j = 0; j < k - 1; j += 1) counts[j] = y[j] - (j > 0 ? y[j - 1] : 0);
        counts[k - 1] = n - y[k - 2];
        indices[corner] = gridIndex(counts, n);
      }
      if (corner < k - 1) y[order[corner]] += 1;
    }
    return this;
  }

  at(field: ArrayLike<number>): number {
    let value = 0;
    for (let corner = 0; corner < this.k; corner += 1)
      if (this.weights[corner] > 0) value += this.weights[corner] * field[this.indices[corner]];
    return value;
  }
}
