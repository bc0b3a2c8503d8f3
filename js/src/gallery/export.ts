/** Rows as a file and as Python. No DOM. */
import type { ColumnFacts, Table } from "./table";

/** The shortest text that is this float32 again. */
export function number(x: number): string {
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === x) return String(short);
  }
  return String(Number(x.toPrecision(9)));
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Comma-separated values with a header: the row's number, the formula, then the columns; empty where unknown. */
export function csv(table: Table, names: string, columns: readonly ColumnFacts[], rows: Uint32Array): string {
  const head = ["row", names, ...columns.map(({ name, unit }) => (unit ? `${name} (${unit})` : name))];
  const lines = [head.map(cell).join(",")];
  for (const row of rows) {
    const values = columns.map(({ name }) => {
      const value = table.value(name, row);
      if (value === null) return "";
      return typeof value === "number" ? number(value) : value ? "True" : "False";
    });
    lines.push([String(row), cell(table.names[row]), ...values].join(","));
  }
  return `${lines.join("\n")}\n`;
}

/** A list of formulas, as a line of Python. */
export function python(table: Table, rows: Uint32Array): string {
  return `formulas = [${[...rows].map((row) => JSON.stringify(table.names[row])).join(", ")}]`;
}

/** A name for the file: "generated-compositions.csv". */
export function fileName(label: string): string {
  const words = label.toLowerCase().match(/[a-z0-9]+/g) ?? ["materials"];
  return `${words.join("-").slice(0, 60)}.csv`;
}
