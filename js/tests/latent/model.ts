import type { Traits } from "../../src/latent/state";
import { HostModel } from "../harness/host";

const FINEST = 2 ** 24 - 1;

/** A 7 x 7 grid of points with x and y from 0 to 6; row = 7 j + i. */
export const GRID = Array.from({ length: 49 }, (_, row) => [row % 7, Math.floor(row / 7)] as const);

function wire(dtype: "uint16" | "uint8" | "uint32", values: number[], shape: number[]) {
  const Kind = { uint16: Uint16Array, uint8: Uint8Array, uint32: Uint32Array }[dtype];
  return { dtype, shape, data: new DataView(Kind.from(values).buffer) };
}

export function latentModel(more: Partial<Traits> = {}): HostModel<Traits> {
  const steps = GRID.flat().map((x) => Math.round((x / 6) * FINEST));
  const n = GRID.length;
  return new HostModel<Traits>({
    label: "latent space",
    axes: ["z1", "z2"],
    n,
    extent: [0, 6, 0, 6],
    coarse: wire(
      "uint16",
      steps.map((q) => q >> 8),
      [n, 2],
    ),
    fine: wire(
      "uint8",
      steps.map((q) => q & 255),
      [n, 2],
    ),
    channels: ["class", "gap"],
    colour: "class",
    levels: wire(
      "uint8",
      GRID.map(([x]) => (x < 4 ? 0 : 1)),
      [n],
    ),
    scale: { name: "class", unit: "", kind: "class", ordered: false, labels: ["oxide", "carbide"] },
    saved: {},
    selection: null,
    cursor: [],
    latent: [],
    point: -1,
    decoded: {},
    decodes: true,
    through: "",
    locates: false,
    dimensions: 3,
    walk: {},
    path: [],
    elements: [],
    fractions: [],
    error: "",
    group: "",
    ...more,
  });
}

export function selected(model: HostModel<Traits>): number[] {
  const view = model.get("selection")?.data as DataView | undefined;
  return view ? [...new Uint32Array(view.buffer, view.byteOffset, view.byteLength / 4)] : [];
}
