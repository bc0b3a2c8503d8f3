import type { Alloy, Feature, Traits } from "../../src/inverter/state";
import { HostModel, type Kernel } from "../harness/host";

function feature(symbol: string, name: string, unit: string, value: number, shapley: number): Feature {
  return { symbol, name, unit, value, shapley };
}

/** Six elements; the contributions and the mean make the probability: 0.5 + 0.02 - 0.28 = 0.24. */
export const START: Alloy = {
  alloy: "Al2CoCrCuFeNi",
  shown: "Al₂CoCrCuFeNi",
  fractions: { Al: 2 / 7, Co: 1 / 7, Cr: 1 / 7, Cu: 1 / 7, Fe: 1 / 7, Ni: 1 / 7 },
  probability: 0.24,
  std: 0.08,
  z: [1, 2],
  base: 0.5,
  features: [
    feature("T_m", "melting temperature", "K", 1637, 0.02),
    feature("δ", "atomic size difference", "%", 5.23, -0.28),
  ],
  in_domain: true,
  nearest: "AlCoCrCuFeNi (several phases)",
  note: "",
  verdict: { kind: "multi", text: "Probably several phases" },
  step: 0,
};

export const NEXT: Alloy = {
  ...START,
  alloy: "Co25Cr25Fe25Ni25",
  shown: "Co₂₅Cr₂₅Fe₂₅Ni₂₅",
  fractions: { Co: 0.25, Cr: 0.25, Fe: 0.25, Ni: 0.25 },
  probability: 0.7,
  z: [0.5, 1],
  features: [
    feature("T_m", "melting temperature", "K", 1868, 0.1),
    feature("δ", "atomic size difference", "%", 1.18, 0.1),
  ],
  in_domain: false,
  verdict: { kind: "single", text: "Probably a single phase" },
  step: 1,
};

export const BETWEEN: Alloy = {
  ...NEXT,
  alloy: "Al10Co20Cr20Fe25Ni25",
  shown: "Al₁₀Co₂₀Cr₂₀Fe₂₅Ni₂₅",
  fractions: { Al: 0.1, Co: 0.2, Cr: 0.2, Fe: 0.25, Ni: 0.25 },
  probability: 0.45,
  z: [0.75, 1.5],
  verdict: { kind: "open", text: "Undecided: one phase or several" },
};

export function inverterModel(more: Partial<Traits> = {}, kernel?: Kernel<Traits>): HostModel<Traits> {
  const first = more.trail?.[more.at ?? 0] ?? START;
  const elements = more.elements ?? ["Fe", "Ni", "Cr", "Co", "Al", "Cu", "Ti", "V"];
  return new HostModel<Traits>(
    {
      label: "alloy inverter",
      trail: [START],
      at: 0,
      path: [[1, 2]],
      elements,
      fractions: elements.map((symbol) => first.fractions[symbol] ?? 0),
      target: "single",
      size: 1,
      keep: [],
      forbid: [],
      cutoff: 0.6,
      most_steps: 10,
      outcome: {},
      evaluates: true,
      inverts: true,
      learns: true,
      lesson: {},
      taught: [],
      error: "",
      group: "",
      ...more,
    },
    kernel,
  );
}

/** What Python does with a step: the trail grows, then the answer comes. */
export function stepped(
  model: HostModel<Traits>,
  record: Alloy,
  kind: "going" | "converged",
  text: string = kind,
) {
  const { id } = model.sent[model.sent.length - 1];
  const at = (model.sent[model.sent.length - 1].data as { at: number }).at;
  const trail = [...model.get("trail").slice(0, at + 1), { ...record, step: at + 1 }];
  model.receive({ trail, at: trail.length - 1, outcome: { kind, text } });
  model.reply({ type: "reply", id, kind: "step", data: { kind, text } });
}
