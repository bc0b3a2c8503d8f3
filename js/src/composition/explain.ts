/** How the prediction comes about: what each element adds, and which elements the network looks at. */
import { effect, signal } from "@preact/signals-core";
import { colourAt, elementColour, inkOn, rgb } from "../shared/colors";
import { h, setText } from "../shared/dom";
import { fixed, quantity } from "../shared/format";
import { type Cleanup, type Model, onChange } from "../shared/model";
import { nameOf } from "../shared/periodic";
import { attentionOf, type Choice, counts, type Explanation, PARTS, total } from "./explanation";
import type { CompositionState, Traits } from "./state";

const NAMES = { member: "Network", layer: "Layer", head: "Head" };

/** A part of the panel that opens; nothing is asked of the kernel while it is shut. */
export function explainView(state: CompositionState, model: Model<Traits>, cleanups: Cleanup[]): HTMLElement {
  const choice = signal<Choice>({ member: null, layer: null, head: null });
  const bars = h("div", { class: "mw-bars mw-num" });
  const sum = h("p", { class: "mw-small mw-num" });
  const selects = PARTS.map((part) => {
    const select = h("select", { class: "mw-input" });
    select.addEventListener("change", () => {
      choice.value = { ...choice.value, [part]: select.value === "" ? null : Number(select.value) };
    });
    return select;
  });
  const labels = PARTS.map((part, i) => h("label", { class: "mw-small" }, NAMES[part], selects[i]));
  const heat = h("div", {
    class: "mw-heat-room",
    tabindex: 0,
    role: "region",
    "aria-label": "Attention",
  });
  const scale = h("span", {});
  const attention = h(
    "div",
    {},
    h("h4", {}, "Which elements it looks at (attention)"),
    h("div", { class: "mw-choices" }, ...labels),
    heat,
    h(
      "p",
      { class: "mw-small mw-soft" },
      "Each row sums to 1: how much the element on the left takes from each element above. ",
      scale,
      " Attention says where a network looks, not why its number is what it is.",
    ),
  );
  const waiting = h("p", { class: "mw-small mw-soft", role: "status" });
  const body = h("div", { class: "mw-explain-body" }, waiting);
  const contributions = h("div", {}, h("h4", {}, "What each element adds"), bars, sum);
  body.append(contributions, attention);
  const element = h(
    "details",
    { class: "mw-explain" },
    h("summary", {}, "How this number comes about"),
    body,
  );
  element.addEventListener("toggle", () => state.explain(element.open));

  function paintBars(explanation: Explanation): void {
    const { elements, unit } = explanation;
    const colours = elementColour(state.elements.value);
    const values = explanation.contributions;
    const low = Math.min(0, ...values);
    const high = Math.max(0, ...values);
    const at = (x: number) => (100 * (x - low)) / (high - low || 1);
    const digits = Math.max(0, 3 - Math.floor(Math.log10(Math.max(...values.map(Math.abs), 1e-9))));
    bars.replaceChildren(
      ...elements.flatMap((symbol, i) => {
        const [from, to] = [at(Math.min(0, values[i])), at(Math.max(0, values[i]))];
        const bar = h("i", { style: `left:${from}%;width:${to - from}%;background:${colours.get(symbol)}` });
        const zero = h("b", { style: `left:${at(0)}%` });
        return [
          h("span", { class: "mw-bar-name", title: nameOf(symbol) }, symbol),
          h("span", { class: "mw-bar", "aria-hidden": "true" }, bar, zero),
          h("span", { class: "mw-bar-number" }, `${fixed(values[i], Math.min(6, digits))} ${unit}`.trim()),
        ];
      }),
    );
    const whole = total(explanation);
    const log = /^ln\((.*)\)$/.exec(unit);
    const undone = log ? `; e to this power: ${quantity(Math.exp(whole))} ${log[1]}` : "";
    setText(sum, `Sum ${fixed(whole, Math.min(6, digits))} ${unit}${undone}: the prediction.`);
  }

  function paintChoices(explanation: Explanation): void {
    counts(explanation).forEach((count, i) => {
      const part = PARTS[i];
      labels[i].hidden = count < 2;
      if (selects[i].options.length !== count + 1)
        selects[i].replaceChildren(
          h("option", { value: "" }, `mean of ${count}`),
          ...Array.from({ length: count }, (_, n) => h("option", { value: n }, String(n + 1))),
        );
      const chosen = choice.value[part];
      selects[i].value = chosen === null || chosen >= count ? "" : String(chosen);
    });
  }

  function paintHeat(explanation: Explanation): void {
    const matrix = attentionOf(explanation, choice.value);
    attention.hidden = matrix.length === 0;
    if (!matrix.length) return;
    const { elements } = explanation;
    attention.classList.toggle("mw-whole", elements.length > 5);
    const most = Math.max(...matrix.flat(), 1e-6);
    setText(scale, `Colours from 0 (dark) to ${fixed(most, 2)} (light).`);
    const head = h("tr", {}, h("td", {}), ...elements.map((symbol) => h("th", { scope: "col" }, symbol)));
    const rows = matrix.map((row, i) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, elements[i]),
        ...row.map((x, j) => {
          const colour = colourAt("viridis", x / most);
          return h(
            "td",
            {
              style: `background:${rgb(colour)};color:${inkOn(colour)}`,
              title: `${nameOf(elements[i])} takes ${fixed(x, 3)} from ${nameOf(elements[j])}`,
            },
            fixed(x, 2),
          );
        }),
      ),
    );
    heat.replaceChildren(
      h(
        "table",
        { class: "mw-heat mw-num" },
        h("caption", { class: "mw-hidden" }, "Attention"),
        head,
        ...rows,
      ),
    );
  }

  const shown = () => {
    element.hidden = !model.get("explains");
  };
  cleanups.push(
    effect(() => {
      const explanation = state.explanation.value;
      const late = state.explaining.value;
      contributions.hidden = !explanation;
      attention.hidden = !explanation?.attention;
      setText(
        waiting,
        explanation ? "" : late ? "The kernel is asked for it; without one nothing can be explained." : "",
      );
      body.classList.toggle("mw-old", late && !!explanation);
      if (!explanation) return;
      paintBars(explanation);
      paintChoices(explanation);
      paintHeat(explanation);
    }),
    onChange(model, ["explains"], shown),
  );
  shown();
  return element;
}
