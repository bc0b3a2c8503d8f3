/** The chosen point of a Pareto front in words: formula, values, composition. */
import { button, h, ICONS } from "../shared/dom";
import { measured, percent, quantity } from "../shared/format";
import { nameOf } from "../shared/periodic";
import type { FrontPoint, Objective } from "./front";

export interface CardOptions {
  objectives: readonly Objective[];
  elements: readonly string[];
  /** CSS colour of an element. */
  colour(element: string): string;
  onStep(by: number): void;
  onClear(): void;
}

/** A card that is filled by `show`; it asks for a choice while there is none. */
export function pointCard(options: CardOptions): {
  element: HTMLElement;
  show(points: readonly FrontPoint[], index: number): void;
} {
  const { objectives, elements, colour } = options;
  const previous = button({
    label: "Previous point of the front",
    icon: "M10 3 5 8l5 5",
    onClick: () => options.onStep(-1),
  });
  const next = button({
    label: "Next point of the front",
    icon: "M6 3l5 5-5 5",
    onClick: () => options.onStep(1),
  });
  const clear = button({ label: "Choose no point", icon: ICONS.clear, onClick: options.onClear });
  const head = h("div", { class: "mwt-point-head" });
  const body = h("div", {});
  const element = h(
    "div",
    { class: "mwt-point" },
    h("div", { class: "mwt-point-top" }, head, previous, next, clear),
    body,
  );

  function values(point: FrontPoint): HTMLElement {
    const rows = objectives.map((objective, i) => {
      const { value, spread, power } = measured(point.values[i], point.std?.[i] ?? null);
      const unit = objective.unit ? ` ${objective.unit}` : "";
      const snapped = point.values_at_formula?.[i];
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, objective.label ?? objective.property),
        h("td", {}, `${value}${spread ? ` ± ${spread}` : ""}${power}${unit}`),
        point.formula && h("td", {}, typeof snapped === "number" ? `${quantity(snapped)}${unit}` : "–"),
      );
    });
    const titles = point.formula
      ? h(
          "tr",
          {},
          h("td", {}),
          h("th", { scope: "col" }, "at this point"),
          h("th", { scope: "col" }, `at ${point.formula}`),
        )
      : null;
    const table = h("table", { class: "mw-num" });
    table.append(...(titles ? [titles] : []), ...rows);
    return table;
  }

  function composition({ fractions }: FrontPoint): HTMLElement {
    if (!fractions)
      return h("p", { class: "mw-soft" }, "Its composition is told when the run has ended or is stopped.");
    const parts = elements
      .map((symbol, i) => [symbol, fractions[i]] as const)
      .filter(([, x]) => x >= 5e-4)
      .map(([symbol, x]) =>
        h(
          "span",
          { title: nameOf(symbol) },
          h("span", { class: "mwt-dot", "aria-hidden": "true", style: `background:${colour(symbol)}` }),
          symbol,
          h("b", {}, percent(x)),
          "at.%",
        ),
      );
    return h("p", { class: "mwt-readout" }, ...parts);
  }

  let shown = "";
  function show(points: readonly FrontPoint[], index: number): void {
    const point = points[index];
    const key = JSON.stringify([points.length, index, point]);
    if (key === shown) return;
    shown = key;
    previous.disabled = !points.length || index === 0;
    next.disabled = !points.length || index === points.length - 1;
    clear.hidden = !point;
    if (!point) {
      head.replaceChildren(h("span", { class: "mw-soft" }, `${points.length} points on the front`));
      body.replaceChildren(
        h(
          "p",
          { class: "mw-soft" },
          "Choose one with the mouse or the arrow keys: linked widgets go to its composition.",
        ),
      );
      return;
    }
    const known =
      typeof point.known === "boolean" &&
      h("span", { class: "mwt-known" }, point.known ? "known compound" : "in none of the tables here");
    head.replaceChildren(
      h("strong", {}, point.formula ?? `Point ${index + 1}`),
      h("span", { class: "mw-soft mw-small" }, `${index + 1} of ${points.length}`),
      ...(known ? [known] : []),
    );
    body.replaceChildren(values(point), composition(point));
  }
  return { element, show };
}
