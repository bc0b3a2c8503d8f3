import { button, h, setAttribute } from "../shared/dom";
import type { Place } from "./cloud";
import type { Stage } from "./stage";
import type { LatentState } from "./state";
import { pan } from "./viewport";

const LESS = 4; // px: less is a click, or no corner of a lasso

const MODES = [
  ["cursor", "Cursor", "Move the cursor; a click on a point chooses it"],
  ["lasso", "Lasso", "Draw around points to choose them (Shift adds, Alt takes away)"],
  ["box", "Box", "Draw a rectangle to choose points (Shift adds, Alt takes away)"],
  ["pan", "Move", "Move the picture"],
] as const;
type Mode = (typeof MODES)[number][0];

interface Drag {
  mode: Mode;
  start: Place;
  last: [number, number];
  moved: boolean;
  shape: Place[];
}

/** Whether the rows are added to the choice, taken from it, or are all of it. */
export function howOf(event: { shiftKey: boolean; altKey: boolean }): "add" | "remove" | "new" {
  return event.shiftKey ? "add" : event.altKey ? "remove" : "new";
}

export function corners([ax, ay]: Place, [bx, by]: Place): Place[] {
  return [
    [ax, ay],
    [bx, ay],
    [bx, by],
    [ax, by],
  ];
}

export interface Hand {
  /** The buttons that say what a hand does. */
  modes: HTMLElement;
  readonly busy: boolean;
  /** Let go of what is under way; whether there was something. */
  cancel(): boolean;
}

/** What a hand with a mouse, a pen or a finger does on the plot. */
export function attachHand(stage: Stage, state: LatentState, onChosen: () => void): Hand {
  const plot = stage.element;
  let mode: Mode = "cursor";
  let drag: Drag | null = null;

  const buttons = MODES.map(([name, text, words]) => {
    const element = button({ label: words, text, onClick: () => setMode(name) });
    element.setAttribute("role", "radio");
    return element;
  });
  const modes = h(
    "div",
    { class: "mw-segment", role: "radiogroup", "aria-label": "What the hand does" },
    ...buttons,
  );
  modes.addEventListener("keydown", (event) => {
    const turn = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!turn) return;
    event.preventDefault();
    const at = (MODES.findIndex(([name]) => name === mode) + turn + MODES.length) % MODES.length;
    setMode(MODES[at][0]);
    buttons[at].focus();
  });

  function setMode(next: Mode): void {
    mode = next;
    buttons.forEach((element, i) => {
      setAttribute(element, "aria-checked", String(MODES[i][0] === mode));
      element.tabIndex = MODES[i][0] === mode ? 0 : -1;
    });
    plot.dataset.mode = mode;
  }
  setMode(mode);

  plot.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    event.preventDefault();
    plot.focus({ preventScroll: true });
    plot.setPointerCapture(event.pointerId);
    stage.hover(null);
    const start = stage.place(event);
    drag = {
      mode: event.button === 1 ? "pan" : mode,
      start,
      last: [event.clientX, event.clientY],
      moved: false,
      shape: [start],
    };
  });
  plot.addEventListener("pointermove", (event) => {
    const place = stage.place(event);
    if (!drag) {
      stage.hover(place);
      return;
    }
    const [dx, dy] = [event.clientX - drag.last[0], event.clientY - drag.last[1]];
    if ((!drag.moved || drag.mode === "lasso") && Math.hypot(dx, dy) < LESS) return;
    drag.moved = true;
    drag.last = [event.clientX, event.clientY];
    if (drag.mode === "cursor") state.preview(place);
    if (drag.mode === "pan") stage.show(pan(stage.view, dx, dy));
    if (drag.mode === "lasso") drag.shape.push(place);
    if (drag.mode === "box") drag.shape = corners(drag.start, place);
    if (drag.mode === "lasso" || drag.mode === "box") stage.outline(drag.shape);
  });
  plot.addEventListener("pointerup", (event) => {
    const done = drag;
    drag = null;
    stage.outline([]);
    if (done) finish(done, stage.place(event), howOf(event));
  });
  plot.addEventListener("pointercancel", () => cancel());
  plot.addEventListener("pointerleave", () => stage.hover(null));

  function finish(done: Drag, place: Place, how: "add" | "remove" | "new"): void {
    const cloud = state.cloud.value;
    if (!done.moved) {
      const row = stage.near(place);
      if (row >= 0) {
        state.goTo(row);
        state.choose(Uint32Array.of(row), how);
      } else if (done.mode === "cursor") state.goToPlace(place);
    } else if (done.mode === "cursor") state.release();
    else if (done.mode !== "pan" && cloud) {
      state.chooseInside(done.mode === "box" ? cloud.box(done.start, place) : cloud.inside(done.shape), how);
      onChosen();
    }
  }

  function cancel(): boolean {
    const was = drag !== null;
    drag = null;
    stage.outline([]);
    state.abandon();
    return was;
  }

  plot.addEventListener(
    "wheel",
    (event) => {
      // A page is scrolled past a plot; who has clicked into it, or holds Ctrl, wants to look closer.
      const focused = (plot.getRootNode() as Document | ShadowRoot).activeElement === plot;
      if (!focused && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE;
      stage.scaleBy(Math.exp(-event.deltaY * (lines ? 0.05 : 0.0018)), stage.place(event));
    },
    { passive: false },
  );

  return {
    modes,
    get busy() {
      return drag !== null;
    },
    cancel,
  };
}
