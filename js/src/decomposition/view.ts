import { effect } from "@preact/signals-core";
import { button, h, ICONS, icon, setAttribute, setText } from "../shared/dom";
import { sentence } from "../shared/format";
import { type Model, onChange } from "../shared/model";
import type { Root } from "../shared/mount";
import { latentView } from "./latent";
import { scale } from "./scale";
import { sheetTable } from "./sheet";
import { type Balance, DecompositionState, type Product, type Shows, type Traits } from "./state";
import { spokenBalance } from "./words";

const MARKS: Record<Balance["verdict"]["kind"], string> = {
  stable: "M3 8.5 6.5 12 13 4.5",
  above: "M8 2.5 14.3 13.5H1.7zM8 6.5v3.2M8 11.4v.4",
  level: "M3 6h10M3 10h10",
  reference: "M8 3a5 5 0 1 0 .01 0z",
  unknown: "M5.6 6a2.4 2.4 0 1 1 3.3 2.3c-.6.3-.9.7-.9 1.4M8 12.3v.4",
};
const BACK = "M9.5 3.5 5 8l4.5 4.5";
const FORWARD = "M6.5 3.5 11 8l-4.5 4.5";
const CHECK = "M3 8.5 6.5 12 13 4.5";
const VIEWS: [Shows, string][] = [
  ["composition", "composition"],
  ["latent", "latent space"],
];
const TILT =
  "Areas are atoms, the same on both sides. The lower pan has the lower energy; the tilt is not to scale.";
const USUAL_WIDTH = 760; // where nothing has been laid out yet

/** The view: verdict, scale and balance sheet, or the same in the latent space. */
export function mountDecomposition(model: Model<Traits>, { root, announce, cleanups }: Root): void {
  const state = new DecompositionState(model);
  cleanups.push(() => state.stop());

  // -- head
  const title = h("h3", { class: "mw-title" });
  const back = button({ label: "Back", icon: BACK, onClick: () => step(-1) });
  const forward = button({ label: "Forward", icon: FORWARD, onClick: () => step(1) });
  const switches = VIEWS.map(([shows, text]) => {
    const element = button({ label: `Show the ${text}`, text, onClick: () => state.show(shows) });
    element.setAttribute("role", "radio");
    return element;
  });
  const segment = h("div", { class: "mw-segment", role: "radiogroup", "aria-label": "View" }, ...switches);
  segment.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    state.show(state.shows.value === "latent" ? "composition" : "latent");
    switches[state.shows.value === "latent" ? 1 : 0].focus();
  });
  root.append(h("div", { class: "mw-head" }, title, segment));

  const input = h("input", {
    class: "mw-input",
    type: "text",
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": "Formula of a compound",
    placeholder: "BaTiO3, Ga(MoS2)4, …",
  });
  const enter = button({
    label: "Decompose this formula",
    text: "Decompose",
    onClick: () => submit(),
  });
  enter.classList.add("mwd-enter");
  const form = h("span", { class: "mwd-form" }, input, enter);
  const trail = h("ol", { class: "mwd-trail", "aria-label": "The way so far" });
  root.append(h("div", { class: "mwd-ways" }, back, forward, form, trail));

  // -- what is seen
  const verdict = h("p", { class: "mwd-verdict" });
  const balance = scale((product) => walk(product));
  const table = h("div", { class: "mwd-sheet", tabindex: 0, role: "region", "aria-label": "Balance sheet" });
  const closing = h("p", { class: "mwd-closing mw-small" });
  const scaleNote = h("p", { class: "mw-soft mw-small mwd-source" });
  const source = h("p", { class: "mw-soft mw-small mwd-source" });
  const atoms = h("div", {}, balance.element, table, closing, scaleNote);
  const latent = h("div", { class: "mwd-latent-place" });
  const problem = h("p", { class: "mw-error", role: "alert" });
  const note = h("p", { class: "mw-note mw-soft" });
  root.append(problem, note, verdict, atoms, latent, source);

  // -- what a hand does
  let typed = false;
  const submit = () => {
    state.enter(input.value, () => {
      typed = false;
      fill();
      say();
    });
  };
  const walk = (product: Product) => {
    const inside = table.contains(document.activeElement);
    state.enter(product.formula, () => {
      typed = false;
      fill();
      say();
      // the button that was pressed is gone: go on where one can walk on
      if (inside) (table.querySelector<HTMLElement>("button") ?? back).focus();
    });
  };
  const step = (by: number) => {
    const [pressed, other] = by < 0 ? [back, forward] : [forward, back];
    typed = false;
    if (by < 0) state.back();
    else state.forward();
    fill();
    say();
    if (pressed.disabled) other.focus();
  };
  const say = () => {
    if (state.record.value) announce(spokenBalance(state.record.value));
  };
  const fill = () => {
    if (!typed) input.value = state.record.value?.formula ?? "";
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

  // -- painting
  const widthNow = () => {
    const style = getComputedStyle(root);
    const inner =
      root.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
    return Number.isFinite(inner) && inner > 0 ? Math.floor(inner) : USUAL_WIDTH;
  };
  let drawn = 0;
  const draw = () => {
    const record = state.record.value;
    if (!record) return;
    drawn = widthNow();
    if (showsLatent()) latent.replaceChildren(latentView(record, model.get("latent_label"), drawn));
    else balance.paint(record, drawn);
  };
  const showsLatent = () => state.shows.value === "latent" && state.hasLatent.value;
  cleanups.push(
    effect(() => {
      const record = state.record.value;
      const inLatent = showsLatent();
      if (!record) return;
      verdict.dataset.kind = record.verdict.kind;
      verdict.replaceChildren(icon(MARKS[record.verdict.kind]), h("span", {}, record.verdict.text));
      const walks = model.get("decomposes") ? walk : null;
      table.replaceChildren(sheetTable(record, walks));
      closing.classList.toggle("mwd-open", !record.closing.closed);
      closing.replaceChildren(icon(record.closing.closed ? CHECK : ICONS.warning), record.closing.text);
      setText(scaleNote, record.energy === null || record.verdict.kind === "reference" ? "" : TILT);
      setText(source, record.source ? `Energies: ${record.source}` : "");
      atoms.hidden = inLatent;
      latent.hidden = !inLatent;
      fill();
      draw();
    }),
    effect(() => {
      segment.hidden = !state.hasLatent.value;
      VIEWS.forEach(([shows], n) => {
        const on = state.shows.value === shows;
        setAttribute(switches[n], "aria-checked", String(on));
        switches[n].tabIndex = on ? 0 : -1;
      });
    }),
    effect(() => {
      back.disabled = !state.canGoBack.value;
      forward.disabled = !state.canGoForward.value;
      const at = state.at.value;
      const way = state.trail.value;
      trail.hidden = way.length < 2;
      trail.replaceChildren(
        ...way.map((record, i) => {
          const place = button({
            label: `Go to ${record.formula}`,
            text: record.shown,
            onClick: () => {
              typed = false;
              state.goTo(i);
              say();
              trail.querySelectorAll<HTMLElement>("button")[i]?.focus();
            },
          });
          if (i === at) place.setAttribute("aria-current", "step");
          return h("li", {}, place);
        }),
      );
    }),
    effect(() => {
      setText(problem, state.problem.value);
      setAttribute(input, "aria-invalid", state.problem.value && typed ? "true" : null);
    }),
    effect(() => {
      root.classList.toggle("mwd-busy", state.busy.value || state.stale.value);
      setText(note, state.waiting.value ? "Waiting for the kernel: it is busy, or gone." : "");
    }),
  );
  const labels = () => {
    setText(title, sentence(model.get("label") ?? ""));
    const can = Boolean(model.get("decomposes"));
    form.hidden = !can;
    back.hidden = forward.hidden = !can && (model.get("trail") ?? []).length < 2;
  };
  cleanups.push(onChange(model, ["label", "decomposes", "latent_label"], labels));
  labels();
  if (typeof ResizeObserver === "function") {
    const observer = new ResizeObserver(() => {
      if (widthNow() !== drawn) draw();
    });
    observer.observe(root);
    cleanups.push(() => observer.disconnect());
  }
}
