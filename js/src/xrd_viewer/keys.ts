import type { Plot } from "./plot";
import type { XrdState } from "./state";
import { spokenPeak, spokenPlace } from "./words";

const FAR = 20; // points of the grid that Shift makes of one
const CLOSER = 1.5;

/** Everything that a hand can do, by keys; what stands under the cursor is said. */
export function attachKeys(
  plot: Plot,
  state: XrdState,
  hand: { cancel(): boolean },
  announce: (text: string) => void,
): void {
  plot.element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (act(event)) event.preventDefault();
  });

  function act({ key, shiftKey }: KeyboardEvent): boolean {
    if (key === "ArrowLeft" || key === "ArrowRight") {
      state.step((key === "ArrowLeft" ? -1 : 1) * (shiftKey ? FAR : 1));
      sayPlace();
    } else if (key === "ArrowUp" || key === "ArrowDown") read(key === "ArrowUp" ? 1 : -1);
    else if (key === "n" || key === "p") walk(state, key === "n" ? 1 : -1, announce);
    else if (key === "+" || key === "=") state.zoom(CLOSER);
    else if (key === "-") state.zoom(1 / CLOSER);
    else if (key === "PageUp" || key === "PageDown") state.pan(key === "PageUp" ? -0.5 : 0.5);
    else if (key === "Home") {
      state.showAll();
      announce(`All angles, ${state.ends.join(" to ")} degrees`);
    } else if (key === "Escape") {
      if (!hand.cancel()) state.setCursor(null);
    } else return false;
    return true;
  }

  function read(by: 1 | -1): void {
    const { patterns } = state.curves.value;
    const next = patterns[state.at.value + by];
    if (!next) return;
    state.choose(state.at.value + by);
    announce(`${next.name}, ${state.at.value + 1} of ${patterns.length} patterns`);
  }

  function sayPlace(): void {
    const at = state.cursor.value;
    const pattern = state.curves.value.patterns[state.at.value];
    if (at === null || !pattern) return;
    const values: [string, number][] = [["intensity", state.intensity(pattern.y, at)]];
    if (pattern.other) values.push([pattern.otherName, state.intensity(pattern.other, at)]);
    announce(spokenPlace(at, state.wavelength, values));
  }
}

/** Go to the next or the previous peak and say what it is. */
export function walk(state: XrdState, direction: 1 | -1, announce: (text: string) => void): void {
  const pattern = state.curves.value.patterns[state.at.value];
  const count = state.peaks.value.length;
  if (!pattern || !count) {
    announce("No peaks are known of this pattern");
    return;
  }
  const found = state.walk(direction);
  announce(
    found
      ? spokenPeak(found.peak, found.number, count, state.wavelength, pattern)
      : `No peak ${direction > 0 ? "after" : "before"} this one`,
  );
}
