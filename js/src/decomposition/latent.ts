/** The latent side: the compound's mean beside the weighted sum of its products', dimension by dimension. */
import { h, svg } from "../shared/dom";
import { quantity, tickLabels, ticks } from "../shared/format";
import { type Balance, isItself, type LatentBalance, type Likeness } from "./state";
import { cosineText, distanceText } from "./words";

const HEIGHT = 210;
const LEFT = 46;
const FOOT = 22;
const TOP = 10;

export function latentView(record: Balance, label: string, width: number): HTMLElement {
  const { latent } = record;
  if (!latent)
    return h("p", { class: "mw-note" }, `Not in the ${label || "latent space"}: ${record.latent_problem}`);
  const names = { own: record.shown, sum: "weighted sum of its products" };
  return h(
    "div",
    { class: "mwd-latent" },
    h(
      "div",
      { class: "mwd-legend" },
      h("h4", {}, sentenceOf(label)),
      h("span", {}, h("i", { class: "mwd-own" }), names.own),
      h("span", {}, h("i", { class: "mwd-sum" }), names.sum),
    ),
    chart(latent, width, names),
    likenessTable(record, latent),
    h(
      "p",
      { class: "mw-soft mw-small mwd-hint" },
      `Distances are given over ${latent.relative_to === "spread" ? "the spread of the latent space" : `the length of ${record.shown}’s own vector`}. `,
      record.products.length > 1 &&
        "A sum near the compound says something only where the products alone are farther away.",
    ),
    h("div", { class: "mw-hidden" }, valuesTable(latent, record)), // a table of its own would keep its width
  );
}

function sentenceOf(label: string): string {
  return label ? label.charAt(0).toUpperCase() + label.slice(1) : "Latent space";
}

function chart(latent: LatentBalance, width: number, names: { own: string; sum: string }): SVGSVGElement {
  const { mean, mixture } = latent;
  const all = [...mean, ...mixture, 0];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const room = (most - least || 1) * 0.04;
  const [low, high] = [least < 0 ? least - room : 0, most > 0 ? most + room : 0];
  const span = high - low || 1;
  const y = (value: number) => TOP + ((high - value) / span) * (HEIGHT - TOP - FOOT);
  const step = (width - LEFT - 6) / mean.length;
  const thick = Math.max(0.8, Math.min(20, step * 0.36));
  const marks = ticks(low, high, 5);
  const texts = tickLabels(marks);
  const every = Math.max(1, Math.ceil(26 / step));
  const pattern = `mwd-stripes-${(patterns += 1)}`;
  const stripes = svg(
    "pattern",
    { id: pattern, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { width: 6, height: 6, class: "mwd-stripe-ground" }),
    svg("path", { d: "M0 0V6", class: "mwd-stripe" }),
  );
  const bar = (x: number, value: number, kind: string, fill: string | null) =>
    svg("rect", {
      x,
      y: Math.min(y(value), y(0)),
      width: thick,
      height: Math.max(0.75, Math.abs(y(value) - y(0))),
      class: kind,
      style: fill,
    });
  return svg(
    "svg",
    {
      class: "mwd-chart",
      viewBox: `0 0 ${width} ${HEIGHT}`,
      width,
      height: HEIGHT,
      role: "img",
      "aria-label": `${mean.length} latent dimensions of ${names.own} and of the ${names.sum}; cosine similarity ${cosineText(latent.cosine)}`,
    },
    svg("defs", {}, stripes),
    ...marks.flatMap((mark, i) => [
      svg("path", { d: `M${LEFT} ${y(mark)}H${width}`, class: "mwd-grid" }),
      svg("text", { x: LEFT - 7, y: y(mark) + 4, class: "mwd-tick mwd-end" }, texts[i]),
    ]),
    ...mean.map((value, i) => {
      const centre = LEFT + (i + 0.5) * step;
      const name = `z${subscript(i + 1)}`;
      return svg(
        "g",
        {},
        svg(
          "title",
          {},
          `${name}: ${names.own} ${quantity(value, 3)}, ${names.sum} ${quantity(mixture[i], 3)}`,
        ),
        bar(centre - thick - 0.5, value, "mwd-own", null),
        bar(
          centre + 0.5,
          mixture[i],
          thick > 3 ? "mwd-sum" : "mwd-sum mwd-fine",
          thick > 3 ? `fill:url(#${pattern})` : null,
        ),
        i % every === 0 && svg("text", { x: centre, y: HEIGHT - 5, class: "mwd-tick" }, name),
      );
    }),
    svg("path", { d: `M${LEFT} ${y(0)}H${width}`, class: "mwd-zero" }),
  );
}

let patterns = 0;

function subscript(n: number): string {
  return [...String(n)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("");
}

function likenessTable(record: Balance, latent: LatentBalance): HTMLElement {
  const unit = latent.relative_to === "spread" ? "spread" : "length";
  const row = (name: string, like: Likeness, strong: boolean) =>
    h(
      "tr",
      { class: strong ? "mwd-strong" : null },
      h("th", { scope: "row" }, name),
      h("td", { class: "mw-num" }, cosineText(like.cosine)),
      h("td", { class: "mw-num" }, distanceText(like.distance)),
    );
  const alone = isItself(record) || record.products.length < 2 ? [] : record.products;
  return h(
    "table",
    { class: "mwd-likeness" },
    h("caption", { class: "mw-hidden" }, `How near ${record.formula} lies in the latent space`),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, `Beside ${record.shown}`),
        h("th", { scope: "col" }, "Cosine similarity"),
        h("th", { scope: "col" }, `Distance ÷ ${unit}`),
      ),
    ),
    h(
      "tbody",
      {},
      row("Weighted sum", latent, true),
      ...alone.map((part, k) => row(`${part.shown} alone`, latent.parts[k], false)),
    ),
  );
}

/** The numbers of the bars for who does not see them. */
function valuesTable(latent: LatentBalance, record: Balance): HTMLElement {
  return h(
    "table",
    {},
    h("caption", {}, "Latent dimensions"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ...["Dimension", record.formula, "Weighted sum"].map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    h(
      "tbody",
      {},
      ...latent.mean.map((value, i) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, String(i + 1)),
          h("td", {}, quantity(value, 3)),
          h("td", {}, quantity(latent.mixture[i], 3)),
        ),
      ),
    ),
  );
}
