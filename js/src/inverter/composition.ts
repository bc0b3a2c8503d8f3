/** The alloy's atomic fractions as bars, with what every step shall keep or leave out. */
import { elementColour } from "../shared/colors";
import { h, ICONS, icon } from "../shared/dom";
import { percent } from "../shared/format";
import { nameOf } from "../shared/periodic";
import type { Alloy, Wish } from "./state";
import { spokenShare } from "./words";

const FORBID = "M8 2.5a5.5 5.5 0 1 0 .01 0zM4.2 4.2l7.6 7.6";

export interface Wishes {
  /** All elements of the way: they give the colours, which stay from step to step. */
  system: readonly string[];
  keep: readonly string[];
  forbid: readonly string[];
  /** null where there is no step to wish for. */
  toggle: ((symbol: string, wish: Wish) => void) | null;
}

/** Elements now or before or to be kept, the larger share first; what is not there comes last. */
export function rowsOf(record: Alloy, before: Alloy | null, keep: readonly string[] = []): string[] {
  const now = Object.keys(record.fractions).sort((a, b) => record.fractions[b] - record.fractions[a]);
  const gone = Object.keys(before?.fractions ?? {}).filter((symbol) => !(symbol in record.fractions));
  return [...new Set([...now, ...gone, ...keep])];
}

export function composition(record: Alloy, before: Alloy | null, wishes: Wishes): HTMLElement {
  const rows = rowsOf(record, before, wishes.keep);
  const colours = elementColour([...wishes.system, ...rows]);
  const share = (symbol: string) => record.fractions[symbol] ?? 0;
  const was = (symbol: string) => (before ? (before.fractions[symbol] ?? 0) : null);
  const most = Math.max(0.01, ...rows.map((symbol) => Math.max(share(symbol), was(symbol) ?? 0)));
  const wide = (x: number) => `${((100 * x) / most).toFixed(2)}%`;
  return h(
    "ul",
    { class: "mwi-elements", "aria-label": "Composition in atomic per cent" },
    ...rows.map((symbol) => {
      const old = was(symbol);
      return h(
        "li",
        { class: share(symbol) > 0 ? null : "mwi-gone" },
        h("b", { title: nameOf(symbol) }, symbol),
        h(
          "span",
          { class: "mwi-bar", role: "img", "aria-label": spokenShare(nameOf(symbol), share(symbol), old) },
          h("span", {
            class: "mwi-fill",
            style: `width:${wide(share(symbol))};background:${colours.get(symbol)}`,
          }),
          old !== null && h("span", { class: "mwi-old", style: `left:${wide(old)}` }),
        ),
        h(
          "span",
          { class: "mwi-share mw-num", "aria-hidden": "true" },
          percent(share(symbol)),
          old !== null && h("small", { class: "mw-soft" }, `was ${percent(old)}`),
        ),
        wishes.toggle &&
          h("span", { class: "mwi-wishes" }, chip(symbol, "keep", wishes), chip(symbol, "forbid", wishes)),
      );
    }),
  );
}

/** The other elements, each of which can be forbidden. */
export function others(symbols: readonly string[], wishes: Wishes): HTMLElement {
  const { toggle } = wishes;
  return h(
    "div",
    { class: "mwi-others", role: "group", "aria-label": "Forbid other elements" },
    ...symbols.map((symbol) => {
      const on = wishes.forbid.includes(symbol);
      const element = h(
        "button",
        {
          type: "button",
          class: "mw-button mwi-other",
          "aria-pressed": String(on),
          "aria-label": `Forbid ${nameOf(symbol)}`,
          title: `Forbid ${nameOf(symbol)}`,
          "data-key": `other:${symbol}`,
        },
        symbol,
      );
      element.addEventListener("click", () => toggle?.(symbol, "forbid"));
      return element;
    }),
  );
}

function chip(symbol: string, wish: Wish, wishes: Wishes): HTMLElement {
  const on = wishes[wish].includes(symbol);
  const words = `${wish === "keep" ? "Keep" : "Forbid"} ${nameOf(symbol)}`;
  const element = h(
    "button",
    {
      type: "button",
      class: `mw-button mwi-chip mwi-${wish}`,
      "aria-pressed": String(on),
      "aria-label": words,
      title: words,
      "data-key": `${wish}:${symbol}`,
    },
    icon(wish === "keep" ? (on ? ICONS.locked : ICONS.unlocked) : FORBID),
    h("span", {}, wish),
  );
  element.addEventListener("click", () => wishes.toggle?.(symbol, wish));
  return element;
}
