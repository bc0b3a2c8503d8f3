/** Small helpers for making elements. Text always reaches the page as text, never as HTML. */
type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | null | undefined>;

function fill<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** Set an attribute only when it differs: spares layout work and screen-reader chatter. */
export function setAttribute(element: Element, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export interface ButtonOptions {
  label: string;
  icon?: string;
  text?: string;
  title?: string;
  pressed?: boolean;
  onClick(): void;
}

/** A button with a spoken name; `icon` is the path data of a 16 x 16 drawing. */
export function button(options: ButtonOptions): HTMLButtonElement {
  const element = h("button", { type: "button", class: "mw-button", "aria-label": options.label });
  element.title = options.title ?? options.label;
  if (options.pressed !== undefined) element.setAttribute("aria-pressed", String(options.pressed));
  if (options.icon) element.append(icon(options.icon));
  if (options.text) element.append(h("span", {}, options.text));
  element.addEventListener("click", options.onClick);
  return element;
}

export function icon(path: string): SVGSVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", class: "mw-icon" },
    svg("path", { d: path }),
  );
}

/** Line drawings on a 16 x 16 grid, stroked with the text's colour. */
export const ICONS = {
  undo: "M6.5 3.5 3 7l3.5 3.5M3 7h6.2a3.3 3.3 0 0 1 0 6.6H7",
  redo: "M9.5 3.5 13 7l-3.5 3.5M13 7H6.8a3.3 3.3 0 0 0 0 6.6H9",
  copy: "M5.5 5.5h7v8h-7zM3.5 10.5v-8h7",
  locked: "M4 7.5h8v6H4zM5.7 7.5V5.2a2.3 2.3 0 0 1 4.6 0v2.3",
  unlocked: "M4 7.5h8v6H4zM5.7 7.5V4.6a2.3 2.3 0 0 1 4.4-.9",
  limits: "M2.5 4v8M13.5 4v8M4.5 8h7M6.5 6l-2 2 2 2M9.5 6l2 2-2 2",
  equal: "M3.5 6h9M3.5 10h9",
  warning: "M8 2.5 14.3 13.5H1.7zM8 6.5v3.2M8 11.4v.4",
  clear: "M4 4l8 8M12 4l-8 8",
  play: "M5 3.2v9.6L12.5 8z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  step: "M4 3.5v9L10 8zM12 3.5v9",
  stop: "M4 4h8v8H4z",
} as const;
