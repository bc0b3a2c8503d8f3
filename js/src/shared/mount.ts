import { h } from "./dom";
import type { Cleanup, Model } from "./model";
import { followTheme, type Theme } from "./theme";
import themeCss from "./theme.css?inline";

export interface Root {
  /** The widget's own element; everything it shows goes here. */
  root: HTMLElement;
  /** Say something to a screen reader, politely. */
  announce(text: string): void;
  /** Called when the page turns light or dark. */
  onTheme(callback: (theme: Theme) => void): void;
  /** Collects what must be undone when the view goes. */
  cleanups: Cleanup[];
}

export type Mount<T extends object> = (model: Model<T>, root: Root) => void;

/** anywidget's default export for a widget whose view is built by `mount` inside a themed, labelled root. */
export function widget<T extends object>(options: {
  name: string;
  label: string;
  css: string;
  mount: Mount<T>;
}) {
  function render({ model, el }: { model: Model<T>; el: HTMLElement }): Cleanup {
    const root = h("section", { class: `mw mw-${options.name}`, "aria-label": options.label });
    // JupyterLab's shortcuts (arrows, z, a ...) stay off while the focus is in here.
    root.dataset.lmSuppressShortcuts = "true";
    const voice = h("div", { class: "mw-hidden", "aria-live": "polite", role: "status" });
    // A style element reaches the whole page; within @scope its rules hold in its own parent only.
    const own = `@scope {\n${options.css}\n}`;
    el.append(h("style", {}, `${themeCss}\n${own}`), root);
    const themed: ((theme: Theme) => void)[] = [];
    const cleanups: Cleanup[] = [];
    options.mount(model, {
      root,
      announce: (text) => (voice.textContent = text),
      onTheme: (callback) => themed.push(callback),
      cleanups,
    });
    root.append(voice);
    cleanups.push(
      followTheme(root, (theme) => {
        for (const callback of themed) callback(theme);
      }),
    );
    return () => {
      for (const cleanup of cleanups.splice(0).reverse()) cleanup();
      el.replaceChildren();
    };
  }
  return { render };
}
