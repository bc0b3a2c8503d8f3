import { batch, computed, signal } from "@preact/signals-core";
import { type Cleanup, commit, type Model, onChange } from "../shared/model";
import { BY_SYMBOL, ELEMENTS, type ElementFacts } from "../shared/periodic";

export interface Traits {
  selected: string[];
  values: Record<string, number | null>;
  allowed: string[] | null;
  limit: number | null;
  unit: string;
  label: string;
  error: string;
  group: string;
}

export const TRAITS = [
  "selected",
  "values",
  "allowed",
  "limit",
  "unit",
  "label",
  "error",
  "group",
] as const satisfies readonly (keyof Traits)[];

export type Direction = "left" | "right" | "up" | "down" | "row-start" | "row-end" | "first" | "last";

const AT = new Map(ELEMENTS.map((element) => [`${element.row},${element.column}`, element]));

/** The element that a key leads to from another: gaps of the table are stepped over, its edges hold. */
export function neighbour(symbol: string, direction: Direction): string {
  const here = BY_SYMBOL.get(symbol) ?? ELEMENTS[0];
  const inRow = ELEMENTS.filter((element) => element.row === here.row).sort((a, b) => a.column - b.column);
  switch (direction) {
    case "first":
      return ELEMENTS[0].symbol;
    case "last":
      return ELEMENTS[ELEMENTS.length - 1].symbol;
    case "row-start":
      return inRow[0].symbol;
    case "row-end":
      return inRow[inRow.length - 1].symbol;
    default: {
      const [down, across] = { left: [0, -1], right: [0, 1], up: [-1, 0], down: [1, 0] }[direction];
      let { row, column } = here;
      for (;;) {
        row += down;
        column += across;
        if (row < 1 || row > 9 || column < 1 || column > 18) return here.symbol;
        const found = AT.get(`${row},${column}`);
        if (found) return found.symbol;
      }
    }
  }
}

/** The element that typed letters mean: a symbol first ("C" is carbon, "Ca" calcium), then the start of a name. */
export function spelled(letters: string): string | null {
  const wanted = letters.toLowerCase();
  if (!wanted) return null;
  const exact = ELEMENTS.find((element) => element.symbol.toLowerCase() === wanted);
  const start = ELEMENTS.find((element) => element.symbol.toLowerCase().startsWith(wanted));
  const name = ELEMENTS.find((element) => element.name.toLowerCase().startsWith(wanted));
  return (exact ?? (wanted.length > 2 ? name : (start ?? name)) ?? null)?.symbol ?? null;
}

/** What the table knows and does, without a page. */
export class PeriodicState {
  readonly selected = signal<readonly string[]>([]);
  readonly values = signal<ReadonlyMap<string, number>>(new Map());
  readonly allowed = signal<ReadonlySet<string> | null>(null);
  readonly limit = signal<number | null>(null);
  /** The one cell in the tab order. */
  readonly focus = signal("H");
  /** The element under the pointer; its facts are shown. */
  readonly hover = signal<string | null>(null);
  readonly problem = signal("");
  /** Least and most value; null without values. */
  readonly range = computed<[number, number] | null>(() => {
    const numbers = [...this.values.value.values()];
    if (numbers.length === 0) return null;
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    return high > low ? [low, high] : [low - 0.5, low + 0.5];
  });
  private readonly stops: Cleanup[];

  constructor(private readonly model: Model<Traits>) {
    this.stops = [
      onChange(model, ["selected", "values", "allowed", "limit"], () => this.pull()),
      onChange(model, ["error"], () => (this.problem.value = model.get("error") ?? "")),
    ];
    this.pull();
    this.problem.value = model.get("error") ?? "";
    const first =
      this.selected.value[0] ?? ELEMENTS.find((element) => this.isAllowed(element.symbol))?.symbol;
    if (first) this.focus.value = first;
  }

  private pull(): void {
    const { model } = this;
    batch(() => {
      this.selected.value = [...(model.get("selected") ?? [])];
      const given = Object.entries(model.get("values") ?? {});
      this.values.value = new Map(
        given.filter(
          (entry): entry is [string, number] => typeof entry[1] === "number" && Number.isFinite(entry[1]),
        ),
      );
      const allowed = model.get("allowed");
      this.allowed.value = allowed ? new Set(allowed) : null;
      this.limit.value = model.get("limit") ?? null;
    });
  }

  isAllowed(symbol: string): boolean {
    return this.allowed.value?.has(symbol) ?? true;
  }

  /** Select or deselect; false (and `problem` says why) when that is not possible. */
  toggle(symbol: string): boolean {
    const { selected, limit } = this;
    if (selected.value.includes(symbol)) {
      this.choose(selected.value.filter((other) => other !== symbol));
      return true;
    }
    const name = BY_SYMBOL.get(symbol)?.name ?? symbol;
    if (!this.isAllowed(symbol)) {
      this.problem.value = `${name} cannot be chosen here: the model does not know it.`;
      return false;
    }
    if (limit.value !== null && selected.value.length >= limit.value) {
      if (limit.value === 1) {
        this.choose([symbol]);
        return true;
      }
      this.problem.value = `At most ${limit.value} elements: take one out before adding ${name}.`;
      return false;
    }
    this.choose([...selected.value, symbol]);
    return true;
  }

  clear(): void {
    if (this.selected.value.length > 0) this.choose([]);
  }

  private choose(symbols: readonly string[]): void {
    batch(() => {
      this.selected.value = symbols;
      this.problem.value = "";
    });
    commit(this.model, { selected: [...symbols] });
  }

  /** What is said of a cell: "Titanium, Ti, 22, transition metal, selected". */
  spoken(element: ElementFacts, value: string): string {
    const parts = [element.name, element.symbol, String(element.number), element.category];
    if (value) parts.push(value);
    if (!this.isAllowed(element.symbol)) parts.push("not available");
    return parts.join(", ");
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }
}
