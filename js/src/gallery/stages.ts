import { h, setAttribute, setText, svg } from "../shared/dom";
import { sentence } from "../shared/format";
import { histogram, type Stage } from "./funnel";
import { type RangeSlider, rangeSlider } from "./slider";
import type { GalleryState } from "./state";
import type { ColumnFacts } from "./table";
import { MARK, MINUS, rangeText, share, spokenStage, stageName, whole } from "./words";

const BINS = 40;
const HEIGHT = 30;

interface Row {
  element: HTMLLIElement;
  paint(stage: Stage, entered: number, pool: number, total: number): void;
}

/** The funnel: a bar a stage from the same left edge, and what each filter takes away. */
export function stageList(state: GalleryState, columns: readonly ColumnFacts[], say: () => void) {
  const element = h("ol", { class: "mwg-stages", "aria-label": "Funnel" });
  const pools = new Map<string, Row>();
  const filters = new Map<string, Row & { handle: HTMLElement }>();

  const move = (name: string, to: number) => {
    state.move(name, to);
    filters.get(name)?.handle.focus();
    say();
  };

  function paint(): void {
    const stages = state.stages.value;
    if (!stages.length) return;
    const { elements, without } = state.asked.value;
    const total = stages[0].count;
    const pool = stages.filter(({ kind }) => kind !== "filter").at(-1)!.count;
    let entered = total;
    const rows = stages.map((stage) => {
      let row: Row;
      if (stage.kind === "filter") {
        if (!filters.has(stage.name)) {
          const facts = columns.find(({ name }) => name === stage.name);
          if (facts) filters.set(stage.name, filterRow(state, facts, move, say));
        }
        row = filters.get(stage.name)!;
      } else {
        if (!pools.has(stage.kind)) pools.set(stage.kind, poolRow());
        row = pools.get(stage.kind)!;
        setText(row.element.querySelector(".mwg-name")!, sentence(stageName(stage, elements, without)));
      }
      row?.paint(stage, entered, pool, total);
      entered = stage.count;
      return row?.element;
    });
    // Only what has moved is moved: the focus stays.
    const wanted = rows.filter(Boolean);
    for (const old of [...element.children]) if (!wanted.includes(old as HTMLLIElement)) old.remove();
    wanted.forEach((row, i) => {
      if (element.children[i] !== row) element.insertBefore(row, element.children[i] ?? null);
    });
  }
  return { element, paint };
}

function bar() {
  const ghost = h("span", { class: "mwg-ghost" });
  const solid = h("span", { class: "mwg-solid" });
  return {
    element: h("span", { class: "mwg-bar", "aria-hidden": "true" }, ghost, solid),
    paint(count: number, entered: number, total: number) {
      ghost.style.width = `${(100 * entered) / total}%`;
      solid.style.width = `${(100 * count) / total}%`;
      solid.style.minWidth = count ? "2px" : "0";
    },
  };
}

function poolRow(): Row {
  const track = bar();
  const count = h("span", { class: "mwg-count mw-num" });
  const face = h("div", { class: "mwg-face" }, h("span", { class: "mwg-name" }), count, track.element);
  return {
    element: h("li", { class: "mwg-stage mwg-pool" }, face),
    paint(stage, entered, _pool, total) {
      setText(count, whole(stage.count));
      track.paint(stage.count, entered, total);
    },
  };
}

function filterRow(
  state: GalleryState,
  facts: ColumnFacts,
  move: (name: string, to: number) => void,
  say: () => void,
): Row & { handle: HTMLElement } {
  const { name } = facts;
  const track = bar();
  const sign = h("span", { class: "mwg-check", "aria-hidden": "true" });
  const count = h("span", { class: "mwg-count mw-num" });
  const face = h(
    "button",
    { type: "button", class: "mwg-face", role: "switch" },
    sign,
    h("span", { class: "mwg-name" }, sentence(name)),
    count,
    track.element,
  );
  face.addEventListener("click", () => {
    state.toggle(name);
    say();
  });
  const handle = h("button", { type: "button", class: "mwg-handle mw-button" }, "⠿");
  const lost = h("button", { type: "button", class: "mwg-lost mw-button mw-num" });
  lost.addEventListener("click", () => {
    const { shows, lost_at } = state.asked.value;
    if (shows === "lost" && lost_at === name) state.show("survivors");
    else state.show("lost", name);
    say();
  });
  const element = h("li", { class: "mwg-stage" }, handle, face, lost);
  element.dataset.name = name;
  draggable(handle, element, (to) => move(name, to));
  handle.addEventListener("keydown", ({ key }) => {
    const by = key === "ArrowUp" ? -1 : key === "ArrowDown" ? 1 : 0;
    if (by) move(name, state.asked.value.order.indexOf(name) + by);
  });
  handle.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow")) event.preventDefault();
  });

  const path = svg("path", {});
  const picture = svg(
    "svg",
    {
      class: "mwg-histogram",
      viewBox: `0 0 ${BINS} ${HEIGHT}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    path,
  );
  const read = h("span", { class: "mwg-range-text mw-num mw-small" });
  let slider: RangeSlider | null = null;
  if (facts.kind === "number") {
    slider = rangeSlider(facts, {
      input: (range) => state.preview(name, range),
      change: (range) => {
        state.setRange(name, range);
        say();
      },
    });
    element.append(h("div", { class: "mwg-range" }, picture, slider.element, read));
  }
  return {
    element,
    handle,
    paint(stage, entered, pool, total) {
      const kept = stage.kept === true;
      element.classList.toggle("mwg-off", !kept);
      setText(sign, kept ? MARK.yes : "");
      setAttribute(face, "aria-checked", String(kept));
      setAttribute(face, "aria-label", spokenStage(stage, pool));
      face.title = kept ? `Click to drop the filter ${name}` : `Click to apply the filter ${name}`;
      face.disabled = !state.counts;
      count.replaceChildren(
        ...(kept
          ? [whole(stage.count), h("span", { class: "mwg-share" }, share(stage.count, pool))]
          : [h("span", { class: "mwg-share" }, "not applied")]),
      );
      track.paint(kept ? stage.count : 0, entered, total);
      const gone = stage.lost ?? 0;
      const { shows, lost_at } = state.asked.value;
      const open = shows === "lost" && lost_at === name;
      const unknown = stage.unknown ? `, ${whole(stage.unknown)} unknown` : "";
      lost.replaceChildren(
        h("span", {}, kept ? `${gone ? MINUS : ""}${whole(gone)}` : `would lose ${whole(gone)}`),
        stage.unknown ? h("span", { class: "mwg-unknown" }, `${whole(stage.unknown)} unknown`) : "",
      );
      const spoken = kept
        ? `Show the ${whole(gone)} that go lost at ${name}${unknown && `; of ${whole(stage.unknown!)} it is not known`}`
        : `${name} is not applied: it would lose ${whole(gone)}`;
      setAttribute(lost, "aria-label", spoken);
      setAttribute(lost, "aria-pressed", String(open));
      lost.title = spoken;
      lost.disabled = !state.counts || !kept || gone === 0;
      handle.hidden = !state.counts || state.asked.value.order.length < 2;
      const place = state.asked.value.order.indexOf(name) + 1;
      setAttribute(
        handle,
        "aria-label",
        `Move ${name}, ${place} of ${state.asked.value.order.length}: arrow keys up and down`,
      );
      handle.title = "Drag, or arrow keys up and down: another place in the funnel";
      if (!slider) return;
      const range = state.range(name);
      slider.paint(range, state.counts);
      setText(read, rangeText(range, facts.unit));
      const numbers = state.table.value?.numbers(name);
      const rows = state.funnel.value?.entering.get(name);
      picture.toggleAttribute("hidden", !numbers);
      if (numbers && rows && facts.ends.length === 2)
        path.setAttribute("d", outline(histogram(numbers, rows, facts.ends, BINS)));
    },
  };
}

/** A histogram as one outline; roots of the counts, so that rare numbers are seen. */
function outline(heights: Uint32Array): string {
  const most = Math.max(1, ...heights);
  const steps = [...heights].map((n, i) => {
    const y = HEIGHT * (1 - Math.sqrt(n / most));
    return `L${i} ${y.toFixed(2)}H${i + 1}`;
  });
  return `M0 ${HEIGHT}${steps.join("")}V${HEIGHT}Z`;
}

/** Drag a stage by its handle to another place among the filters. */
function draggable(handle: HTMLElement, element: HTMLElement, drop: (to: number) => void): void {
  let held = false;
  let place = -1;
  const others = () =>
    [...(element.parentElement?.querySelectorAll<HTMLElement>(".mwg-stage[data-name]") ?? [])].filter(
      (other) => other !== element,
    );
  const clear = () => {
    held = false;
    element.classList.remove("mwg-held");
    for (const other of others()) other.classList.remove("mwg-before", "mwg-after");
  };
  handle.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = true;
    place = -1;
    element.classList.add("mwg-held");
    handle.setPointerCapture?.(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!held) return;
    const rest = others();
    const above = rest.filter((other) => {
      const { top, height } = other.getBoundingClientRect();
      return event.clientY > top + height / 2;
    });
    place = above.length;
    rest.forEach((other, i) => {
      other.classList.toggle("mwg-before", i === place);
      other.classList.toggle("mwg-after", place === rest.length && i === place - 1);
    });
  });
  handle.addEventListener("pointerup", () => {
    if (!held) return;
    clear();
    if (place >= 0) drop(place);
  });
  handle.addEventListener("pointercancel", clear);
  handle.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && held) {
      place = -1;
      clear();
    }
  });
}
