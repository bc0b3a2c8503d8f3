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
  private readonly order: Int32Array;
  private readonly indices: Int32Array;
  private readonly weights: Float64Array;
  /** Sizes of the grids of 2, 3, ... parts by their steps: fields are painted pixel by pixel, so nothing is made anew. */
  private readonly sizes: Float64Array[];

  constructor(
    readonly k: number,
    readonly n: number,
  ) {
    this.y = new Float64Array(k - 1);
    this.part = new Float64Array(k - 1);
    this.order = new Int32Array(k - 1);
    this.indices = new Int32Array(k);
    this.weights = new Float64Array(k);
    this.sizes = Array.from({ length: k - 1 }, (_, rest) =>
      Float64Array.from({ length: n + 1 }, (_, steps) => gridSize(rest + 2, steps)),
    );
  }

  /** Find the corners around a composition; `at` then mixes any field of the grid. */
  locate(fractions: ArrayLike<number>): this {
    const { k, n, y, part, order, indices, weights } = this;
    let sum = 0;
    for (let j = 0; j < k - 1; j += 1) {
      sum += fractions[j];
      const exact = Math.min(n, Math.max(0, sum * n));
      const near = Math.round(exact);
      // Rounding errors must not put a grid point into the cell beside it.
      const value = Math.abs(exact - near) < 1e-7 ? near : exact;
      y[j] = Math.floor(value);
      part[j] = value - y[j];
      // Largest remainder first; equal ones rise together: the later sum first, so that the sums never fall.
      let at = j;
      while (at > 0 && part[order[at - 1]] <= part[j]) {
        order[at] = order[at - 1];
        at -= 1;
      }
      order[at] = j;
    }
    let before = 1;
    for (let corner = 0; corner < k; corner += 1) {
      const next = corner < k - 1 ? part[order[corner]] : 0;
      weights[corner] = before - next;
      before = next;
      indices[corner] = weights[corner] > 0 ? this.index() : 0;
      if (corner < k - 1) y[order[corner]] += 1;
    }
    return this;
  }

  /** Place of the grid point with the sums `y`, as `gridIndex` counts it. */
  private index(): number {
    const { k, n, y, sizes } = this;
    let index = 0;
    let before = 0;
    for (let part = 0; part < k - 1; part += 1) {
      const size = sizes[k - 2 - part];
      index += size[n - before] - size[n - y[part]];
      before = y[part];
    }
    return index;
  }

  at(field: ArrayLike<number>): number {
    let value = 0;
    for (let corner = 0; corner < this.k; corner += 1)
      if (this.weights[corner] > 0) value += this.weights[corner] * field[this.indices[corner]];
    return value;
  }
}
