/** The Pareto view of a tracker: the plot, its legend, and the chosen point in words. */
import { h, setText } from "../shared/dom";
import { measured, quantity } from "../shared/format";
import { type Model, onChange } from "../shared/model";
import type { Root } from "../shared/mount";
import { cover, type Range } from "./axis";
import { caption } from "./caption";
import { type FrontPoint, nearest, type Objective } from "./front";
import { Pareto } from "./pareto";
import { pointCard } from "./point_card";
import type { Session } from "./session";

/** A point of a result's front, as Python gives it. */
export interface ResultPoint {
  formula: string;
  fractions: number[];
  values: [number, number];
  std: (number | null)[];
  values_at_formula: (number | null)[];
  known: boolean | null;
}

export interface ViewOptions {
  objectives: readonly Objective[];
  elements: readonly string[];
  colour(element: string): string;
  starts: number;
  /** The row under the pointer in a chart; null for none. */
  hovered(): number | null;
  preview(fractions: number[] | null): void;
  /** Back to the last step. */
  follow(): void;
}

export interface ParetoView {
  element: HTMLElement;
  show(row: number): void;
  dispose(): void;
}

const EARLIER = 5; // fronts before this one that are drawn

export function paretoView(session: Session, model: Model, root: Root, options: ViewOptions): ParetoView {
  const { objectives } = options;
  const names = objectives.map(({ property }) => `value:${property}`);
  let points: readonly FrontPoint[] = [];
  let chosen = -1;
  let row = -1;

  const describe = (point: FrontPoint) => {
    const values = objectives.map(({ label, property, unit }, i) => {
      const { value, spread, power } = measured(point.values[i], point.std?.[i] ?? null);
      return `${label ?? property} ${value}${spread ? ` plus or minus ${spread}` : ""}${power} ${unit ?? ""}`.trim();
    });
    return [point.formula, ...values].filter(Boolean).join(", ");
  };
  const choose = (index: number) => {
    const point = points[index];
    if (!point) {
      if (chosen >= 0) options.follow();
      return;
    }
    session.put({
      chosen: [...point.values],
      ...(point.fractions ? { fractions: unitSum(point.fractions) } : {}),
    });
    show(row);
  };
  const plot = new Pareto({
    objectives,
    describe,
    onChoose: choose,
    onHover: (index) => options.preview(points[index]?.fractions ?? null),
  });
  const card = pointCard({
    ...options,
    onStep: (by) => {
      const wanted = chosen < 0 ? (by > 0 ? 0 : points.length - 1) : chosen + by;
      choose(Math.min(points.length - 1, Math.max(0, wanted)));
      if (points[chosen]) root.announce(`${chosen + 1} of ${points.length}: ${describe(points[chosen])}`);
    },
    onClear: () => choose(-1),
  });
  const hypervolume = h("b", { class: "mw-num" });
  const beyond = h("span", {});
  const element = h(
    "div",
    { class: "mwt-pareto" },
    caption("Pareto front", [
      { text: "nothing found beats it in both", colour: "var(--mw-accent)", kind: "dot" },
      ...(options.starts > 1
        ? [
            {
              text: "where the starts stand",
              colour: "var(--mw-text-soft)",
              kind: "ring" as const,
            },
          ]
        : []),
      { text: "way of the followed start", colour: "var(--mw-c1)", kind: "dashes" },
      { text: "earlier fronts", colour: "var(--mw-accent)", kind: "faint" },
    ]),
    plot.element,
    h("p", { class: "mwt-hypervolume mw-small mw-soft" }, "Hypervolume ", hypervolume, beyond),
    card.element,
  );

  function show(at: number): void {
    row = at;
    const { history, family, fronts, scrub } = session;
    const step = history.at("step", row);
    const hovering = options.hovered() !== null;
    const result =
      (model.get("result") as {
        pareto?: ResultPoint[];
        values?: Record<string, number>;
        hypervolume?: number | null;
      }) ?? {};
    const final =
      !hovering && (scrub.following || scrub.row === history.rows - 1) ? result.pareto : undefined;
    points = final?.length ? final : fronts.at(step);
    const wanted = (session.get("chosen") as number[] | undefined) ?? [];
    chosen = wanted.length === 2 && !hovering ? nearest(points, wanted, extents(points)) : -1;
    const restarts = family.nearest(step);
    const stand =
      restarts < 0 ? [] : Array.from({ length: options.starts }, (_, start) => familyAt(start, restarts));
    const ends = limits(result.pareto);
    const out = stand.filter((place) => place.some((x, i) => x < ends[i][0] || x > ends[i][1])).length;
    plot.show({
      points,
      earlier: fronts.before(step, EARLIER),
      family: stand,
      way: history.steps.slice(0, row + 1).map((_, i) => [history.at(names[0], i), history.at(names[1], i)]),
      limits: ends,
      chosen,
      result:
        final && result.values
          ? (objectives.map(({ property }) => result.values?.[property]) as never)
          : null,
    });
    card.show(points, chosen);
    // the number belongs to the front that is drawn: the result's has been polished after the last step
    setText(
      hypervolume,
      quantity((final?.length ? result.hypervolume : null) ?? history.at("hypervolume", row)),
    );
    setText(beyond, out ? `; ${out} of the starts stand${out === 1 ? "s" : ""} beyond the edges` : "");
  }

  function familyAt(start: number, at: number): [number, number] {
    const [x, y] = objectives.map(({ property }) => session.family.at(`family:${property}:${start}`, at));
    return [x, y];
  }

  let asked = "";
  let found: [Range, Range] = [
    [0, 1],
    [0, 1],
  ];
  /** Limits over all fronts there were: nothing moves when somebody scrubs, and far starts do not press it flat. */
  function limits(pareto: readonly ResultPoint[] = []): [Range, Range] {
    const { history, family, fronts } = session;
    const none = fronts.count === 0 && !pareto.length;
    const key = [fronts.count, pareto.length, none && history.next].join();
    if (key === asked) return found;
    asked = key;
    const ever = [...fronts.all(), ...pareto];
    found = objectives.map(({ property, target }, i) =>
      cover(
        [
          ever.map(({ values }) => values[i]),
          ...(none ? family.named(`family:${property}:`).map((name) => family.column(name)) : []),
          typeof target === "number" ? [target] : [],
        ],
        0.1,
      ),
    ) as [Range, Range];
    return found;
  }

  root.cleanups.push(onChange(model, ["chosen"], () => row >= 0 && show(row)));
  return { element, show, dispose: () => plot.dispose() };
}

/** The same as Python's, so that both find the same point next to the chosen values. */
function extents(points: readonly FrontPoint[]): number[] {
  return [0, 1].map((i) => {
    const values = points.map((point) => point.values[i]);
    return Math.max(...values) - Math.min(...values);
  });
}

/** In single precision a sum is 1 only nearly. */
export function unitSum(fractions: readonly number[]): number[] {
  const total = fractions.reduce((sum, x) => sum + x, 0);
  return total > 0 ? fractions.map((x) => x / total) : [...fractions];
}
