import { effect } from "@preact/signals-core";
import { button, h, icon, setAttribute, setText } from "../shared/dom";
import { sentence } from "../shared/format";
import { type Model, onChange } from "../shared/model";
import type { Root } from "../shared/mount";
import { chanceScale } from "./chance";
import { choice } from "./choice";
import { composition, others, rowsOf, type Wishes } from "./composition";
import { controls } from "./controls";
import { featureTable } from "./features";
import { school } from "./school";
import { type Beside, InverterState, type Traits } from "./state";
import { breakable, way } from "./way";
import { spokenAlloy } from "./words";

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

  const loop = controls(state, () => moved());
  const stage = h(
    "div",
    { class: "mwi-stage" },
    h("div", {}, elements, rest),
    h("div", {}, chance, ...loop.elements),
  );

  // -- features and labels
  const comparison = choice<Beside>(
    "Compare with",
    [
      { value: "step", label: "Compare with the step before", text: "the step before" },
      { value: "start", label: "Compare with the start", text: "the start" },
    ],
    (chosen) => (state.beside.value = chosen),
  );
  const beside = h("div", { class: "mwi-beside mw-small mw-soft" }, "Compare with", comparison.element);
  const features = h("div", { class: "mwi-sheet" });
  const lessons = school(state, announce);
  root.append(formula, stage, beside, features, lessons.element);

  // -- what a hand does
  let typed = false;
  const moved = () => {
    typed = false;
    fill();
    say();
  };
  const submit = () => state.enter(input.value, moved);
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
  const choose = (at: number) => {
    state.goTo(at);
    moved();
  };

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
      comparison.show(state.beside.value);
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
  cleanups.push(
    ...loop.cleanups,
    ...lessons.cleanups,
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
