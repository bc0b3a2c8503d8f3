/** Bragg's law: angles, spacings, scattering vectors; and the ticks of an axis in each of them. No DOM. */
import { tickLabels, ticks } from "../shared/format";

export type Axis = "two_theta" | "d" | "q";

const HALF = Math.PI / 360; // from 2theta in degrees to theta in radians

/** d = wavelength / (2 sin theta), in the unit of the wavelength. */
export function spacing(twoTheta: number, wavelength: number): number {
  return wavelength / (2 * Math.sin(twoTheta * HALF));
}

/** q = 4 pi sin(theta) / wavelength = 2 pi / d. */
export function scattering(twoTheta: number, wavelength: number): number {
  return (4 * Math.PI * Math.sin(twoTheta * HALF)) / wavelength;
}

function angleOf(q: number, wavelength: number): number {
  return Math.asin(Math.min(1, (q * wavelength) / (4 * Math.PI))) / HALF;
}

/** What is drawn evenly: 2theta itself; q on both other axes, so that peaks at small d do not crowd. */
export function place(axis: Axis, twoTheta: number, wavelength: number): number {
  return axis === "two_theta" ? twoTheta : scattering(twoTheta, wavelength);
}

export function angleAt(axis: Axis, at: number, wavelength: number): number {
  return axis === "two_theta" ? at : angleOf(at, wavelength);
}

export interface Tick {
  /** 2theta in degrees. */
  at: number;
  text: string;
}

/** Ticks between two angles. */
export function axisTicks(
  axis: Axis,
  [low, high]: readonly [number, number],
  wavelength: number,
  count: number,
): Tick[] {
  if (axis === "two_theta") return named(ticks(low, high, count), (x) => x);
  const [first, last] = [scattering(low, wavelength), scattering(high, wavelength)];
  if (axis === "q") return named(ticks(first, last, count), (q) => angleOf(q, wavelength));
  return roundSpacings(first, last, count).map((d) => ({
    at: angleOf((2 * Math.PI) / d, wavelength),
    text: String(d),
  }));
}

function named(values: number[], angle: (value: number) => number): Tick[] {
  const texts = tickLabels(values);
  return values.map((value, i) => ({ at: angle(value), text: texts[i] }));
}

/** Round spacings, the roundest first, as far apart on an even q axis as `count` of them would be. */
function roundSpacings(first: number, last: number, count: number): number[] {
  const apart = (last - first) / count / 1.4;
  const [least, most] = [(2 * Math.PI) / last, (2 * Math.PI) / first];
  const kept: number[] = [];
  for (const step of [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]) {
    if ((most - least) / step > 2000) break;
    for (let i = Math.ceil(least / step - 1e-9); i * step <= most * (1 + 1e-12); i += 1) {
      const d = Number((i * step).toFixed(3));
      if (d > 0 && kept.every((other) => Math.abs((2 * Math.PI) / d - (2 * Math.PI) / other) >= apart))
        kept.push(d);
    }
  }
  return kept.sort((a, b) => b - a);
}
