/** OptimizationTracker: properties, uncertainty, front and every element's at.% against steps, with the run's controls. */
import { elementColourIndex } from "../shared/colors";
import { h, setText } from "../shared/dom";
import { DASH, fixed, measured, percent, quantity } from "../shared/format";
import { publishPreview } from "../shared/hub";
import type { Model } from "../shared/model";
import { type Root, widget } from "../shared/mount";
import { splitOf, splitText } from "../shared/uncertainty";
import { cover } from "../trackers/axis";
import { caption, type Key, keyOf } from "../trackers/caption";
import { Chart, type Curves, type Line, uplotCss } from "../trackers/chart";
import { frame } from "../trackers/frame";
import type { Objective } from "../trackers/front";
import { gaps } from "../trackers/history";
import { TRIAL } from "../trackers/paint";
import { paretoView, type ResultPoint, unitSum } from "../trackers/pareto_view";
import { FOLLOW } from "../trackers/scrub";
import { type Clock, Session, WALL } from "../trackers/session";
import { belowText, drawnShares, spokenShares, TRACE, toldShares } from "../trackers/shares";
import css from "../trackers/tracker.css?inline";

interface Meta {
  elements: string[];
  objectives: Objective[];
  n_starts: number;
  /** A search point by point: the values are the best so far, and the family is what each point gave. */
  trials?: boolean;
}

/** Of the elements that have no line of their own. */
const OTHERS = "--mw-c7";

interface Result {
  formula: string;
  values: Record<string, number>;
  std: Record<string, number>;
  values_at_formula: Record<string, number | null>;
  fractions: number[];
  grid_best: Record<string, number> | null;
  /** With two objectives: the final front, by the first objective. */
  pareto?: ResultPoint[];
  hypervolume?: number | null;
}

export const TRAITS = [
  "chosen",
  "cursor",
  "elements",
  "error",
  "failure",
  "fractions",
  "group",
  "meta",
  "path",
  "rate",
  "result",
  "run_id",
  "saved",
  "seconds_left",
  "state",
  "steps",
  "title",
  "total",
  "trial",
];

export function mount(model: Model, root: Root, clock: Clock = WALL): void {
  const meta = model.get("meta") as Meta;
  const { elements, objectives } = meta;
  // a system with more elements than there are colours: those that are drawn share them out
  let colours = elementColourIndex(elements);
  const distinct = new Set(colours.values()).size === new Set(elements).size;
  const colour = (element: string) => (colours.has(element) ? `--mw-c${colours.get(element)}` : OTHERS);
  const session = new Session(model, clock);
  const { history, family, scrub } = session;
  const two = objectives.length === 2;
  const shown = { loss: objectives.length === 1, family: true };
  const me = {};
  let hover: number | null = null; // row under the pointer

  const fractionsAt = (row: number) => elements.map((element) => history.at(`fraction:${element}`, row));
  const describe = (row: number) => {
    const values = objectives.map((o) => {
      const { value, spread } = measured(
        history.at(`value:${o.property}`, row),
        history.at(`std:${o.property}`, row),
      );
      return `${o.label ?? o.property} ${value}${spread ? ` plus or minus ${spread}` : ""} ${o.unit ?? ""}`.trim();
    });
    return `${meta.trials ? "best so far " : ""}${values.join(", ")}; ${spokenShares(elements, fractionsAt(row))}`;
  };
  const look = (step: number) => {
    const row = step === FOLLOW ? history.rows - 1 : history.nearest(step);
    if (row < 0) return;
    // the step gives the fractions from now on, no longer a point of the front
    session.look(step, {
      fractions: unitSum(fractionsAt(row)),
      trial: history.at("step", row),
      ...(two ? { chosen: [] } : {}),
    });
  };
  const preview = (fractions: number[] | null) =>
    publishPreview(String(model.get("group") ?? ""), me, { elements, fractions });
  const point = (step: number | null) => {
    hover = step === null ? null : history.nearest(step);
    preview(hover === null ? null : fractionsAt(hover));
    update();
  };
  const view = frame(session, root, String(model.get("title")), {
    unit: "step",
    spoken: describe,
    onScrub: look,
    onFollow: () => look(FOLLOW),
  });

  // the bands' entries of the legend: only of what the records have
  const accent = "var(--mw-accent)";
  const band = keyOf({ text: "± 1 std", colour: accent, kind: "band" });
  const outer = keyOf({ text: "± 1 std", colour: accent, kind: "outer" });
  const inner = keyOf({ text: "± disagreement of the networks", colour: accent, kind: "inner" });
  // one chart an objective, with two of them the hypervolume, and the composition last
  const heights = two ? [140, 140, 84, 180] : [...objectives.map(() => 190), 190];
  const last = heights.length - 1;
  const charts = heights.map(
    (height, i) =>
      new Chart({
        height,
        xAxis: i === last,
        xLabel: i === last ? "step" : undefined,
        rightAxis: i === 0 && shown.loss,
        onScrub: look,
        onHover: point,
      }),
  );
  const lines = h("div", { class: "mwt-lines" });
  objectives.forEach((objective, k) => {
    lines.append(
      caption(withUnit(objective.label ?? objective.property, objective.unit), k === 0 ? keys() : []),
      charts[k].element,
    );
  });
  if (two)
    lines.append(
      caption("Hypervolume of the front", [], "what it dominates, in standard deviations of both"),
      charts[2].element,
    );
  lines.append(caption("Composition (at.%)", []), charts[last].element);
  const pareto = two
    ? paretoView(session, model, root, {
        objectives,
        elements,
        colour: (element) => `var(${colour(element)})`,
        starts: meta.n_starts,
        hovered: () => hover,
        preview,
        follow: () => look(FOLLOW),
      })
    : null;
  if (pareto) {
    view.body.append(h("div", { class: "mwt-two" }, pareto.element, lines));
    lines.append(view.timeline);
    root.cleanups.push(() => pareto.dispose());
  } else view.body.append(lines);
  root.cleanups.push(() => session.dispose(), ...charts.map((chart) => () => chart.dispose()));
  root.onTheme(() => {
    for (const chart of charts) chart.repaint();
  });

  /** Of all charts of objectives. */
  function keys(): (Key | HTMLElement)[] {
    const list: (Key | HTMLElement)[] = [
      {
        text: meta.trials ? "best so far" : meta.n_starts > 1 ? "followed start" : "prediction",
        colour: "var(--mw-accent)",
        kind: "line",
      },
      band,
      outer,
      inner,
    ];
    if (meta.trials || meta.n_starts > 1) {
      const toggle = { shown: shown.family, change: (on: boolean) => turn("family", on) };
      list.push(
        meta.trials
          ? { text: "each trial", colour: `var(${TRIAL})`, kind: "ring", toggle }
          : { text: "all starts", colour: accent, kind: "faint", toggle },
      );
    }
    if (shown.loss) {
      const toggle = { shown: true, change: (on: boolean) => turn("loss", on) };
      list.push({
        text: "loss, change since the first step (right axis)",
        colour: "var(--mw-c7)",
        kind: "dashes",
        toggle,
      });
    }
    return list;
  }

  function turn(what: "loss" | "family", on: boolean): void {
    shown[what] = on;
    draw();
  }

  function known(kind: "std" | "std_epistemic", property: string): boolean {
    return history.column(`${kind}:${property}`).some(Number.isFinite);
  }

  function curvesOf(k: number, end: number): Curves {
    const { property, unit, target } = objectives[k];
    const lines: Line[] = [
      {
        colour: "--mw-accent",
        values: gaps(history.column(`value:${property}`)),
        spread: gaps(history.column(`std:${property}`)),
        inner: known("std_epistemic", property)
          ? gaps(history.column(`std_epistemic:${property}`))
          : undefined,
        width: 2.5,
      },
    ];
    if (k === 0 && objectives.length === 1)
      lines.push({
        colour: "--mw-c7",
        // the paper's loss |100000 - y| hides its change behind its size: shown is how far it has come
        values: gaps(history.column("loss").map((loss) => loss - firstLoss())),
        dash: [4, 4],
        width: 1.25,
        right: true,
        hidden: !shown.loss,
      });
    const names = shown.family ? family.named(`family:${property}:`) : [];
    const result = model.get("result") as Result | null;
    const reached = result?.values[property];
    return {
      x: history.steps,
      end,
      lines,
      faint: names.length
        ? {
            x: family.steps,
            lines: names.map((name) => gaps(family.column(name))),
            colour: meta.trials ? TRIAL : "--mw-accent",
            rings: meta.trials,
          }
        : undefined,
      levels: [
        ...(typeof target === "number"
          ? [
              {
                at: target,
                name: `target ${quantity(target)}${unit ? ` ${unit}` : ""}`,
                kind: "target" as const,
              },
            ]
          : []),
        ...(result && reached !== undefined
          ? [
              {
                at: reached,
                name: `result ${quantity(reached)}${unit ? ` ${unit}` : ""}`,
                kind: "result" as const,
              },
            ]
          : []),
      ],
    };
  }

  function draw(): void {
    const apart = objectives.some(({ property }) => known("std_epistemic", property));
    const spread = objectives.some(({ property }) => known("std", property));
    band.hidden = !spread || apart;
    outer.hidden = !spread || !apart;
    inner.hidden = !spread || !apart;
    if (!history.rows) return;
    const end = session.end;
    objectives.forEach((_, k) => {
      charts[k].show(curvesOf(k, end));
    });
    if (two)
      charts[2].show({
        x: history.steps,
        end,
        lines: [{ colour: "--mw-accent", values: gaps(history.column("hypervolume")), width: 2 }],
      });
    const shares = drawnShares(elements, (element) => history.column(`fraction:${element}`));
    if (!distinct) colours = elementColourIndex(shares.elements);
    const lines: Line[] = shares.elements.map((element) => ({
      colour: colour(element),
      values: gaps(history.column(`fraction:${element}`).map((x) => 100 * x)),
      name: element,
    }));
    if (shares.others)
      lines.push({
        colour: OTHERS,
        values: gaps(shares.others.map((x) => 100 * x)),
        name: "others",
        dash: [4, 4],
      });
    charts[last].show({ x: history.steps, end, limits: [-3, 103], lines });
  }

  function update(): void {
    view.update();
    const row = hover ?? scrub.row;
    if (row < 0) return;
    const step = history.at("step", row);
    const mark = hover === null && scrub.following ? null : step;
    for (const chart of charts) chart.mark(mark);
    pareto?.show(row);
    view.readout.replaceChildren(...readout(row, step));
    result();
  }

  function firstLoss(): number {
    return history.column("loss").find(Number.isFinite) ?? Number.NaN;
  }

  /** As many digits as tell its steps apart: a loss that pulls towards 1e5 changes in its seventh. */
  function lossText(row: number): string {
    const [low, high] = cover([history.column("loss")], 0);
    const decimals = Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(high - low || 1))));
    const change = history.at("loss", row) - firstLoss();
    const since = row > 0 ? ` (${change > 0 ? "+" : ""}${fixed(change, decimals)} since the first step)` : "";
    return `${fixed(history.at("loss", row), decimals)}${since}`;
  }

  function readout(row: number, step: number): HTMLElement[] {
    const name = meta.trials ? `Best after ${step} ${step === 1 ? "trial" : "trials"}` : `Step ${step}`;
    const parts = [h("span", {}, h("b", {}, name))];
    for (const { property, label, unit } of objectives) {
      const { value, spread, power } = measured(
        history.at(`value:${property}`, row),
        history.at(`std:${property}`, row),
      );
      const text = `${value}${spread ? ` ± ${spread}` : ""}${power}${unit ? ` ${unit}` : ""}`;
      const split = splitOf(
        history.at(`std_aleatoric:${property}`, row),
        history.at(`std_epistemic:${property}`, row),
      );
      const stds = split && splitText(history.at(`value:${property}`, row), split);
      parts.push(
        h(
          "span",
          {},
          h("span", { class: "mw-soft" }, label ?? property),
          h("b", {}, text),
          stds && h("span", { class: "mw-soft" }, `(data ${stds.aleatoric}, networks ${stds.epistemic})`),
        ),
      );
    }
    if (objectives.length === 1 && Number.isFinite(history.at("loss", row)))
      parts.push(h("span", {}, h("span", { class: "mw-soft" }, "loss"), lossText(row)));
    const { told, below } = toldShares(elements, fractionsAt(row));
    for (const [element, x] of told) {
      const dot = h("span", {
        class: "mwt-dot",
        "aria-hidden": "true",
        style: `background:var(${colour(element)})`,
      });
      parts.push(h("span", {}, dot, element, h("b", {}, Number.isFinite(x) ? percent(x) : DASH), "at.%"));
    }
    if (below) parts.push(h("span", { class: "mw-soft" }, `${told.length ? "and " : ""}${belowText(below)}`));
    return parts;
  }

  const box = root.root.querySelector<HTMLElement>(".mwt-result");
  let resultShown = "";
  function result(): void {
    const found = model.get("result") as Result | null;
    if (!box || JSON.stringify(found) === resultShown) return;
    resultShown = JSON.stringify(found);
    box.hidden = !found;
    if (!found) return;
    const at = spokenShares(
      elements,
      found.fractions.map((x) => (x < TRACE ? 0 : x)), // what would read 0.0 % is left out
    );
    const values = objectives.map((o) => {
      const { value, spread, power } = measured(
        found.values[o.property] ?? null,
        found.std[o.property] ?? null,
      );
      return `${o.label ?? o.property} ${value}${spread ? ` ± ${spread}` : ""}${power} ${o.unit ?? ""}`.trim();
    });
    const lines = [h("p", { class: "mw-small" }, `Found at ${at}: ${values.join(", ")}`)];
    const nearest = objectives
      .map((o) => [o, found.values_at_formula[o.property]] as const)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([o, value]) => `${quantity(value)} ${o.unit ?? ""}`.trim());
    if (found.grid_best) {
      const best = objectives
        .map((o) => `${quantity(found.grid_best?.[o.property])} ${o.unit ?? ""}`.trim())
        .join(", ");
      lines.push(h("p", { class: "mw-small mw-soft" }, `Best of every composition on the grid: ${best}`));
    }
    const headline = h(
      "span",
      {},
      h("strong", {}, found.formula),
      nearest.length ? `  ${nearest.join(", ")}` : "",
    );
    if (found.pareto?.length)
      lines.push(
        h(
          "p",
          { class: "mw-small mw-soft" },
          `The best weighted compromise of the front's ${found.pareto.length} points.`,
        ),
      );
    box.replaceChildren(headline, ...lines);
    root.announce(`Result: ${found.formula}, ${values.join(", ")}`);
  }

  let asked = 0;
  session.onChange(() => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      draw();
      update();
    });
  });
  root.cleanups.push(() => cancelAnimationFrame(asked));
  setText(view.readout, "");
  draw();
  update();
}

function withUnit(label: string, unit: string | undefined): string {
  return unit ? `${label} (${unit})` : label;
}

export default widget<Record<string, unknown>>({
  name: "optimization-tracker",
  label: "Optimization tracker",
  css: `${uplotCss}\n${css}`,
  mount: (model, root) => mount(model, root),
});
