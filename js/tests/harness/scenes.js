import { RUNS } from "./runs.js";

// What the harness shows: a state as Python would send it, and a small kernel that answers with a smooth function.
const SPLIT = (x) => [4 + 2 * x[0], 1.5 + 14 * (x[1] ?? 0)];
const FIELD = (x) => ({
  value: 60 + 420 * x[0] * x[x.length - 1] + 180 * x[x.length - 1] ** 2,
  std: Math.hypot(...SPLIT(x)),
  std_aleatoric: SPLIT(x)[0],
  std_epistemic: SPLIT(x)[1],
  in_domain: (x[1] ?? 0) < 0.45,
});

/** Contributions that sum to the value; attention that differs with network, layer and head. */
function explanation(elements, fractions) {
  const { value } = FIELD(fractions);
  const here = elements.map((_, i) => i).filter((i) => fractions[i] > 1e-6);
  const k = here.length;
  const shape = [5, 3, 4, k, k];
  const values = [];
  for (let block = 0; block < 60; block += 1)
    for (let i = 0; i < k; i += 1) {
      const row = here.map((_, j) => Math.exp(Math.sin(block + 2 * i + 3 * j)));
      const sum = row.reduce((a, b) => a + b, 0);
      values.push(...row.map((x) => x / sum));
    }
  const shares = here.map((i) => fractions[i] - (i === 1 ? 0.3 * fractions[i] : 0));
  const whole = shares.reduce((a, b) => a + b, 0);
  return {
    elements: here.map((i) => elements[i]),
    contributions: shares.map((x, n) => (value * x) / whole + (n === 0 ? 60 : n === 1 ? -60 : 0)),
    unit: "GPa",
    attention: { shape, values },
  };
}

function panelKernel(message, model) {
  const answer = (fractions) => ({
    ...FIELD(fractions),
    formula: formulaOf(model.get("elements"), fractions),
  });
  setTimeout(() => {
    if (message.type === "state" && message.data.fractions)
      model.receive({ ...answer(message.data.fractions), predicted: message.data.fractions });
    if (message.type !== "request") return;
    const head = { kind: message.kind, id: message.id };
    if (message.kind === "predict") model.reply({ type: "reply", ...head, data: answer(message.data) });
    if (message.kind === "explain")
      model.reply({ type: "reply", ...head, data: explanation(model.get("elements"), message.data) });
    if (message.kind === "formula") {
      if (message.data === "TiC") model.reply({ type: "reply", ...head, data: { fractions: [0.5, 0, 0.5] } });
      else
        model.reply({
          type: "error",
          ...head,
          text: `Cannot read ${message.data}: this page knows TiC only`,
        });
    }
  }, 8);
}

function formulaOf(elements, fractions) {
  return elements
    .map((s, i) => (fractions[i] > 5e-4 ? `${s}${fractions[i].toFixed(3)}` : ""))
    .filter(Boolean)
    .join(" ");
}

function panel(elements, fractions, more = {}) {
  return {
    stem: "composition_panel",
    kernel: panelKernel,
    state: {
      elements,
      fractions,
      predicted: fractions,
      ...FIELD(fractions),
      formula: formulaOf(elements, fractions),
      property: "bulk_modulus",
      label: "Bulk modulus",
      unit: "GPa",
      locks: [],
      bounds: {},
      mode: "at",
      scale: [40, 260],
      masses: {},
      code_template: "model.predict({composition})",
      search_template: "mw.design({elements}, maximize=model{limits})",
      reads_formulas: true,
      explains: true,
      error: "",
      group: "",
      ...more,
    },
  };
}

function table(more = {}) {
  return {
    stem: "periodic_table",
    kernel: () => {},
    state: {
      selected: [],
      values: {},
      allowed: null,
      limit: null,
      unit: "",
      label: "",
      error: "",
      group: "",
      ...more,
    },
  };
}

function points(k, n) {
  if (k === 1) return [[n]];
  const all = [];
  for (let first = 0; first <= n; first += 1)
    for (const rest of points(k - 1, n - first)) all.push([first, ...rest]);
  return all;
}

const wire = (Kind, dtype, values) => {
  const data = Kind.from(values);
  return { dtype, shape: [values.length], data: new DataView(data.buffer) };
};

function map(elements, fractions, steps, more = {}) {
  const readings = points(elements.length, steps).map((counts) => FIELD(counts.map((c) => c / steps)));
  return {
    stem: "simplex_map",
    kernel: (message, model) => {
      const fractions = message.type === "state" && message.data.fractions;
      if (fractions) setTimeout(() => model.receive({ ...FIELD(fractions), predicted: fractions }), 8);
    },
    state: {
      elements,
      fractions,
      predicted: fractions,
      ...FIELD(fractions),
      label: "Bulk modulus",
      unit: "GPa",
      steps,
      field: wire(
        Float32Array,
        "float32",
        readings.map((r) => r.value),
      ),
      spread: wire(
        Float32Array,
        "float32",
        readings.map((r) => r.std),
      ),
      domain: wire(
        Uint8Array,
        "uint8",
        readings.map((r) => Number(r.in_domain)),
      ),
      path: [],
      shows: "value",
      error: "",
      group: "",
      ...more,
    },
  };
}

const WAY = Array.from({ length: 40 }, (_, i) => {
  const t = 1 - Math.exp(-i / 9);
  const cadmium = (1 - t) / 3;
  const titanium = 1 / 3 + t * 0.13 + 0.05 * Math.sin(i / 4) * (1 - t);
  return [titanium, cadmium, 1 - titanium - cadmium];
});

const SOME =
  "Li Be B C N O F Na Mg Al Si P S Cl K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Zr Nb Mo Tc Ru Rh Pd Ag Cd Hf Ta W Re Os Ir Pt Au La Ce Nd";
const VALUES = Object.fromEntries(SOME.split(" ").map((s, i) => [s, 120 + 110 * Math.sin(i / 4)]));

export const SCENES = {
  ...RUNS,
  map: map(["Ti", "Cd", "C"], [0.5, 0.12, 0.38], 50, { path: WAY }),
  map_std: map(["Ti", "Cd", "C"], [0.2, 0.6, 0.2], 50, { shows: "std" }),
  map_four: map(["Ti", "Cd", "Zn", "C"], [0.35, 0.15, 0.2, 0.3], 20),
  map_empty: map(["Ti", "Cd", "C"], [0.5, 0.12, 0.38], 50, {
    field: null,
    spread: null,
    domain: null,
    saved: {},
  }),
  table: table({ selected: ["Ti", "Cd", "C"], limit: 4, allowed: null }),
  table_values: table({
    values: VALUES,
    unit: "GPa",
    label: "Contribution to the bulk modulus",
    selected: ["Ti", "C"],
  }),
  table_allowed: table({ allowed: SOME.split(" "), selected: ["Ti"], limit: 1 }),
  panel: panel(["Ti", "Cd", "C"], [0.5, 0.12, 0.38]),
  panel_limits: panel(["Ti", "Cd", "C"], [0.3, 0.5, 0.2], { locks: ["Cd"], bounds: { Ti: [0.1, 0.6] } }),
  panel_ten: panel(["Ti", "V", "Cr", "Zr", "Nb", "Mo", "Hf", "Ta", "W", "C"], Array(10).fill(0.1)),
};
