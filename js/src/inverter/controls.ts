/** The loop's controls: target, step size, a step, all steps, and back. */
import { effect } from "@preact/signals-core";
import { button, h, ICONS, icon, setAttribute, setText } from "../shared/dom";
import { fixed } from "../shared/format";
import type { Cleanup } from "../shared/model";
import { choice, handOn } from "./choice";
import type { InverterState, Outcome, Side } from "./state";
import { SIDES } from "./words";

const SMALLEST = 0.05;
const BACK = "M9.5 3.5 5 8l4.5 4.5";
const START = "M11.5 3.5 7 8l4.5 4.5M4 3.5v9";
const CHECK = "M3 8.5 6.5 12 13 4.5";
const TURN = "M12.8 6A5.2 5.2 0 1 0 13 9.5M13 2.8V6h-3.2";
const SIGNS: Partial<Record<NonNullable<Outcome["kind"]>, string>> = {
  there: CHECK,
  converged: CHECK,
  cycle: TURN,
  limit: ICONS.warning,
  infeasible: ICONS.warning,
};

/** "several phases" and "single phase" as they stand on buttons. */
export const BUTTONS = (["multi", "single"] as const satisfies readonly Side[]).map((value) => ({
  value,
  text: SIDES[value].replace("a single", "single"),
}));

/** `moved` is called whenever another alloy is shown. */
export function controls(
  state: InverterState,
  moved: () => void,
): { elements: HTMLElement[]; cleanups: Cleanup[] } {
  const aims = choice(
    "Target",
    BUTTONS.map((one) => ({ ...one, label: `Target: ${SIDES[one.value]}` })),
    (side) => state.aim(side),
  );
  const size = h("input", {
    type: "range",
    class: "mwi-size",
    min: SMALLEST,
    max: 1,
    step: SMALLEST,
    "aria-label": "Step size: how far y goes in one step",
  });
  const sizeText = h("output", { class: "mw-num mwi-size-text" });
  const sizeWords = () => {
    const value = Number(size.value);
    setText(sizeText, fixed(value, 2));
    setAttribute(size, "aria-valuetext", value === 1 ? "1, all the way" : fixed(value, 2));
  };
  size.addEventListener("input", sizeWords);
  size.addEventListener("change", () => state.resize(Math.max(SMALLEST, Number(size.value))));

  const one = button({ label: "One step", icon: ICONS.step, text: "Step", onClick: () => state.step(moved) });
  one.classList.add("mwi-main");
  const run = button({
    label: "Run to the end",
    icon: ICONS.play,
    text: "Run to the end",
    onClick: () => (state.running.value ? state.halt() : state.run(moved)),
  });
  run.classList.add("mwi-strong");
  const runIcon = run.querySelector("path")!;
  const runText = run.querySelector("span")!;
  const go = (move: () => void) => () => {
    move();
    moved();
  };
  const back = button({ label: "Back", icon: BACK, text: "Back", onClick: go(() => state.back()) });
  const reset = button({
    label: "Reset: back to the first alloy",
    icon: START,
    text: "Reset",
    onClick: go(() => state.reset()),
  });
  const panel = h(
    "div",
    { class: "mwi-controls", role: "group", "aria-label": "The loop" },
    h("div", { class: "mwi-field" }, h("span", { class: "mw-small mw-soft" }, "Target"), aims.element),
    h(
      "div",
      { class: "mwi-field" },
      h("span", { class: "mw-small mw-soft" }, "Step size in y"),
      h("span", { class: "mwi-slider" }, size, sizeText),
    ),
    h("span", { class: "mwi-buttons" }, one, run, back, reset),
  );
  const outcome = h("p", { class: "mwi-outcome" });
  const cleanups = [
    effect(() => {
      panel.hidden = !state.inverts.value;
    }),
    effect(() => aims.show(state.target.value)),
    effect(() => {
      size.value = String(state.size.value);
      sizeWords();
    }),
    effect(() => {
      const running = state.running.value;
      const words = running ? "Stop here" : "Run to the end";
      // not disabled: that would take the focus away between two steps
      setAttribute(one, "aria-disabled", state.busy.value ? "true" : null);
      handOn(run, one, () => (run.disabled = !running && !state.canRun.value));
      runIcon.setAttribute("d", running ? ICONS.pause : ICONS.play);
      setText(runText, words);
      setAttribute(run, "aria-label", words);
      run.title = words;
    }),
    effect(() => {
      const can = state.canGoBack.value;
      for (const element of [back, reset]) handOn(element, one, () => (element.disabled = !can));
    }),
    effect(() => {
      const { kind = "", text = "" } = state.outcome.value;
      outcome.hidden = !text;
      outcome.dataset.kind = kind;
      const sign = kind && SIGNS[kind];
      outcome.replaceChildren(...(sign ? [icon(sign)] : []), h("span", {}, text));
    }),
  ];
  return { elements: [panel, outcome], cleanups };
}
