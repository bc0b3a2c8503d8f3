import { effect } from "@preact/signals-core";
import { button, h, ICONS, setAttribute, setText } from "../shared/dom";
import { sentence } from "../shared/format";
import { type Model, onChange } from "../shared/model";
import type { Root } from "../shared/mount";
import { cardGrid } from "./cards";
import { csv, fileName, python } from "./export";
import { stageList } from "./stages";
import { GalleryState, PAGE, type Shows, type Traits } from "./state";
import { whole } from "./words";

const LEFT = "M9.5 3.5 5 8l4.5 4.5";
const RIGHT = "M6.5 3.5 11 8l-4.5 4.5";
const SAVE = "M8 2.5v7.2M4.8 6.8 8 10l3.2-3.2M3 13.2h10";

/** The view: the funnel on one side, the cards on the other. */
export function mountGallery(model: Model<Traits>, { root, announce, cleanups }: Root): void {
  const state = new GalleryState(model);
  cleanups.push(() => state.stop());
  const columns = model.get("columns") ?? [];
  const say = () => announce(`${whole(state.survivors.value)} of ${whole(model.get("n"))} are left`);

  // -- head
  const title = h("h3", { class: "mw-title" });
  const left = h("p", { class: "mwg-left mw-num" });
  root.append(h("div", { class: "mw-head" }, title, left));
  const problem = h("p", { class: "mw-error", role: "alert" });
  const note = h("p", { class: "mw-note mw-soft" });

  // -- the funnel
  const stages = stageList(state, columns, say);
  const search = h("input", {
    class: "mw-input mwg-search",
    type: "text",
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": "Elements that must be there; a minus before those that must not",
    placeholder: "Ti O −Pb",
  });
  let typed = false;
  const find = () => {
    typed = false;
    state.search(search.value);
    if (!state.problem.value) say();
  };
  search.addEventListener("input", () => (typed = true));
  search.addEventListener("change", find);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") find();
    else if (event.key === "Escape") {
      typed = false;
      search.value = state.searched();
      state.problem.value = "";
    } else return;
    event.preventDefault();
  });
  const unknowns = box("What is unknown (?) passes", (on) => state.ask({ unknown_passes: on }));
  const live = box("Choose the survivors as the filters move", (on) => state.setLive(on));
  const scope = box("Only what is chosen goes in", (on) => state.setScope(on ? "chosen" : "all"));
  const hint = h(
    "p",
    { class: "mw-soft mw-small mwg-hint" },
    "Shares are of what goes in; bars are of all that was generated.",
  );
  const funnel = h(
    "div",
    { class: "mwg-funnel" },
    stages.element,
    hint,
    h("label", { class: "mwg-field" }, h("span", {}, "Elements"), search),
    unknowns.element,
    live.element,
    scope.element,
  );

  // -- what is listed
  const views = (["survivors", "chosen", "lost"] as const).map((shows) => {
    const element = button({ label: shows, text: shows, onClick: () => open(shows) });
    element.setAttribute("role", "radio");
    return { shows, element };
  });
  const open = (shows: Shows) => {
    state.show(shows, shows === "lost" ? state.asked.value.lost_at : "");
  };
  const segment = h(
    "div",
    { class: "mw-segment", role: "radiogroup", "aria-label": "Cards" },
    ...views.map(({ element }) => element),
  );
  segment.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const there = views.filter(({ element }) => !element.hidden);
    const now = there.findIndex(({ shows }) => shows === state.asked.value.shows);
    const next = there[(now + by + there.length) % there.length];
    open(next.shows);
    next.element.focus();
  });
  const sort = h("select", { class: "mw-input mwg-sort", "aria-label": "Order of the cards" });
  const sorts: [string, string][] = [["", "as generated"]];
  for (const { name, kind } of columns)
    if (kind === "number")
      sorts.push([name, `${name}, smallest first`], [`-${name}`, `${name}, largest first`]);
  sort.append(...sorts.map(([value, text]) => h("option", { value }, text)));
  sort.hidden = sorts.length < 2;
  sort.addEventListener("change", () => state.ask({ sort: sort.value }));

  const add = button({
    label: "Choose all that are listed",
    text: "Choose all",
    onClick: () => state.chooseListed(),
  });
  const none = button({
    label: "Choose nothing",
    text: "Choose none",
    onClick: () => state.choose(new Uint32Array(0)),
  });
  const save = button({ label: "Save as CSV", text: "CSV", icon: SAVE, onClick: () => download() });
  const copy = button({
    label: "Copy as Python",
    text: "Copy as Python",
    icon: ICONS.copy,
    onClick: () => copyPython(),
  });
  const tools = h("div", { class: "mwg-tools" }, add, none, h("span", { class: "mwg-gap" }), save, copy);
  const line = h("textarea", {
    class: "mw-input mwg-line-of-python",
    readonly: true,
    rows: 3,
    "aria-label": "Python",
  });
  line.hidden = true;

  const grid = cardGrid(state, columns, (by) => {
    const before = state.page.value;
    state.turn(before + by);
    return state.page.value !== before;
  });
  const empty = h("p", { class: "mwg-empty mw-soft" });
  const back = button({
    label: "Previous page",
    icon: LEFT,
    onClick: () => state.turn(state.page.value - 1),
  });
  const forth = button({ label: "Next page", icon: RIGHT, onClick: () => state.turn(state.page.value + 1) });
  const where = h("span", { class: "mw-num mw-small" });
  const pager = h("div", { class: "mwg-pager" }, back, where, forth);
  const list = h(
    "div",
    { class: "mwg-list" },
    h("div", { class: "mwg-top-line" }, segment, sort),
    tools,
    line,
    grid.element,
    empty,
    pager,
  );
  root.append(problem, note, h("div", { class: "mwg-body" }, funnel, list));

  // -- what leaves the page
  function download(): void {
    const table = state.table.value;
    const rows = state.list.value;
    if (!table || !rows) return;
    const text = csv(table, model.get("names"), columns, rows);
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    const anchor = h("a", { href: address, download: fileName(model.get("label") ?? "") });
    root.append(anchor);
    anchor.click();
    anchor.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    announce(`${whole(rows.length)} row${rows.length === 1 ? "" : "s"} saved as ${anchor.download}`);
  }
  async function copyPython(): Promise<void> {
    const table = state.table.value;
    const rows = state.list.value;
    if (!table || !rows) return;
    const text = python(table, rows);
    try {
      await navigator.clipboard.writeText(text);
      line.hidden = true;
      setText(note, `Copied: a list of ${whole(rows.length)} formula${rows.length === 1 ? "" : "s"}`);
      announce(note.textContent ?? "");
    } catch {
      // A page without the right to the clipboard: the line stands here, selected, for Ctrl+C.
      line.value = text;
      line.hidden = false;
      line.focus();
      line.select();
      setText(note, "Press Ctrl+C to copy the line");
      announce("The line of Python is selected; press Control C to copy it");
    }
  }

  // -- painting
  const hasUnknown = columns.some(({ unknown }) => unknown > 0);
  cleanups.push(
    effect(() => {
      stages.paint();
      const total = whole(model.get("n") ?? 0);
      left.replaceChildren(h("strong", {}, whole(state.survivors.value)), ` of ${total} are left`);
    }),
    effect(() => {
      const asked = state.asked.value;
      const { counts } = state;
      unknowns.paint(asked.unknown_passes, counts);
      unknowns.element.hidden = !hasUnknown;
      const some = state.chosen.value.length > 0 || asked.live || asked.scope === "chosen";
      live.paint(asked.live, counts);
      scope.paint(asked.scope === "chosen", counts && some);
      if (!typed) search.value = state.searched();
      search.disabled = sort.disabled = !state.table.value;
      if (sort.value !== asked.sort) sort.value = asked.sort;
    }),
    effect(() => {
      const { shows, lost_at } = state.asked.value;
      const stage = state.stages.value.find(({ name, kind }) => kind === "filter" && name === lost_at);
      const texts: Record<Shows, string> = {
        survivors: `Survivors ${whole(state.survivors.value)}`,
        // A saved notebook forgets which rows these were.
        chosen: state.table.value ? `Chosen ${whole(state.chosen.value.length)}` : "Chosen",
        lost: `Lost at ${lost_at} ${whole(stage?.kept ? (stage.lost ?? 0) : 0)}`,
      };
      for (const { shows: own, element } of views) {
        const on = own === shows;
        setAttribute(element, "aria-checked", String(on));
        setAttribute(element, "aria-label", texts[own]);
        element.title = texts[own];
        setText(element.firstElementChild!, texts[own]);
        element.tabIndex = on ? 0 : -1;
        element.hidden = own === "lost" && !on;
        element.disabled = !state.table.value;
      }
      setAttribute(grid.element, "aria-label", `Materials: ${texts[shows]}`);
      setText(empty, EMPTY[shows]);
    }),
    effect(() => {
      const listed = state.listed.value;
      const reachable = state.reachable.value;
      const page = Math.min(state.page.value, state.pages.value - 1);
      grid.paint(state.cards());
      empty.hidden = listed > 0;
      pager.hidden = listed === 0;
      back.disabled = page === 0;
      forth.disabled = page >= state.pages.value - 1;
      const last = Math.min(reachable, PAGE * (page + 1));
      const saved = !state.table.value;
      const all = saved ? `the ${whole(reachable)} kept` : whole(listed);
      setText(where, `${whole(PAGE * page + 1)} – ${whole(last)} of ${all}`);
      if (saved)
        setText(
          note,
          `A saved notebook: ${whole(reachable)} of ${whole(listed)} cards are kept in this page. Run the cell for the rest, and to move the filters.`,
        );
      tools.hidden = saved;
      add.disabled = save.disabled = copy.disabled = listed === 0;
    }),
    effect(() => {
      none.disabled = state.chosen.value.length === 0;
      // The cards may be others by now.
      state.list.value;
      state.page.value;
      grid.mark(new Set(state.chosen.value));
    }),
    effect(() => {
      setText(problem, state.problem.value);
      setAttribute(search, "aria-invalid", state.problem.value && typed ? "true" : null);
    }),
    effect(() => {
      // What was copied belongs to the list it was made of.
      state.list.value;
      line.hidden = true;
      if (state.table.value) setText(note, "");
    }),
  );
  const labels = () => setText(title, sentence(model.get("label") ?? ""));
  cleanups.push(onChange(model, ["label"], labels));
  labels();
}

const EMPTY: Record<Shows, string> = {
  survivors: "Nothing is left: drop a filter or widen a range.",
  chosen: "Nothing is chosen: click cards, or choose in a linked widget.",
  lost: "Nothing goes lost here.",
};

/** A check box with its words. */
function box(text: string, changed: (on: boolean) => void) {
  const input = h("input", { type: "checkbox" });
  input.addEventListener("change", () => changed(input.checked));
  return {
    element: h("label", { class: "mwg-box" }, input, text),
    paint(on: boolean, enabled: boolean) {
      input.checked = on;
      input.disabled = !enabled;
    },
  };
}
