/** The scale: two pans whose loads are drawn as areas (one atom on each side), on a beam that the energies tilt. */
import { elementColour } from "../shared/colors";
import { svg } from "../shared/dom";
import { type Balance, isItself, order, type Product, tilt } from "./state";
import { energyText } from "./words";

const LOAD = 118; // height of a load
const LABELS = 62; // over it: name, energy, the names of the products
const MOST_DIP = 24;
const BELOW = 78; // posts, beam and foot

export interface Scale {
  element: SVGSVGElement;
  paint(record: Balance, width: number): void;
}

export function scale(walk: (product: Product) => void): Scale {
  const left = svg("g", { class: "mwd-pan" });
  const right = svg("g", { class: "mwd-pan" });
  const beam = svg("g", { class: "mwd-beam" });
  const pivoted = svg("g", {}, beam); // carries the beam to its place; the beam itself only turns
  const levels = svg("g", { class: "mwd-levels" });
  const foot = svg("g", {});
  const element = svg(
    "svg",
    { class: "mwd-scale", "aria-hidden": "true" },
    levels,
    foot,
    pivoted,
    left,
    right,
  );

  function paint(record: Balance, width: number): void {
    const pan =
      Math.min(320, width * 0.38, (width - 30) / 2) < 210 ? (width - 26) / 2 : Math.min(320, width * 0.38);
    const middle = width / 2;
    const inset = Math.max(8, (width - 2 * pan) / 2 - Math.max(9, width * 0.09));
    const starts = [inset, width - inset - pan];
    const level = LABELS + MOST_DIP + LOAD; // of both plates when the beam is level
    const height = level + MOST_DIP + BELOW - 14;
    const rise = MOST_DIP * tilt(record); // the compound goes up by as much
    element.setAttribute("viewBox", `0 0 ${width} ${height}`);
    element.setAttribute("width", String(width));
    element.setAttribute("height", String(height));
    const colours = elementColour(record.system);
    const elements = order(record);
    const whole = [{ ...record, amount: 1, ratio: "" }];
    const { products } = record;
    const together =
      products.length > 1 ? `${products.length} phases together` : isItself(record) ? "itself" : "one phase";
    const energies = [record.energy, record.mixture_energy].map((energy) =>
      energy === null ? "energy not known" : `${energyText(energy)} ${record.unit}`,
    );
    const longest = Math.max(record.shown.length, together.length);
    const size = Math.max(9.5, Math.min(17, pan / (0.68 * longest)));
    left.replaceChildren(
      ...load(whole, { x: starts[0], plate: level, pan, name: record.shown, energy: energies[0] }),
    );
    right.replaceChildren(
      ...load(products, { x: starts[1], plate: level, pan, name: together, energy: energies[1] }),
    );
    left.style.transform = `translateY(${(-rise).toFixed(2)}px)`;
    right.style.transform = `translateY(${rise.toFixed(2)}px)`;

    const arm = starts[1] + pan / 2 - middle;
    const pivot = level + 28;
    beam.replaceChildren(
      svg("path", {
        d: `M${-arm} 0H${arm}`,
        class: record.energy === null ? "mwd-wood mwd-held" : "mwd-wood",
      }),
      svg("circle", { r: 5.5, class: "mwd-pin" }),
    );
    const angle = (Math.atan2(rise, arm) * 180) / Math.PI;
    pivoted.setAttribute("transform", `translate(${middle} ${pivot})`);
    beam.style.transform = `rotate(${angle.toFixed(3)}deg)`;
    foot.replaceChildren(
      svg("path", {
        d: `M${middle} ${pivot}l-26 44h52z`,
        class: "mwd-foot",
      }),
      svg("path", { d: `M${middle - 60} ${pivot + 44}h120`, class: "mwd-ground" }),
    );
    levels.replaceChildren(...between());

    function load(
      parts: Product[],
      at: { x: number; plate: number; pan: number; name: string; energy: string },
    ): SVGElement[] {
      const top = at.plate - LOAD;
      const over = parts === products && !isItself(record) ? 18 : 0; // the line of the products' names
      const result: SVGElement[] = [
        svg("path", {
          d: `M${at.x + at.pan / 2} ${at.plate + 2}v26`,
          class: "mwd-post",
        }),
        svg("text", { x: at.x, y: top - 26 - over, "font-size": size, class: "mwd-name" }, at.name),
        svg("text", { x: at.x, y: top - 8 - over, class: "mwd-energy" }, at.energy),
      ];
      let x = at.x;
      for (const part of parts) {
        const wide = at.pan * part.amount;
        const column = svg("g", {}, svg("title", {}, titleOf(part, parts === products)));
        let y = top;
        for (const symbol of elements) {
          const high = LOAD * (part.fractions[symbol] ?? 0);
          if (high <= 0) continue;
          column.append(
            svg("rect", {
              x,
              y,
              width: wide,
              height: high,
              class: wide > 3 && high > 3 ? "mwd-cell" : "mwd-cell mwd-thin",
              style: `fill:${colours.get(symbol)}`,
            }),
          );
          if (wide >= 20 && high >= 15)
            column.append(
              svg("text", { x: x + wide / 2, y: y + high / 2 + 4.5, class: "mwd-letter" }, symbol),
            );
          y += high;
        }
        if (parts === products && !isItself(record)) {
          if (wide >= 8 * part.shown.length + 4)
            column.append(svg("text", { x: x + wide / 2, y: top - 6, class: "mwd-part" }, part.shown));
          column.classList.add("mwd-walk");
          column.addEventListener("click", () => walk(part));
        }
        result.push(column);
        x += wide;
      }
      result.push(
        svg("rect", { x: at.x - 6, y: at.plate, width: at.pan + 12, height: 5, rx: 2.5, class: "mwd-plate" }),
      );
      return result;
    }

    /** The two levels and what lies between them, where there is room for it. */
    function between(): SVGElement[] {
      const from = starts[0] + pan + 8;
      const to = starts[1] - 8;
      if (to - from < 96) return [];
      const [a, b] = [level + 2.5 - rise, level + 2.5 + rise];
      const known = record.energy !== null;
      const text = known ? energyText(Math.abs(record.energy! - record.mixture_energy)) : "?";
      const unit = known ? record.unit : "held level";
      const high = Math.min(a, b);
      return [
        svg("path", { d: `M${from} ${a}H${middle + 10}M${middle - 10} ${b}H${to}`, class: "mwd-level" }),
        Math.abs(a - b) > 3 ? svg("path", { d: `M${middle} ${a}V${b}`, class: "mwd-gap" }) : svg("g", {}),
        svg("text", { x: middle, y: high - 24, class: "mwd-delta" }, text),
        svg("text", { x: middle, y: high - 9, class: "mwd-unit" }, unit),
      ];
    }
  }

  return { element, paint };
}

function titleOf(part: Product, product: boolean): string {
  const share = product ? `${(100 * part.amount).toFixed(2)} % of the atoms are in ${part.shown}: ` : "";
  const parts = Object.entries(part.fractions).map(([symbol, x]) => `${symbol} ${(100 * x).toFixed(2)} at.%`);
  return `${share}${parts.join(", ")}`;
}
