import { elementColour } from "../shared/colors";
import { h, setAttribute } from "../shared/dom";
import { amounts, pieces } from "./formula";
import type { Card, GalleryState } from "./state";
import type { ColumnFacts } from "./table";
import { line, MARK, spokenCard } from "./words";

const CROWD = 8; // elements that a strip has room for

/** The cards of a page: a list box, arrow keys walk, Space chooses. */
export function cardGrid(
  state: GalleryState,
  columns: readonly ColumnFacts[],
  turned: (by: number) => boolean,
) {
  const element = h("ul", {
    class: "mwg-cards",
    role: "listbox",
    "aria-multiselectable": "true",
    "aria-label": "Materials",
  });
  let cards: Card[] = [];
  let at = 0;
  const options = () => [...element.children] as HTMLElement[];

  function walk(to: number): void {
    at = Math.min(Math.max(0, to), cards.length - 1);
    for (const [i, option] of options().entries()) option.tabIndex = i === at ? 0 : -1;
    options()[at]?.focus();
  }
  /** How many cards stand beside each other. */
  function across(): number {
    const [first, ...others] = options();
    const next = others.findIndex((option) => option.offsetTop > first.offsetTop);
    return next < 0 ? Math.max(1, cards.length) : next + 1;
  }
  element.addEventListener("click", ({ target }) => {
    const option = (target as Element).closest<HTMLElement>("[role=option]");
    if (option) choose(options().indexOf(option));
  });
  element.addEventListener("keydown", (event) => {
    const { key } = event;
    if (key === " " || key === "Enter") choose(at);
    else if (key === "ArrowRight" && at === cards.length - 1) turn(1);
    else if (key === "ArrowLeft" && at === 0) turn(-1, Number.POSITIVE_INFINITY);
    else if (key === "ArrowRight") walk(at + 1);
    else if (key === "ArrowLeft") walk(at - 1);
    else if (key === "ArrowDown") walk(at + across());
    else if (key === "ArrowUp") walk(at - across());
    else if (key === "Home") walk(0);
    else if (key === "End") walk(cards.length - 1);
    else if (key === "PageDown") turn(1);
    else if (key === "PageUp") turn(-1);
    else return;
    event.preventDefault();
  });
  function turn(by: number, to = 0): void {
    if (turned(by)) walk(to);
  }
  function choose(i: number): void {
    const card = cards[i];
    if (!card || card.row < 0) return;
    const inside = element.contains(document.activeElement);
    at = i;
    state.toggleRow(card.row);
    if (inside) walk(at);
  }

  return {
    element,
    /** Show other cards. */
    paint(given: Card[]): void {
      const inside = element.contains(document.activeElement);
      cards = given;
      at = Math.min(at, Math.max(0, cards.length - 1));
      element.replaceChildren(...cards.map((card, i) => cardOf(card, columns, state, i === at)));
      element.hidden = cards.length === 0;
      if (inside) options()[at]?.focus();
    },
    mark(chosen: ReadonlySet<number>): void {
      options().forEach((option, i) => {
        const on = chosen.has(cards[i].row);
        setAttribute(option, "aria-selected", String(on));
      });
    },
  };
}

function cardOf(
  card: Card,
  columns: readonly ColumnFacts[],
  state: GalleryState,
  first: boolean,
): HTMLElement {
  const { order, kept, ranges } = state.asked.value;
  // Filters first, as they stand in the funnel.
  const names = [...order, ...columns.map(({ name }) => name).filter((name) => !order.includes(name))];
  const lines = names.map((name, place) => {
    const at = columns.findIndex((column) => column.name === name);
    const asks = place < order.length && (columns[at].kind === "flag" || ranges[name] !== undefined);
    return line(columns[at], card.values[at], asks ? (card.passed[place] ?? null) : null);
  });
  const option = h(
    "li",
    { role: "option", class: "mwg-card", "aria-label": spokenCard(card, lines), tabindex: first ? 0 : -1 },
    h(
      "span",
      { class: "mwg-formula" },
      ...pieces(card.formula).map(({ text, sub }) => (sub ? h("sub", {}, text) : text)),
    ),
    strip(card.formula),
    h(
      "span",
      { class: "mwg-lines" },
      ...lines.map(({ mark, text, value }, i) => {
        const row = h(
          "span",
          { class: "mwg-line" },
          h("span", { class: "mwg-mark" }, mark ? MARK[mark] : ""),
          h(
            "span",
            { class: "mwg-told" },
            h("span", { class: "mwg-word" }, text),
            value && h("span", { class: "mwg-value mw-num" }, value),
          ),
        );
        if (mark) row.dataset.mark = mark;
        row.classList.toggle("mwg-idle", i < order.length && !kept.includes(names[i]));
        return row;
      }),
    ),
  );
  return option;
}

/** The atoms of a formula as a strip: a colour an element, its symbol on it. */
function strip(formula: string): HTMLElement | null {
  const parts = amounts(formula);
  if (!parts || parts.size > CROWD) return null;
  const colours = elementColour([...parts.keys()]);
  const element = h("span", { class: "mwg-strip", "aria-hidden": "true" });
  for (const [symbol, n] of parts) {
    const part = h("span", { class: "mwg-part" }, symbol);
    part.style.flexGrow = String(n);
    part.style.background = colours.get(symbol)!;
    element.append(part);
  }
  return element;
}
