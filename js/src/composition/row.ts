import { effect } from "@preact/signals-core";
import { h, ICONS, icon, setAttribute } from "../shared/dom";
import { percent } from "../shared/format";
import type { Cleanup } from "../shared/model";
import { nameOf } from "../shared/periodic";
import type { CompositionState } from "./state";

/** One element: its name, a slider, a number, a lock, and its limits when they are wanted. */
export function row(
  state: CompositionState,
  i: number,
  colour: string,
  announce: (text: string) => void,
): { element: HTMLElement; stop: Cleanup } {
  const symbol = state.elements.value[i];
  const name = nameOf(symbol);
  const slider = h("input", { type: "range", class: "mw-slider", min: 0, max: 100, step: 0.1 });
  const number = h("input", { type: "number", class: "mw-input mw-num", min: 0, max: 100, step: 0.1 });
  const lock = h("button", { type: "button", class: "mw-button mw-lock", "aria-pressed": "false" });
  const least = limit(`Least ${name}, at.%`);
  const most = limit(`Most ${name}, at.%`);
  const element = h(
    "div",
    { class: "mw-row", style: `--mw-el:${colour}` },
    h("span", { class: "mw-symbol", title: name }, symbol),
    slider,
    number,
    lock,
    h("span", { class: "mw-limits mw-small mw-soft" }, least, "–", most, "at.%"),
  );

  // Moving is a preview, releasing is the commit.
  slider.addEventListener("input", () => state.preview(i, slider.valueAsNumber / 100));
  slider.addEventListener("change", () => state.release());
  slider.addEventListener("keydown", (event) => {
    const step = keyStep(event);
    if (event.key === "Escape") state.abandon();
    else if (step !== null) {
      const [low, high] = state.range(i);
      const wanted = Number.isFinite(step) ? state.amounts()[i] + step : step > 0 ? high : low;
      state.preview(i, Math.min(high, Math.max(low, wanted)));
    } else return;
    event.preventDefault();
  });
  slider.addEventListener("keyup", (event) => {
    if (keyStep(event) !== null) state.release();
  });
  slider.addEventListener("blur", () => state.release());

  let typing = false;
  number.addEventListener("input", () => (typing = true));
  const enter = () => {
    if (!typing) return;
    typing = false;
    const wanted = number.valueAsNumber / 100;
    if (Number.isFinite(wanted)) {
      const [low, high] = state.range(i);
      state.preview(i, wanted);
      state.release();
      const clipped = wanted < low - 5e-4 ? low : wanted > high + 5e-4 ? high : null;
      if (clipped !== null)
        state.problem.value = `${symbol} can be ${percent(low)} to ${percent(high)} ${state.mode.value}.% while locks and limits hold: it is now ${percent(clipped)}.`;
    }
    number.value = plain(state.amounts()[i]);
  };
  number.addEventListener("change", enter);
  number.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      typing = false;
      number.value = plain(state.amounts()[i]);
    }
  });

  lock.addEventListener("click", () => {
    state.toggleLock(i);
    announce(`${name} ${state.limits.value.locked[i] ? "locked" : "unlocked"}`);
  });
  const setLimits = () => {
    const low = least.value === "" ? 0 : least.valueAsNumber / 100;
    const high = most.value === "" ? 1 : most.valueAsNumber / 100;
    state.setBounds(i, low, high);
    showLimits();
  };
  least.addEventListener("change", setLimits);
  most.addEventListener("change", setLimits);
  const showLimits = () => {
    const { lower, upper } = state.limits.value;
    if (i >= lower.length) return;
    least.value = plain(lower[i]);
    most.value = plain(upper[i]);
  };

  const stops = [
    effect(() => {
      const unit = `${state.mode.value}.%`;
      const fractions = state.shown.value;
      const { locked } = state.limits.value;
      if (i >= fractions.length || i >= locked.length) return;
      const amount = state.amounts(fractions)[i];
      const [low, high] = state.range(i);
      const text = percent(amount);
      slider.value = String(Number((amount * 100).toFixed(3)));
      if (!typing) number.value = plain(amount);
      element.style.setProperty("--mw-at", `${amount * 100}%`);
      element.style.setProperty("--mw-low", `${low * 100}%`);
      element.style.setProperty("--mw-high", `${high * 100}%`);
      slider.disabled = number.disabled = locked[i];
      setAttribute(slider, "aria-label", `${name}, ${unit}`);
      setAttribute(number, "aria-label", `${name} as a number, ${unit}`);
      setAttribute(slider, "aria-valuetext", `${text} ${unit}`);
      setAttribute(lock, "aria-pressed", String(locked[i]));
      const action = locked[i] ? "Unlock" : "Lock";
      setAttribute(lock, "aria-label", `Lock ${name}`);
      lock.title = `${action} ${name} (at ${percent(fractions[i])} at.%)`;
      lock.replaceChildren(icon(locked[i] ? ICONS.locked : ICONS.unlocked));
    }),
    effect(showLimits),
  ];
  return {
    element,
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}

function limit(label: string): HTMLInputElement {
  return h("input", {
    type: "number",
    class: "mw-input mw-num",
    min: 0,
    max: 100,
    step: 1,
    "aria-label": label,
  });
}

function plain(fraction: number): string {
  return (fraction * 100).toFixed(1);
}

/** How far a key moves the slider (fractions of one; infinite for the ends), or null for other keys. */
function keyStep(event: KeyboardEvent): number | null {
  const small = event.shiftKey ? 0.001 : 0.01;
  switch (event.key) {
    case "ArrowRight":
    case "ArrowUp":
      return small;
    case "ArrowLeft":
    case "ArrowDown":
      return -small;
    case "PageUp":
      return 0.1;
    case "PageDown":
      return -0.1;
    case "Home":
      return -Infinity;
    case "End":
      return Infinity;
    default:
      return null;
  }
}
