/** What the gallery says in words. No DOM. */
import { fixed, quantity } from "../shared/format";
import type { Sign, Stage } from "./funnel";
import type { Card } from "./state";
import { type ColumnFacts, isOpen, type Range } from "./table";

export const MARK = { yes: "✓", no: "✗", unknown: "?" } as const;
export type Mark = keyof typeof MARK;
export const MINUS = "\u2212";

/** To `significant` figures without zeros that say nothing: 0.1, not 0.1000. */
export function short(x: number, significant = 4): string {
  return quantity(x, significant)
    .replace(/(\.\d*?)0+(?!\d)/, "$1")
    .replace(/\.(?!\d)/, "");
}

/** A number on a card: to three figures, and no further than the column's largest has four. */
export function cardNumber({ ends, whole }: ColumnFacts, x: number): string {
  const place = (y: number) => (y === 0 ? 0 : Math.floor(Math.log10(Math.abs(y))));
  const top = place(Math.max(...ends.map(Math.abs)));
  if (whole && top <= 5) return fixed(x, 0);
  return top < -3 || top > 5 ? quantity(x, 3) : fixed(x, Math.max(0, Math.min(3 - top, 2 - place(x))));
}

/** 12,345 */
export function whole(n: number): string {
  return n.toLocaleString("en-US");
}

export function share(part: number, of: number): string {
  if (!of) return "";
  const percent = (100 * part) / of;
  // 99.97 % is not all of them, 0.02 % not none
  const digits = percent > 0 && (percent < 0.1 || (percent > 99.9 && percent < 100)) ? 2 : 1;
  return percent > 0 && percent < 0.005 ? "< 0.01 %" : `${fixed(percent, digits)} %`;
}

export function rangeText(range: Range, unit: string): string {
  const [low, high] = range;
  const tail = unit ? ` ${unit}` : "";
  if (isOpen(range)) return "any number";
  if (high === null) return `≥ ${short(low as number)}${tail}`;
  if (low === null) return `≤ ${short(high)}${tail}`;
  return `${short(low)} – ${short(high)}${tail}`;
}

export function stageName(stage: Stage, elements: readonly string[], without: readonly string[]): string {
  if (stage.kind === "all") return "generated";
  if (stage.kind === "chosen") return "chosen";
  if (stage.kind === "elements")
    return [elements.length && `with ${elements.join(" ")}`, without.length && `without ${without.join(" ")}`]
      .filter(Boolean)
      .join(", ");
  return stage.name;
}

/** "neutral: kept, leaves 4,120, 41.2 %; 1,230 go lost, 3 of them unknown". */
export function spokenStage(stage: Stage, pool: number): string {
  const lost = whole(stage.lost ?? 0);
  const unknown = stage.unknown ? `; of ${whole(stage.unknown)} that come in it is not known` : "";
  return stage.kept
    ? `${stage.name}: leaves ${whole(stage.count)}, ${share(stage.count, pool)}; ${lost} go lost${unknown}`
    : `${stage.name}: not applied, it would lose ${lost}${unknown}`;
}

export interface Line {
  mark: Mark | null;
  text: string;
  /** A number with its unit, or "". */
  value: string;
}

const MARKS: Record<Sign, Mark> = { "1": "yes", "0": "no", "?": "unknown" };

/** What a card says of a column: by a sign and by a word. */
export function line(column: ColumnFacts, value: boolean | number | null, sign: Sign | null): Line {
  if (column.kind === "flag") {
    const mark = value === null ? "unknown" : value ? "yes" : "no";
    const text = value === null ? `${column.name}: unknown` : value ? column.name : `not ${column.name}`;
    return { mark, text, value: "" };
  }
  const told =
    value === null
      ? "unknown"
      : `${cardNumber(column, value as number)}${column.unit ? ` ${column.unit}` : ""}`;
  return { mark: sign && MARKS[sign], text: column.name, value: told };
}

/** The whole card for a screen reader. */
export function spokenCard(card: Card, lines: readonly Line[]): string {
  const told = lines.map(({ mark, text, value }) => {
    if (!value) return text;
    const passes = mark === "no" ? ", outside the range" : "";
    return `${text} ${value}${passes}`;
  });
  return [card.formula, ...told].join(", ");
}
