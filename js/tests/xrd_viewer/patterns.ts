import type { Traits } from "../../src/xrd_viewer/traits";
import { HostModel, type Kernel } from "../harness/host";

export const COPPER = 1.54184;
const N = 801; // 10 to 90 degrees in steps of 0.1

export function drawn(...peaks: [at: number, height: number][]): Float32Array {
  return Float32Array.from({ length: N }, (_, i) =>
    peaks.reduce((sum, [at, height]) => sum + height * Math.exp(-0.5 * ((10 + 0.1 * i - at) / 0.3) ** 2), 0),
  );
}

export function wire(rows: Float32Array[]) {
  const data = new Float32Array(rows.flatMap((row) => [...row]));
  return { dtype: "float32" as const, shape: [rows.length, N], data: new DataView(data.buffer) };
}

export const SALT = drawn([30, 1], [45, 0.6], [60, 0.25]);
export const MODEL = drawn([30.1, 0.9], [45, 0.5], [75, 0.36]);
export const MARKS = {
  own: [
    [30, 100, 30.1],
    [45, 60, 45],
    [60, 25, null],
  ] as [number, number, number | null][],
  extra: [[75, 40]] as [number, number][],
  compared: true,
};

/** One pattern with its reconstruction: two peaks matched, one missed, one extra. */
export function xrdModel(more: Partial<Traits> = {}, kernel?: Kernel<Traits>): HostModel<Traits> {
  return new HostModel<Traits>(
    {
      label: "salt",
      two_theta: [10, 90],
      wavelength: COPPER,
      radiation: "Cu Kα",
      within: 0.2,
      least: 5,
      names: ["NaCl"],
      profiles: wire([SALT]),
      reconstructions: wire([MODEL]),
      reconstruction_names: ["reconstruction"],
      peaks: [MARKS],
      scores: [[2, 3, 2, 3]],
      note: "",
      saved: {},
      at: 0,
      hidden: [],
      scale: "linear",
      axis: "two_theta",
      stacked: false,
      window: [],
      cursor: null,
      latent: [],
      trial: -1,
      error: "",
      group: "",
      ...more,
    },
    kernel,
  );
}

/** Three patterns without reconstructions, the last two without peaks. */
export function threePatterns(more: Partial<Traits> = {}): HostModel<Traits> {
  const plain = { own: [], extra: [], compared: false };
  return xrdModel({
    names: ["a", "b", "c"],
    profiles: wire([SALT, MODEL, drawn([20, 1])]),
    reconstructions: null,
    reconstruction_names: ["", "", ""],
    peaks: [{ own: [[30, 100, null]], extra: [], compared: false }, plain, plain],
    scores: [null, null, null],
    ...more,
  });
}
