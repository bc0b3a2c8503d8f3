/** What Python and the page share. */
import type { WireArray } from "../shared/arrays";
import type { Axis } from "./angles";

export interface Marks {
  /** Place, intensity, place of the partner in the other pattern. */
  own: [number, number, number | null][];
  /** Peaks of the other pattern only. */
  extra: [number, number][];
  compared: boolean;
}

/** Matched peaks, all peaks, right ones of the reconstruction, all of these. */
export type Score = [matched: number, peaks: number, right: number, found: number];

export interface Saved {
  n?: number;
  /** Points of the pattern that a saved one stands for. */
  stretch?: number;
  top?: number;
  profiles?: string[];
  reconstructions?: string[];
}

export interface Traits {
  label: string;
  two_theta: number[];
  wavelength: number;
  radiation: string;
  within: number;
  least: number;
  names: string[];
  profiles: WireArray | null;
  reconstructions: WireArray | null;
  reconstruction_names: string[];
  peaks: Marks[];
  scores: (Score | null)[];
  note: string;
  saved: Saved;
  at: number;
  hidden: number[];
  scale: "linear" | "sqrt";
  axis: Axis;
  stacked: boolean;
  window: number[];
  cursor: number | null;
  latent: number[];
  trial: number;
  error: string;
  group: string;
}

export const TRAITS = [
  "label",
  "two_theta",
  "wavelength",
  "radiation",
  "within",
  "least",
  "names",
  "profiles",
  "reconstructions",
  "reconstruction_names",
  "peaks",
  "scores",
  "note",
  "saved",
  "at",
  "hidden",
  "scale",
  "axis",
  "stacked",
  "window",
  "cursor",
  "latent",
  "trial",
  "error",
  "group",
] as const satisfies readonly (keyof Traits)[];
