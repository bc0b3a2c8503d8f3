/** The points: their places as Python has them, which is nearest, which lie inside a shape. No DOM. */
export type Place = readonly [x: number, y: number];
export type Extent = readonly [x0: number, x1: number, y0: number, y1: number];

const FINEST = 2 ** 24 - 1;
const CELLS = 256; // a side, of the grid that finds the nearest point

export class Cloud {
  readonly count: number;
  private starts: Uint32Array | null = null;
  private members = new Uint32Array(0);

  constructor(
    readonly x: Float64Array,
    readonly y: Float64Array,
    readonly extent: Extent,
  ) {
    this.count = x.length;
  }

  /** Of the wire's 24 bits: the same operations as in Python, so the same numbers. */
  static of(coarse: Uint16Array, fine: Uint8Array | null, extent: Extent): Cloud {
    const count = coarse.length / 2;
    const [x0, x1, y0, y1] = extent;
    const [dx, dy] = [(x1 - x0) / FINEST, (y1 - y0) / FINEST];
    const [x, y] = [new Float64Array(count), new Float64Array(count)];
    for (let i = 0; i < count; i += 1) {
      x[i] = x0 + ((coarse[2 * i] << 8) | (fine ? fine[2 * i] : 128)) * dx;
      y[i] = y0 + ((coarse[2 * i + 1] << 8) | (fine ? fine[2 * i + 1] : 128)) * dy;
    }
    return new Cloud(x, y, extent);
  }

  /** The point nearest to a place within `reach`, or -1. */
  nearest([px, py]: Place, reach = Number.POSITIVE_INFINITY): number {
    if (this.count === 0) return -1;
    const starts = this.index();
    const [x0, x1, y0, y1] = this.extent;
    const [w, h] = [(x1 - x0) / CELLS, (y1 - y0) / CELLS];
    const clip = (cell: number) => Math.min(CELLS - 1, Math.max(0, cell));
    const [cx, cy] = [clip(Math.floor((px - x0) / w)), clip(Math.floor((py - y0) / h))];
    let best = -1;
    let least = reach * reach;
    // Rings of cells around the place, until a further ring cannot hold a nearer point.
    for (let ring = 0; ring < CELLS; ring += 1) {
      for (let j = cy - ring; j <= cy + ring; j += 1) {
        if (j < 0 || j >= CELLS) continue;
        const edge = j === cy - ring || j === cy + ring;
        for (let i = cx - ring; i <= cx + ring; i += edge ? 1 : Math.max(1, 2 * ring)) {
          if (i < 0 || i >= CELLS) continue;
          const cell = j * CELLS + i;
          for (let m = starts[cell]; m < starts[cell + 1]; m += 1) {
            const row = this.members[m];
            const d = (this.x[row] - px) ** 2 + (this.y[row] - py) ** 2;
            if (d < least || (d === least && row < best)) [least, best] = [d, row];
          }
        }
      }
      const inside = Math.min(
        px - (x0 + (cx - ring) * w),
        x0 + (cx + ring + 1) * w - px,
        py - (y0 + (cy - ring) * h),
        y0 + (cy + ring + 1) * h - py,
      );
      if (inside > 0 && inside * inside >= least) break;
    }
    return best;
  }

  /** Rows inside a polygon, ascending (even-odd rule). */
  inside(polygon: readonly Place[]): Uint32Array {
    if (polygon.length < 3) return new Uint32Array(0);
    const xs = polygon.map(([x]) => x);
    const ys = polygon.map(([, y]) => y);
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const rows: number[] = [];
    for (let row = 0; row < this.count; row += 1) {
      const [x, y] = [this.x[row], this.y[row]];
      if (x < left || x > right || y < low || y > high) continue;
      let within = false;
      for (let a = 0, b = xs.length - 1; a < xs.length; b = a, a += 1)
        if (ys[a] > y !== ys[b] > y && x < ((xs[b] - xs[a]) * (y - ys[a])) / (ys[b] - ys[a]) + xs[a])
          within = !within;
      if (within) rows.push(row);
    }
    return Uint32Array.from(rows);
  }

  /** Rows inside a rectangle given by two corners, ascending. */
  box([ax, ay]: Place, [bx, by]: Place): Uint32Array {
    const [left, right, low, high] = [Math.min(ax, bx), Math.max(ax, bx), Math.min(ay, by), Math.max(ay, by)];
    const rows: number[] = [];
    for (let row = 0; row < this.count; row += 1)
      if (this.x[row] >= left && this.x[row] <= right && this.y[row] >= low && this.y[row] <= high)
        rows.push(row);
    return Uint32Array.from(rows);
  }

  /** Rows of each cell, by counting; made when first asked for. */
  private index(): Uint32Array {
    if (this.starts) return this.starts;
    const [x0, x1, y0, y1] = this.extent;
    const cell = (row: number) => {
      const i = Math.min(CELLS - 1, Math.max(0, Math.floor(((this.x[row] - x0) / (x1 - x0)) * CELLS)));
      const j = Math.min(CELLS - 1, Math.max(0, Math.floor(((this.y[row] - y0) / (y1 - y0)) * CELLS)));
      return j * CELLS + i;
    };
    const starts = new Uint32Array(CELLS * CELLS + 1);
    for (let row = 0; row < this.count; row += 1) starts[cell(row) + 1] += 1;
    for (let i = 0; i < CELLS * CELLS; i += 1) starts[i + 1] += starts[i];
    const at = starts.slice();
    const members = new Uint32Array(this.count);
    for (let row = 0; row < this.count; row += 1) {
      const c = cell(row);
      members[at[c]] = row;
      at[c] += 1;
    }
    this.members = members;
    this.starts = starts;
    return starts;
  }
}

/**
 * A step with no factor in common with `count`, near its golden section: taking rows by it, any first part of them
 * is spread evenly over the whole, however the rows are sorted.
 */
export function stride(count: number): number {
  const divisor = (a: number, b: number): number => (b ? divisor(b, a % b) : a);
  let step = Math.max(1, Math.round(count * 0.6180339887));
  while (divisor(step, count) !== 1) step += 1;
  return step;
}

/** Rows of both sets, or of the first without the second; ascending. */
export function combine(a: Uint32Array, b: Uint32Array, how: "add" | "remove"): Uint32Array {
  const set = new Set(a);
  for (const row of b)
    if (how === "add") set.add(row);
    else set.delete(row);
  return Uint32Array.from(set).sort();
}
