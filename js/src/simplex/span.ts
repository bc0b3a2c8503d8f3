/** Ends of the colours and of the field itself. */
export interface Span {
  low: number;
  high: number;
  least: number;
  most: number;
}

const RARE = 0.015;
const FAR = 0.15;

/**
 * Where the colours of a field begin and end. A corner such as diamond would leave one colour for all the rest: where
 * the outermost 1.5 % of the points reach far beyond the others (over 15 % of their span), the colours end before them
 * and the legend says how far the field goes. The same rule as matwidgets/widgets/_simplex.py.
 */
export function spanOf(field: ArrayLike<number>): Span | null {
  const sorted = Float64Array.from(Array.from(field).filter(Number.isFinite)).sort();
  if (sorted.length === 0) return null;
  const last = sorted.length - 1;
  const [least, most] = [sorted[0], sorted[last]];
  const rare = Math.floor(last * RARE);
  const [inner, outer] = [sorted[rare], sorted[last - rare]];
  const far = FAR * (outer - inner);
  const low = inner - least > far ? inner : least;
  const high = most - outer > far ? outer : most;
  if (high > low) return { low, high, least, most };
  return { low: least - 0.5, high: least + 0.5, least, most };
}
