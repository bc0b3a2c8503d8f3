import { effect } from "@preact/signals-core";
import { elementColour } from "../shared/colors";
import { button, h, ICONS, icon, setAttribute, setText, svg } from "../shared/dom";
import { measured, percent, quantity, sentence, spoken, ticks } from "../shared/format";
import { legendBar } from "../shared/legend";
import { type Model, onChange } from "../shared/model";
import type { Root } from "../shared/mount";
import { nameOf } from "../shared/periodic";
import { ALEATORIC, EPISTEMIC, splitText } from "../shared/uncertainty";
import { axes } from "./axes";
import { contours, type Point, partsOf, toParts, toPoint, triangle } from "./geometry";
import { paintField, pathOf, sampleSlice } from "./paint";
import { MapState, type Traits } from "./state";
import { tetrahedron } from "./tetrahedron";

const WIDTH = 440;
const SHAPE = triangle(350, 45, 34);
const HEIGHT = SHAPE.corners[1][1] + 34;
const LINES = 24; // steps of the grid on which lines of equal value are found
const STEP = 0.01; // at.% fraction of an arrow key

export function mountMap(model: Model<Traits>, { root, announce, onTheme, cleanups }: Root): void {
  const state = new MapState(model);
  cleanups.push(() => state.stop());

  // -- head
  const title = h("h3", { class: "mw-title" });
  const shows = (["value", "std"] as const).map((what) => {
    const element = button({
      label: what === "value" ? "Show the prediction" : "Show the uncertainty",
      text: what === "value" ? "value" : "uncertainty",
      onClick: () => state.setShows(what),
    });
    element.setAttribute("role", "radio");
    return element;
  });
  const segment = h(
    "div",
    { class: "mw-segment", role: "radiogroup", "aria-label": "What the colours show" },
    ...shows,
  );
  segment.addEventListener("keydown", (event) => {
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    const what = state.shows.value === "value" ? "std" : "value";
    state.setShows(what);
    shows[what === "value" ? 0 : 1].focus();
  });
  root.append(h("div", { class: "mw-head" }, title, segment));

  // -- the triangle: pixels below, lines and the marker above
  const canvas = h("canvas", { class: "mw-field", "aria-hidden": "true" });
  const lines = svg("path", { class: "mw-contours" });
  const scaleLayer = svg("g");
  const pathLayer = svg("g", { class: "mw-path" });
  const marker = svg(
    "g",
    { class: "mw-marker", tabindex: 0, role: "slider", "aria-roledescription": "place on the map" },
    svg("circle", { r: 11, class: "mw-marker-halo" }),
    svg("circle", { r: 7.5, class: "mw-marker-ring" }),
    svg("circle", { r: 2, class: "mw-marker-dot" }),
  );
  const overlay = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "mw-overlay" },
    lines,
    scaleLayer,
    pathLayer,
    marker,
  );
  const tip = h("div", { class: "mw-tip mw-num", "aria-hidden": "true", hidden: true });
  const plot = h("div", { class: "mw-plot" }, canvas, overlay, tip);

  // -- beside it: the number, the composition, the fourth element, the legend
  const value = h("span", { class: "mw-value mw-num" });
  const spread = h("span", { class: "mw-spread mw-num" });
  const source = h("div", { class: "mw-soft mw-small" });
  const origin = h("div", { class: "mw-soft mw-small mw-num" });
  const badge = h("div", { class: "mw-badge" }, icon(ICONS.warning), "outside the training data");
  const amounts = h("div", { class: "mw-amounts mw-num" });
  const fourthSlider = h("input", { type: "range", class: "mw-fourth", min: 0, max: 100, step: 0.5 });
  const fourthName = h("span", { class: "mw-small" });
  const solid = tetrahedron();
  const fourth = h("div", { class: "mw-slice" }, solid.element, h("label", {}, fourthName, fourthSlider));
  const legend = h("div", { class: "mw-legend" });
  const hatch = h("div", { class: "mw-small mw-soft mw-hatch" }, h("i", {}), "outside the training data");
  const side = h(
    "div",
    { class: "mw-side" },
    h("output", { class: "mw-number", "aria-live": "off" }, value, " ", spread),
    source,
    origin,
    badge,
    amounts,
    fourth,
    h("span", { class: "mw-grow" }),
    legend,
    hatch,
  );
  const problem = h("p", { class: "mw-error", role: "alert" });
  root.append(h("div", { class: "mw-map-body" }, plot, side), problem);

  // -- what a hand does
  const place = (event: PointerEvent): Point => {
    const box = overlay.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * WIDTH) / box.width,
      ((event.clientY - box.top) * HEIGHT) / box.height,
    ];
  };
  let dragging = false;
  overlay.addEventListener("pointerdown", (event) => {
    const at = place(event);
    const parts = toParts(at, SHAPE);
    if (event.button !== 0 || Math.min(...parts) < -0.06) return;
    event.preventDefault();
    dragging = true;
    tip.hidden = true;
    overlay.setPointerCapture(event.pointerId);
    marker.focus({ preventScroll: true });
    state.preview(parts);
  });
  overlay.addEventListener("pointermove", (event) => {
    const at = place(event);
    const parts = toParts(at, SHAPE);
    if (dragging) state.preview(parts);
    else hover(at, parts);
  });
  overlay.addEventListener("pointerup", () => {
    dragging = false;
    state.release();
  });
  overlay.addEventListener("pointercancel", () => {
    dragging = false;
    state.abandon();
  });
  overlay.addEventListener("pointerleave", () => (tip.hidden = true));

  function hover(at: Point, parts: readonly number[]): void {
    tip.hidden = Math.min(...parts) < 0 || !state.field.value;
    if (tip.hidden) return;
    const whole = 1 - (state.fourth.value ?? 0);
    const fractions = parts.map((x) => x * whole);
    if (state.fourth.value !== null) fractions.push(state.fourth.value);
    const { value: here } = state.estimate(fractions);
    const names = state.elements.value.map((symbol, i) => `${symbol} ${Math.round(fractions[i] * 100)}`);
    setText(tip, `${names.join("  ")}   ${quantity(here, 4)} ${model.get("unit")}`);
    tip.style.left = `${(100 * at[0]) / WIDTH}%`;
    tip.style.top = `${(100 * at[1]) / HEIGHT}%`;
  }

  marker.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? STEP / 10 : STEP;
    const [a, b, c] = state.parts();
    const moves: Record<string, number[]> = {
      ArrowUp: [a + step, b - step / 2, c - step / 2],
      ArrowDown: [a - step, b + step / 2, c + step / 2],
      ArrowLeft: [a, b + step, c - step],
      ArrowRight: [a, b - step, c + step],
    };
    if (event.key === "Escape") state.abandon();
    else if (moves[event.key]) state.preview(moves[event.key]);
    else return;
    event.preventDefault();
  });
  marker.addEventListener("keyup", (event) => {
    if (event.key.startsWith("Arrow")) state.release();
  });
  marker.addEventListener("blur", () => dragging || state.release());
  fourthSlider.addEventListener("input", () => state.previewFourth(fourthSlider.valueAsNumber / 100));
  fourthSlider.addEventListener("change", () => {
    state.release();
    announce(spoken(state.elements.value, state.committed.value));
  });

  // -- what is seen
  /** Device pixels per unit; coarser while a slice moves, so that it follows the hand on any screen. */
  const resize = (): number => {
    const fine = Math.min(2, window.devicePixelRatio || 1);
    const scale = state.previewing.value && state.fourth.value !== null ? Math.min(1, fine) : fine;
    const width = Math.round(WIDTH * scale);
    if (canvas.width !== width) {
      canvas.width = width;
      canvas.height = Math.round(HEIGHT * scale);
    }
    return scale;
  };
  let frame = 0;
  const paint = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      const field = state.painted.value;
      const span = state.span.value;
      if (!field || !span) {
        canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
        return;
      }
      const interpolator = state.interpolator.value;
      paintField(
        canvas,
        {
          field,
          domain: state.domain.value,
          span,
          interpolator,
          fourth: state.fourth.value,
          triangle: SHAPE,
        },
        resize(),
      );
    });
  };
  cleanups.push(() => cancelAnimationFrame(frame));
  onTheme(paint);

  cleanups.push(
    // The field and its lines: only when the numbers or the slice change, not with every move of the marker.
    effect(() => {
      const field = state.painted.value;
      const span = state.span.value;
      const amount = state.fourth.value;
      if (amount !== null) void state.previewing.value; // fine again when the hand lets go
      paint();
      if (!field || !span) {
        setAttribute(lines, "d", "");
        return;
      }
      const sample = sampleSlice(field, state.interpolator.value, amount, LINES);
      const levels = ticks(span.low, span.high, 8);
      const found = contours(sample, LINES, levels, (i, j) =>
        toPoint([i / LINES, j / LINES, (LINES - i - j) / LINES], SHAPE),
      );
      setAttribute(lines, "d", found.map(pathOf).join(""));
    }),
    effect(() => {
      const elements = state.elements.value;
      if (elements.length < 3) return;
      scaleLayer.replaceChildren(axes(elements, elementColour(elements), SHAPE, state.fourth.value));
    }),
    effect(() => {
      const span = state.span.value;
      const std = state.shows.value === "std";
      shows.forEach((element, i) => {
        const on = (i === 1) === std;
        setAttribute(element, "aria-checked", String(on));
        element.tabIndex = on ? 0 : -1;
      });
      segment.hidden = !state.spread.value;
      const label = model.get("label");
      const unit = model.get("unit");
      legend.replaceChildren(
        span
          ? legendBar({
              map: "viridis",
              range: [span.low, span.high],
              reach: [span.least, span.most],
              label: std ? `Uncertainty of the ${label}` : sentence(label),
              unit,
            })
          : h("p", { class: "mw-soft mw-small" }, "The field is not here: run the cell again to compute it."),
      );
      const domain = state.domain.value;
      hatch.hidden = !domain || Array.prototype.every.call(domain, (inside: number) => inside > 0);
    }),
    effect(() => {
      const parts = state.shown.value.length ? state.parts() : [1 / 3, 1 / 3, 1 / 3];
      const [x, y] = toPoint(parts, SHAPE);
      setAttribute(marker, "transform", `translate(${x.toFixed(2)} ${y.toFixed(2)})`);
      marker.classList.toggle("mw-moving", state.previewing.value);
    }),
    effect(() => drawPath()),
    effect(() => {
      const reading = state.reading.value;
      const unit = model.get("unit");
      const text = measured(reading.value, reading.std);
      setText(value, text.value);
      const withUnit = [text.power, unit].filter(Boolean).join(" ");
      setText(spread, text.spread ? `± ${text.spread} ${withUnit}` : withUnit);
      setText(
        source,
        reading.value === null
          ? ""
          : reading.estimated
            ? "read off the map"
            : "predicted for this composition",
      );
      const split = reading.split ? splitText(reading.value, reading.split) : null;
      setText(
        origin,
        split ? `${ALEATORIC} ${split.aleatoric}, ${EPISTEMIC} by ${split.epistemic} ${unit}`.trim() : "",
      );
      badge.hidden = reading.in_domain !== false;
      const elements = state.elements.value;
      const fractions = state.shown.value;
      const colours = elementColour(elements);
      amounts.replaceChildren(
        ...elements.flatMap((symbol, i) => [
          h("b", { style: `--mw-el:${colours.get(symbol)}`, title: nameOf(symbol) }, symbol),
          h("span", {}, `${percent(fractions[i])} at.%`),
        ]),
      );
      const words = spoken(elements, fractions);
      setAttribute(marker, "aria-label", `Composition of ${elements.join(", ")}`);
      setAttribute(marker, "aria-valuemin", "0");
      setAttribute(marker, "aria-valuemax", "100");
      setAttribute(marker, "aria-valuenow", percent(fractions[0] ?? 0));
      const number = reading.value === null ? "" : `; ${quantity(reading.value)} ${unit}`;
      setAttribute(marker, "aria-valuetext", words + number);
      fourth.hidden = fractions.length !== 4;
      if (fractions.length === 4) {
        fourthSlider.value = String(fractions[3] * 100);
        setText(fourthName, `Slice at ${elements[3]} ${percent(fractions[3])} at.%`);
        setAttribute(fourthSlider, "aria-label", `Amount of ${nameOf(elements[3])}, at.%`);
        fourthSlider.style.setProperty("--mw-el", colours.get(elements[3])!);
        solid.show(elements, colours, fractions);
      }
    }),
    effect(() => setText(problem, state.problem.value)),
    onChange(model, ["label", "unit"], () => labels()),
  );
  const labels = () => {
    const elements = state.elements.value;
    setText(title, `${sentence(model.get("label"))} of ${elements.join("–")}`);
  };
  cleanups.push(effect(labels));

  function drawPath(): void {
    const path = state.path.value;
    const amount = state.fourth.value;
    pathLayer.replaceChildren();
    if (path.length === 0) return;
    const points = path.map((row) => toPoint(partsOf(row) ?? [1 / 3, 1 / 3, 1 / 3], SHAPE));
    const d = `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
    // What lies in other slices is fainter.
    const near = amount === null ? 1 : Math.exp(-((path[path.length - 1][3] - amount) ** 2) / 0.02);
    const opacity = 0.3 + 0.7 * near;
    const [first, last] = [points[0], points[points.length - 1]];
    pathLayer.append(
      svg("path", { class: "mw-path-casing", d, opacity }),
      svg("path", { class: "mw-path-line", d, opacity }),
      svg("circle", { class: "mw-path-start", cx: first[0], cy: first[1], r: 4, opacity }),
      svg("rect", {
        class: "mw-path-end",
        x: last[0] - 5,
        y: last[1] - 5,
        width: 10,
        height: 10,
        opacity,
        transform: `rotate(45 ${last[0].toFixed(1)} ${last[1].toFixed(1)})`,
      }),
    );
  }
}
