import { button, h, setAttribute } from "../shared/dom";

export interface Choice<T extends string> {
  element: HTMLElement;
  show(chosen: T): void;
}

/** One of two, as a radio group that arrow keys turn. */
export function choice<T extends string>(
  name: string,
  options: readonly { value: T; label: string; text: string }[],
  choose: (value: T) => void,
): Choice<T> {
  const buttons = options.map(({ value, label, text }) => {
    const element = button({ label, text, onClick: () => choose(value) });
    element.setAttribute("role", "radio");
    return element;
  });
  const element = h("div", { class: "mw-segment", role: "radiogroup", "aria-label": name }, ...buttons);
  element.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const other = buttons.findIndex((one) => one.getAttribute("aria-checked") !== "true");
    choose(options[other].value);
    buttons[other].focus();
  });
  return {
    element,
    show(chosen) {
      options.forEach(({ value }, i) => {
        setAttribute(buttons[i], "aria-checked", String(value === chosen));
        buttons[i].tabIndex = value === chosen ? 0 : -1;
      });
    },
  };
}

/** Give the focus on before its element goes. */
export function handOn(from: HTMLElement, to: HTMLElement, leave: () => void): void {
  const had = document.activeElement === from;
  leave();
  if (had && (from.hidden || from.closest("[hidden]") || (from as HTMLButtonElement).disabled)) to.focus();
}
