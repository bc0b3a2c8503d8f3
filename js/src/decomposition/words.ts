/** Numbers of a decomposition as people write them. No DOM. */
import { DASH, fixed } from "../shared/format";
import { nameOf } from "../shared/periodic";
import type { Balance, Phase } from "./state";

/** An energy per atom to a thousandth, smaller ones to two figures. */
export function energyText(energy: number): string {
  const size = Math.abs(energy);
  if (size === 0) return "0";
  return fixed(energy, size >= 0.01 ? 3 : size >= 1e-3 ? 4 : Math.min(9, Math.ceil(-Math.log10(size))));
}

/** A share or fraction in per cent with two decimals; what is not there at all is a dash. */
export function share(fraction: number): string {
  return fraction === 0 ? DASH : fixed(100 * fraction, 2);
}

/** "Gallium 7.7 per cent, Molybdenum ...". */
export function spokenPhase(phase: Phase): string {
  return Object.entries(phase.fractions)
    .map(([symbol, x]) => `${nameOf(symbol)} ${fixed(100 * x, 1)} per cent`)
    .join(", ");
}

/** What is said when a compound has come onto the scale. */
export function spokenBalance(record: Balance): string {
  const parts = record.products.map((part) => `${fixed(100 * part.amount, 1)} per cent ${part.formula}`);
  return `${record.formula}: ${parts.join(", ")}. ${record.verdict.text}.`;
}

export function cosineText(cosine: number | null): string {
  if (cosine === null) return DASH;
  // 0.99985 is not 1
  const digits = Math.abs(cosine) > 0.9995 && Math.abs(cosine) < 1 - 1e-7 ? 5 : 3;
  return fixed(cosine, digits);
}

export function distanceText(distance: number | null): string {
  if (distance === null) return DASH;
  if (distance < 1e-6) return "0";
  return fixed(distance, distance < 0.0995 ? 4 : 3);
}
