import { effect, untracked } from "@preact/signals-core";
import { elementColour } from "../shared/colors";
import { button, h, ICONS, setAttribute, setText } from "../shared/dom";
import { percent, sentence, spoken } from "../shared/format";
import { type Model, onChange } from "../shared/model";
import type { Root } from "../shared/mount";
import { nameOf } from "../shared/periodic";
import { explainView } from "./explain";
import { readout } from "./readout";
import { row } from "./row";
import { CompositionState, type Traits } from "./state";

/** The panel: prediction on top, one row an element, formula below. */
export function mountPanel(model: Model<Traits>, { root, announce, cleanups }: Root): void {
  const state = new CompositionState(model);
  cleanups.push(() => state.stop());

  // -- head: what is predicted, and what can be done
  const undo = button({
    label: "Undo",
    icon: ICONS.undo,
    title: "Undo (Ctrl+Z)",
    onClick: () => state.undo(),
  });
  const redo = button({
    label: "Redo",
    icon: ICONS.redo,
    title: "Redo (Ctrl+Shift+Z)",
    onClick: () => state.redo(),
  });
  const equal = button({
    label: "Equal parts",
    icon: ICONS.equal,
    title: "The same amount of every element that is not locked",
    onClick: () => state.equalParts(),
  });
  const limits = button({
    label: "Limits",
    icon: ICONS.limits,
    title: "Least and most amount of each element",
    pressed: false,
    onClick: () => {
      const open = limits.getAttribute("aria-pressed") !== "true";
      setAttribute(limits, "aria-pressed", String(open));
      root.classList.toggle("mw-with-limits", open);
    },
  });
  const copy = button({
    label: "Copy as Python",
    icon: ICONS.copy,
    text: "Python",
    title: "Copy this composition as a line of Python",
    onClick: () => copyPython(state.python()),
  });
  const search = button({
    label: "Copy a search as Python",
    icon: ICONS.copy,
    text: "Search",
    title: "Copy a search within these locks and limits as a line of Python",
    onClick: () => copyPython(state.searchPython()),
  });
  const modes = (["at", "wt"] as const).map((mode) => {
    const element = button({
      label: mode === "at" ? "atomic per cent" : "weight per cent",
      text: `${mode}.%`,
      onClick: () => state.setMode(mode),
    });
    element.setAttribute("role", "radio");
    return element;
  });
  const segment = h(
    "div",
    { class: "mw-segment", role: "radiogroup", "aria-label": "Unit of the amounts" },
    ...modes,
  );
  segment.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const mode = state.mode.value === "at" ? "wt" : "at";
    state.setMode(mode);
    modes[mode === "at" ? 0 : 1].focus();
  });
  const title = h("h3", { class: "mw-title" });
  const tools = h("div", { class: "mw-tools", role: "toolbar", "aria-label": "Composition" });
  tools.append(undo, redo, equal, limits, copy, search);
  root.append(h("div", { class: "mw-head" }, title, segment, tools));
  root.append(readout(state, model, cleanups));

  // -- the composition at a glance, and its rows
  const strip = h("div", { class: "mw-strip", "aria-hidden": "true" });
  const rows = h("div", { class: "mw-rows", role: "group", "aria-label": "Amounts" });
  root.append(strip, rows);
  let rowStops: (() => void)[] = [];
  const paintStrip = () => {
    state.amounts(state.shown.value).forEach((amount, i) => {
      const part = strip.children[i] as HTMLElement | undefined;
      part?.style.setProperty("flex-grow", String(amount));
      part?.classList.toggle("mw-thin", amount < 0.06);
    });
  };
  cleanups.push(
    effect(() => {
      const elements = state.elements.value;
      untracked(() => {
        for (const stop of rowStops.splice(0)) stop();
        const colours = elementColour(elements);
        const made = elements.map((symbol, i) => row(state, i, colours.get(symbol)!, announce));
        rowStops = made.map(({ stop }) => stop);
        rows.replaceChildren(...made.map(({ element }) => element));
        if (elements.length === 0) rows.append(h("p", { class: "mw-soft" }, "Choose the elements first."));
        strip.replaceChildren(
          ...elements.map((symbol) =>
            h("span", { style: `background:${colours.get(symbol)}` }, h("b", {}, symbol)),
          ),
        );
        paintStrip();
      });
    }),
    () => {
      for (const stop of rowStops) stop();
    },
    effect(paintStrip),
  );

  // -- formula
  const formula = h("input", {
    class: "mw-input mw-formula",
    type: "text",
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": "Formula",
    placeholder: "TiC, Ti0.5 C0.5, …",
  });
  const enter = button({
    label: "Set the composition to this formula",
    text: "Set",
    onClick: () => submit(),
  });
  let typed = false;
  const submit = () => {
    state.enterFormula(formula.value, () => {
      typed = false;
      showFormula();
      announce(`Composition set: ${spoken(state.elements.value, state.committed.value)}`);
    });
  };
  const showFormula = () => {
    if (!typed) formula.value = state.reading.value.formula;
    enter.hidden = !typed;
  };
  formula.addEventListener("input", () => {
    typed = true;
    showFormula();
  });
  formula.addEventListener("keydown", (event) => {
    if (event.key === "Enter") submit();
    else if (event.key === "Escape" && typed) {
      typed = false;
      showFormula();
    } else return;
    event.preventDefault();
  });
  const formulaRow = h(
    "div",
    { class: "mw-formula-row" },
    h("span", { class: "mw-soft" }, "Formula"),
    formula,
    enter,
  );
  root.append(formulaRow, explainView(state, model, cleanups));

  // -- what went wrong, and what was copied
  const problem = h("p", { class: "mw-error", role: "alert" });
  const note = h("p", { class: "mw-note mw-soft" });
  root.append(problem, note);

  cleanups.push(
    effect(() => {
      setText(problem, state.problem.value);
      setAttribute(formula, "aria-invalid", state.problem.value && typed ? "true" : null);
    }),
    // A copied line belongs to the composition it was made of.
    effect(() => {
      void state.committed.value;
      note.replaceChildren();
    }),
    effect(() => {
      undo.disabled = !state.canUndo.value;
      redo.disabled = !state.canRedo.value;
    }),
    effect(() => {
      const mode = state.mode.value;
      modes.forEach((element, n) => {
        const on = (n === 0) === (mode === "at");
        setAttribute(element, "aria-checked", String(on));
        element.tabIndex = on ? 0 : -1;
      });
    }),
    effect(() => {
      void state.reading.value;
      showFormula();
    }),
  );
  const labels = () => {
    setText(title, sentence(model.get("label")));
    formulaRow.hidden = !model.get("reads_formulas");
    search.hidden = !model.get("search_template");
  };
  cleanups.push(onChange(model, ["label", "reads_formulas", "search_template"], labels));
  labels();

  async function copyPython(code: string): Promise<void> {
    note.replaceChildren(h("code", { class: "mw-code" }, code));
    try {
      await navigator.clipboard.writeText(code);
      note.prepend("Copied: ");
      announce("Copied as Python");
    } catch {
      // A page without the right to the clipboard: the line stands here, selected, for Ctrl+C.
      getSelection()?.selectAllChildren(note.lastChild!);
      note.prepend("Press Ctrl+C to copy: ");
      announce("The line of Python is selected; press Control C to copy it");
    }
  }

  root.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== "z" && key !== "y")) return;
    if (event.target === formula && typed) return; // the text box undoes its own typing
    event.preventDefault();
    if (key === "y" || event.shiftKey) state.redo();
    else state.undo();
    announce(`${percentList(state)}`);
  });
}

function percentList(state: CompositionState): string {
  const unit = `${state.mode.value}.%`;
  return state
    .amounts(state.committed.value)
    .map((amount, i) => `${nameOf(state.elements.value[i])} ${percent(amount)} ${unit}`)
    .join(", ");
}
