import { type ColourMap, colourAt, rgb } from "./colors";
import { h } from "./dom";
import { tickLabels, ticks } from "./format";

/** A horizontal colour bar with its ticks, name and unit. */
export function legendBar(options: {
  map: ColourMap;
  range: readonly [number, number];
  label: string;
  unit: string;
}): HTMLElement {
  const [low, high] = options.range;
  const colours = Array.from({ length: 17 }, (_, i) => rgb(colourAt(options.map, i / 16)));
  const marks = ticks(low, high, 4);
  const names = tickLabels(marks);
  const at = (x: number) => (100 * (x - low)) / (high - low);
  return h(
    "div",
    { class: "mw-colourbar mw-num" },
    h(
      "div",
      { class: "mw-colourbar-name" },
      options.unit ? `${options.label} (${options.unit})` : options.label,
    ),
    h("div", { class: "mw-colourbar-bar", style: `background:linear-gradient(90deg,${colours.join()})` }),
    h("div", { class: "mw-axis" }, ...marks.map((x, i) => h("span", { style: `left:${at(x)}%` }, names[i]))),
  );
}
