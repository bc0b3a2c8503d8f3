import { quantity } from "../shared/format";
import type { Told } from "./state";

/** What is told of a point, a line a channel. */
export function lines(told: Told): string[] {
  return told.values.map(([name, value, unit]) => `${name}: ${shown(value)} ${unit}`.trim());
}

/** The same to be heard: the name and the first few facts. */
export function spoken(told: Told): string {
  const facts = told.values.map(([name, value, unit]) => `${name} ${shown(value)} ${unit}`.trim());
  return [told.name, ...facts.slice(0, 3)].join("; ");
}

function shown(value: number | string): string {
  return typeof value === "number" && !Number.isInteger(value) ? quantity(value, 4) : String(value);
}
