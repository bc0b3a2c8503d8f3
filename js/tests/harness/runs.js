// Searches as Python tells of them: a made-up landscape of Ca, Al, Si, O (or Ti, Cd, C), walked by many starts.
const STEPS = 100;
const STARTS = 48;

const softmax = (logits) => {
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
};
/** A fixed noise: the same picture every time. */
const noise = (i) => ((Math.sin(i * 127.1 + 311.7) * 43758.5453) % 1) * 2;

const modulus = (x) => 60 + 260 * x[1] * x[3] * 2 + 90 * x[2] - 40 * x[0];
const energy = (x) => 0.35 - 2.2 * x[0] * x[3] - 0.7 * x[2] * x[3] - 0.5 * x[1] * x[3] + 0.2 * x[1];

/** Where start s is at step t: from the middle to an end of its own along the trade-off. */
function place(s, t) {
  const share = s / (STARTS - 1);
  const end = [2.6 * (1 - share) - 1, 2.8 * share - 1.2 + noise(s) * 0.3, 0.3 * noise(s + 50), 1.4];
  const begin = [noise(s), noise(s + 9), noise(s + 17), noise(s + 31)];
  const way = 1 - Math.exp(-t / 22);
  return softmax(end.map((to, j) => (s === 20 ? 0 : begin[j]) * (1 - way) + to * way));
}

const rounded = (x) => Number(x.toPrecision(6));

function frontOf(found) {
  const sorted = [...found].sort((a, b) => b.values[0] - a.values[0] || a.values[1] - b.values[1]);
  const front = [];
  for (const point of sorted)
    if (!front.length || point.values[1] < front.at(-1).values[1]) front.push(point);
  return front.reverse();
}

const spread = (front, most = 40) =>
  front.filter((_, i) => i % Math.ceil(front.length / most) === 0 || i === front.length - 1);

/** Everything that a search with two objectives has told until `steps`. */
function two(steps, state, more = {}) {
  const elements = ["Ca", "Al", "Si", "O"];
  const objectives = [
    {
      property: "bulk_modulus",
      direction: "maximize",
      weight: 1,
      unit: "GPa",
      label: "Bulk modulus",
      target: null,
    },
    {
      property: "decomposition_energy",
      direction: "minimize",
      weight: 1,
      unit: "eV/atom",
      label: "Decomposition energy",
      target: null,
    },
  ];
  const columns = [
    "step",
    "loss",
    ...["value", "std", "std_aleatoric", "std_epistemic"].flatMap((kind) =>
      objectives.map(({ property }) => `${kind}:${property}`),
    ),
    ...elements.map((e) => `fraction:${e}`),
    "hypervolume",
  ];
  const familyColumns = [
    "step",
    ...objectives.flatMap(({ property }) =>
      Array.from({ length: STARTS }, (_, s) => `family:${property}:${s}`),
    ),
  ];
  const frontColumns = [
    "step",
    ...objectives.map(({ property }) => `value:${property}`),
    ...elements.map((e) => `fraction:${e}`),
  ];
  const rows = [];
  const family = [];
  const fronts = [];
  let found = [];
  let worst = null;
  for (let t = 0; t <= steps; t += 1) {
    const here = Array.from({ length: STARTS }, (_, s) => {
      const fractions = place(s, t);
      return { fractions, values: [modulus(fractions), energy(fractions)] };
    });
    worst ??= [Math.min(...here.map((p) => p.values[0])), Math.max(...here.map((p) => p.values[1]))];
    found = frontOf([...found, ...here]);
    let area = 0;
    for (let i = found.length - 1, y = worst[1]; i >= 0; i -= 1) {
      area += Math.max(0, found[i].values[0] - worst[0]) * Math.max(0, y - found[i].values[1]);
      y = Math.min(y, found[i].values[1]);
    }
    const { fractions, values } = here[20];
    const parts = [
      [9 + 5 * fractions[2], 3 + 16 * Math.exp(-t / 30)],
      [0.05, 0.02 + 0.06 * Math.exp(-t / 30)],
    ];
    rows.push([
      t,
      99_812 - values[0] / 9 + values[1],
      ...values,
      ...parts.map(([a, e]) => Math.hypot(a, e)),
      ...parts.map(([a]) => a),
      ...parts.map(([, e]) => e),
      ...fractions,
      area / 60 / 0.4,
    ]);
    family.push([t, ...here.map((p) => p.values[0]), ...here.map((p) => p.values[1])]);
    if (t % 2 === 0) for (const p of spread(found)) fronts.push([t, ...p.values, ...p.fractions]);
  }
  const done = state === "done";
  const some = found.filter((_, i) => i % Math.ceil(found.length / 20) === 0 || i === found.length - 1);
  const formulas = ["CaO", "Ca3SiO5", "Ca2SiO4", "CaSiO3", "CaAl2O4", "Al2SiO5", "Al2O3"];
  const pareto = some.map(({ fractions, values }, i) => ({
    formula: formulas[Math.round((i / Math.max(1, some.length - 1)) * 6)],
    fractions: fractions.map(rounded),
    values: values.map(rounded),
    std: [11.3, 0.061],
    values_at_formula: [rounded(values[0] - 1.4), rounded(values[1] + 0.011)],
    known: i % 3 !== 0,
  }));
  const middle = pareto[Math.floor(pareto.length / 2)];
  const result = {
    formula: middle.formula,
    fractions: middle.fractions,
    values: { bulk_modulus: middle.values[0], decomposition_energy: middle.values[1] },
    std: { bulk_modulus: 11.3, decomposition_energy: 0.061 },
    values_at_formula: {
      bulk_modulus: middle.values_at_formula[0],
      decomposition_energy: middle.values_at_formula[1],
    },
    grid_best: null,
    pareto,
    hypervolume: rows.at(-1).at(-1),
    text: "",
  };
  return tracker(
    { elements, objectives, n_starts: STARTS },
    "maximize bulk modulus and minimize decomposition energy of Ca-Al-Si-O",
    [
      [columns, rows],
      [familyColumns, family, "family"],
      [frontColumns, fronts, "front"],
    ],
    { state, steps, result: done ? result : null, ...more },
  );
}

/** A search for one property, with the paper's loss or towards a target. */
function one(direction, target, more = {}) {
  const elements = ["Ti", "Cd", "C"];
  const objectives = [
    { property: "bulk_modulus", direction, weight: 1, unit: "GPa", label: "Bulk modulus", target },
  ];
  const columns = [
    "step",
    "loss",
    "value:bulk_modulus",
    "std:bulk_modulus",
    "std_aleatoric:bulk_modulus",
    "std_epistemic:bulk_modulus",
    ...elements.map((e) => `fraction:${e}`),
  ];
  const rows = Array.from({ length: STEPS + 1 }, (_, t) => {
    const way = 1 - Math.exp(-t / 20);
    const x = [(1 / 3) * (1 - way) + 0.5 * way, (1 / 3) * (1 - way), (1 / 3) * (1 - way) + 0.5 * way];
    const value = direction === "target" ? 90 + (target - 90) * way : 90 + 148 * way;
    const [data, networks] = [6 + 9 * way, 18 * (1 - way) + 3];
    const loss = direction === "target" ? Math.abs(value - target) / 60 : Math.abs(100_000 - value / 60);
    return [t, loss, value, Math.hypot(data, networks), data, networks, ...x];
  });
  const family = rows.map(([t, , value]) => [
    t,
    value,
    value - 12 * (1 + noise(t) * 0.1),
    value - 25,
    value - 44,
  ]);
  return tracker(
    { elements, objectives, n_starts: 4 },
    direction === "target" ? "bulk modulus of Ti-Cd-C near 150 GPa" : "maximize bulk modulus of Ti-Cd-C",
    [
      [columns, rows],
      [["step", ...[0, 1, 2, 3].map((s) => `family:bulk_modulus:${s}`)], family, "family"],
    ],
    { state: "done", steps: STEPS, ...more },
  );
}

function tracker(meta, title, parts, more) {
  const [[columns, rows]] = parts;
  return {
    stem: "optimization_tracker",
    kernel: (message, model) => {
      if (message.type !== "hello") return;
      const content = { type: "history", first: 0, next: rows.length, columns, rows: rows.length };
      for (const [names, list, kind] of parts.slice(1)) content[kind] = { columns: names, rows: list.length };
      const buffers = parts.map(([, list]) => new DataView(new Float64Array(list.flat()).buffer));
      setTimeout(() => model.reply(content, buffers), 5);
    },
    state: {
      title,
      run_id: "run-1",
      meta,
      elements: meta.elements,
      total: STEPS,
      rate: 34,
      seconds_left: 1.2,
      failure: "",
      error: "",
      result: null,
      cursor: -1,
      chosen: [],
      saved: null,
      fractions: [],
      path: [],
      group: "",
      ...more,
    },
  };
}

export const RUNS = {
  tracker: one("maximize", null),
  tracker_target: one("target", 150),
  tracker_two: two(STEPS, "done"),
  tracker_two_running: two(36, "running"),
};
