import { effect } from "@preact/signals-core";
import { button, h, setAttribute, setText } from "../shared/dom";
import { quantity } from "../shared/format";
import { type Cleanup, type Model, onChange } from "../shared/model";
import type { Place } from "./cloud";
import type { LatentState, Traits } from "./state";
import { validity } from "./strip";

export interface Side {
  element: HTMLElement;
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

  const formula = h("output", { class: "mw-formula", "aria-live": "off" });
  const about = h("div", { class: "mw-about mw-small" });
  const from = button({
    label: "A path begins at the point under the cursor",
    text: "Path from here",
    onClick: () => end(0),
  });
  const to = button({
    label: "The path ends at the point under the cursor",
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
    const cursor = state.cursor.value as unknown as Place;
    const nearest = () => state.cloud.value?.nearest(cursor) ?? -1;
    state.setEnd(which, state.point.value >= 0 ? state.point.value : nearest());
    announce(which === 0 ? "The path begins here" : "The path ends here");
  }

  function labels(): void {
    const channels = model.get("channels") ?? [];
    channelBox.hidden = channels.length === 0;
    channel.replaceChildren(...channels.map((name) => h("option", { value: name }, name)));
    channel.value = model.get("colour");
    walks.hidden = !model.get("decodes");
    const names = Array.from({ length: model.get("dimensions") }, (_, i) => `axis ${i + 1}`);
    axis.replaceChildren(...names.map((name, i) => h("option", { value: i }, name)));
  }
  labels();

  function underCursor(): (HTMLElement | null)[] {
    const { decoded, cursor, point, told } = state;
    const facts = decoded.value;
    const own = point.value >= 0 && told.value?.row === point.value ? told.value.told : null;
    const at = cursor.value.map((x) => quantity(x, 4)).join(", ");
    const soft = (text: string | undefined) => (text ? h("div", { class: "mw-soft mw-num" }, text) : null);
    return [
      facts.formula ? validity(facts) : null,
      own && h("div", {}, h("b", {}, own.name), ` (row ${point.value})`),
      soft(facts.note),
      soft(facts.nearest?.length ? `nearest known: ${facts.nearest.join(", ")}` : ""),
      soft(`at ${at}`),
    ];
  }

  const stops = [
    onChange(model, ["channels", "colour", "decodes", "dimensions"], labels),
    effect(() => {
      const has = state.cursor.value.length > 0;
      const hint = model.get("decodes") ? "Put the cursor somewhere: it is decoded there." : "";
      setText(formula, (has && state.decoded.value.formula) || "");
      formula.classList.toggle("mw-stale", has && !state.upToDate());
      const facts = has ? underCursor() : [h("span", { class: "mw-soft" }, hint)];
      about.replaceChildren(...facts.filter((fact): fact is HTMLElement => fact !== null));
      for (const control of [from, to]) control.disabled = !has;
    }),
    effect(() => {
      const count = state.selection.value.length;
      setText(chosen, count ? `${count.toLocaleString("en")} chosen` : "none chosen");
      clear.disabled = count === 0;
    }),
    effect(() => setAttribute(walks, "aria-busy", String(state.walking.value))),
  ];
  return {
    element,
    legend,
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}
