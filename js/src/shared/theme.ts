import type { Cleanup } from "./model";

export type Theme = "light" | "dark";

/**
 * Whether the page around an element is dark: JupyterLab says so on its body, VS Code by a class; elsewhere the nearest
 * opaque background decides, and at last the person's own preference.
 */
export function themeOf(element: Element): Theme {
  const body = document.body;
  const jupyter = body.dataset.jpThemeLight;
  if (jupyter) return jupyter === "false" ? "dark" : "light";
  if (body.classList.contains("vscode-dark") || body.classList.contains("vscode-high-contrast"))
    return "dark";
  for (let at: Element | null = element.parentElement; at; at = at.parentElement) {
    const channels =
      getComputedStyle(at)
        .backgroundColor.match(/[\d.]+/g)
        ?.map(Number) ?? [];
    const [red, green, blue, alpha = 1] = channels;
    if (channels.length >= 3 && alpha > 0.5)
      return 0.299 * red + 0.587 * green + 0.114 * blue < 128 ? "dark" : "light";
  }
  return typeof matchMedia === "function" && matchMedia("(prefers-color-scheme: dark)").matches
    ? "dark"
    : "light";
}

/** Keep `data-mw-theme` of a widget's root as the page is; `onTheme` lets canvases paint again. */
export function followTheme(root: HTMLElement, onTheme: (theme: Theme) => void = () => {}): Cleanup {
  let current: Theme | null = null;
  const update = () => {
    const theme = themeOf(root);
    const changed = theme !== current;
    current = theme;
    root.dataset.mwTheme = theme;
    // JupyterLab swaps the variables' style sheet after the attribute: paint when both are in.
    if (changed) requestAnimationFrame(() => onTheme(theme));
  };
  const observer = new MutationObserver(update);
  const watched = {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class", "style", "theme"],
  };
  observer.observe(document.body, watched);
  observer.observe(document.documentElement, watched);
  const preference = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : null;
  preference?.addEventListener("change", update);
  update();
  // The host may attach the element after render: look again then.
  requestAnimationFrame(update);
  return () => {
    observer.disconnect();
    preference?.removeEventListener("change", update);
  };
}

/** The value that a custom property has on an element, for canvases. */
export function cssColor(element: Element, property: string, fallback: string): string {
  return getComputedStyle(element).getPropertyValue(property).trim() || fallback;
}

export function prefersReducedMotion(): boolean {
  return typeof matchMedia === "function" && matchMedia("(prefers-reduced-motion: reduce)").matches;
}
