/** Numbers as people write them: a real minus sign, no more digits than are known. */
const MINUS = "\u2212";
export const DASH = "\u2013";

export function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", MINUS);
}

/** A value to `significant` figures, plain where that reads well, with a power of ten otherwise. */
export function quantity(value: number | null | undefined, significant = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent < -3 || exponent > 5) {
    const mantissa = value / 10 ** exponent;
    return `${fixed(mantissa, Math.max(0, significant - 2))}\u00d710${superscript(exponent)}`;
  }
  return fixed(value, Math.max(0, significant - 1 - exponent));
}

export interface Measured {
  value: string;
  spread: string;
  /** "×10⁻⁵" when both are given in that power of ten, else "". */
  power: string;
}

/** Value and uncertainty with the same number of decimals, the uncertainty to two figures: 238.8 and 6.4. */
export function measured(value: number | null, std: number | null): Measured {
  if (value === null || !Number.isFinite(value)) return { value: DASH, spread: "", power: "" };
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  const scaled = exponent < -3 || exponent > 5 ? exponent : 0;
  const unit = 10 ** scaled;
  const power = scaled === 0 ? "" : `\u00d710${superscript(scaled)}`;
  const v = value / unit;
  if (std === null || !Number.isFinite(std)) return { value: quantity(v), spread: "", power };
  const s = std / unit;
  const spreadExponent = s > 0 ? Math.floor(Math.log10(s)) : -1;
  const digits = Math.min(4, Math.max(spreadExponent >= 1 ? 1 : 1 - spreadExponent, 0));
  return { value: fixed(v, digits), spread: fixed(s, digits), power };
}

const SUPERSCRIPTS = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";

function superscript(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return exponent < 0 ? `\u207b${digits}` : digits;
}

/** The power of ten that an axis names once where its numbers are very small or large: "10⁻⁵", else "". */
export function axisPower(low: number, high: number): { unit: number; text: string } {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const exponent = largest > 0 ? Math.floor(Math.log10(largest)) : 0;
  return exponent < -3 || exponent > 5
    ? { unit: 10 ** exponent, text: `10${superscript(exponent)}` }
    : { unit: 1, text: "" };
}

/** Round steps (1, 2, 2.5 or 5 times a power of ten) that cover the range in about `count` pieces. */
export function ticks(low: number, high: number, count = 5): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / count;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * magnitude).find((s) => s >= raw * 0.75)!;
  const result: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) result.push(i * step);
  return result;
}

/** Decimals that tell the ticks apart. */
export function tickLabels(values: readonly number[]): string[] {
  const step = values.length > 1 ? Math.abs(values[1] - values[0]) : Math.abs(values[0] ?? 1) || 1;
  const largest = Math.max(...values.map(Math.abs), step);
  if (largest < 1e-3 || largest >= 1e6) {
    const whole = values.every((value) => /^.?\d\.0\u00d7|^0$/.test(quantity(value, 3)));
    return values.map((value) => (whole ? quantity(value, 3).replace(".0", "") : quantity(value, 3)));
  }
  let digits = 0;
  while (
    digits < 6 &&
    Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6 * step * 10 ** digits
  )
    digits += 1;
  return values.map((value) => fixed(value, digits));
}

/** The first letter large, as titles have it. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** An atomic fraction in per cent with one decimal: 0.5263 -> "52.6". */
export function percent(fraction: number): string {
  return fixed(fraction * 100, 1);
}

/** "Ti 52.6 %, C 47.4 %", for titles and screen readers. */
export function spoken(elements: readonly string[], fractions: readonly number[]): string {
  const parts = elements.map((symbol, i) => [symbol, fractions[i]] as const).filter(([, x]) => x > 0);
  return parts.map(([symbol, x]) => `${symbol} ${percent(x)} %`).join(", ");
}
