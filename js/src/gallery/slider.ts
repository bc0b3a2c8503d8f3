import { h, setAttribute } from "../shared/dom";
import type { ColumnFacts, Range } from "./table";
import { short } from "./words";

const STEPS = 1000;

export interface RangeSlider {
  element: HTMLElement;
  paint(range: Range, enabled: boolean): void;
}

/** Two thumbs on one track; at its ends a range is open. Moving is a preview, letting go is the commit. */
export function rangeSlider(
  facts: ColumnFacts,
  told: { input(range: Range): void; change(range: Range): void },
): RangeSlider {
  const [low = 0, high = 0] = facts.ends;
  const span = high - low;
  const quantum = span > 0 ? 10 ** (Math.floor(Math.log10(span)) - 3) : 1;
  const valueAt = (step: number) => {
    const x = low + (step / STEPS) * span;
    return Number((Math.round(x / quantum) * quantum).toPrecision(12));
  };
  const stepOf = (x: number) => Math.round((STEPS * Math.min(span, Math.max(0, x - low))) / (span || 1));
  let range: Range = [null, null];
  const fill = h("span", { class: "mwg-between" });
  const thumbs = (["least", "most"] as const).map((end, i) => {
    const thumb = h("input", {
      type: "range",
      class: `mwg-thumb mwg-${end}`,
      min: 0,
      max: STEPS,
      step: 1,
      "aria-label": `${facts.name}: ${end}`,
    });
    const now = (): Range => {
      const step = Number(thumb.value);
      const open = i === 0 ? step === 0 : step === STEPS;
      const other = range[1 - i];
      let x = open ? null : valueAt(step);
      if (x !== null && other !== null) x = i === 0 ? Math.min(x, other) : Math.max(x, other);
      return i === 0 ? [x, other] : [other, x];
    };
    thumb.addEventListener("input", () => told.input((range = now())));
    thumb.addEventListener("change", () => told.change((range = now())));
    return thumb;
  });
  return {
    element: h("div", { class: "mwg-slider" }, h("span", { class: "mwg-track" }, fill), ...thumbs),
    paint(given, enabled) {
      range = given;
      const steps = [given[0] === null ? 0 : stepOf(given[0]), given[1] === null ? STEPS : stepOf(given[1])];
      thumbs.forEach((thumb, i) => {
        if (Number(thumb.value) !== steps[i]) thumb.value = String(steps[i]);
        const open = i === 0 ? "no lower end" : "no upper end";
        const x = given[i];
        setAttribute(thumb, "aria-valuetext", x === null ? open : `${short(x)} ${facts.unit}`.trim());
        thumb.disabled = !enabled || !(span > 0);
      });
      // Both at the right end: the left one must stay in reach.
      thumbs[0].classList.toggle("mwg-top", steps[0] > STEPS / 2);
      fill.style.left = `${(100 * steps[0]) / STEPS}%`;
      fill.style.right = `${100 - (100 * steps[1]) / STEPS}%`;
    },
  };
}
