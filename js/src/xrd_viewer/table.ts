import { h } from "../shared/dom";
import { fixed } from "../shared/format";
import { spacing } from "./angles";
import { sampleMark } from "./glyphs";
import type { XrdState } from "./state";
import { KIND_WORDS } from "./words";

/** The peaks as a table that opens; filled while it is open. */
export function peakTable(state: XrdState): { element: HTMLDetailsElement; show(): void } {
  const body = h("tbody", {});
  const head = h(
    "tr",
    {},
    ...["2θ (°)", "d (Å)", "Intensity (%)", "Comparison"].map((name) => h("th", { scope: "col" }, name)),
  );
  const table = h("table", { class: "mw-num mw-small" }, h("thead", {}, head), body);
  const scroll = h("div", { class: "mwx-scroll", tabindex: 0, role: "region", "aria-label": "Peaks" }, table);
  const element = h(
    "details",
    { class: "mwx-table" },
    h("summary", { class: "mw-small" }, "Peaks as a table"),
    scroll,
  );
  element.addEventListener("toggle", show);

  function show(): void {
    const peaks = state.peaks.value;
    element.hidden = peaks.length === 0;
    if (!element.open) return;
    const rows = peaks.map(({ at, intensity, kind, partner }) =>
      h(
        "tr",
        {},
        h("td", {}, fixed(at, 2)),
        h("td", {}, fixed(spacing(at, state.wavelength), 3)),
        h("td", {}, fixed(intensity, 1)),
        h(
          "td",
          {},
          kind !== "plain" && sampleMark(kind),
          kind === "plain"
            ? ""
            : partner === null
              ? KIND_WORDS[kind]
              : `${KIND_WORDS[kind]} at ${fixed(partner, 2)}°`,
        ),
      ),
    );
    body.replaceChildren(...rows);
  }
  return { element, show };
}
