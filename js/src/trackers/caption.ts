/** The line over a chart: what it shows, in which unit, and what each kind of line is. */
import { h, svg } from "../shared/dom";
import { BANDS } from "./paint";

export interface Key {
  text: string;
  /** CSS colour. */
  colour: string;
  kind: "line" | "dashes" | "band" | "outer" | "inner" | "faint" | "dot" | "ring";
  /** Shows and hides its lines. */
  toggle?: { shown: boolean; change(shown: boolean): void };
}

export function caption(title: string, keys: (Key | HTMLElement)[], note = ""): HTMLElement {
  const words = note && h("span", { class: "mw-soft mw-small" }, note);
  const legend =
    keys.length > 0 &&
    h("span", { class: "mwt-keys" }, ...keys.map((key) => (key instanceof HTMLElement ? key : keyOf(key))));
  return h("div", { class: "mwt-caption" }, h("h4", {}, title), legend, words);
}

/** One entry of a legend, for one that comes and goes. */
export function keyOf(key: Key): HTMLElement {
  const { toggle } = key;
  if (!toggle) return h("span", { class: "mwt-key" }, swatch(key), key.text);
  const element = h(
    "button",
    { type: "button", class: "mwt-key", "aria-pressed": String(toggle.shown) },
    swatch(key),
    key.text,
  );
  element.addEventListener("click", () => {
    toggle.shown = !toggle.shown;
    element.setAttribute("aria-pressed", String(toggle.shown));
    toggle.change(toggle.shown);
  });
  return element;
}

function swatch({ colour, kind }: Key): SVGSVGElement {
  const style = `stroke:${colour};fill:${colour}`;
  const line = svg("path", {
    d: "M1 6H23",
    style,
    "stroke-width": kind === "faint" ? 1.2 : 2.2,
    "stroke-dasharray": kind === "dashes" ? "4 3" : null,
    "stroke-opacity": kind === "faint" ? 0.5 : 1,
  });
  const alone = { x: 1, y: 1, width: 22, height: 10, style: `fill:${colour};stroke:none` };
  const shapes: Partial<Record<Key["kind"], () => SVGElement[]>> = {
    band: () => [svg("rect", { ...alone, "fill-opacity": BANDS.alone })],
    outer: () => [svg("rect", { ...alone, "fill-opacity": BANDS.outer })],
    inner: () => [
      svg("rect", { ...alone, "fill-opacity": BANDS.outer }),
      svg("rect", { ...alone, y: 3.5, height: 5, "fill-opacity": BANDS.inner }),
    ],
    dot: () => [svg("circle", { cx: 12, cy: 6, r: 4.5, style })],
    ring: () => [svg("circle", { cx: 12, cy: 6, r: 3, style: `stroke:${colour};fill:none` })],
  };
  return svg(
    "svg",
    { viewBox: "0 0 24 12", width: 24, height: 12, "aria-hidden": "true" },
    ...(shapes[kind]?.() ?? [line]),
  );
}
