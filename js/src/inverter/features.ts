/** The features with their values and what each contributes, beside those of the alloy before the step. */
import { h } from "../shared/dom";
import { fixed, sentence } from "../shared/format";
import type { Alloy, Beside, Feature } from "./state";
import { spokenContribution, sumText, values } from "./words";

const ARROWS = { up: "▲", down: "▼", level: "" };

/** The largest contribution of both alloys: the bars of every row share one scale. */
export function reach(record: Alloy, before: Alloy | null): number {
  const all = [...record.features, ...(before?.features ?? [])].map(({ shapley }) => Math.abs(shapley ?? 0));
  return Math.max(...all, 0) || 1;
}

export function featureTable(record: Alloy, before: Alloy | null, beside: Beside): HTMLElement {
  const earlier = new Map(before?.features.map((feature) => [feature.name, feature]));
  const most = reach(record, before);
  const explains = record.features.some(({ shapley }) => shapley !== null);
  const rows = record.features.map((feature) => {
    const old = earlier.get(feature.name) ?? null;
    const [now, was] = values(feature.value, old?.value ?? null);
    const way = !old || now === was ? "level" : feature.value > old.value ? "up" : "down";
    return h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        h(
          "span",
          { class: "mwi-feature" },
          h("i", { class: "mwi-symbol" }, ...symbol(feature.symbol)),
          feature.unit &&
            h("span", { class: "mwi-inline-unit mw-soft", "aria-hidden": "true" }, feature.unit),
          h("span", { class: "mwi-name" }, sentence(feature.name)),
        ),
      ),
      before && h("td", { class: "mw-num mw-soft mwi-before" }, was),
      h(
        "td",
        { class: "mw-num mwi-value" },
        before &&
          h(
            "span",
            { class: "mwi-way", role: "img", "aria-label": way === "level" ? "the same" : `gone ${way}` },
            ARROWS[way],
          ),
        now,
      ),
      h("td", { class: "mwi-unit mw-soft" }, feature.unit),
      explains && h("td", { class: "mwi-contribution" }, bars(feature, old, most)),
    );
  });
  const sum = sumText(record);
  return h(
    "div",
    {},
    h(
      "table",
      { class: before ? "mwi-features mwi-two" : "mwi-features" },
      h(
        "caption",
        { class: "mw-hidden" },
        `Features of ${record.alloy} and what each adds to the probability`,
      ),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, "Feature"),
          before && h("th", { scope: "col", class: "mwi-right" }, beside === "start" ? "Start" : "Before"),
          h("th", { scope: "col", class: "mwi-right" }, before ? "Now" : "Value"),
          h("th", { scope: "col", class: "mwi-unit" }, "Unit"),
          explains &&
            h(
              "th",
              { scope: "col", class: "mwi-contribution" },
              "Contribution ",
              h("span", { class: "mw-hidden" }, "to the probability of a single phase"),
              h(
                "span",
                { class: "mwi-directions", "aria-hidden": "true" },
                h("span", {}, "◂ several"),
                h("span", {}, "single ▸"),
              ),
            ),
        ),
      ),
      h("tbody", {}, ...rows),
    ),
    (sum || explains) &&
      h(
        "p",
        { class: "mw-small mw-soft mwi-sum" },
        before &&
          h("span", {}, `Hollow bars: ${beside === "start" ? "the first alloy" : "before the step"}. `),
        explains && `Contributions are Shapley values, bars up to ± ${fixed(most, 2)}. ${sum}`,
      ),
  );
}

/** V_m as V with a subscript m. */
function symbol(text: string): (string | HTMLElement)[] {
  const [name, ...below] = text.split("_");
  return below.length ? [name, h("sub", {}, below.join(" "))] : [name];
}

function bars(now: Feature, before: Feature | null, most: number): HTMLElement {
  const words = spokenContribution(now, before);
  const bar = (feature: Feature, kind: string) => {
    if (feature.shapley === null || Math.abs(feature.shapley) < most / 400) return null; // the line at zero
    const width = `width:${((50 * Math.abs(feature.shapley)) / most).toFixed(2)}%`;
    return h("span", {
      class: `mwi-part ${kind} ${feature.shapley < 0 ? "mwi-away" : "mwi-towards"}`,
      style: width,
    });
  };
  return h(
    "span",
    { class: "mwi-bars", role: "img", "aria-label": words, title: words },
    before && bar(before, "mwi-then"),
    bar(now, "mwi-present"),
  );
}
