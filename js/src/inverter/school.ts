/** Labels: what a person says of the alloy, how learning it goes on, and what it has changed. */
import { effect } from "@preact/signals-core";
import { button, h, ICONS, setText } from "../shared/dom";
import type { Cleanup } from "../shared/model";
import { handOn } from "./choice";
import { BUTTONS } from "./controls";
import type { InverterState } from "./state";
import { progressText, SIDES } from "./words";

export function school(
  state: InverterState,
  announce: (text: string) => void,
): { element: HTMLElement; cleanups: Cleanup[] } {
  const labels = BUTTONS.map(({ value, text }) =>
    button({ label: `Label this alloy: ${SIDES[value]}`, text, onClick: () => state.teach(value) }),
  );
  for (const one of labels) one.classList.add("mwi-strong");
  const bar = h("progress", { class: "mwi-progress", max: 1, "aria-label": "Learning" });
  const progress = h("span", { class: "mw-small mw-num" });
  const stop = button({
    label: "Stop learning",
    icon: ICONS.stop,
    text: "Stop",
    onClick: () => state.stopLearning(),
  });
  const going = h("span", { class: "mwi-going", hidden: true }, bar, progress, stop);
  const learned = h("p", { class: "mwi-learned" });
  const taught = h("p", { class: "mwi-taught mw-small mw-soft" });
  const forget = button({
    label: "Forget the labels: back to the model as it came",
    text: "Forget the labels",
    onClick: () => state.forget(),
  });
  const element = h(
    "div",
    { class: "mwi-school", role: "group", "aria-label": "Label this alloy" },
    h("span", { class: "mwi-ask" }, "Label this alloy:"),
    ...labels,
    going,
    forget,
    learned,
    taught,
  );
  let last = "";
  const cleanups = [
    effect(() => {
      const lesson = state.lesson.value;
      const on = state.learning.value;
      element.hidden = !state.learns.value && !lesson.text && state.taught.value.length === 0;
      if (on) going.hidden = false;
      for (const one of labels) handOn(one, stop, () => (one.disabled = on || !state.learns.value));
      handOn(stop, labels[0], () => (going.hidden = !on));
      handOn(forget, labels[0], () => (forget.hidden = on || state.taught.value.length === 0));
      if (lesson.total) bar.value = (lesson.steps ?? 0) / lesson.total;
      else bar.removeAttribute("value");
      setText(progress, on ? `Learning ${lesson.shown}: ${progressText(lesson)}` : "");
      setText(learned, on ? "" : (lesson.text ?? ""));
      learned.hidden = !learned.textContent;
      learned.dataset.state = lesson.state ?? "";
      const known = state.taught.value.map(({ shown, label }) => `${shown} (${SIDES[label]})`);
      setText(taught, known.length ? `Labels learned here: ${known.join(", ")}` : "");
      taught.hidden = known.length === 0;
    }),
    effect(() => {
      const { state: now = "", text = "" } = state.lesson.value;
      if (last === "running" && now !== "running" && text) announce(text); // its end is said once
      last = now;
    }),
  ];
  return { element, cleanups };
}
