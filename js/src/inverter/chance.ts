/** The probability on its scale from 0 to 1, with the members' spread and where the step before stood. */
import { h } from "../shared/dom";
import type { Alloy, Side } from "./state";
import { chance, chanceText, reliability, spokenChance } from "./words";

const TICK = "M3 8.5 6.5 12 13 4.5";
const WARN = "M8 2.5 14.3 13.5H1.7zM8 6.5v3.2M8 11.4v.4";

const per = (p: number) => `${(100 * Math.min(1, Math.max(0, p))).toFixed(2)}%`;

export function chanceScale(
  record: Alloy,
  before: Alloy | null,
  cutoff: number,
  target: Side | null,
  icon: (path: string) => SVGSVGElement,
): HTMLElement[] {
  const { probability: p, std, verdict } = record;
  const number = h(
    "p",
    { class: "mwi-verdict", "data-kind": verdict.kind },
    h("b", { class: "mwi-number mw-num" }, chanceText(record)),
    h("span", {}, verdict.text),
  );
  const wanted = target && (target === "single" ? cutoff : 1 - cutoff);
  const words = `${spokenChance(record)}${before ? `, before ${chance(before.probability)}` : ""}${
    wanted === null ? "" : `, wanted at ${target === "single" ? "least" : "most"} ${chance(wanted)}`
  }`;
  const scale = h(
    "div",
    { class: "mwi-scale", role: "img", "aria-label": words },
    h("span", { class: "mwi-zone mwi-multi", style: `width:${per(1 - cutoff)}` }),
    h("span", { class: "mwi-zone mwi-single", style: `left:${per(cutoff)}` }),
    wanted !== null && h("span", { class: "mwi-wanted", style: `left:${per(wanted)}` }),
    std !== null &&
      h("span", {
        class: "mwi-spread",
        style: `left:${per(p - std)};right:${per(1 - Math.min(1, p + std))}`,
      }),
    before && h("span", { class: "mwi-was", style: `left:${per(before.probability)}` }),
    h("span", { class: "mwi-now", style: `left:${per(p)}` }),
  );
  const ends = h(
    "div",
    { class: "mwi-ends mw-small", "aria-hidden": "true" },
    h("span", {}, h("b", {}, "0"), " several phases"),
    wanted !== null &&
      h(
        "span",
        // near an end it goes under the words there
        {
          class: Math.abs(wanted - 0.5) > 0.15 ? "mwi-goal mwi-under" : "mwi-goal",
          style: `left:${per(wanted)}`,
        },
        `${target === "single" ? "≥" : "≤"} ${chance(wanted)}`,
      ),
    h("span", {}, "a single phase ", h("b", {}, "1")),
  );
  const sure = record.in_domain;
  const where = reliability({ ...record, nearest: "" });
  const domain = h(
    "p",
    { class: "mwi-domain mw-small" },
    sure !== null &&
      h("span", { class: sure ? "mwi-inside" : "mw-badge" }, icon(sure ? TICK : WARN), h("span", {}, where)),
    record.nearest && h("span", {}, `Nearest known alloy: ${record.nearest}`),
  );
  const note = h("p", { class: "mwi-remark mw-small mw-soft" }, record.note);
  note.hidden = !record.note;
  domain.hidden = sure === null && !record.nearest;
  const caption = h("p", { class: "mwi-caption mw-small mw-soft" }, "Probability of a single phase");
  return [caption, number, scale, ends, domain, note];
}
