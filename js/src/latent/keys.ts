import { effect } from "@preact/signals-core";
import { quantity } from "../shared/format";
import type { Cleanup } from "../shared/model";
import type { Place } from "./cloud";
import { corners, type Hand, howOf } from "./hand";
import type { Stage } from "./stage";
import type { LatentState } from "./state";
import { spoken } from "./told";
import { reveal } from "./viewport";

const STEP = 14; // px that an arrow key moves the cursor; with Shift five times that
const DIRECTIONS: Record<string, readonly [number, number]> = {
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

/** What is done on the plot by keys alone, and what is said of it. */
export function attachKeys(
  stage: Stage,
  state: LatentState,
  hand: Hand,
  announce: (text: string) => void,
  onChosen: () => void,
): Cleanup {
  const plot = stage.element;
  let corner: Place | null = null; // of a box drawn by keys
  let awaited = -1; // the row whose name is to be said when it comes

  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    const here = (state.cursor.value.length ? state.cursor.value : stage.view.middle) as unknown as Place;
    if (!act(event, here)) return;
    event.preventDefault();
  });
  plot.addEventListener("keyup", (event) => {
    if (!DIRECTIONS[event.key]) return;
    state.release();
    speakPlace();
  });
  plot.addEventListener("blur", () => hand.busy || state.release());

  function act(event: KeyboardEvent, here: Place): boolean {
    const direction = DIRECTIONS[event.key];
    if (direction) move(here, direction, event.shiftKey ? 5 * STEP : STEP);
    else if (event.key === "+" || event.key === "=") stage.scaleBy(1.25);
    else if (event.key === "-") stage.scaleBy(1 / 1.25);
    else if (event.key === "0") stage.show(stage.whole);
    else if (event.key === "b") {
      corner = here;
      announce("A box begins at the cursor: move it, Enter chooses what is inside");
    } else if (event.key === "Enter") choose(here, howOf(event));
    else if (event.key === "Escape") {
      const was = hand.cancel() || corner !== null;
      corner = null;
      if (!was) state.choose(new Uint32Array(0));
    } else return false;
    return true;
  }

  function move([x, y]: Place, [right, up]: readonly [number, number], step: number): void {
    const place: Place = [x + (right * step) / stage.view.scale, y + (up * step) / stage.view.scale];
    state.preview(place);
    bring(place);
    if (corner) stage.outline(corners(corner, place));
  }

  function choose(here: Place, how: "add" | "remove" | "new"): void {
    const cloud = state.cloud.value;
    if (!cloud) return;
    if (corner) {
      state.chooseInside(cloud.box(corner, here), how);
      corner = null;
      stage.outline([]);
      onChosen();
      return;
    }
    const row = cloud.nearest(here);
    state.goTo(row);
    state.choose(Uint32Array.of(row), how);
    bring([cloud.x[row], cloud.y[row]]);
    say(row);
  }

  function bring(place: Place): void {
    const next = reveal(stage.view, place, ...stage.size);
    if (next !== stage.view) stage.show(next);
  }

  function speakPlace(): void {
    const cursor = state.cursor.value;
    if (!cursor.length) return;
    const row = stage.near(cursor as unknown as Place);
    if (row >= 0) say(row);
    else announce(`No point here; x ${quantity(cursor[0], 3)}, y ${quantity(cursor[1], 3)}`);
  }

  /** Say the name of a point, at once or when the kernel has told it. */
  function say(row: number): void {
    awaited = row;
    state.tell(row);
    sayAwaited();
  }

  function sayAwaited(): void {
    const told = state.told.value;
    if (told?.row !== awaited) return;
    awaited = -1;
    announce(spoken(told.told));
  }

  return effect(sayAwaited);
}
