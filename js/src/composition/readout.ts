import { effect } from "@preact/signals-core";
import { h, ICONS, icon, setAttribute, setText } from "../shared/dom";
import { fixed, measured, quantity, tickLabels, ticks } from "../shared/format";
import { type Cleanup, type Model, onChange } from "../shared/model";
import { ALEATORIC, EPISTEMIC, epistemicShare, splitOf, splitText } from "../shared/uncertainty";
import type { CompositionState, Traits } from "./state";

/** Milliseconds after which a number that does not yet belong to the composition says so. */
const LATE = 1200;

/** The prediction as a big number, and as a mark with its uncertainty on a scale. */
export function readout(state: CompositionState, model: Model<Traits>, cleanups: Cleanup[]): HTMLElement {
  const value = h("span", { class: "mw-value mw-num" });
  const spread = h("span", { class: "mw-spread mw-num" });
  const change = h("span", { class: "mw-change mw-num mw-soft" });
  const badge = h("span", { class: "mw-badge" }, icon(ICONS.warning), "outside the training data");
  badge.title =
    "The model has seen no material like this one: its number is a guess, and its uncertainty may be too small.";
  const number = h("output", { class: "mw-number", "aria-live": "off" }, value, spread);
  const late = h("span", { class: "mw-late mw-small mw-soft" });
  const band2 = h("div", { class: "mw-band mw-band2" });
  const band1 = h("div", { class: "mw-band" });
  const mark = h("div", { class: "mw-mark" });
  const ghost = h("div", { class: "mw-ghost", title: "before this move" });
  const axis = h("div", { class: "mw-axis mw-num" });
  const track = h("div", { class: "mw-track" }, band2, band1, ghost, mark);
  const bar = h("div", { class: "mw-scale", role: "img" }, track, axis);
  const head = h(
    "div",
    { class: "mw-readout-head" },
    number,
    change,
    h("span", { class: "mw-grow" }),
    late,
    badge,
  );
  const fromData = h("span", { class: "mw-split-data" });
  const fromNetworks = h("span", { class: "mw-split-networks" });
  const dataText = h("span", {});
  const networksText = h("span", {});
  const split = h(
    "div",
    { class: "mw-split mw-small mw-soft mw-num" },
    h("div", { class: "mw-split-bar", "aria-hidden": "true" }, fromData, fromNetworks),
    h("span", { class: "mw-split-key mw-split-data", "aria-hidden": "true" }),
    dataText,
    h("span", { class: "mw-split-key mw-split-networks", "aria-hidden": "true" }),
    networksText,
  );
  split.title =
    "Where the uncertainty comes from, by its share of the variance. Scatter of the data stays however much is measured; " +
    "the networks would agree better had they seen more materials like this one.";
  const element = h("div", { class: "mw-readout" }, head, bar, split);

  const paint = () => {
    const reading = state.reading.value;
    const unit = model.get("unit");
    const text = measured(reading.value, reading.std);
    const withUnit = [text.power, unit].filter(Boolean).join(" ");
    setText(value, text.value);
    setText(spread, text.spread ? `± ${text.spread} ${withUnit}` : withUnit);
    badge.hidden = reading.in_domain !== false;
    element.classList.toggle("mw-outside", reading.in_domain === false);

    const [low, high] = state.scale.value;
    const room = (high - low) * 0.04;
    const at = (x: number) => (100 * (x - low + room)) / (high - low + 2 * room);
    const place = (band: HTMLElement, from: number, to: number) => {
      const left = Math.max(0, at(from));
      band.style.left = `${left}%`;
      band.style.width = `${Math.max(0, Math.min(100, at(to)) - left)}%`;
    };
    const known = reading.value !== null && Number.isFinite(reading.value);
    mark.hidden = !known;
    band1.hidden = band2.hidden = !known || reading.std === null;
    if (known) {
      const v = reading.value!;
      mark.style.left = `${at(v)}%`;
      if (reading.std !== null) {
        place(band1, v - reading.std, v + reading.std);
        place(band2, v - 2 * reading.std, v + 2 * reading.std);
      }
    }
    const origin = splitOf(reading.std_aleatoric, reading.std_epistemic);
    split.hidden = !known || !origin;
    if (known && origin) {
      const share = epistemicShare(origin);
      const stds = splitText(reading.value, origin);
      const [data, networks] = [1 - share, share].map((x) => `${Math.round(100 * x)} %`);
      setText(dataText, `${ALEATORIC} ${stds.aleatoric} ${unit}, ${data}`);
      setText(networksText, `${EPISTEMIC} by ${stds.epistemic} ${unit}, ${networks} of variance`);
      fromData.style.flexGrow = String(1 - share);
      fromNetworks.style.flexGrow = String(share);
    }
    const before = state.settled.value.value;
    const moving = state.previewing.value && known && before !== null;
    ghost.hidden = !moving;
    setText(change, "");
    if (moving) {
      ghost.style.left = `${at(before!)}%`;
      const difference = reading.value! - before!;
      const digits = text.value.split(".")[1]?.length ?? 0;
      if (!text.power) setText(change, `${difference < 0 ? "" : "+"}${fixed(difference, digits)}`);
    }
    const marks = ticks(low, high, 5);
    const names = tickLabels(marks);
    axis.replaceChildren(...marks.map((x, n) => h("span", { style: `left:${at(x)}%` }, names[n])));
    const spoken = known ? `${quantity(reading.value)} ${unit}` : "no prediction";
    setAttribute(
      bar,
      "aria-label",
      `${model.get("label")}: ${spoken}${text.spread ? `, plus or minus ${text.spread}` : ""}, on a scale from ${quantity(low, 3)} to ${quantity(high, 3)}`,
    );
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  cleanups.push(
    effect(paint),
    effect(() => {
      const current = state.current.value;
      const waiting = state.waiting.value;
      element.classList.toggle("mw-stale", !current);
      clearTimeout(timer);
      setText(late, "");
      if (current) return;
      const say = () => setText(late, "waiting for the kernel");
      if (waiting) say();
      else timer = setTimeout(say, LATE);
    }),
    () => clearTimeout(timer),
    onChange(model, ["unit", "label"], paint),
  );
  return element;
}
