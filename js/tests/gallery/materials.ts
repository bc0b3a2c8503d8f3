import type { Saved, Traits } from "../../src/gallery/state";
import type { ColumnFacts } from "../../src/gallery/table";
import { HostModel, type Kernel } from "../harness/host";

/** Eight made-up samples: what is neutral, what is novel (null: not known), and a gap in eV. */
export const FORMULAS = ["SrTiO3", "TiO2", "Co2O", "CO", "PbTiO3", "NaCl", "NaCl", "Ga(MoS2)4"];
export const NEUTRAL = [1, 1, 0, 1, 1, 1, 1, 0] as const;
export const NOVEL = [0, 0, 1, null, 1, 0, 0, 1] as const;
export const GAP = [3.25, 3, 0.5, Number.NaN, 2, 8.5, 8.5, 1.1];

function bits(rows: readonly boolean[]): number[] {
  const bytes = new Array(Math.ceil(rows.length / 8)).fill(0);
  rows.forEach((on, i) => {
    if (on) bytes[i >> 3] |= 1 << (i & 7);
  });
  return bytes;
}

export function flagBytes(columns: readonly (readonly (number | null)[])[]): Uint8Array {
  return Uint8Array.from(
    columns.flatMap((column) => [
      ...bits(column.map((x) => x === 1)),
      ...bits(column.map((x) => x === null)),
    ]),
  );
}

export function wire(
  dtype: "uint8" | "float32" | "uint32",
  data: Uint8Array | Float32Array | Uint32Array,
  shape: number[],
) {
  return { dtype, shape, data: new DataView(data.slice().buffer) };
}

export const COLUMNS: ColumnFacts[] = [
  { name: "neutral", kind: "flag", unit: "", ends: [], unknown: 0 },
  { name: "gap", kind: "number", unit: "eV", ends: [0.5, 8.5], unknown: 1 },
  { name: "novel", kind: "flag", unit: "", ends: [], unknown: 1 },
];

export function galleryModel(more: Partial<Traits> = {}, kernel?: Kernel<Traits>): HostModel<Traits> {
  const text = new TextEncoder().encode(FORMULAS.join("\n"));
  return new HostModel<Traits>(
    {
      label: "generated materials",
      names: "formula",
      n: FORMULAS.length,
      columns: COLUMNS,
      formulas: wire("uint8", text, [text.length]),
      flags: wire("uint8", flagBytes([NEUTRAL, NOVEL]), [2, 2, 1]),
      numbers: wire("float32", Float32Array.from(GAP), [1, 8]),
      order: ["neutral", "gap", "novel"],
      kept: ["neutral", "gap", "novel"],
      ranges: {},
      unknown_passes: false,
      elements: [],
      without: [],
      scope: "all",
      live: false,
      chosen: null,
      sort: "",
      shows: "survivors",
      lost_at: "",
      stages: [],
      saved: {},
      error: "",
      group: "",
      ...more,
    },
    kernel,
  );
}

/** What a saved notebook has: the arrays are gone. */
export function savedModel(): HostModel<Traits> {
  const saved: Saved = {
    count: 30,
    formulas: ["TiO2", "NaCl"],
    values: [
      [1, 3, null],
      [1, null, 0],
    ],
    passed: ["11?", "110"],
  };
  return galleryModel({
    n: 100,
    formulas: null,
    flags: null,
    numbers: null,
    saved,
    stages: [
      { kind: "all", name: "", count: 100 },
      { kind: "filter", name: "neutral", kept: true, count: 30, lost: 70, unknown: 0 },
      { kind: "filter", name: "gap", kept: true, count: 30, lost: 0, unknown: 0 },
      { kind: "filter", name: "novel", kept: false, count: 30, lost: 9, unknown: 4 },
    ],
  });
}

export function chosen(model: HostModel<Traits>): number[] {
  const view = model.get("chosen")?.data as DataView | undefined;
  return view ? [...new Uint32Array(view.buffer, view.byteOffset, view.byteLength / 4)] : [];
}
