/** What is said and written of peaks and patterns. No DOM. */
import { fixed } from "../shared/format";
import { type Axis, scattering, spacing } from "./angles";
import type { Kind, Pattern, Peak } from "./state";
import type { Score } from "./traits";

export const KIND_WORDS: Record<Kind, string> = {
  plain: "peak",
  matched: "matched",
  missed: "missed",
  extra: "extra",
};

export function axisName(axis: Axis, radiation: string): string {
  const source = radiation ? `, ${radiation}` : "";
  if (axis === "d") return `d (Å), evenly spaced in 1/d${source}`;
  return axis === "q" ? `q (Å⁻¹)${source}` : `2θ (degrees)${source}`;
}

/** "2θ 45.45°", "d 1.994 Å", "q 3.151 Å⁻¹". */
export function where(twoTheta: number, wavelength: number): string[] {
  return [
    `2θ ${fixed(twoTheta, 2)}°`,
    `d ${fixed(spacing(twoTheta, wavelength), 3)} Å`,
    `q ${fixed(scattering(twoTheta, wavelength), 3)} Å⁻¹`,
  ];
}

/** Of a tip: place, spacing, intensity, and what became of it. */
export function peakLines(peak: Peak, wavelength: number, pattern: Pattern): string[] {
  const [angle, d] = where(peak.at, wavelength);
  return [`${angle}, ${d}, ${share(peak.intensity)}`, fate(peak, pattern)].filter(Boolean);
}

function share(intensity: number): string {
  return intensity < 10 ? `${fixed(intensity, 1)} %` : `${fixed(intensity, 0)} %`;
}

function fate({ kind, partner }: Peak, { otherName, name }: Pattern): string {
  if (kind === "matched") return `matched: ${otherName} has it at ${fixed(partner as number, 2)}°`;
  if (kind === "missed") return `missed: ${otherName} has none here`;
  return kind === "extra" ? `extra: ${otherName} has it, ${name} has none` : "";
}

/** To be heard. */
export function spokenPeak(
  peak: Peak,
  number: number,
  count: number,
  wavelength: number,
  pattern: Pattern,
): string {
  const said = [
    `Peak ${number} of ${count}: ${fixed(peak.at, 2)} degrees 2 theta`,
    `d ${fixed(spacing(peak.at, wavelength), 3)} angstrom`,
    `relative intensity ${share(peak.intensity).replace(" %", " per cent")}`,
  ];
  return [said.join(", "), fate(peak, pattern).replace("°", " degrees")].filter(Boolean).join("; ");
}

export function spokenPlace(
  at: number,
  wavelength: number,
  values: readonly (readonly [string, number])[],
): string {
  const d = fixed(spacing(at, wavelength), 3);
  const heights = values.map(([name, value]) => `${name} ${fixed(value, 3)}`);
  return [`${fixed(at, 2)} degrees 2 theta`, `d ${d} angstrom`, ...heights].join(", ");
}

/** "9 peaks", and from which height peaks count, where that is known. */
export function countWords(count: number, least: number): string {
  return [count === 1 ? "1 peak" : `${count} peaks`, fromWords(least)].filter(Boolean).join(" ");
}

function fromWords(least: number): string {
  return least > 0 ? `from ${least} % of the strongest` : "";
}

export function scoreWords([matched, peaks, right, found]: Score, within: number, least: number): string {
  const part = (name: string, some: number, all: number) =>
    all === 0 ? `${name}: no peak` : `${name} ${some} of ${all} peaks (${fixed((100 * some) / all, 0)} %)`;
  return `${part("Recall", matched, peaks)}; ${part("precision", right, found)}; ${["peaks", fromWords(least)].filter(Boolean).join(" ")} within ${within}° count as the same`;
}

/** What of a note is to be heard: that a pattern is not to be trusted, or not that of its composition. */
export function warningOf(note: string): string {
  return note
    .split("; ")
    .filter((part) => part.includes("do not trust") || part.includes("half lent by"))
    .join("; ");
}
