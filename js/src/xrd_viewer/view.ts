import { effect } from "@preact/signals-core";
import { button, h, setAttribute, setText } from "../shared/dom";
import { fixed, sentence } from "../shared/format";
import { type Model, onChange } from "../shared/model";
import type { Root } from "../shared/mount";
import type { Axis } from "./angles";
import { attachHand } from "./hand";
import { attachKeys, walk } from "./keys";
import { legend, verdict } from "./legend";
import { Plot } from "./plot";
import { XrdState } from "./state";
import { peakTable } from "./table";
import type { Traits } from "./traits";
import { warningOf, where } from "./words";

const CLOSER = 1.5;
const AXES: [Axis, string, string][] = [
  ["two_theta", "2θ", "Axis of scattering angles"],
  ["d", "d", "Axis of lattice spacings"],
  ["q", "q", "Axis of scattering vectors"],
];

export function mountViewer(model: Model<Traits>, { root, announce, cleanups }: Root): void {
  const state = new XrdState(model);
  const plot = new Plot(state, () => model.get("radiation"));
  attachKeys(plot, state, attachHand(plot, state), announce);

  // -- head
  const title = h("h3", { class: "mw-title" });
  const axes = AXES.map(([axis, text, label]) => {
    const element = button({ label, text, onClick: () => state.setAxis(axis) });
    element.setAttribute("role", "radio");
    return element;
  });
  const segment = h("div", { class: "mw-segment", role: "radiogroup", "aria-label": "Axis" }, ...axes);
  segment.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = (AXES.findIndex(([axis]) => axis === state.axis.value) + by + AXES.length) % AXES.length;
    state.setAxis(AXES[next][0]);
    axes[next].focus();
  });
  const sqrt = button({
    label: "Square root of the intensities: weak peaks are seen",
    text: "√ scale",
    pressed: false,
    onClick: () => state.setRoot(!state.root.value),
  });
  const stack = button({
    label: "Patterns one above the other",
    text: "Stack",
    pressed: false,
    onClick: () => state.setStacked(!state.stacked.value),
  });
  const all = button({ label: "Show all angles", text: "All", onClick: () => state.showAll() });
  const head = h(
    "div",
    { class: "mw-head" },
    title,
    segment,
    sqrt,
    stack,
    button({ label: "Closer", text: "+", onClick: () => state.zoom(CLOSER) }),
    button({ label: "Farther", text: "\u2212", onClick: () => state.zoom(1 / CLOSER) }),
    all,
  );

  // -- beneath the plot
  const readout = h("p", { class: "mwx-readout mw-num" });
  const before = button({ label: "Previous peak", text: "‹ peak", onClick: () => walk(state, -1, announce) });
  const after = button({ label: "Next peak", text: "peak ›", onClick: () => walk(state, 1, announce) });
  const steps = h("div", { class: "mwx-steps" }, before, after);
  const least = () => model.get("least") ?? 0;
  const key = legend(state, least);
  const told = verdict(state, () => model.get("within"), least);
  const table = peakTable(state);
  const note = h("p", { class: "mw-note mw-soft" });
  let warned = "";
  const problem = h("p", { class: "mw-error", role: "alert" });
  const empty = h("p", { class: "mwx-empty mw-soft" });
  root.append(
    head,
    empty,
    plot.element,
    h("div", { class: "mwx-foot" }, readout, steps),
    key.element,
    told.element,
    note,
    table.element,
    problem,
  );

  function labels(): void {
    setText(title, sentence(model.get("label") || "Powder pattern"));
  }
  labels();

  function name(): void {
    const { patterns } = state.curves.value;
    const read = patterns[state.at.value];
    const [low, high] = state.window.value;
    const other = read?.otherName ? ` with ${read.otherName}` : "";
    setAttribute(
      plot.element,
      "aria-label",
      `Powder pattern of ${read?.name ?? "nothing"}${other}, ${fixed(low, 1)} to ${fixed(high, 1)} degrees 2 theta. ` +
        "Left and right move the cursor, n and p walk to the next and the previous peak, plus and minus look closer " +
        `and from farther, Home shows all${patterns.length > 1 ? ", up and down read another pattern" : ""}.`,
    );
  }

  function switches(): void {
    const many = state.curves.value.patterns.length > 1;
    axes.forEach((element, i) => {
      const chosen = AXES[i][0] === state.axis.value;
      setAttribute(element, "aria-checked", String(chosen));
      element.tabIndex = chosen ? 0 : -1;
    });
    setAttribute(sqrt, "aria-pressed", String(state.root.value));
    setAttribute(stack, "aria-pressed", String(state.stacked.value));
    stack.hidden = !many;
    const [low, high] = state.window.value;
    all.disabled = high - low >= state.ends[1] - state.ends[0] - 1e-9;
    before.disabled = after.disabled = state.peaks.value.length === 0;
  }

  function place(): void {
    const at = state.hovered.value ?? state.cursor.value;
    const { patterns } = state.curves.value;
    const read = patterns[state.at.value];
    if (at === null || !read) {
      readout.replaceChildren(
        h("span", { class: "mw-soft" }, "Point at the pattern to read it; drag to look closer."),
      );
      return;
    }
    const value = state.intensity(read.y, at);
    const parts = where(at, state.wavelength).map((words) => h("span", {}, words));
    parts.push(h("span", {}, `${read.name} `, h("b", {}, fixed(value, 3))));
    if (read.other) {
      const other = state.intensity(read.other, at);
      parts.push(h("span", {}, `${read.otherName} `, h("b", {}, fixed(other, 3))));
    }
    readout.replaceChildren(...parts);
  }

  cleanups.push(
    () => state.stop(),
    () => plot.stop(),
    onChange(model, ["label"], labels),
    effect(name),
    effect(switches),
    effect(place),
    effect(() => key.show()),
    effect(() => told.show()),
    effect(() => table.show()),
    effect(() => {
      const none = state.curves.value.patterns.length === 0;
      setText(empty, none ? "Nothing decoded yet: move the cursor of a linked widget." : "");
      empty.hidden = !none;
      for (const element of [plot.element, key.element]) element.hidden = none;
      (readout.parentElement as HTMLElement).hidden = none;
    }),
    effect(() => {
      const parts = [state.note.value];
      if (state.sampled.value) parts.push("from a saved notebook: run the cell for the full resolution");
      if (state.waiting.value) parts.push("waiting for the kernel");
      setText(note, sentence(parts.filter(Boolean).join("; ")));
      // A warning is heard once, not at every move of a linked hand.
      const warning = warningOf(state.note.value);
      if (warning && warning !== warned) announce(sentence(warning));
      warned = warning;
    }),
    effect(() => setText(problem, state.problem.value)),
  );
}
