import { type ColourMap, type Rgb, rgb } from "../shared/colors";
import { h } from "../shared/dom";
import { quantity, sentence } from "../shared/format";
import { legendBar } from "../shared/legend";
import { classColours, MISSING, type Scale } from "./palette";

/** What the colours mean, with the number of points of each class. */
export function legend(
  scale: Scale,
  levels: Uint8Array | null,
  palette: readonly Rgb[],
  map: ColourMap,
  missing: string,
): HTMLElement {
  const box = h("div", { class: "mw-legend" });
  if (!scale.kind || !levels) return box;
  const counts = new Uint32Array(256);
  for (const level of levels) counts[level] += 1;
  const absent = counts[MISSING] ? row(missing, "no value", counts[MISSING].toLocaleString("en")) : null;
  if (scale.kind === "number") {
    const [low, high] = [scale.low ?? 0, scale.high ?? 1];
    const [least, most] = [scale.least ?? low, scale.most ?? high];
    const bar = legendBar({
      map,
      range: [low, high],
      label: sentence(scale.name ?? ""),
      unit: scale.unit ?? "",
    });
    box.append(bar);
    if (least < low || most > high)
      box.append(
        h(
          "p",
          { class: "mw-soft mw-small mw-reach" },
          `values reach from ${quantity(least, 3)} to ${quantity(most, 3)}`,
        ),
      );
  } else {
    const colours = classColours(scale, palette, map);
    const labels = scale.labels ?? [];
    box.append(
      h(
        "div",
        { class: "mw-small mw-legend-name" },
        `${sentence(scale.name ?? "")}${scale.unit ? ` (${scale.unit})` : ""}`,
      ),
      h(
        "ul",
        { "aria-label": "Classes" },
        ...labels.map((label, i) => row(rgb(colours[i]), label, counts[i].toLocaleString("en"))),
      ),
    );
  }
  if (absent) box.append(h("ul", { "aria-label": "Without a value" }, absent));
  return box;
}

function row(colour: string, label: string, count: string): HTMLElement {
  return h(
    "li",
    { class: "mw-small mw-num" },
    h("i", { style: `background:${colour}` }),
    h("span", {}, label),
    h("span", { class: "mw-soft" }, count),
  );
}
