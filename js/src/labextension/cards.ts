/** What a launcher card is, and how it looks. No page and no server are needed here, so the tests run without either. */

/** A notebook that the installed package offers, as `GET matwidgets/notebooks` lists it. */
export interface Card {
  /** The word that names the paper everywhere, e.g. `crabnet`. */
  readonly word: string;
  /** What stands under the icon. */
  readonly title: string;
  /** One sentence for the tooltip. */
  readonly caption: string;
  /** Name of the notebook's file, e.g. `01_crabnet.ipynb`: unique. */
  readonly notebook: string;
}

/** Read the server's answer; anything else than a list of cards is an error that says which field is wrong. */
export function parseCards(answer: unknown): Card[] {
  if (!Array.isArray(answer)) {
    throw new TypeError("The server's list of notebooks is no list.");
  }
  return answer.map((row: unknown, index) => ({
    word: text(row, "word", index),
    title: text(row, "title", index),
    caption: text(row, "caption", index),
    notebook: text(row, "notebook", index),
  }));
}

function text(row: unknown, field: keyof Card, index: number): string {
  const value = (row as Partial<Record<string, unknown>> | null)?.[field];
  if (typeof value !== "string" || value === "") {
    throw new TypeError(`Notebook ${index} of the server's list has no text "${field}".`);
  }
  return value;
}

/** Command of a card; a fresh copy is a second command, so that a click never costs somebody's work. */
export function commandId(card: Card, fresh = false): string {
  return `matwidgets:${fresh ? "copy" : "open"}-${stem(card)}`;
}

/** The notebook's file name without its ending. */
export function stem(card: Card): string {
  return card.notebook.replace(/\.ipynb$/, "");
}

/** Colours of the tiles: dark enough that white letters on them have a contrast of at least 4.5 in every theme. */
export const TILE_COLOURS = ["#37474f", "#0067a5", "#a34700", "#00694f", "#8a3d70", "#7a5500"] as const;

/** A tile as it stands in the periodic table: the notebook's number above, the first two letters of the word large. */
export function tileSvg(card: Card): string {
  const number = Number.parseInt(card.notebook, 10) || 0;
  const letters = card.word.charAt(0).toUpperCase() + card.word.charAt(1).toLowerCase();
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="48" height="48" aria-hidden="true">',
    `<rect x="3" y="3" width="42" height="42" rx="5" fill="${TILE_COLOURS[number % TILE_COLOURS.length]}"/>`,
    '<g fill="#ffffff" font-family="system-ui, sans-serif">',
    `<text x="8" y="16" font-size="10">${number}</text>`,
    `<text x="24" y="37" font-size="21" font-weight="600" text-anchor="middle">${escapeXml(letters)}</text>`,
    "</g></svg>",
  ].join("");
}

function escapeXml(value: string): string {
  return value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
