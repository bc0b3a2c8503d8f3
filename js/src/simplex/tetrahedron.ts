import { h, svg } from "../shared/dom";
import type { Point } from "./geometry";

// Corners of the little solid: the fourth element is its top, the drawn slice lies level.
const CORNERS: Point[] = [
  [62, 44],
  [8, 62],
  [88, 70],
  [50, 8],
];
const EDGES = [
  [0, 1],
  [1, 2],
  [2, 0],
  [0, 3],
  [1, 3],
  [2, 3],
];

/** A small drawing of the tetrahedron that shows where the slice and the composition are. */
export function tetrahedron(): {
  element: HTMLElement;
  show(elements: readonly string[], colours: ReadonlyMap<string, string>, fractions: readonly number[]): void;
} {
  const slice = svg("polygon", { class: "mw-solid-slice" });
  const spot = svg("circle", { class: "mw-solid-spot", r: 3.5 });
  const names = CORNERS.map(() => svg("text", { class: "mw-solid-name" }));
  const edges = EDGES.map(([a, b]) =>
    svg("line", {
      class: a === 0 || b === 0 ? "mw-solid-edge mw-solid-back" : "mw-solid-edge",
      x1: CORNERS[a][0],
      y1: CORNERS[a][1],
      x2: CORNERS[b][0],
      y2: CORNERS[b][1],
    }),
  );
  const drawing = svg(
    "svg",
    { viewBox: "-10 -6 116 92", class: "mw-solid" },
    ...edges,
    slice,
    spot,
    ...names,
  );
  const mix = (parts: readonly number[]): Point =>
    [0, 1].map((axis) => CORNERS.reduce((sum, corner, i) => sum + corner[axis] * parts[i], 0)) as Point;
  return {
    element: h("div", { "aria-hidden": "true" }, drawing),
    show(elements, colours, fractions) {
      const w = fractions[3];
      const corners = [0, 1, 2].map((i) => mix([0, 1, 2, 3].map((j) => (j === 3 ? w : j === i ? 1 - w : 0))));
      slice.setAttribute("points", corners.map((corner) => corner.join()).join(" "));
      const [x, y] = mix(fractions);
      spot.setAttribute("cx", String(x));
      spot.setAttribute("cy", String(y));
      names.forEach((name, i) => {
        const [dx, dy] = [
          [6, -3],
          [-7, 12],
          [10, 10],
          [0, -3],
        ][i];
        name.setAttribute("x", String(CORNERS[i][0] + dx));
        name.setAttribute("y", String(CORNERS[i][1] + dy));
        name.setAttribute("fill", colours.get(elements[i]) ?? "currentColor");
        name.textContent = elements[i];
      });
    },
  };
}
