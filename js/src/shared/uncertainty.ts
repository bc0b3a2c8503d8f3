/** Where an uncertainty comes from. No DOM. */
import { measured } from "./format";

/** The two parts of a standard deviation; together they are the root of the sum of their squares. */
export interface Split {
  /** Scatter of the data: more training does not take it away. */
  aleatoric: number;
  /** Disagreement of the networks of an ensemble: more data may take it away. */
  epistemic: number;
}

export const ALEATORIC = "scatter of the data";
export const EPISTEMIC = "the networks disagree";

export function splitOf(
  aleatoric: number | null | undefined,
  epistemic: number | null | undefined,
): Split | null {
  const known = (x: number | null | undefined): x is number => typeof x === "number" && x >= 0;
  return known(aleatoric) && known(epistemic) && aleatoric + epistemic > 0 ? { aleatoric, epistemic } : null;
}

/** Share of the variance that is the networks' disagreement, 0..1: variances add up, deviations do not. */
export function epistemicShare({ aleatoric, epistemic }: Split): number {
  return epistemic ** 2 / (aleatoric ** 2 + epistemic ** 2);
}

/** Both as text, in the power of ten and with the decimals that fit `value`. */
export function splitText(value: number | null, split: Split): { aleatoric: string; epistemic: string } {
  const one = (std: number) => {
    const { spread, power } = measured(value, std);
    return `± ${spread}${power}`;
  };
  return { aleatoric: one(split.aleatoric), epistemic: one(split.epistemic) };
}
