/** Which elements of a large system are drawn and told: the many that hardly occur would hide the few that do. */
import { percent } from "../shared/format";

/** Elements: beyond, not all are drawn and told. */
export const MANY = 8;
/** Atomic fraction that reads 0.0 %. */
export const TRACE = 5e-4;
/** Atomic fraction that is told one by one in a large system. */
export const TOLD = 0.01;

/** The columns of a large system as lines: some elements by name, the rest as one sum. */
export interface Shares {
  elements: string[];
  /** Sum of all others, row by row; null where every element that occurs has a line of its own. */
  others: number[] | null;
}

/**
 * The elements with the largest shares at the last step that has any, at most eight lines in all; where fewer than that
 * have a hundredth there, those that had most before.
 */
export function drawnShares(
  elements: readonly string[],
  column: (element: string) => readonly number[],
): Shares {
  if (elements.length <= MANY) return { elements: [...elements], others: null };
  const columns = new Map(elements.map((element) => [element, column(element)]));
  const most = (element: string) =>
    (columns.get(element) ?? []).reduce((high, x) => (x > high ? x : high), 0);
  const present = elements.filter((element) => most(element) > TRACE);
  if (present.length <= MANY) return { elements: present, others: null };
  const last = (element: string) => {
    const x = (columns.get(element) ?? []).findLast(Number.isFinite) ?? 0;
    return x >= TOLD ? x : 0;
  };
  const first = present.toSorted((a, b) => last(b) - last(a) || most(b) - most(a)).slice(0, MANY - 1);
  const rest = elements.filter((element) => !first.includes(element));
  const rows = columns.get(first[0])?.length ?? 0;
  const others = Array.from({ length: rows }, (_, row) =>
    rest.reduce((sum, element) => sum + (columns.get(element)?.[row] ?? 0), 0),
  );
  return { elements: elements.filter((element) => first.includes(element)), others };
}

/** The elements that are told one by one, and how many more there are of less than a hundredth. */
export function toldShares(
  elements: readonly string[],
  fractions: readonly number[],
): { told: [element: string, fraction: number][]; below: number } {
  const all = elements.map((element, i): [string, number] => [element, fractions[i]]);
  if (elements.length <= MANY) return { told: all, below: 0 };
  return {
    told: all.filter(([, x]) => x >= TOLD),
    below: all.filter(([, x]) => x > TRACE && x < TOLD).length,
  };
}

/** "Ti 52.6 %, C 47.4 %", of a large system "Ti 52.6 %, C 46.4 % and 3 below 1 %". */
export function spokenShares(elements: readonly string[], fractions: readonly number[]): string {
  const { told, below } = toldShares(elements, fractions);
  const parts = told.filter(([, x]) => x > 0).map(([element, x]) => `${element} ${percent(x)} %`);
  return [parts.join(", "), below ? belowText(below) : ""].filter(Boolean).join(" and ");
}

export function belowText(below: number): string {
  return `${below} below 1 %`;
}
