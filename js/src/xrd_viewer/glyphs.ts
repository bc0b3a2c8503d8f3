/** Shapes of peak marks and samples of lines: what is told apart by colour has a shape of its own as well. */
import { svg } from "../shared/dom";
import type { Kind } from "./state";

/** Around 0, 0. */
const SHAPES: Record<Kind, string> = {
  plain: "M0-6V6",
  matched: "M0-5.5 4 0 0 5.5-4 0Z",
  missed: "M-4.5-4h9L0 4.5Z",
  extra: "M-3.6-3.6 3.6 3.6M-3.6 3.6 3.6-3.6",
};

/** Of patterns drawn over one another. */
const DASHES = ["", "8 3", "2.5 2.5", "9 3 2.5 3"];

export function mark(kind: Kind, x: number, y: number): SVGPathElement {
  return svg("path", {
    class: `mwx-mark mwx-${kind}`,
    d: SHAPES[kind],
    transform: `translate(${x.toFixed(1)} ${y})`,
  });
}

/** A mark as it stands in a legend. */
export function sampleMark(kind: Kind): SVGSVGElement {
  return svg(
    "svg",
    { viewBox: "-7 -7 14 14", width: 14, height: 14, "aria-hidden": "true" },
    mark(kind, 0, 0),
  );
}

export function sampleLine(colour: string, dash: string, filled: boolean): SVGSVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 24 12", width: 24, height: 12, "aria-hidden": "true" },
    filled &&
      svg("path", { d: "M1 11 5 9 10 2 14 9 23 10V11Z", style: `fill:${colour}`, "fill-opacity": 0.22 }),
    svg("path", {
      d: filled ? "M1 11 5 9 10 2 14 9 23 10" : "M1 6H23",
      style: `stroke:${colour}`,
      "stroke-width": 2,
      "stroke-dasharray": dash || null,
      fill: "none",
    }),
  );
}

/** The colour of a pattern; the second one is kept for what a pattern is compared with. */
export function colourOf(row: number): string {
  return `var(--mw-c${row === 0 ? 0 : (row + 1) % 12})`;
}

export const OTHER = "var(--mw-c1)";

export function dashOf(row: number, stacked: boolean): string {
  return stacked ? "" : DASHES[row % DASHES.length];
}
