import { effect } from "@preact/signals-core";
import { button, h, ICONS, icon, setAttribute, setText } from "../shared/dom";
import { fixed, sentence } from "../shared/format";
import { type Model, onChange } from "../shared/model";
import type { Root } from "../shared/mount";
import { chanceScale } from "./chance";
import { composition, others, rowsOf, type Wishes } from "./composition";
import { featureTable } from "./features";
import { type Beside, InverterState, type Outcome, type Side, type Traits } from "./state";
import { breakable, way } from "./way";
import { progressText, SIDES, spokenAlloy } from "./words";

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

/** The view: alloy and way, probability and composition, the loop's controls, features, and labels to learn. */
export function mountInverter(model: Model<Traits>, { root, announce, cleanups }: Root): void {
  const state = new InverterState(model);
  cleanups.push(() => state.stop());

  // -- alloy and way
  const title = h("h3", { class: "mw-title" });
  const input = h("input", {
    class: "mw-input",
    type: "text",
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": "Alloy",
    placeholder: "Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1",
  });
  const enter = button({ label: "Begin with this alloy", text: "Begin", onClick: () => submit() });
  enter.classList.add("mwi-strong");
  const form = h("span", { class: "mwi-form" }, input, enter);
  const formula = h("p", { class: "mwi-formula" });
  const strip = h("ol", { class: "mwi-trail", "aria-label": "The way so far" });
  const problem = h("p", { class: "mw-error", role: "alert" });
  const note = h("p", { class: "mw-note mw-soft" });
  root.append(h("div", { class: "mw-head mwi-head" }, title, form), problem, note, strip);

  // -- probability and composition
  const chance = h("div", { class: "mwi-chance" });
  const elements = h("div", {});
  const rest = h("details", { class: "mwi-rest mw-small" });
  const restHead = h("summary", {});
  const restBody = h("div", {});
  rest.append(restHead, restBody);
  const outcome = h("p", { class: "mwi-outcome" });

  // -- controls
  const targets = (["multi", "single"] as Side[]).map((side) => {
    const element = button({
      label: `Target: ${SIDES[side]}`,
      text: SIDES[side].replace("a single", "single"),
      onClick: () => state.aim(side),
    });
    element.setAttribute("role", "radio");
    return element;
  });
  const aims = h("div", { class: "mw-segment", role: "radiogroup", "aria-label": "Target" }, ...targets);
  aims.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    state.aim(state.target.value === "single" ? "multi" : "single");
    targets[state.target.value === "single" ? 1 : 0].focus();
  });
  const size = h("input", {
    type: "range",
    class: "mwi-size",
    min: SMALLEST,
    max: 1,
    step: SMALLEST,
    "aria-label": "Step size: how far a step moves the probability towards the target",
  });
  const sizeText = h("output", { class: "mw-num mwi-size-text" });
  const sizeWords = () => {
    const value = Number(size.value);
    setText(sizeText, fixed(value, 2));
    setAttribute(size, "aria-valuetext", value === 1 ? "1, all the way" : fixed(value, 2));
  };
  size.addEventListener("input", sizeWords);
  size.addEventListener("change", () => state.resize(Math.max(SMALLEST, Number(size.value))));
  const one = button({ label: "One step", icon: ICONS.step, text: "Step", onClick: () => state.step(after) });
  one.classList.add("mwi-main");
  const run = button({
    label: "Run to the end",
    icon: ICONS.play,
    text: "Run to the end",
    onClick: () => (state.running.value ? state.halt() : state.run(after)),
  });
  run.classList.add("mwi-strong");
  const runIcon = run.querySelector("path")!;
  const runText = run.querySelector("span")!;
  const back = button({
    label: "Back",
    icon: BACK,
    text: "Back",
    onClick: () => turn(() => state.back(), back),
  });
  const reset = button({
    label: "Reset: back to the first alloy",
    icon: START,
    text: "Reset",
    onClick: () => turn(() => state.reset(), reset),
  });
  const controls = h(
    "div",
    { class: "mwi-controls", role: "group", "aria-label": "The loop" },
    h("div", { class: "mwi-field" }, h("span", { class: "mw-small mw-soft" }, "Target"), aims),
    h(
      "div",
      { class: "mwi-field" },
      h("span", { class: "mw-small mw-soft" }, "Step size in y"),
      h("span", { class: "mwi-slider" }, size, sizeText),
    ),
    h("span", { class: "mwi-buttons" }, one, run, back, reset),
  );
  const stage = h(
    "div",
    { class: "mwi-stage" },
    h("div", {}, elements, rest),
    h("div", {}, chance, controls, outcome),
  );
  const comparisons = (["step", "start"] as Beside[]).map((beside) => {
    const words = beside === "step" ? "the step before" : "the start";
    const element = button({ label: `Compare with ${words}`, text: words, onClick: () => compare(beside) });
    element.setAttribute("role", "radio");
    return element;
  });
  const compare = (beside: Beside) => (state.beside.value = beside);
  const segment = h(
    "div",
    { class: "mw-segment", role: "radiogroup", "aria-label": "Compare with" },
    ...comparisons,
  );
  segment.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    compare(state.beside.value === "step" ? "start" : "step");
    comparisons[state.beside.value === "step" ? 0 : 1].focus();
  });
  const beside = h("div", { class: "mwi-beside mw-small mw-soft" }, "Compare with", segment);
  const features = h("div", { class: "mwi-sheet" });
  root.append(formula, stage, beside, features);

  // -- labels
  const labels = (["multi", "single"] as Side[]).map((side) =>
    button({
      label: `Label this alloy: ${SIDES[side]}`,
      text: SIDES[side].replace("a single", "single"),
      onClick: () => state.teach(side),
    }),
  );
  for (const element of labels) element.classList.add("mwi-strong");
  const bar = h("progress", { class: "mwi-progress", max: 1, "aria-label": "Learning" });
  const progress = h("span", { class: "mw-small mw-num" });
  const stop = button({
    label: "Stop learning",
    icon: ICONS.stop,
    text: "Stop",
    onClick: () => state.stopLearning(),
  });
  const going = h("span", { class: "mwi-going" }, bar, progress, stop);
  const learned = h("p", { class: "mwi-learned" });
  const taught = h("p", { class: "mwi-taught mw-small mw-soft" });
  const forget = button({
    label: "Forget the labels: back to the model as it came",
    text: "Forget the labels",
    onClick: () => state.forget(),
  });
  const school = h(
    "div",
    { class: "mwi-school", role: "group", "aria-label": "Label this alloy" },
    h("span", { class: "mwi-ask" }, "Label this alloy:"),
    ...labels,
    going,
    forget,
    learned,
    taught,
  );
  root.append(school);

  // -- what a hand does
  let typed = false;
  const submit = () =>
    state.enter(input.value, () => {
      typed = false;
      fill();
      say();
    });
  const after = () => {
    typed = false;
    fill();
    say();
  };
  const turn = (move: () => void, pressed?: HTMLButtonElement) => {
    typed = false;
    move();
    fill();
    say();
    if (pressed?.disabled) one.focus();
  };
  const say = () => {
    const record = state.record.value;
    if (record) announce([spokenAlloy(record), state.outcome.value.text].filter(Boolean).join(". "));
  };
  const fill = () => {
    if (!typed) input.value = state.record.value?.alloy ?? "";
  };
  input.addEventListener("input", () => (typed = true));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") submit();
    else if (event.key === "Escape" && typed) {
      typed = false;
      fill();
    } else return;
    event.preventDefault();
  });
  const choose = (at: number) => turn(() => state.goTo(at));

  // -- painting
  cleanups.push(
    effect(() => {
      const record = state.record.value;
      if (!record) return;
      const before = state.before.value;
      const target = state.inverts.value ? state.target.value : null;
      formula.replaceChildren(...breakable(record.shown));
      chance.replaceChildren(...chanceScale(record, before, state.cutoff.value, target, icon));
      features.replaceChildren(featureTable(record, before, state.beside.value));
      fill();
    }),
    effect(() => {
      const record = state.record.value;
      if (!record) return;
      const wishes: Wishes = {
        system: state.trail.value.flatMap((place) => Object.keys(place.fractions)),
        keep: state.keep.value,
        forbid: state.forbid.value,
        toggle: state.inverts.value ? (symbol, wish) => state.wish(symbol, wish) : null,
      };
      const rows = rowsOf(record, state.before.value, wishes.keep);
      const further = [...new Set([...state.elements.value, ...wishes.forbid])].filter(
        (e) => !rows.includes(e),
      );
      const forbidden = further.filter((symbol) => wishes.forbid.includes(symbol));
      repaint(elements, composition(record, state.before.value, wishes));
      rest.hidden = !wishes.toggle || further.length === 0;
      setText(
        restHead,
        forbidden.length ? `Other elements; forbidden: ${forbidden.join(", ")}` : "Forbid other elements",
      );
      repaint(restBody, others(further, wishes));
    }),
    effect(() => {
      const trail = state.trail.value;
      strip.hidden = trail.length < 2;
      repaint(strip, ...way(trail, state.at.value, choose));
      const current = strip.querySelector<HTMLElement>("[aria-current]");
      if (current) strip.scrollLeft = current.offsetLeft - strip.clientWidth / 2 + current.clientWidth / 2;
    }),
    effect(() => {
      beside.hidden = state.at.value < 2; // after one step both are the same
      (["step", "start"] as Beside[]).forEach((one, n) => {
        const on = one === state.beside.value;
        setAttribute(comparisons[n], "aria-checked", String(on));
        comparisons[n].tabIndex = on ? 0 : -1;
      });
    }),
    effect(() => {
      const { kind = "", text = "" } = state.outcome.value;
      outcome.hidden = !text;
      outcome.dataset.kind = kind;
      const sign = kind && SIGNS[kind];
      outcome.replaceChildren(...(sign ? [icon(sign)] : []), h("span", {}, text));
    }),
    effect(() => {
      const { target, running, busy } = state;
      const still = busy.value && !running.value;
      aims.dataset.target = target.value;
      (["multi", "single"] as Side[]).forEach((side, n) => {
        const on = side === target.value;
        setAttribute(targets[n], "aria-checked", String(on));
        targets[n].tabIndex = on ? 0 : -1;
      });
      controls.hidden = !state.inverts.value;
      one.disabled = busy.value || running.value;
      run.disabled = still || !(running.value || state.canRun.value);
      back.disabled = !state.canGoBack.value;
      reset.disabled = !state.canGoBack.value;
      runIcon.setAttribute("d", running.value ? ICONS.pause : ICONS.play);
      setText(runText, running.value ? "Stop here" : "Run to the end");
      setAttribute(run, "aria-label", running.value ? "Stop here" : "Run to the end");
      run.title = running.value ? "Stop here" : "Run to the end";
    }),
    effect(() => {
      if (document.activeElement !== size || Number(size.value) !== state.size.value)
        size.value = String(state.size.value);
      sizeWords();
    }),
    effect(() => {
      const lesson = state.lesson.value;
      const on = state.learning.value;
      school.hidden = !state.learns.value && !lesson.text && state.taught.value.length === 0;
      for (const element of labels) element.disabled = on || !state.learns.value;
      going.hidden = !on;
      forget.hidden = on || state.taught.value.length === 0;
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
      form.hidden = !state.evaluates.value;
      setText(problem, state.problem.value);
      setAttribute(input, "aria-invalid", state.problem.value && typed ? "true" : null);
    }),
    effect(() => {
      root.classList.toggle("mwi-busy", state.busy.value && !state.running.value);
      setText(note, state.waiting.value ? "Waiting for the kernel: it is busy, or gone." : "");
    }),
  );
  // a lesson's end is said once
  let last = "";
  cleanups.push(
    effect(() => {
      const { state: now = "", text = "" } = state.lesson.value;
      if (last === "running" && now !== "running" && text) announce(text);
      last = now;
    }),
    onChange(model, ["label"], () => setText(title, sentence(model.get("label") ?? ""))),
  );
  setText(title, sentence(model.get("label") ?? ""));
}

/** New children; the focus stays on the button with the same key. */
function repaint(container: Element, ...children: Element[]): void {
  const key = container.contains(document.activeElement)
    ? (document.activeElement as HTMLElement).dataset.key
    : undefined;
  container.replaceChildren(...children);
  if (!key) return;
  const same = [...container.querySelectorAll<HTMLElement>("[data-key]")].find((e) => e.dataset.key === key);
  same?.focus();
}
