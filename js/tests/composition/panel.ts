import type { Traits } from "../../src/composition/state";
import { HostModel, type Kernel } from "../harness/host";

export const START: Traits = {
  elements: ["Ti", "Cd", "C"],
  fractions: [0.5, 0.2, 0.3],
  value: 150,
  std: 6,
  std_aleatoric: 4.8,
  std_epistemic: 3.6,
  in_domain: true,
  formula: "Ti5Cd2C3",
  predicted: [0.5, 0.2, 0.3],
  property: "bulk_modulus",
  label: "bulk modulus",
  unit: "GPa",
  locks: [],
  bounds: {},
  mode: "at",
  scale: [0, 300],
  masses: {},
  code_template: "model.predict({composition})",
  search_template: "mw.design({elements}, maximize=model{limits})",
  reads_formulas: true,
  explains: true,
  error: "",
  group: "",
};

export function panelModel(more: Partial<Traits> = {}, kernel?: Kernel<Traits>): HostModel<Traits> {
  return new HostModel<Traits>({ ...START, ...more }, kernel);
}

/** Answer the newest question. */
export function answer(model: HostModel<Traits>, data: object): void {
  const { id, kind } = model.sent[model.sent.length - 1];
  model.reply({ type: "reply", id, kind, data });
}

export const rounded = (values: readonly number[]) => values.map((x) => Number(x.toFixed(6)));
