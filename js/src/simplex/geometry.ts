/** The drawn triangle. The first element is the top corner, the second bottom left, the third bottom right. */
export type Point = [x: number, y: number];

export interface Triangle {
  /** Corners in the picture's units: top, left, right. */
  corners: [Point, Point, Point];
  side: number;
  height: number;
}

export function triangle(side: number, left: number, top: number): Triangle {
  const height = (side * Math.sqrt(3)) / 2;
  return {
    side,
    height,
    corners: [
      [left + side / 2, top],
      [left, top + height],
      [left + side, top + height],
    ],
  };
}

/** Where parts (a, b, c) that sum to one stand in the picture. */
export function toPoint(parts: ArrayLike<number>, { corners }: Triangle): Point {
  return [0, 1].map((axis) => corners.reduce((sum, corner, i) => sum + corner[axis] * parts[i], 0)) as Point;
}

/** Parts (a, b, c) of a place in the picture; negative outside the triangle. */
export function toParts([x, y]: Point, { corners, side, height }: Triangle): [number, number, number] {
  const a = (corners[1][1] - y) / height;
  const c = (x - corners[1][0]) / side - a / 2;
  return [a, 1 - a - c, c];
}

/** The nearest parts that are no less than zero (Euclidean projection onto the simplex). */
export function ontoSimplex(parts: readonly number[]): number[] {
  const sorted = [...parts].sort((a, b) => b - a);
  let sum = 0;
  let shift = 0;
  for (let i = 0; i < sorted.length; i += 1) {
    sum += sorted[i];
    const candidate = (sum - 1) / (i + 1);
    if (sorted[i] > candidate) shift = candidate;
  }
  return parts.map((x) => Math.max(0, x - shift));
}

/** The composition that stands at parts of a slice with the amount `fourth` of a fourth element. */
export function compose(parts: readonly number[], fourth: number | null): number[] {
  return fourth === null ? [...parts] : [...parts.map((x) => x * (1 - fourth)), fourth];
}

/** Parts within the slice of a composition; null at the corner of the fourth element, where a slice is a point. */
export function partsOf(fractions: readonly number[]): number[] | null {
  if (fractions.length === 3) return [...fractions];
  const rest = 1 - fractions[3];
  return rest < 1e-9 ? null : fractions.slice(0, 3).map((x) => x / rest);
}

/** Lines of equal value through a triangle sampled with `n` steps: pairs of points for each level. */
export function contours(
  values: ArrayLike<number>,
  n: number,
  levels: readonly number[],
  at: (i: number, j: number) => Point,
): [Point, Point][][] {
  const index = (i: number, j: number) => i * (n + 1) - (i * (i - 1)) / 2 + j;
  const lines: [Point, Point][][] = levels.map(() => []);
  const cell = (corners: [number, number][]) => {
    const v = corners.map(([i, j]) => values[index(i, j)]);
    if (!v.every(Number.isFinite)) return;
    levels.forEach((level, l) => {
      const cuts: Point[] = [];
      for (let e = 0; e < 3; e += 1) {
        const [a, b] = [v[e], v[(e + 1) % 3]];
        if (a < level === b < level) continue;
        const t = (level - a) / (b - a);
        const [p, q] = [at(...corners[e]), at(...corners[(e + 1) % 3])];
        cuts.push([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]);
      }
      if (cuts.length === 2) lines[l].push([cuts[0], cuts[1]]);
    });
  };
  for (let i = 0; i < n; i += 1)
    for (let j = 0; j < n - i; j += 1) {
      cell([
        [i, j],
        [i + 1, j],
        [i, j + 1],
      ]);
      if (j < n - i - 1)
        cell([
          [i + 1, j],
          [i + 1, j + 1],
          [i, j + 1],
        ]);
    }
  return lines;
}
