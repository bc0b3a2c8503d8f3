/** The history: a strip of alloys, each with its probability. */
import { h } from "../shared/dom";
import type { Alloy } from "./state";
import { chance, spokenAlloy } from "./words";

export function way(trail: readonly Alloy[], at: number, choose: (at: number) => void): HTMLElement[] {
  return trail.map((record, i) => {
    const name = record.step === 0 ? "Start" : `Step ${record.step}`;
    const place = h(
      "button",
      {
        type: "button",
        class: "mwi-place",
        "data-kind": record.verdict.kind,
        "data-key": `place:${i}`,
        "aria-current": i === at ? "step" : null,
        "aria-label": `Go to ${record.step === 0 ? "the start: " : ""}${spokenAlloy(record)}`,
      },
      h("span", { class: "mwi-when mw-soft" }, name, h("b", { class: "mw-num" }, chance(record.probability))),
      h("span", { class: "mwi-what" }, ...breakable(record.shown)),
      h(
        "span",
        { class: "mwi-mini" },
        h("span", { style: `left:${(100 * record.probability).toFixed(1)}%` }),
      ),
    );
    place.addEventListener("click", () => choose(i));
    return h("li", { class: i > at ? "mwi-later" : null }, place);
  });
}

/** A formula whose lines break between its elements. */
export function breakable(shown: string): (string | HTMLElement)[] {
  return shown.split(/(?=[A-Z])/).flatMap((part, i) => (i ? [h("wbr"), part] : [part]));
}
