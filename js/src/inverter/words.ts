/** What the inverter says of an alloy. No DOM. */
import { fixed, percent, quantity } from "../shared/format";
import type { Alloy, Feature, Lesson, Side } from "./state";

export const SIDES: Record<Side, string> = { single: "a single phase", multi: "several phases" };

export function chance(probability: number): string {
  return fixed(probability, 2);
}

/** "0.21 ± 0.08" */
export function chanceText({ probability, std }: Alloy): string {
  return std === null ? chance(probability) : `${chance(probability)} ± ${fixed(std, 2)}`;
}

export function spokenChance(record: Alloy): string {
  const spread =
    record.std === null ? "" : `, give or take ${fixed(record.std, 2)} between the members of the model`;
  return `probability of a single phase ${chance(record.probability)}${spread}`;
}

/** The whole alloy, for a screen reader. */
export function spokenAlloy(record: Alloy): string {
  const where = record.step === 0 ? "" : `Step ${record.step}: `;
  return `${where}${record.alloy}, ${spokenChance(record)}. ${record.verdict.text}. ${reliability(record)}`;
}

/** "inside the training data", where that is known, and the nearest known alloy. */
export function reliability({ in_domain, nearest }: Alloy): string {
  const near = nearest && `nearest known alloy: ${nearest}`;
  const where = in_domain === null ? "" : `${in_domain ? "inside" : "outside"} the training data`;
  return [where, near].filter(Boolean).join("; ");
}

/** "Co 15.8 at.%, before 14.2" */
export function spokenShare(symbol: string, now: number, before: number | null): string {
  const was = before === null ? "" : `, before ${percent(before)}`;
  return `${symbol} ${percent(now)} atomic per cent${was}`;
}

/** Two values with the decimals that tell them apart. */
export function values(now: number, before: number | null): [now: string, before: string] {
  if (before === null) return [quantity(now, 4), ""];
  const largest = Math.max(Math.abs(now), Math.abs(before));
  const digits = largest === 0 ? 0 : Math.max(0, 3 - Math.floor(Math.log10(largest)));
  if (largest >= 1e5 || largest < 1e-3) return [quantity(now, 4), quantity(before, 4)];
  return [fixed(now, digits), fixed(before, digits)];
}

/** "+0.12"; a real minus sign. */
export function signed(value: number): string {
  const text = fixed(value, 3);
  return value > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** "+0.120, before −0.031", for a screen reader and the pointer. */
export function spokenContribution(now: Feature, before: Feature | null): string {
  const one = (feature: Feature) => (feature.shapley === null ? "not known" : signed(feature.shapley));
  return before ? `${one(now)}, before ${one(before)}` : one(now);
}

/** What the contributions add up to, where the base is known. */
export function sumText(record: Alloy): string {
  const parts = record.features.map(({ shapley }) => shapley);
  if (record.base === null || parts.some((part) => part === null)) return "";
  const sum = (parts as number[]).reduce((total, part) => total + part, 0);
  return `Mean probability ${fixed(record.base, 3)}, all features together ${signed(sum)}, makes ${fixed(record.base + sum, 3)}.`;
}

export function progressText({ steps = 0, total, seconds_left }: Lesson): string {
  const left =
    typeof seconds_left === "number" ? `, about ${Math.max(1, Math.round(seconds_left))} s left` : "";
  return total ? `${Math.round((100 * steps) / total)} %${left}` : `${steps} steps${left}`;
}
