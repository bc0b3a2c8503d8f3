import { effect } from "@preact/signals-core";
import { colourAt, elementColour, inkOn, rgb } from "../shared/colors";
import { button, h, ICONS, icon, setAttribute, setText } from "../shared/dom";
import { quantity, sentence } from "../shared/format";
import { legendBar } from "../shared/legend";
import { type Model, onChange } from "../shared/model";
import type { Root } from "../shared/mount";
import { BY_SYMBOL, type Category, ELEMENTS } from "../shared/periodic";
import { type Direction, neighbour, PeriodicState, spelled, type Traits } from "./state";

const KEYS: Record<string, Direction> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  Home: "row-start",
  End: "row-end",
};
const TYPING = 700; // ms between letters that belong to one symbol

export function mountTable(model: Model<Traits>, { root, announce, cleanups }: Root): void {
  const state = new PeriodicState(model);
  cleanups.push(() => state.stop());
  const valueText = (symbol: string) => {
    const value = state.values.value.get(symbol);
    return value === undefined ? "" : `${quantity(value, 3)} ${model.get("unit")}`.trim();
  };

  // -- head
  const title = h("h3", { class: "mw-title" });
  const count = h("span", { class: "mw-soft mw-small" });
  const clear = button({ label: "Clear the choice", text: "Clear", onClick: () => state.clear() });
  root.append(h("div", { class: "mw-head" }, title, count, clear));

  // -- the table
  const grid = h("div", {
    class: "mw-grid",
    role: "grid",
    "aria-multiselectable": "true",
    "aria-label": "Periodic table",
  });
  const cells = new Map<string, HTMLElement>();
  for (let row = 1; row <= 9; row += 1) {
    const line = h("div", { role: "row", class: "mw-line" });
    for (const element of ELEMENTS.filter((e) => e.row === row).sort((a, b) => a.column - b.column)) {
      const cell = h(
        "div",
        {
          role: "gridcell",
          class: "mw-cell",
          tabindex: -1,
          "aria-colindex": element.column,
          style: `grid-area:${row > 7 ? row + 1 : row}/${element.column}`,
        },
        h("span", { class: "mw-z" }, String(element.number)),
        h("span", { class: "mw-sym" }, element.symbol),
      );
      cell.dataset.symbol = element.symbol;
      cell.dataset.category = element.category.replaceAll(" ", "-");
      cells.set(element.symbol, cell);
      line.append(cell);
    }
    grid.append(line);
  }
  for (const [row, text] of [
    [6, "57–71"],
    [7, "89–103"],
  ] as const)
    grid.append(h("div", { class: "mw-gap", "aria-hidden": "true", style: `grid-area:${row}/3` }, text));

  // -- the element in hand, in the table's empty top
  const tile = h("div", { class: "mw-tile" });
  const name = h("div", { class: "mw-name" });
  const facts = h("div", { class: "mw-soft mw-small" });
  const value = h("div", { class: "mw-num mw-tile-value" });
  const legend = h("div", { class: "mw-legend" });
  const info = h(
    "div",
    { class: "mw-info", "aria-hidden": "true" },
    tile,
    h("div", {}, name, facts, value),
    legend,
  );
  grid.append(info);
  root.append(grid);

  const problem = h("p", { class: "mw-error", role: "alert" });
  const chips = h("div", { class: "mw-chips" });
  root.append(chips, problem);

  // -- what a hand does
  const cellOf = (event: Event) => (event.target as Element).closest<HTMLElement>(".mw-cell")?.dataset.symbol;
  const toggle = (symbol: string) => {
    if (!state.toggle(symbol)) return; // the alert says why
    const on = state.selected.value.includes(symbol);
    announce(
      `${BY_SYMBOL.get(symbol)!.name} ${on ? "selected" : "taken out"}, ${state.selected.value.length} chosen`,
    );
  };
  const go = (symbol: string) => {
    state.focus.value = symbol;
    cells.get(symbol)?.focus();
  };
  grid.addEventListener("click", (event) => {
    const symbol = cellOf(event);
    if (!symbol) return;
    go(symbol);
    toggle(symbol);
  });
  grid.addEventListener("pointerover", (event) => (state.hover.value = cellOf(event) ?? null));
  grid.addEventListener("pointerleave", () => (state.hover.value = null));
  grid.addEventListener("focusin", (event) => {
    const symbol = cellOf(event);
    if (symbol) state.focus.value = symbol;
  });
  let typed = "";
  let typedAt = 0;
  grid.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey) return;
    const direction = KEYS[event.key];
    if (direction) {
      const whole = event.ctrlKey && (direction === "row-start" || direction === "row-end");
      go(neighbour(state.focus.value, whole ? (direction === "row-start" ? "first" : "last") : direction));
    } else if (event.key === " " || event.key === "Enter") toggle(state.focus.value);
    else if (/^[a-z]$/i.test(event.key) && !event.ctrlKey) {
      typed = event.timeStamp - typedAt < TYPING ? typed + event.key : event.key;
      typedAt = event.timeStamp;
      const found = spelled(typed);
      if (found) go(found);
    } else return;
    event.preventDefault();
  });

  // -- what is seen
  const drawLegend = () => {
    const range = state.range.value;
    legend.replaceChildren(
      range
        ? legendBar({ map: "viridis", range, label: sentence(model.get("label")), unit: model.get("unit") })
        : categories(),
    );
  };
  cleanups.push(
    effect(() => {
      const focus = state.focus.value;
      for (const [symbol, cell] of cells) cell.tabIndex = symbol === focus ? 0 : -1;
    }),
    effect(() => {
      const selected = state.selected.value;
      const colours = elementColour(selected);
      const range = state.range.value;
      const limit = state.limit.value;
      for (const element of ELEMENTS) {
        const cell = cells.get(element.symbol)!;
        const on = selected.includes(element.symbol);
        const number = state.values.value.get(element.symbol);
        setAttribute(cell, "aria-selected", String(on));
        setAttribute(cell, "aria-disabled", state.isAllowed(element.symbol) ? null : "true");
        setAttribute(cell, "aria-label", state.spoken(element, valueText(element.symbol)));
        cell.classList.toggle("mw-valued", number !== undefined);
        if (number !== undefined && range) {
          const colour = colourAt("viridis", (number - range[0]) / (range[1] - range[0]));
          cell.style.setProperty("--mw-fill", rgb(colour));
          cell.style.setProperty("--mw-ink", inkOn(colour));
        } else {
          cell.style.removeProperty("--mw-fill");
          cell.style.removeProperty("--mw-ink");
        }
        cell.style.setProperty("--mw-el", colours.get(element.symbol) ?? "transparent");
      }
      grid.classList.toggle("mw-has-values", range !== null);
      const most = limit === null ? "" : ` of at most ${limit}`;
      setText(count, selected.length || limit !== null ? `${selected.length}${most} chosen` : "");
      clear.disabled = selected.length === 0;
      chips.replaceChildren(
        ...selected.map((symbol) => {
          const chip = button({
            label: `Take out ${BY_SYMBOL.get(symbol)?.name ?? symbol}`,
            onClick: () => {
              toggle(symbol);
              (chips.querySelector<HTMLElement>("button") ?? cells.get(symbol))?.focus();
            },
          });
          chip.classList.add("mw-chip");
          chip.style.setProperty("--mw-el", colours.get(symbol)!);
          chip.append(symbol, icon(ICONS.clear));
          return chip;
        }),
      );
    }),
    effect(() => {
      const shown = state.hover.value ?? state.focus.value;
      const element = BY_SYMBOL.get(shown)!;
      setText(tile, element.symbol);
      tile.dataset.category = element.category.replaceAll(" ", "-");
      setText(name, element.name);
      setText(facts, `${element.number} · ${element.mass} g/mol · ${element.category}`);
      const text = state.range.value && (valueText(shown) || "no value");
      setText(value, state.isAllowed(shown) ? text || "" : "the model does not know it");
    }),
    effect(() => setText(problem, state.problem.value)),
    effect(() => drawLegend()),
    onChange(model, ["label", "unit"], () => labels()),
  );
  const labels = () => {
    setText(title, sentence(model.get("label")) || "Elements");
    drawLegend();
  };
  labels();
}

const CATEGORIES: Category[] = [
  "alkali metal",
  "alkaline earth metal",
  "transition metal",
  "post-transition metal",
  "metalloid",
  "reactive nonmetal",
  "halogen",
  "noble gas",
  "lanthanide",
  "actinide",
];

function categories(): HTMLElement {
  return h(
    "div",
    { class: "mw-categories" },
    ...CATEGORIES.map((category) => {
      const swatch = h("i", {});
      swatch.dataset.category = category.replaceAll(" ", "-");
      return h("span", {}, swatch, category);
    }),
  );
}
