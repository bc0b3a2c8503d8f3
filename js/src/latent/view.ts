import { effect } from "@preact/signals-core";
import { button, h, setAttribute, setText } from "../shared/dom";
import { sentence } from "../shared/format";
import { type Model, onChange } from "../shared/model";
import type { Root } from "../shared/mount";
import { cssColor } from "../shared/theme";
import type { Place } from "./cloud";
import { attachHand } from "./hand";
import { attachKeys } from "./keys";
import { legend } from "./legend";
import { levelColours, parseColour } from "./palette";
import type { Progress } from "./screen";
import { sideOf } from "./side";
import { Stage } from "./stage";
import { LatentState, type Traits } from "./state";
import { strip } from "./strip";

const FAINT = { light: [150, 156, 165], dark: [120, 128, 138] } as const; // points outside a selection

export function mountExplorer(model: Model<Traits>, { root, announce, onTheme, cleanups }: Root): void {
  const state = new LatentState(model);
  const progress = h("p", { class: "mw-small mw-soft mw-num mw-progress" });
  const note = h("p", { class: "mw-note mw-soft" });
  const problem = h("p", { class: "mw-error", role: "alert" });
  const stage = new Stage(state, said, (text) => setText(note, text));
  const sayChosen = () => {
    const count = `${state.selection.value.length.toLocaleString("en")} points chosen`;
    announce(state.missed.value ? `No point lies inside; ${count}` : count);
  };
  const hand = attachHand(stage, state, sayChosen);
  const stopKeys = attachKeys(stage, state, hand, announce, sayChosen);
  const side = sideOf(model, state, announce);
  const steps = strip({
    choose: (place) => state.goToPlace(place as unknown as Place),
    close: () => {
      state.clearWalk();
      stage.element.focus();
    },
  });

  const title = h("h3", { class: "mw-title" });
  const head = h(
    "div",
    { class: "mw-head" },
    title,
    hand.modes,
    button({ label: "Nearer", text: "+", onClick: () => stage.scaleBy(1.6) }),
    button({ label: "Farther", text: "\u2212", onClick: () => stage.scaleBy(1 / 1.6) }),
    button({ label: "Show all points", text: "All", onClick: () => stage.show(stage.whole) }),
  );
  const left = h(
    "div",
    { class: "mw-left" },
    stage.element,
    h("div", { class: "mw-foot" }, progress, side.find),
  );
  root.append(head, h("div", { class: "mw-latent-body" }, left, side.element), steps.element, note, problem);

  function said({ shown, total }: Progress): void {
    const n = model.get("n");
    const [some, all] = [shown.toLocaleString("en"), n.toLocaleString("en")];
    const words = shown === n ? `all ${all} points shown` : `showing ${some} of ${all} points`;
    const sample = state.sampled.value ? ": the sample of a saved notebook; run the cell for all" : "";
    setText(progress, words + sample);
    root.dataset.shown = String(shown);
    root.dataset.total = String(total);
  }

  function labels(): void {
    setText(title, sentence(model.get("label") || "Latent space"));
    const [x, y] = model.get("axes") ?? [];
    setText(stage.across, `${x} \u2192`);
    setText(stage.up, `${y} \u2192`);
    setAttribute(
      stage.element,
      "aria-label",
      `${model.get("n").toLocaleString("en")} points. Arrow keys move the cursor, plus and minus look closer, ` +
        "Enter chooses the nearest point, b begins a box, Escape chooses none.",
    );
  }
  labels();

  function look(): void {
    const dark = root.dataset.mwTheme === "dark";
    const palette = Array.from({ length: 12 }, (_, i) =>
      parseColour(cssColor(root, `--mw-c${i}`, "#0072b2")),
    );
    const [faint, map] = dark ? ([FAINT.dark, "bright"] as const) : ([FAINT.light, "viridis"] as const);
    const { scale, levels } = state;
    stage.screen.look({ colours: levelColours(scale.value, palette, map, palette[0], [...faint]), faint });
    side.legend.replaceChildren(legend(scale.value, levels.value, palette, map, `rgb(${faint.join(" ")})`));
  }
  onTheme(look);

  cleanups.push(
    () => state.stop(),
    () => stage.stop(),
    stopKeys,
    () => side.stop(),
    onChange(model, ["label", "axes", "n"], labels),
    effect(look),
    effect(() => steps.show(state.walk.value)),
    effect(() => setText(problem, state.problem.value)),
  );
}
