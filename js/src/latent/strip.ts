import { button, h, ICONS, icon, setAttribute } from "../shared/dom";
import type { Decoded, Walk } from "./state";

const TICK = "M3 8.5 6.5 12 13 4.5";

/** Whether a decoded formula is valid, as a sign with words; nothing where that is not known. */
export function validity(decoded: Decoded): HTMLElement | null {
  if (decoded.valid === null || decoded.valid === undefined) return null;
  const sign = h("span", { class: decoded.valid ? "mw-valid" : "mw-invalid" });
  sign.append(icon(decoded.valid ? TICK : ICONS.clear), decoded.valid ? "valid" : "invalid");
  return sign;
}

export interface Strip {
  element: HTMLElement;
  show(walk: Walk): void;
}

/** The decoded steps of a walk in a row; choosing one puts the cursor there. */
export function strip(options: { choose(place: readonly number[]): void; close(): void }): Strip {
  const title = h("h4", { class: "mw-walk-title" });
  const list = h("ol", { class: "mw-steps", tabindex: -1 });
  const close = button({ label: "Take the path away", icon: ICONS.clear, onClick: options.close });
  const element = h(
    "div",
    { class: "mw-walk", hidden: true },
    h("div", { class: "mw-head" }, title, close),
    list,
  );
  const current = (chosen: Element) => {
    for (const step of list.querySelectorAll("button"))
      setAttribute(step, "aria-current", step === chosen ? "step" : null);
  };
  list.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const steps = [...list.querySelectorAll("button")];
    const at = steps.indexOf(document.activeElement as HTMLButtonElement);
    steps[at + (event.key === "ArrowRight" ? 1 : -1)]?.focus();
    event.preventDefault();
  });
  return {
    element,
    show({ title: words = "", xy = [], steps = [] }) {
      element.hidden = steps.length === 0;
      title.textContent = words;
      list.replaceChildren(
        ...steps.map((step, i) => {
          const words = [step.note, step.nearest?.length ? `near ${step.nearest[0]}` : ""].filter(Boolean);
          const card = h(
            "button",
            { type: "button", class: "mw-step" },
            h("span", { class: "mw-soft mw-small" }, String(i + 1)),
            h("b", {}, step.formula ?? ""),
            validity(step),
            ...words.map((text) => h("span", { class: "mw-soft mw-small" }, text)),
          );
          card.addEventListener("click", () => {
            current(card);
            options.choose(xy[i]);
          });
          return h("li", {}, card);
        }),
      );
    },
  };
}
