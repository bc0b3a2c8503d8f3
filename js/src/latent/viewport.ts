import type { Extent, Place } from "./cloud";

const MARGIN = 1.06;
export const DEEPEST = 4000; // times the whole: a pixel is then a hundred steps of the wire

/** Which part of the plane is seen: its middle and how many pixels a unit has, the same on both axes. */
export interface View {
  readonly middle: Place;
  readonly scale: number;
}

export function overview([x0, x1, y0, y1]: Extent, width: number, height: number): View {
  const scale = Math.min(width / ((x1 - x0) * MARGIN), height / ((y1 - y0) * MARGIN));
  return { middle: [(x0 + x1) / 2, (y0 + y1) / 2], scale };
}

export function toPixel(view: View, [x, y]: Place, width: number, height: number): [number, number] {
  return [width / 2 + (x - view.middle[0]) * view.scale, height / 2 - (y - view.middle[1]) * view.scale];
}

export function toPlace(view: View, px: number, py: number, width: number, height: number): Place {
  return [view.middle[0] + (px - width / 2) / view.scale, view.middle[1] - (py - height / 2) / view.scale];
}

/** Nearer or farther by a factor while `anchor` stays where it is; from half the whole to `DEEPEST` times. */
export function zoom(view: View, factor: number, anchor: Place, whole: View): View {
  const scale = Math.min(DEEPEST * whole.scale, Math.max(0.5 * whole.scale, view.scale * factor));
  const part = view.scale / scale;
  return {
    scale,
    middle: [
      anchor[0] + (view.middle[0] - anchor[0]) * part,
      anchor[1] + (view.middle[1] - anchor[1]) * part,
    ],
  };
}

export function pan(view: View, dx: number, dy: number): View {
  return { scale: view.scale, middle: [view.middle[0] - dx / view.scale, view.middle[1] + dy / view.scale] };
}

/** The view moved just as far as needed for a place to be seen with some room around it. */
export function reveal(view: View, [x, y]: Place, width: number, height: number): View {
  const room = 24;
  const [px, py] = toPixel(view, [x, y], width, height);
  const beyond = (at: number, size: number) => at - Math.min(size - room, Math.max(room, at));
  const [dx, dy] = [beyond(px, width), beyond(py, height)];
  return dx || dy ? pan(view, -dx, -dy) : view;
}
