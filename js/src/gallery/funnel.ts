/** What is left after each filter: the same counts as matwidgets/widgets/_gallery.py. No DOM. */
import { allBits, and, andNot, type Bits, bitsOfRows, count, hasBit } from "./bits";
import { isOpen, OPEN, type Range, type Table, within } from "./table";

export interface Stage {
  kind: "all" | "chosen" | "elements" | "filter";
  name: string;
  count: number;
  kept?: boolean;
  /** Rows that go lost here, or would. */
  lost?: number;
  /** Rows that come in of which it is not known whether they pass. */
  unknown?: number;
}

export interface Rules {
  order: readonly string[];
  kept: readonly string[];
  ranges: Readonly<Record<string, Range>>;
  unknownPasses: boolean;
  elements: readonly string[];
  without: readonly string[];
  /** Rows that alone go in; null for all. */
  chosen: Uint32Array | null;
}

export interface Funnel {
  stages: Stage[];
  survivors: Bits;
  /** What comes into each filter. */
  entering: Map<string, Bits>;
  /** What goes lost at each filter that is kept. */
  lost: Map<string, Bits>;
}

export function funnel(table: Table, rules: Rules): Funnel {
  let left = allBits(table.n);
  const stages: Stage[] = [{ kind: "all", name: "", count: table.n }];
  if (rules.chosen) {
    left = bitsOfRows(rules.chosen, table.n);
    stages.push({ kind: "chosen", name: "", count: count(left) });
  }
  if (rules.elements.length || rules.without.length) {
    left = table.holding(rules.elements, rules.without, left);
    stages.push({ kind: "elements", name: "", count: count(left) });
  }
  const entering = new Map<string, Bits>();
  const lost = new Map<string, Bits>();
  for (const name of rules.order) {
    const range = rules.ranges[name] ?? OPEN;
    const passed = table.passes(name, range, rules.unknownPasses);
    const out = andNot(left, passed);
    const unknown = asks(table, name, range) ? count(and(left, table.unknown(name))) : 0;
    const kept = rules.kept.includes(name);
    entering.set(name, left);
    if (kept) {
      left = and(left, passed);
      lost.set(name, out);
    }
    stages.push({ kind: "filter", name, kept, count: count(left), lost: count(out), unknown });
  }
  return { stages, survivors: left, entering, lost };
}

export type Sign = "1" | "0" | "?";

/** How a row does at a filter, whether that is kept or not. */
export function signOf(table: Table, name: string, range: Range, row: number): Sign {
  if (!asks(table, name, range)) return "1";
  const value = table.value(name, row);
  if (value === null) return "?";
  return (typeof value === "number" ? within(value, range) : value) ? "1" : "0";
}

/** Whether a filter asks anything: a range that is open at both ends does not. */
function asks(table: Table, name: string, range: Range): boolean {
  return table.numbers(name) === null || !isOpen(range);
}

/** How many rows have a number in each of `bins` equal parts between the ends. */
export function histogram(
  numbers: Float32Array,
  rows: Bits,
  [low, high]: readonly number[],
  bins: number,
): Uint32Array {
  const heights = new Uint32Array(bins);
  const scale = high > low ? bins / (high - low) : 0;
  for (let i = 0; i < rows.length; i += 1)
    for (let word = rows[i]; word !== 0; word &= word - 1) {
      const x = numbers[(i << 5) + 31 - Math.clz32(word & -word)];
      if (!Number.isNaN(x)) heights[Math.min(bins - 1, Math.max(0, Math.floor((x - low) * scale)))] += 1;
    }
  return heights;
}

/** Those of `rows` in the order given. */
export function inOrder(rows: Bits, order: Uint32Array): Uint32Array {
  const found = new Uint32Array(count(rows));
  let at = 0;
  for (let i = 0; i < order.length; i += 1) if (hasBit(rows, order[i])) found[at++] = order[i];
  return found;
}
