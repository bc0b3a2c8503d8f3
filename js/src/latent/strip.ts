import { button, h, ICONS, icon, setAttribute } from "../shared/dom";
import type { Decoded, Walk } from "./state";

const TICK = "M3 8.5 6.5 12 13 4.5";

/** Whether a decoded formula is valid and whether it is known, as signs with words; nothing where that is not known. */
export function signs({ valid, known }: Decoded): HTMLElement | null {
  const line = h("span", { class: "mw-signs" });
  if (valid !== null && valid !== undefined) {
    const sign = h("span", { class: valid ? "mw-valid" : "mw-invalid" });
    sign.append(icon(valid ? TICK : ICONS.clear), valid ? "valid" : "invalid");
    line.append(sign);
  }
  if (known) line.append(h("span", { class: "mw-known" }, "known"));
  return line.childElementCount ? line : null;
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
          const near = step.known ? [] : [step.nearest?.[0] && `near ${step.nearest[0]}`, step.far?.[0]];
          const words = [step.note, ...near].filter((text): text is string => !!text);
          const card = h(
            "button",
            { type: "button", class: "mw-step" },
            h("span", { class: "mw-soft mw-small" }, String(i + 1)),
            h("b", {}, step.formula ?? ""),
            signs(step),
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
