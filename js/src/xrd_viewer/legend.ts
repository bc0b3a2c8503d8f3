import { button, h, setText } from "../shared/dom";
import { colourOf, dashOf, OTHER, sampleLine, sampleMark } from "./glyphs";
import { cosine, type Kind, type XrdState } from "./state";
import { countWords, KIND_WORDS, scoreWords } from "./words";

/** What is drawn: each pattern to be shown, hidden and read, and what the marks mean with their numbers. */
export function legend(state: XrdState, least: () => number): { element: HTMLElement; show(): void } {
  const patterns = h("ul", { class: "mwx-patterns", "aria-label": "Patterns" });
  const marks = h("ul", { class: "mwx-marks mw-num", "aria-label": "Peak marks" });
  const element = h("div", { class: "mwx-legend mw-small" }, patterns, marks);

  function show(): void {
    const { patterns: all } = state.curves.value;
    const at = state.at.value;
    const many = all.length > 1;
    const stacked = state.stacked.value && many;
    const focused = patterns.contains(document.activeElement)
      ? document.activeElement?.getAttribute("aria-label")
      : null;
    const rows = all.map(({ name, other }, row) => {
      const line = sampleLine(colourOf(row), dashOf(row, stacked), other !== null && (stacked || row === at));
      if (!many) return h("li", {}, line, h("span", {}, name));
      const hidden = state.hidden.value.has(row);
      const toggle = button({ label: `Draw ${name}`, pressed: !hidden, onClick: () => state.toggle(row) });
      toggle.append(line);
      const read = button({
        label: `Read ${name}`,
        text: name,
        title: `Peaks, reconstruction and residual of ${name}`,
        pressed: row === at,
        onClick: () => state.choose(row),
      });
      return h("li", { class: hidden ? "mwx-off" : null }, toggle, read);
    });
    const pattern = all[at];
    if (pattern?.other)
      rows.push(h("li", {}, sampleLine(OTHER, "", false), h("span", {}, pattern.otherName)));
    patterns.replaceChildren(...rows);
    if (focused)
      [...patterns.querySelectorAll("button")]
        .find((one) => one.getAttribute("aria-label") === focused)
        ?.focus();
    const peaks = state.peaks.value;
    const kinds = (["plain", "matched", "missed", "extra"] as const).filter(
      (kind) => peaks.some((peak) => peak.kind === kind) || (kind !== "plain" && state.scores.value[at]),
    );
    const score = state.scores.value[at];
    const count = (kind: Kind) => {
      const shown = peaks.filter((peak) => peak.kind === kind).length;
      if (!score) return shown;
      const [matched, whole, right, found] = score;
      return { plain: shown, matched, missed: whole - matched, extra: found - right }[kind];
    };
    marks.replaceChildren(
      ...kinds.map((kind) =>
        h(
          "li",
          {},
          sampleMark(kind),
          h(
            "span",
            {},
            kind === "plain" ? countWords(count(kind), least()) : `${count(kind)} ${KIND_WORDS[kind]}`,
          ),
        ),
      ),
    );
  }
  return { element, show };
}

/** Recall, precision and cosine in a sentence. */
export function verdict(
  state: XrdState,
  within: () => number,
  least: () => number,
): { element: HTMLElement; show(): void } {
  const element = h("p", { class: "mwx-verdict mw-small mw-num" });
  function show(): void {
    const pattern = state.curves.value.patterns[state.at.value];
    const score = state.scores.value[state.at.value];
    const parts: string[] = [];
    if (score) parts.push(scoreWords(score, within(), least()));
    const alike = pattern?.other && !state.sampled.value ? cosine(pattern.y, pattern.other) : null;
    if (alike !== null) parts.push(`cosine similarity ${alike.toFixed(3)}`);
    setText(element, parts.join("; "));
    element.hidden = parts.length === 0;
  }
  return { element, show };
}
