import { type ColourMap, colourAt, rgb } from "./colors";
import { h } from "./dom";
import { quantity, tickLabels, ticks } from "./format";

/** A horizontal colour bar with its ticks, name and unit. */
export function legendBar(options: {
  map: ColourMap;
  range: readonly [number, number];
  /** How far the numbers go where the colours end before them. */
  reach?: readonly [number, number];
  label: string;
  unit: string;
}): HTMLElement {
  const [low, high] = options.range;
  const colours = Array.from({ length: 17 }, (_, i) => rgb(colourAt(options.map, i / 16)));
  const marks = ticks(low, high, 4);
  const names = tickLabels(marks);
  const at = (x: number) => (100 * (x - low)) / (high - low);
  const [least, most] = options.reach ?? options.range;
  const beyond = [
    least < low ? `down to ${quantity(least, 3)}` : "",
    most > high ? `up to ${quantity(most, 3)}` : "",
  ];
  const name = h("div", { class: "mw-colourbar-name" });
  name.append(options.unit ? `${options.label} (${options.unit})` : options.label);
  const bar = h("div", {
    class: "mw-colourbar-bar",
    style: `background:linear-gradient(90deg,${colours.join()})`,
  });
  // A point at an end: the colours stop here, the numbers do not.
  bar.classList.toggle("mw-below", least < low);
  bar.classList.toggle("mw-above", most > high);
  const rest = beyond.filter(Boolean).join(", ");
  return h(
    "div",
    { class: "mw-colourbar mw-num" },
    name,
    bar,
    h("div", { class: "mw-axis" }, ...marks.map((x, i) => h("span", { style: `left:${at(x)}%` }, names[i]))),
    rest && h("div", { class: "mw-colourbar-rest" }, `the map goes ${rest} ${options.unit}`.trim()),
  );
}
