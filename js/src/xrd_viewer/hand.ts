import type { Plot } from "./plot";
import type { XrdState } from "./state";

const DRAGGED = 5; // px from which a press is a drag

/** Pointing reads, a click sets the cursor, a drag looks closer, a double click shows all. */
export function attachHand(plot: Plot, state: XrdState): { cancel(): boolean } {
  const { element } = plot;
  let pressed: number | null = null; // x where a press began
  let dragged = false;

  /** Give up a drag; whether there was one. */
  function cancel(): boolean {
    const was = dragged;
    pressed = null;
    dragged = false;
    plot.outline(null);
    return was;
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pressed = plot.inside(event);
    dragged = false;
    element.setPointerCapture?.(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    const x = plot.inside(event);
    if (pressed !== null && Math.abs(x - pressed) > DRAGGED) dragged = true;
    if (dragged && pressed !== null) plot.outline([pressed, x]);
    state.hovered.value = plot.angle(x);
  });
  element.addEventListener("pointerup", (event) => {
    if (pressed === null) return;
    const ends = [pressed, plot.inside(event)].sort((a, b) => a - b).map((x) => plot.angle(x));
    const at = plot.angle(plot.inside(event));
    if (cancel()) state.show(ends[0], ends[1]);
    else state.setCursor(plot.peakAt(at)?.at ?? at);
  });
  element.addEventListener("pointercancel", () => cancel());
  element.addEventListener("pointerleave", () => (state.hovered.value = null));
  element.addEventListener("dblclick", () => state.showAll());
  return { cancel };
}
