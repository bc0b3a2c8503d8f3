/** A formula as people read it: amounts as subscripts, and what it is made of. No DOM. */
import { BY_SYMBOL } from "../shared/periodic";

export interface Piece {
  text: string;
  sub: boolean;
}

/** The text in pieces: an amount behind a symbol or a bracket is a subscript, a leading or lonely number is not. */
export function pieces(formula: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of formula.matchAll(/(?<=[A-Za-z)\]])\d+(?:\.\d+)?/g)) {
    if (match.index > from) found.push({ text: formula.slice(from, match.index), sub: false });
    found.push({ text: match[0], sub: true });
    from = match.index + match[0].length;
  }
  if (from < formula.length) found.push({ text: formula.slice(from), sub: false });
  return found;
}

/** Atoms of each element in the order written, brackets multiplied out; null for what is no plain formula. */
export function amounts(formula: string): Map<string, number> | null {
  const stack: Map<string, number>[] = [new Map()];
  const token = /([A-Z][a-z]?)(\d+(?:\.\d+)?)?|([([])|([)\]])(\d+(?:\.\d+)?)?|([\s\S])/g;
  for (const [, symbol, count, open, close, times, other] of formula.matchAll(token)) {
    if (other !== undefined) return null;
    const top = stack[stack.length - 1];
    if (open) stack.push(new Map());
    else if (close) {
      const inner = stack.pop()!;
      const outer = stack[stack.length - 1];
      if (!outer) return null;
      for (const [each, n] of inner) outer.set(each, (outer.get(each) ?? 0) + n * Number(times ?? 1));
    } else if (!BY_SYMBOL.has(symbol)) return null;
    else top.set(symbol, (top.get(symbol) ?? 0) + Number(count ?? 1));
  }
  if (stack.length !== 1) return null;
  const parts = [...stack[0]].filter(([, n]) => n > 0);
  return parts.length ? new Map(parts) : null;
}

export interface Search {
  elements: string[];
  without: string[];
}

/** "Ti O -Pb" as elements that must be there and that must not; text that says what is wrong otherwise. */
export function readSearch(text: string): Search | string {
  const search: Search = { elements: [], without: [] };
  for (const [, minus, word] of text.matchAll(/([-\u2212!]?)([^\s,;]+)/g)) {
    const symbol = word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
    if (!BY_SYMBOL.has(symbol))
      return `No element \u201c${word}\u201d: write symbols such as Ti O, and \u2212Pb for without lead.`;
    const list = minus ? search.without : search.elements;
    if (!list.includes(symbol)) list.push(symbol);
  }
  return search;
}

export function writeSearch({ elements, without }: Search): string {
  return [...elements, ...without.map((symbol) => `\u2212${symbol}`)].join(" ");
}
