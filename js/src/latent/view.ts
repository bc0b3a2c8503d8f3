import { effect } from "@preact/signals-core";
import { button, h, setAttribute, setText, svg } from "../shared/dom";
import { quantity, sentence } from "../shared/format";
import { type Model, onChange } from "../shared/model";
import type { Root } from "../shared/mount";
import { cssColor } from "../shared/theme";
import type { Place } from "./cloud";
import { legend } from "./legend";
import { levelColours, parseColour } from "./palette";
import { type Progress, Screen } from "./screen";
import { LatentState, type Told, type Traits } from "./state";
import { strip, validity } from "./strip";
import { overview, pan, reveal, toPixel, toPlace, type View, zoom } from "./viewport";

const HEIGHT = 460;
const NEAR = 12; // px within which a point counts as pointed at
const STEP = 14; // px that an arrow key moves the cursor
const LESS = 4; // px between two corners of a lasso

const MODES = [
  ["cursor", "Cursor", "Move the cursor; a click on a point chooses it"],
  ["lasso", "Lasso", "Draw around points to choose them (Shift adds, Alt takes away)"],
  ["box", "Box", "Draw a rectangle to choose points (Shift adds, Alt takes away)"],
  ["pan", "Move", "Move the picture"],
] as const;
type Mode = (typeof MODES)[number][0];

export function mountExplorer(model: Model<Traits>, { root, announce, onTheme, cleanups }: Root): void {
  const state = new LatentState(model);
  cleanups.push(() => state.stop());
  let mode: Mode = "cursor";
  let width = 640;
  let whole: View = { middle: [0, 0], scale: 1 };
  let view = whole;

  // -- head: title, what the hand does, near and far
  const title = h("h3", { class: "mw-title" });
  const modes = MODES.map(([name, text, words]) => {
    const element = button({ label: words, text, onClick: () => setMode(name) });
    element.setAttribute("role", "radio");
    return element;
  });
  const segment = h(
    "div",
    { class: "mw-segment", role: "radiogroup", "aria-label": "What the hand does" },
    ...modes,
  );
  segment.addEventListener("keydown", (event) => {
    const turn = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!turn) return;
    event.preventDefault();
    const at = (MODES.findIndex(([name]) => name === mode) + turn + MODES.length) % MODES.length;
    setMode(MODES[at][0]);
    modes[at].focus();
  });
  const nearer = button({ label: "Nearer", text: "+", onClick: () => scaleBy(1.6) });
  const farther = button({ label: "Farther", text: "\u2212", onClick: () => scaleBy(1 / 1.6) });
  const all = button({ label: "Show all points", text: "All", onClick: () => show(whole) });
  root.append(h("div", { class: "mw-head" }, title, segment, nearer, farther, all));

  // -- the plot
  const lasso = svg("path", { class: "mw-lasso" });
  const walkLayer = svg("g", { class: "mw-way" });
  const ring = svg("circle", { class: "mw-hover", r: 7, visibility: "hidden" });
  const cross = svg(
    "g",
    { class: "mw-cursor", visibility: "hidden" },
    svg("circle", { r: 10, class: "mw-cursor-halo" }),
    svg("circle", { r: 10, class: "mw-cursor-ring" }),
    svg("circle", { r: 2.2, class: "mw-cursor-dot" }),
  );
  const overlay = svg("svg", { class: "mw-overlay", "aria-hidden": "true" }, lasso, walkLayer, ring, cross);
  const tip = h("div", { class: "mw-tip mw-num", "aria-hidden": "true", hidden: true });
  const across = h("span", { class: "mw-axis-x mw-small mw-soft" });
  const up = h("span", { class: "mw-axis-y mw-small mw-soft" });
  const plot = h(
    "div",
    {
      class: "mw-plot",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "scatter of points",
      style: `height:${HEIGHT}px`,
    },
    overlay,
    across,
    up,
    tip,
  );
  const progress = h("p", { class: "mw-small mw-soft mw-num mw-progress" });

  // -- beside it: what the colours show, what the cursor decodes, the selection, walks
  const channel = h("select", { class: "mw-input" });
  const channelBox = h("label", { class: "mw-small mw-field-row" }, "Colour", channel);
  const legendPlace = h("div");
  const formula = h("output", { class: "mw-formula", "aria-live": "off" });
  const about = h("div", { class: "mw-about mw-small" });
  const chosen = h("span", { class: "mw-num" });
  const clear = button({
    label: "Choose no point",
    text: "Clear",
    onClick: () => state.choose(new Uint32Array(0)),
  });
  const from = button({
    label: "A path begins at the point under the cursor",
    text: "Path from here",
    onClick: () => end(0),
  });
  const to = button({
    label: "The path ends at the point under the cursor",
    text: "to here",
    onClick: () => end(1),
  });
  const axis = h("select", { class: "mw-input", "aria-label": "Latent axis" });
  const along = button({
    label: "Decode along the latent axis through the cursor",
    text: "Walk along",
    onClick: () => state.traverse(Number(axis.value)),
  });
  const walks = h("div", { class: "mw-walks" }, h("div", {}, from, to), h("div", {}, along, axis));
  const side = h(
    "div",
    { class: "mw-side" },
    channelBox,
    legendPlace,
    h("div", { class: "mw-decoded" }, formula, about),
    walks,
    h("div", { class: "mw-chosen mw-small" }, chosen, clear),
  );
  const steps = strip({
    choose: (place) => state.goToPlace(place as Place),
    close: () => {
      state.clearWalk();
      plot.focus();
    },
  });
  const note = h("p", { class: "mw-note mw-soft" });
  const problem = h("p", { class: "mw-error", role: "alert" });
  root.append(
    h("div", { class: "mw-latent-body" }, h("div", { class: "mw-left" }, plot, progress), side),
    steps.element,
    note,
    problem,
  );

  const screen = new Screen(plot, said, (text) => setText(note, text));
  cleanups.push(() => screen.stop());

  function said({ shown, total }: Progress): void {
    const n = model.get("n");
    const some = (x: number) => x.toLocaleString("en");
    const words = shown === n ? `all ${some(n)} points shown` : `showing ${some(shown)} of ${some(n)} points`;
    setText(
      progress,
      state.sampled.value ? `${words}: the sample of a saved notebook; run the cell for all` : words,
    );
    root.dataset.shown = String(shown);
    root.dataset.total = String(total);
  }

  // -- where things are
  const pixel = (place: readonly number[]) => toPixel(view, place as Place, width, HEIGHT);
  const placeOf = (event: PointerEvent | WheelEvent): Place => {
    const box = plot.getBoundingClientRect();
    return toPlace(view, event.clientX - box.left, event.clientY - box.top, width, HEIGHT);
  };
  const near = (place: Place) => state.cloud.value?.nearest(place, NEAR / view.scale) ?? -1;

  function show(next: View): void {
    view = next;
    screen.show(view, whole);
    drawOver();
  }

  function scaleBy(factor: number, anchor?: Place): void {
    const cursor = state.cursor.value;
    show(zoom(view, factor, anchor ?? (cursor.length ? (cursor as unknown as Place) : view.middle), whole));
  }

  function setMode(next: Mode): void {
    mode = next;
    modes.forEach((element, i) => {
      setAttribute(element, "aria-checked", String(MODES[i][0] === mode));
      element.tabIndex = MODES[i][0] === mode ? 0 : -1;
    });
    plot.dataset.mode = mode;
  }
  setMode("cursor");

  function end(which: 0 | 1): void {
    const { cursor, point, cloud } = state;
    const row =
      point.value >= 0 ? point.value : (cloud.value?.nearest(cursor.value as unknown as Place) ?? -1);
    state.setEnd(which, row);
    announce(which === 0 ? "The path begins here" : "The path ends here");
  }

  // -- a hand
  let drag: { mode: Mode; start: Place; last: [number, number]; moved: boolean; shape: Place[] } | null =
    null;
  plot.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    event.preventDefault();
    plot.focus({ preventScroll: true });
    plot.setPointerCapture(event.pointerId);
    const place = placeOf(event);
    drag = {
      mode: event.button === 1 ? "pan" : mode,
      start: place,
      last: [event.clientX, event.clientY],
      moved: false,
      shape: [place],
    };
    tip.hidden = true;
  });
  plot.addEventListener("pointermove", (event) => {
    const place = placeOf(event);
    if (!drag) {
      hover(place);
      return;
    }
    const [dx, dy] = [event.clientX - drag.last[0], event.clientY - drag.last[1]];
    if (!drag.moved && Math.hypot(dx, dy) < LESS) return;
    if (drag.mode === "lasso" && drag.moved && Math.hypot(dx, dy) < LESS) return;
    drag.moved = true;
    drag.last = [event.clientX, event.clientY];
    if (drag.mode === "cursor") state.preview(place);
    if (drag.mode === "pan") show(pan(view, dx, dy));
    if (drag.mode === "lasso") drag.shape.push(place);
    if (drag.mode === "box") drag.shape = corners(drag.start, place);
    if (drag.mode === "lasso" || drag.mode === "box") outline(drag.shape);
  });
  plot.addEventListener("pointerup", (event) => {
    const done = drag;
    drag = null;
    outline([]);
    if (!done) return;
    const place = placeOf(event);
    const how = event.shiftKey ? "add" : event.altKey ? "remove" : "new";
    const { cloud } = state;
    if (!done.moved) {
      const row = near(place);
      if (row >= 0) {
        state.goTo(row);
        state.choose(Uint32Array.of(row), how);
      } else if (done.mode === "cursor") {
        state.preview(place);
        state.release();
      }
    } else if (done.mode === "cursor") state.release();
    else if (done.mode !== "pan" && cloud.value) {
      const rows = done.mode === "box" ? cloud.value.box(done.start, place) : cloud.value.inside(done.shape);
      state.choose(rows, how);
      sayChosen();
    }
  });
  plot.addEventListener("pointercancel", () => {
    drag = null;
    outline([]);
    state.abandon();
  });
  plot.addEventListener("pointerleave", () => {
    tip.hidden = true;
    state.hover(-1);
  });
  plot.addEventListener(
    "wheel",
    (event) => {
      // A page is scrolled past a plot; who has clicked into it, or holds Ctrl, wants to look closer.
      if (
        document.activeElement !== plot &&
        !plot.contains(shadowFocus()) &&
        !event.ctrlKey &&
        !event.metaKey
      )
        return;
      event.preventDefault();
      scaleBy(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0018)), placeOf(event));
    },
    { passive: false },
  );
  const shadowFocus = () => (plot.getRootNode() as Document | ShadowRoot).activeElement;

  function hover(place: Place): void {
    const row = near(place);
    state.hover(row);
    tip.hidden = row < 0;
    const cloud = state.cloud.value;
    setAttribute(ring, "visibility", row < 0 ? "hidden" : "visible");
    if (row < 0 || !cloud) return;
    const [x, y] = pixel([cloud.x[row], cloud.y[row]]);
    ring.setAttribute("transform", `translate(${x} ${y})`);
    tip.style.left = `${Math.min(width - 90, Math.max(90, x))}px`;
    tip.style.top = `${y}px`;
    tip.classList.toggle("mw-below-point", y < 90);
  }

  function outline(shape: readonly Place[]): void {
    const points = shape.map((place) =>
      pixel(place)
        .map((v) => v.toFixed(1))
        .join(" "),
    );
    setAttribute(lasso, "d", points.length > 1 ? `M${points.join("L")}Z` : null);
  }

  // -- the keys
  let corner: Place | null = null; // of a box drawn by keys
  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    const step = (event.shiftKey ? 5 : 1) * STEP;
    const moves: Record<string, [number, number]> = {
      ArrowUp: [0, step],
      ArrowDown: [0, -step],
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
    };
    const here = (state.cursor.value.length ? state.cursor.value : view.middle) as unknown as Place;
    const cloud = state.cloud.value;
    if (moves[event.key]) {
      const place: Place = [
        here[0] + moves[event.key][0] / view.scale,
        here[1] + moves[event.key][1] / view.scale,
      ];
      state.preview(place);
      const next = reveal(view, place, width, HEIGHT);
      if (next !== view) show(next);
      if (corner) outline(corners(corner, place));
    } else if (event.key === "+" || event.key === "=") scaleBy(1.25);
    else if (event.key === "-") scaleBy(1 / 1.25);
    else if (event.key === "0") show(whole);
    else if (event.key === "b") {
      corner = here;
      announce("A box begins at the cursor: move it, Enter chooses what is inside");
    } else if (event.key === "Enter" && cloud) {
      if (corner) {
        state.choose(cloud.box(corner, here), event.shiftKey ? "add" : event.altKey ? "remove" : "new");
        corner = null;
        outline([]);
        sayChosen();
      } else {
        const row = cloud.nearest(here);
        state.goTo(row);
        state.choose(Uint32Array.of(row), event.shiftKey ? "add" : event.altKey ? "remove" : "new");
        show(reveal(view, [cloud.x[row], cloud.y[row]], width, HEIGHT));
      }
    } else if (event.key === "Escape") {
      if (corner || drag) {
        corner = drag = null;
        outline([]);
        state.abandon();
      } else state.choose(new Uint32Array(0));
    } else return;
    event.preventDefault();
  });
  plot.addEventListener("keyup", (event) => {
    if (!event.key.startsWith("Arrow")) return;
    state.release();
    speakPlace();
  });
  plot.addEventListener("blur", () => drag || state.release());

  /** Say what is under the cursor: the point there, else the nearest one is asked for. */
  function speakPlace(): void {
    const cursor = state.cursor.value;
    if (!cursor.length) return;
    const row = near(cursor as unknown as Place);
    if (row >= 0) {
      awaited = row;
      state.tell(row);
      speakTold();
    } else announce(`No point here; x ${quantity(cursor[0], 3)}, y ${quantity(cursor[1], 3)}`);
  }
  let awaited = -1;
  function speakTold(): void {
    const told = state.told.value;
    if (told?.row !== awaited) return;
    awaited = -1;
    announce(spokenOf(told.told));
  }
  function sayChosen(): void {
    announce(`${state.selection.value.length.toLocaleString("en")} points chosen`);
  }

  // -- what is seen
  function drawOver(): void {
    const cursor = state.cursor.value;
    setAttribute(cross, "visibility", cursor.length ? "visible" : "hidden");
    if (cursor.length) cross.setAttribute("transform", `translate(${pixel(cursor).join(" ")})`);
    const way = state.walk.value.xy ?? [];
    walkLayer.replaceChildren();
    const { ends, cloud } = state;
    const spots = way.map(pixel);
    if (spots.length > 1) {
      const d = `M${spots.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
      walkLayer.append(svg("path", { class: "mw-way-casing", d }), svg("path", { class: "mw-way-line", d }));
      for (const [x, y] of spots)
        walkLayer.append(svg("circle", { class: "mw-way-spot", cx: x, cy: y, r: 4 }));
    } else
      for (const row of ends.value) {
        if (row < 0 || !cloud.value) continue;
        const [x, y] = pixel([cloud.value.x[row], cloud.value.y[row]]);
        walkLayer.append(svg("circle", { class: "mw-way-spot", cx: x, cy: y, r: 5 }));
      }
    setAttribute(ring, "visibility", "hidden");
    tip.hidden = true;
  }

  function look(): void {
    const rgb = (name: string, fallback: string) => parseColour(cssColor(root, name, fallback));
    const palette = Array.from({ length: 12 }, (_, i) => rgb(`--mw-c${i}`, "#0072b2"));
    const dark = root.dataset.mwTheme === "dark";
    const faint = dark ? ([120, 128, 138] as const) : ([150, 156, 165] as const);
    const { scale, levels } = state;
    const map = dark ? "bright" : "viridis";
    screen.look({ colours: levelColours(scale.value, palette, map, palette[0], [...faint]), faint });
    legendPlace.replaceChildren(legend(scale.value, levels.value, palette, map, `rgb(${faint.join(" ")})`));
  }
  onTheme(look);

  channel.addEventListener("change", () => state.setColour(channel.value));
  const labels = () => {
    setText(title, sentence(model.get("label") || "Latent space"));
    const [x, y] = model.get("axes") ?? [];
    setText(across, `${x} \u2192`);
    setText(up, `${y} \u2192`);
    setAttribute(
      plot,
      "aria-label",
      `${model.get("n").toLocaleString("en")} points. Arrow keys move the cursor, plus and minus look closer, ` +
        "Enter chooses the nearest point, b begins a box, Escape chooses none.",
    );
    const channels = model.get("channels") ?? [];
    channelBox.hidden = channels.length === 0;
    channel.replaceChildren(...channels.map((name) => h("option", { value: name }, name)));
    channel.value = model.get("colour");
    walks.hidden = !model.get("decodes");
    axis.replaceChildren(
      ...Array.from({ length: model.get("dimensions") }, (_, i) =>
        h("option", { value: i }, `axis ${i + 1}`),
      ),
    );
  };
  cleanups.push(
    onChange(model, ["label", "axes", "n", "channels", "colour", "decodes", "dimensions"], labels),
  );
  labels();

  cleanups.push(
    effect(() => {
      const cloud = state.cloud.value;
      if (!cloud) return;
      measure();
      whole = overview(cloud.extent, width, HEIGHT);
      view = whole;
      screen.load(cloud, state.levels.peek(), state.selection.peek());
      show(view);
    }),
    effect(() => {
      screen.mark(state.levels.value, state.selection.value);
      look();
    }),
    effect(() => {
      void [state.cursor.value, state.walk.value, state.ends.value];
      drawOver();
    }),
    effect(() => {
      const words = state.told.value;
      const row = state.hovered.value;
      const known = words?.row === row ? words.told : null;
      const lines = known
        ? known.values.map(([name, value, unit]) => `${name}: ${shownValue(value)} ${unit}`.trim())
        : [];
      tip.replaceChildren(
        h("b", {}, known?.name ?? `point ${row}`),
        ...lines.slice(0, 6).map((line) => h("div", {}, line)),
      );
      speakTold();
    }),
    effect(() => {
      const { decoded, cursor, point, told } = state;
      const has = cursor.value.length > 0;
      const stale = model.get("decodes") && has && !state.upToDate();
      setText(formula, decoded.value.formula && has ? decoded.value.formula : "");
      formula.classList.toggle("mw-stale", stale);
      const facts = decoded.value;
      const own = point.value >= 0 && told.value?.row === point.value ? told.value.told : null;
      const hint = model.get("decodes") ? "Put the cursor somewhere: it is decoded there." : "";
      about.replaceChildren(
        ...(has
          ? [
              facts.formula ? validity(facts) : null,
              own ? h("div", {}, h("b", {}, own.name), ` (row ${point.value})`) : null,
              facts.note ? h("div", { class: "mw-soft" }, facts.note) : null,
              facts.nearest?.length
                ? h("div", { class: "mw-soft" }, `nearest known: ${facts.nearest.join(", ")}`)
                : null,
              h(
                "div",
                { class: "mw-soft mw-num" },
                `at ${cursor.value.map((x) => quantity(x, 4)).join(", ")}`,
              ),
            ].filter((child): child is HTMLElement => child !== null)
          : [h("span", { class: "mw-soft" }, hint)]),
      );
      for (const control of [from, to]) control.disabled = !has;
    }),
    effect(() => {
      const count = state.selection.value.length;
      setText(chosen, count ? `${count.toLocaleString("en")} chosen` : "none chosen");
      clear.disabled = count === 0;
    }),
    effect(() => steps.show(state.walk.value)),
    effect(() => setAttribute(walks, "aria-busy", String(state.walking.value))),
    effect(() => setText(problem, state.problem.value)),
  );

  function measure(): void {
    width = plot.clientWidth || 640;
    overlay.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    screen.resize(width, HEIGHT);
  }
  if (typeof ResizeObserver === "function") {
    const observer = new ResizeObserver(() => {
      const { cloud } = state;
      if (!cloud.value || plot.clientWidth === width) return;
      const zoomed = view.scale / whole.scale;
      measure();
      whole = overview(cloud.value.extent, width, HEIGHT);
      show({ middle: view.middle, scale: whole.scale * zoomed });
    });
    observer.observe(plot);
    cleanups.push(() => observer.disconnect());
  }
}

function corners([ax, ay]: Place, [bx, by]: Place): Place[] {
  return [
    [ax, ay],
    [bx, ay],
    [bx, by],
    [ax, by],
  ];
}

function shownValue(value: number | string): string {
  return typeof value === "number" && !Number.isInteger(value) ? quantity(value, 4) : String(value);
}

function spokenOf(told: Told): string {
  const facts = told.values.map(([name, value, unit]) => `${name} ${shownValue(value)} ${unit}`.trim());
  return [told.name, ...facts.slice(0, 3)].join("; ");
}
