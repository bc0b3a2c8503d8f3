/** The balance sheet: a row a product, a column an element; the sums are the compound. */
import { elementColour } from "../shared/colors";
import { button, h, icon } from "../shared/dom";
import { nameOf } from "../shared/periodic";
import { type Balance, isItself, order, type Phase, type Product, sheet } from "./state";
import { energyText, share, spokenPhase } from "./words";

/** Elements whose columns leave room for the bars. */
const FEW = 5;
const GO = "M6 4l4 4-4 4";

export function sheetTable(record: Balance, walk: ((product: Product) => void) | null): HTMLElement {
  const { elements, brought, sums, own } = sheet(record);
  const colours = elementColour(record.system);
  const numbers = (row: readonly number[]) =>
    row.map((x) => h("td", { class: x === 0 ? "mw-num mw-soft" : "mw-num" }, share(x)));
  const level = (energy: number | null) =>
    h("td", { class: "mw-num" }, energy === null ? "not known" : energyText(energy));
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, "Phase"),
    h("th", { scope: "col" }, "Share of the atoms"),
    h("th", { scope: "col", class: "mwd-bar-column" }, "Made of"),
    ...elements.map((symbol) =>
      h(
        "th",
        { scope: "col", class: "mwd-number-column", title: `${nameOf(symbol)}, at.% of the whole` },
        h("i", { class: "mwd-swatch", style: `background:${colours.get(symbol)}` }),
        symbol,
        h("span", { class: "mw-hidden" }, ` ${nameOf(symbol)}, atomic per cent of the whole`),
      ),
    ),
    h("th", { scope: "col", class: "mwd-number-column" }, record.unit),
  );
  const rows = record.products.map((part, k) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, walk && !isItself(record) ? walker(part, walk) : part.shown),
      h(
        "td",
        { class: "mw-num" },
        h("b", {}, `${share(part.amount)} %`),
        part.ratio && h("span", { class: "mwd-ratio mw-soft" }, ` = ${part.ratio}`),
      ),
      h("td", { class: "mwd-bar-column" }, bar(record, part)),
      ...numbers(brought[k]),
      level(part.energy),
    ),
  );
  const sum = (name: string, amount: string, row: readonly number[], energy: number | null) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      h("td", { class: "mw-num" }, amount),
      h("td", { class: "mwd-bar-column" }, bar(record, record)),
      ...numbers(row),
      level(energy),
    );
  const total = record.products.reduce((all, part) => all + part.amount, 0);
  return h(
    "table",
    { class: elements.length > FEW ? "mwd-many" : null },
    h(
      "caption",
      { class: "mw-hidden" },
      `Balance sheet of ${record.formula}: atomic per cent that each product brings of each element`,
    ),
    h("thead", {}, head),
    h("tbody", {}, ...rows),
    h(
      "tbody",
      { class: "mwd-sums" },
      sum("Together", `${share(total)} %`, sums, record.mixture_energy),
      sum(record.shown, "", own, record.energy),
    ),
  );
}

function walker(part: Product, walk: (product: Product) => void): HTMLElement {
  const element = button({
    label: `Decompose ${part.formula}: ${spokenPhase(part)}`,
    title: `See what ${part.shown} itself decomposes into`,
    text: part.shown,
    onClick: () => walk(part),
  });
  element.classList.add("mwd-walker");
  element.append(icon(GO));
  return element;
}

/** Atomic fractions as a bar of full length, in the order of the compound's elements. */
function bar(record: Balance, phase: Phase): HTMLElement {
  const colours = elementColour(record.system);
  const parts = order(record).filter((symbol) => phase.fractions[symbol] > 0);
  return h(
    "div",
    { class: "mwd-bar", role: "img", "aria-label": spokenPhase(phase) },
    ...parts.map((symbol) =>
      h(
        "span",
        {
          style: `flex-grow:${phase.fractions[symbol]};background:${colours.get(symbol)}`,
          class: phase.fractions[symbol] < 0.18 ? "mwd-thin" : null,
        },
        h("b", {}, symbol),
      ),
    ),
  );
}
