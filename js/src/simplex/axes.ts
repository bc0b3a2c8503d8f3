import { svg } from "../shared/dom";
import { type Point, type Triangle, toPoint } from "./geometry";

/** Amounts (at.%) at which the axes have ticks in a slice whose three parts add up to `whole` per cent. */
export function axisTicks(whole: number): number[] {
  if (whole <= 0.5) return [];
  const step = [1, 2, 5, 10, 20].find((s) => whole / s <= 5.01) ?? 20;
  const result: number[] = [];
  for (let amount = step; amount < whole - 0.25 * step; amount += step) result.push(amount);
  return result;
}

/** Parts where the line "amount of element `i` is `t`" meets the edge that carries the element's scale. */
function onEdge(i: number, t: number): [number, number, number] {
  const parts: [number, number, number] = [0, 0, 0];
  parts[i] = t;
  parts[(i + 1) % 3] = 1 - t; // the edge from the next corner up to the element's own
  return parts;
}

function otherEnd(i: number, t: number): [number, number, number] {
  const parts: [number, number, number] = [0, 0, 0];
  parts[i] = t;
  parts[(i + 2) % 3] = 1 - t;
  return parts;
}

/** Grid lines, ticks with their numbers, and the names at the corners. */
export function axes(
  elements: readonly string[],
  colours: ReadonlyMap<string, string>,
  triangle: Triangle,
  fourth: number | null,
): SVGGElement {
  const whole = 100 * (1 - (fourth ?? 0));
  const group = svg("g", { class: "mw-axes" });
  const corners = triangle.corners;
  const centre = toPoint([1 / 3, 1 / 3, 1 / 3], triangle);
  for (let i = 0; i < 3; i += 1) {
    const colour = colours.get(elements[i]) ?? "currentColor";
    // Numbers stand outside their edge; its direction away from the centre:
    const middle = toPoint(onEdge(i, 0.5), triangle);
    const length = Math.hypot(middle[0] - centre[0], middle[1] - centre[1]);
    const away: Point = [(middle[0] - centre[0]) / length, (middle[1] - centre[1]) / length];
    for (const amount of axisTicks(whole)) {
      const t = amount / whole;
      const from = toPoint(onEdge(i, t), triangle);
      const to = toPoint(otherEnd(i, t), triangle);
      group.append(svg("line", { class: "mw-grid-line", x1: from[0], y1: from[1], x2: to[0], y2: to[1] }));
      const label: Point = [from[0] + 15 * away[0], from[1] + 15 * away[1] + 4];
      group.append(svg("text", { class: "mw-tick", x: label[0], y: label[1], fill: colour }, String(amount)));
    }
    const corner = corners[i];
    const out: Point = [corner[0] - centre[0], corner[1] - centre[1]];
    const far = Math.hypot(...out);
    const name: Point = [corner[0] + (24 * out[0]) / far, corner[1] + (20 * out[1]) / far + 6];
    group.append(svg("text", { class: "mw-corner", x: name[0], y: name[1], fill: colour }, elements[i]));
  }
  const [a, b, c] = corners;
  group.append(svg("path", { class: "mw-outline", d: `M${a}L${b}L${c}Z` }));
  return group;
}
