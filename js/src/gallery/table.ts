import { unpack, type WireArray } from "../shared/arrays";
import { and, andNot, type Bits, bitsOf, bitsOfRows, emptyBits, hasBit, or } from "./bits";

export interface ColumnFacts {
  name: string;
  kind: "flag" | "number";
  unit: string;
  /** Least and largest number; empty where there is none. */
  ends: number[];
  /** Whether all numbers are whole, as counts are. */
  whole?: boolean;
  /** Rows of which nothing is known. */
  unknown: number;
}

/** Ends that are still inside; null is open. */
export type Range = readonly [low: number | null, high: number | null];
export const OPEN: Range = [null, null];

interface Values {
  facts: ColumnFacts;
  yes: Bits | null;
  numbers: Float32Array | null;
  unknown: Bits;
}

export interface Wire {
  n: number;
  columns: readonly ColumnFacts[];
  formulas: WireArray | null;
  flags: WireArray | null;
  numbers: WireArray | null;
}

/** The rows as typed arrays; what is asked twice is kept. */
export class Table {
  readonly names: string[];
  private readonly values = new Map<string, Values>();
  private readonly passed = new Map<string, { key: string; bits: Bits }>();
  private readonly orders = new Map<string, Uint32Array>();
  private held: Map<string, Bits> | null = null;

  private constructor(
    readonly n: number,
    names: string[],
    columns: readonly ColumnFacts[],
    flags: Uint8Array,
    numbers: Float32Array,
  ) {
    this.names = names;
    const plane = (n + 7) >>> 3;
    let flag = 0;
    let number = 0;
    for (const facts of columns) {
      if (facts.kind === "flag") {
        const [yes, unknown] = [0, 1].map((i) => bitsOf(flags.subarray((2 * flag + i) * plane), n));
        this.values.set(facts.name, { facts, yes, numbers: null, unknown });
        flag += 1;
      } else {
        const own = numbers.subarray(number * n, (number + 1) * n);
        const unknown = emptyBits(n);
        for (let i = 0; i < n; i += 1) if (Number.isNaN(own[i])) unknown[i >>> 5] |= 1 << (i & 31);
        this.values.set(facts.name, { facts, yes: null, numbers: own, unknown });
        number += 1;
      }
    }
  }

  /** Null where the arrays are not there (a saved notebook forgets them) or do not fit together. */
  static of({ n, columns, ...wire }: Wire): Table | null {
    const formulas = unpack(wire.formulas)?.data;
    const flags = (unpack(wire.flags)?.data ?? new Uint8Array(0)) as Uint8Array;
    const numbers = (unpack(wire.numbers)?.data ?? new Float32Array(0)) as Float32Array;
    if (!(formulas instanceof Uint8Array)) return null;
    const names = new TextDecoder().decode(formulas).split("\n");
    const [k, m] = ["flag", "number"].map((kind) => columns.filter((column) => column.kind === kind).length);
    if (names.length !== n || flags.length !== 2 * k * ((n + 7) >>> 3) || numbers.length !== m * n)
      return null;
    return new Table(n, names, columns, flags, numbers);
  }

  unknown(name: string): Bits {
    return this.values.get(name)!.unknown;
  }

  numbers(name: string): Float32Array | null {
    return this.values.get(name)?.numbers ?? null;
  }

  /** A truth value as true, false or null; a number, or null where it is unknown. */
  value(name: string, row: number): boolean | number | null {
    const { yes, numbers, unknown } = this.values.get(name)!;
    if (hasBit(unknown, row)) return null;
    return numbers ? numbers[row] : hasBit(yes!, row);
  }

  /** Rows that pass a filter. A range that is open at both ends asks nothing. */
  passes(name: string, range: Range, unknownPasses: boolean): Bits {
    const { yes, numbers, unknown } = this.values.get(name)!;
    const key = `${numbers ? range : ""}|${unknownPasses}`;
    const kept = this.passed.get(name);
    if (kept?.key === key) return kept.bits;
    const certain = numbers ? inside(numbers, range) : yes!;
    const open = numbers !== null && isOpen(range);
    const bits = unknownPasses || open ? or(certain, unknown) : andNot(certain, unknown);
    this.passed.set(name, { key, bits });
    return bits;
  }

  /** Rows whose formula has all of these elements and none of those. */
  holding(elements: readonly string[], without: readonly string[], from: Bits): Bits {
    this.held ??= index(this.names);
    const none = emptyBits(this.n);
    let left = from;
    for (const symbol of elements) left = and(left, this.held.get(symbol) ?? none);
    for (const symbol of without) left = andNot(left, this.held.get(symbol) ?? none);
    return left;
  }

  /** All rows in the order of a number, "-name" from the largest; what is unknown comes last. */
  order(by: string): Uint32Array | null {
    const kept = this.orders.get(by);
    if (kept) return kept;
    const numbers = this.numbers(by.replace(/^-/, "")) ?? this.numbers(by);
    if (!by || !numbers) return null;
    const sign = by.startsWith("-") ? -1 : 1;
    const known: number[] = [];
    const rest: number[] = [];
    for (let i = 0; i < this.n; i += 1) (Number.isNaN(numbers[i]) ? rest : known).push(i);
    const rows = Uint32Array.from(known).sort((a, b) => sign * (numbers[a] - numbers[b]) || a - b);
    const order = new Uint32Array(this.n);
    order.set(rows);
    order.set(rest, rows.length);
    this.orders.set(by, order);
    return order;
  }
}

export function isOpen([low, high]: Range): boolean {
  return low === null && high === null;
}

/** Ends are rounded to float32 like the numbers, in Python as well: a row with 1.1 is inside a range that ends at 1.1. */
function rounded([low, high]: Range): [least: number, most: number] {
  return [
    low === null ? Number.NEGATIVE_INFINITY : Math.fround(low),
    high === null ? Number.POSITIVE_INFINITY : Math.fround(high),
  ];
}

export function within(x: number, range: Range): boolean {
  const [least, most] = rounded(range);
  return x >= least && x <= most;
}

function inside(numbers: Float32Array, range: Range): Bits {
  const bits = emptyBits(numbers.length);
  const [least, most] = rounded(range);
  for (let at = 0; at < bits.length; at += 1) {
    let word = 0;
    for (let i = at << 5, bit = 1; bit !== 0 && i < numbers.length; i += 1, bit <<= 1)
      if (numbers[i] >= least && numbers[i] <= most) word |= bit;
    bits[at] = word;
  }
  return bits;
}

/** For each symbol the rows that hold it. */
function index(names: readonly string[]): Map<string, Bits> {
  const rows = new Map<number, number[]>();
  names.forEach((name, row) => {
    for (let i = 0; i < name.length; i += 1) {
      const first = name.charCodeAt(i);
      if (first < 65 || first > 90) continue;
      const second = name.charCodeAt(i + 1);
      const code = second >= 97 && second <= 122 ? first * 128 + second : first * 128;
      const own = rows.get(code);
      if (!own) rows.set(code, [row]);
      else if (own[own.length - 1] !== row) own.push(row);
    }
  });
  const text = (code: number) =>
    String.fromCharCode(code >>> 7) + (code & 127 ? String.fromCharCode(code & 127) : "");
  return new Map([...rows].map(([code, own]) => [text(code), bitsOfRows(own, names.length)]));
}
