import { effect } from "@preact/signals-core";
import { button, h, setAttribute, setText } from "../shared/dom";
import { quantity } from "../shared/format";
import { type Cleanup, type Model, onChange } from "../shared/model";
import type { LatentState, Traits } from "./state";
import { signs } from "./strip";

export interface Side {
  element: HTMLElement;
  /** The field for a formula or a name. */
  find: HTMLElement;
  /** Where the legend goes. */
  legend: HTMLElement;
  stop: Cleanup;
}

/** Beside the plot: what the colours show, what stands under the cursor, walks, how many are chosen. */
export function sideOf(model: Model<Traits>, state: LatentState, announce: (text: string) => void): Side {
  const channel = h("select", { class: "mw-input" });
  const channelBox = h("label", { class: "mw-small mw-field-row" }, "Colour", channel);
  channel.addEventListener("change", () => state.setColour(channel.value));
  const legend = h("div");

  const name = h("input", {
    class: "mw-input",
    type: "text",
    "aria-label": "Go to a formula or name",
    placeholder: "Go to a formula",
    spellcheck: "false",
    autocomplete: "off",
  });
  const find = h("div", { class: "mw-find" }, name);
  name.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    state.locate(name.value);
  });

  const formula = h("output", { class: "mw-formula", "aria-live": "off" });
  const about = h("div", { class: "mw-about mw-small" });
  const from = button({
    label: "A path begins at the cursor",
    text: "Path from here",
    onClick: () => end(0),
  });
  const to = button({
    label: "The path ends at the cursor",
    text: "to here",
    onClick: () => end(1),
  });
  const axis = h("select", { class: "mw-input", "aria-label": "Latent axis" });
  const along = button({
    label: "Decode along the latent axis through the cursor",
    text: "Walk along",
    onClick: () => state.traverse(Number(axis.value)),
  });
  const walks = h("div", { class: "mw-walks" }, h("div", {}, from, to), h("div", {}, along, axis));
  const chosen = h("span", { class: "mw-num" });
  const clear = button({
    label: "Choose no point",
    text: "Clear",
    onClick: () => state.choose(new Uint32Array(0)),
  });
  const element = h(
    "div",
    { class: "mw-side" },
    channelBox,
    legend,
    h("div", { class: "mw-decoded" }, formula, about),
    walks,
    h("div", { class: "mw-chosen mw-small" }, chosen, clear),
  );

  function end(which: 0 | 1): void {
    state.setEnd(which);
    announce(which === 0 ? "The path begins here" : "The path ends here");
  }

  function labels(): void {
    const channels = model.get("channels") ?? [];
    channelBox.hidden = channels.length === 0;
    channel.replaceChildren(...channels.map((name) => h("option", { value: name }, name)));
    channel.value = model.get("colour");
    walks.hidden = !model.get("decodes");
    find.hidden = !model.get("locates");
    const names = Array.from({ length: model.get("dimensions") }, (_, i) => `axis ${i + 1}`);
    axis.replaceChildren(...names.map((name, i) => h("option", { value: i }, name)));
  }
  labels();

  const mean = button({
    label: "Lay the plane through the mean of all points instead",
    text: "mean instead",
    onClick: () => state.layThroughMean(),
  });

  /** What is decoded: a point, or a place of the plane and what that is laid through. */
  function origin(): HTMLElement {
    const { point, told, through, cursor } = state;
    const own = point.value >= 0 && told.value?.row === point.value ? told.value.told : null;
    const at = cursor.value.map((x) => quantity(x, 4)).join(", ");
    const line = h("div", { class: "mw-origin mw-soft mw-num" });
    const row = `row ${point.value.toLocaleString("en")}`;
    if (point.value >= 0) line.append("at the point ", h("b", {}, own?.name ?? row), own ? ` (${row})` : "");
    else if (through.value)
      line.append(`at ${at} in the plane through `, h("b", {}, through.value), " ", mean);
    else line.append(`at ${at}`);
    return line;
  }

  function near(): HTMLElement | null {
    const { nearest: names = [], far = [] } = state.decoded.value;
    if (!names.length) return null;
    const rows = names.map((words, i) =>
      h("li", {}, h("span", {}, words), far[i] ? h("span", { class: "mw-soft mw-num" }, far[i]) : null),
    );
    return h("div", { class: "mw-near" }, h("b", {}, "Nearest compositions"), h("ul", {}, ...rows));
  }

  function underCursor(): (HTMLElement | null)[] {
    const facts = state.decoded.value;
    return [
      facts.formula ? signs(facts) : null,
      origin(),
      facts.note ? h("div", {}, facts.note) : null,
      facts.formula ? near() : null,
    ];
  }

  let warned = "";
  const stops = [
    effect(() => {
      const parts = (state.cursor.value.length && state.decoded.value.note?.split("; ")) || [];
      const warning = parts.filter((part) => /do not trust|half lent by/.test(part)).join("; ");
      if (warning && warning !== warned) announce(warning);
      warned = warning;
    }),
    onChange(model, ["channels", "colour", "decodes", "locates", "dimensions"], labels),
    effect(() => {
      const has = state.cursor.value.length > 0;
      const hint = model.get("decodes") ? "Put the cursor somewhere: it is decoded there." : "";
      setText(formula, (has && state.decoded.value.formula) || "");
      formula.classList.toggle("mw-stale", has && !state.upToDate());
      const facts = has ? underCursor() : [h("span", { class: "mw-soft" }, hint)];
      about.replaceChildren(...facts.filter((fact): fact is HTMLElement => fact !== null));
      from.disabled = !has;
      to.disabled = !has || !state.ends.value[0].length;
    }),
    effect(() => {
      const count = state.selection.value.length;
      const none = state.missed.value ? "no point lies inside" : "none chosen";
      setText(chosen, count ? `${count.toLocaleString("en")} chosen` : none);
      clear.disabled = count === 0;
    }),
    effect(() => setAttribute(walks, "aria-busy", String(state.walking.value))),
  ];
  return {
    element,
    find,
    legend,
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}
