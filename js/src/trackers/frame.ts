/** What both trackers show around their curves: title, state, buttons, progress, result, errors, timeline. */
import { button, h, ICONS, icon, setAttribute, setText } from "../shared/dom";
import type { Root } from "../shared/mount";
import { buttons, ended, fraction, progressText, stateText } from "./controls";
import type { Session } from "./session";

export interface FrameOptions {
  /** What one record is called. */
  unit: "step" | "epoch";
  /** What the timeline says at a step, for a screen reader. */
  spoken(row: number): string;
  onScrub(step: number): void;
  onFollow(): void;
}

export interface Frame {
  /** Curves go here. */
  body: HTMLElement;
  readout: HTMLElement;
  /** The slider under the curves; where the curves stand elsewhere it goes with them. */
  timeline: HTMLElement;
  /** Right of the buttons of the run. */
  extra: HTMLElement;
  update(): void;
}

export function frame(session: Session, root: Root, title: string, options: FrameOptions): Frame {
  const chip = h("span", { class: "mwt-chip" });
  const heading = h("h3", { class: "mw-title" }, title.slice(0, 1).toUpperCase() + title.slice(1));
  const face = { icon: "", label: h("span") };
  const main = h("button", { type: "button", class: "mw-button mwt-main" });
  main.addEventListener("click", () => session.command(buttons(session.facts).main.command));
  const step = button({
    label: `One ${options.unit}, then pause`,
    icon: ICONS.step,
    text: options.unit === "step" ? "Step" : "Epoch",
    onClick: () => session.command("step"),
  });
  const stop = button({
    label: "Stop and keep what was reached",
    icon: ICONS.stop,
    text: "Stop",
    onClick: () => session.command("stop"),
  });
  const extra = h("span", { class: "mwt-bar" });
  const pace = h("span", { class: "mwt-pace mw-soft mw-num mw-small" });
  const filled = h("div");
  const bar = h("div", { class: "mwt-progress", role: "progressbar", "aria-label": "Progress" }, filled);
  const result = h("div", { class: "mwt-result", hidden: true });
  const error = h("p", { class: "mw-error", role: "alert" });
  const note = h("p", { class: "mw-note mw-soft" });
  const body = h("div", { class: "mwt-curves" });
  const empty = h("p", { class: "mwt-empty" });
  const slider = h("input", { type: "range", step: "any", "aria-label": `Look at a ${options.unit}` });
  slider.addEventListener("input", () => options.onScrub(Number(slider.value)));
  const latest = button({
    label: `Follow the latest ${options.unit}`,
    text: "Latest",
    pressed: true,
    onClick: options.onFollow,
  });
  const timeline = h("div", { class: "mwt-timeline" }, slider, latest);
  const readout = h("p", { class: "mwt-readout" });
  root.root.classList.add("mw-tracker");
  root.root.append(
    h("header", { class: "mw-head" }, heading, chip),
    h(
      "div",
      { class: "mwt-bar", role: "group", "aria-label": "Controls of the run" },
      main,
      step,
      stop,
      extra,
      pace,
    ),
    bar,
    result,
    error,
    note,
    empty,
    body,
    timeline,
    readout,
  );

  // Arrow keys scrub wherever the focus is in here, except where a control needs them itself.
  root.root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { scrub } = session;
    if (event.target instanceof HTMLInputElement && event.target !== slider) return;
    if (!scrub.key(event.key)) return;
    event.preventDefault();
    if (scrub.following) options.onFollow();
    else options.onScrub(scrub.step);
  });

  let said = "";
  function update(): void {
    const { facts, history, scrub } = session;
    const can = buttons(facts);
    const playing = can.main.command === "pause";
    if (face.icon !== can.main.label) {
      face.icon = can.main.label;
      face.label = h("span", {}, can.main.label);
      main.replaceChildren(icon(playing ? ICONS.pause : ICONS.play), face.label);
    }
    main.disabled = !can.main.enabled;
    step.disabled = !can.step;
    stop.disabled = !can.stop;
    setText(chip, stateText(facts));
    setAttribute(
      chip,
      "data-state",
      facts.link === "live" || (ended(facts.state) && facts.link === "lost") ? facts.state : facts.link,
    );

    setText(pace, progressText(facts, options.unit));
    const part = fraction(facts.steps, facts.total);
    bar.hidden = part === null;
    if (part !== null) {
      setAttribute(bar, "data-live", String(facts.link === "live" && facts.state !== "failed"));
      filled.style.transform = `scaleX(${part})`;
      setAttribute(bar, "aria-valuenow", String(Math.round(part * 100)));
      setAttribute(bar, "aria-valuetext", progressText(facts, options.unit));
    }

    setText(error, session.errors.join(" · "));
    setText(note, whatIsShown(session, options.unit));
    const rows = history.rows;
    empty.hidden = rows > 0;
    setText(
      empty,
      facts.state === "ready" ? "Not started yet: press Start." : `No ${options.unit} is complete yet.`,
    );
    body.hidden = timeline.hidden = readout.hidden = rows === 0;
    if (rows) {
      setAttribute(slider, "min", "0");
      setAttribute(slider, "max", String(session.end)); // as long as the charts' axis, so that the thumb stands under the line
      const row = scrub.row;
      const at = String(history.at("step", row));
      if (slider.value !== at) slider.value = at; // back to the last step too, if it was dragged beyond
      setAttribute(slider, "aria-valuetext", `${options.unit} ${at}: ${options.spoken(row)}`);
      setAttribute(latest, "aria-pressed", String(scrub.following));
    }
    const now = `${stateText(facts)}, ${progressText({ ...facts, rate: null, secondsLeft: null }, options.unit)}`;
    const key = stateText(facts);
    if (key !== said) root.announce(now); // the state when it changes, not every step
    said = key;
  }
  return { body, readout, timeline, extra, update };
}

/** What a reader must know about the curves: that they are old, or that not every row of them is here. */
function whatIsShown(session: Session, unit: string): string {
  const { history, link, state } = session;
  const parts: string[] = [];
  if (link === "recorded")
    parts.push("Recorded in this notebook: no kernel holds this run now. Run the cell again to start anew.");
  if (link === "lost" && !ended(state))
    parts.push("The kernel has not answered for a while; what it said last is shown.");
  if (history.thinned && history.rows)
    parts.push(
      `${history.rows.toLocaleString("en")} of ${history.next.toLocaleString("en")} ${unit}s are drawn.`,
    );
  return parts.join(" ");
}
