import type { Balance, Traits } from "../../src/decomposition/state";
import { HostModel, type Kernel } from "../harness/host";

const SYSTEM = ["Ga", "Mo", "S"];

/** The worked example: two thirds of the atoms' numbers are whole, so that sums can be done by hand. */
export const GALLIUM: Balance = {
  formula: "Ga(MoS2)4",
  shown: "Ga(MoS₂)₄",
  fractions: { Ga: 1 / 13, Mo: 4 / 13, S: 8 / 13 },
  energy: -1.174,
  mixture_energy: -1.214,
  unit: "eV/atom",
  source: "a table",
  system: SYSTEM,
  verdict: { kind: "above", text: "Above the hull by 0.040 eV/atom: decomposes into MoS₂ and Ga" },
  closing: { closed: true, text: "Both sides hold the same atoms, element by element." },
  products: [
    {
      formula: "MoS2",
      shown: "MoS₂",
      fractions: { Mo: 1 / 3, S: 2 / 3 },
      energy: -1.306,
      amount: 12 / 13,
      ratio: "12/13",
    },
    { formula: "Ga", shown: "Ga", fractions: { Ga: 1 }, energy: 0, amount: 1 / 13, ratio: "1/13" },
  ],
  latent: {
    mean: [0.5, -1, 0.25],
    mixture: [0.4, -0.9, 0.3],
    cosine: 0.99985,
    distance: 0.052,
    relative_to: "spread",
    parts: [
      { cosine: 0.98, distance: 0.2 },
      { cosine: null, distance: 1.3 },
    ],
  },
  latent_problem: "",
};

export const SULFIDE: Balance = {
  ...GALLIUM,
  formula: "MoS2",
  shown: "MoS₂",
  fractions: { Mo: 1 / 3, S: 2 / 3 },
  energy: -1.306,
  mixture_energy: -1.1,
  verdict: { kind: "stable", text: "Stable: 0.206 eV/atom below the other phases" },
  products: [
    { formula: "Mo", shown: "Mo", fractions: { Mo: 1 }, energy: 0, amount: 1 / 3, ratio: "1/3" },
    { formula: "S", shown: "S", fractions: { S: 1 }, energy: 0, amount: 2 / 3, ratio: "2/3" },
  ],
  latent: null,
  latent_problem: "sulfur is not known",
};

export function decompositionModel(more: Partial<Traits> = {}, kernel?: Kernel<Traits>): HostModel<Traits> {
  return new HostModel<Traits>(
    {
      trail: [GALLIUM],
      at: 0,
      elements: SYSTEM,
      fractions: [1 / 13, 4 / 13, 8 / 13],
      shows: "composition",
      decomposes: true,
      label: "decomposition",
      latent_label: "latent means",
      error: "",
      group: "",
      ...more,
    },
    kernel,
  );
}

/** What Python does with a question: the trail grows, then the answer comes. */
export function walked(model: HostModel<Traits>, record: Balance): void {
  const { id, kind } = model.sent[model.sent.length - 1];
  const trail = [...model.get("trail").slice(0, model.get("at") + 1), record];
  model.receive({ trail, at: trail.length - 1 });
  model.reply({ type: "reply", id, kind, data: {} });
}
