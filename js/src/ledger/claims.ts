/** A ledger's document in words. No DOM. */
import { DASH, quantity } from "../shared/format";

export const VERDICTS = [
  "reproduced",
  "close",
  "not reproduced",
  "holds trivially",
  "not attempted",
] as const;
export type Verdict = (typeof VERDICTS)[number];
export type Value = number | [number, number] | string | null;

export interface Claim {
  id: string;
  quantity: string;
  unit?: string | null;
  published: Value;
  here: Value;
  control: Value;
  where?: string;
  control_is?: string;
  tolerance?: number | null;
  tolerance_reason?: string;
  protocol?: string;
  recorded?: { value: Value; where: string } | null;
  verdict: Verdict;
  why?: string;
}

export interface Document {
  paper?: string;
  preset?: string;
  seed?: number;
  wall_s?: number | null;
  peak_rss_mb?: number | null;
  data?: { name: string; sha256: string | null; rows: number }[];
  versions?: Record<string, string>;
  claims: Claim[];
}

export function shown(value: Value | undefined): string {
  if (value === null || value === undefined) return DASH;
  if (Array.isArray(value)) return value.map((part) => shown(part)).join(" to ");
  if (typeof value === "string") return value;
  if (Number.isInteger(value) && Math.abs(value) < 1e6)
    return value.toLocaleString("en").replaceAll(",", "\u202f").replace("-", "\u2212");
  return quantity(value).replace(/\.?0+(?=$|\u00d7)/, (zeros, at, text) =>
    text.slice(0, at + 1).includes(".") ? "" : zeros,
  );
}

/** How many of each verdict, those that occur, in their order. */
export function tally(claims: readonly Claim[]): { verdict: Verdict; count: number }[] {
  return VERDICTS.map((verdict) => ({
    verdict,
    count: claims.filter((claim) => claim.verdict === verdict).length,
  })).filter(({ count }) => count > 0);
}

/** How a number was obtained: label and text, only what there is. */
export function details(claim: Claim): [string, string][] {
  const unit = claim.unit ? ` ${claim.unit}` : "";
  const allowed =
    claim.tolerance === null || claim.tolerance === undefined ? "" : `± ${shown(claim.tolerance)}${unit}`;
  const kept = claim.recorded ? `${shown(claim.recorded.value)}${unit} (${claim.recorded.where})` : "";
  const all: [string, string | undefined][] = [
    ["In the paper", claim.where],
    ["Protocol", claim.protocol],
    ["Control", claim.control_is],
    ["Tolerance", [allowed, claim.tolerance_reason].filter(Boolean).join(": ")],
    ["Recorded at training", kept],
    ["Why", claim.why],
  ];
  return all.filter((pair): pair is [string, string] => Boolean(pair[1]));
}

/** What the numbers stand on: run, tables, versions. */
export function grounds(doc: Document): string[] {
  const lines: string[] = [];
  const cost = [
    doc.wall_s === null || doc.wall_s === undefined ? "" : `${quantity(doc.wall_s, 3)} s`,
    doc.peak_rss_mb === null || doc.peak_rss_mb === undefined
      ? ""
      : `${quantity(doc.peak_rss_mb, 3)} MB at most`,
  ].filter(Boolean);
  if (cost.length) lines.push(`This run took ${cost.join(" and ")}.`);
  for (const { name, sha256, rows } of doc.data ?? [])
    lines.push(`Table ${name}: ${shown(rows)} rows${sha256 ? `, sha256 ${sha256.slice(0, 12)}…` : ""}`);
  const versions = Object.entries(doc.versions ?? {}).map(([name, version]) => `${name} ${version}`);
  if (versions.length) lines.push(versions.join(", "));
  return lines;
}
