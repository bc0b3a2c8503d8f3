/** Ledger: paper, here, control and verdict of each claim; rows open to show how a number was obtained. */
import {
  type Claim,
  type Document,
  details,
  grounds,
  shown,
  tally,
  type Value,
  type Verdict,
} from "../ledger/claims";
import css from "../ledger/ledger.css?inline";
import { button, h, icon } from "../shared/dom";
import { commit, type Model, onChange } from "../shared/model";
import { type Root, widget } from "../shared/mount";

export const TRAITS = ["error", "group", "opened", "rows"];

const DRAWINGS: Record<Verdict, string> = {
  reproduced: "M3 8.5 6.5 12 13 4.5",
  close: "M2.5 6.5c2-2 3.5-2 5.5-.5s3.500 1.500 5.500-.5M2.500 11c2-2 3.500-2 5.500-.5s3.500 1.500 5.500-.5",
  "not reproduced": "M4 4l8 8M12 4l-8 8",
  "holds trivially": "M8 3a5 5 0 1 0 .01 0z",
  "not attempted": "M4 8h8",
};
const CHEVRON = "M6 4l4 4-4 4";

let tables = 0;

export function mount(model: Model, root: Root): void {
  const prefix = `mw-ledger-${(tables += 1)}`;
  const head = h("header", { class: "mw-head" });
  const place = h("div");
  root.root.append(head, place);

  const opened = () => new Set((model.get("opened") as string[] | null) ?? []);
  function open(ids: Set<string>): void {
    commit(model, { opened: [...ids] });
  }

  function paint(): void {
    const doc = (model.get("rows") ?? { claims: [] }) as Document;
    const claims = doc.claims ?? [];
    const now = opened();
    const all = claims.length > 0 && claims.every((claim) => now.has(claim.id));
    const focused = (document.activeElement as HTMLElement | null)?.id;
    head.replaceChildren(
      h(
        "h3",
        { class: "mw-title" },
        `${doc.paper ?? "Paper"}: what the paper states and what was found here`,
      ),
      button({
        label: all ? "Close all rows" : "Open all rows",
        text: all ? "Close all" : "Open all",
        onClick: () => open(all ? new Set() : new Set(claims.map((claim) => claim.id))),
      }),
    );
    const body = h("tbody");
    claims.forEach((claim, i) => {
      body.append(...rowsOf(claim, now.has(claim.id), `${prefix}-${i}`));
    });
    const columns = ["Quantity", "Paper", "Here", "Control", "Verdict"];
    place.replaceChildren(
      h(
        "ul",
        { class: "mwl-tally", "aria-label": "Verdicts" },
        ...tally(claims).map(({ verdict, count }) => h("li", {}, verdictOf(verdict, `${count} ${verdict}`))),
      ),
      h(
        "table",
        {},
        h("caption", { class: "mw-hidden" }, `Claims of ${doc.paper ?? "the paper"}`),
        h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, name)))),
        body,
      ),
      footer(doc),
    );
    // the button that was pressed has been made anew: keep the focus on it
    if (focused?.startsWith(prefix)) root.root.querySelector<HTMLElement>(`#${focused}`)?.focus();
  }

  function rowsOf(claim: Claim, isOpen: boolean, id: string): HTMLElement[] {
    const unit = claim.unit ? ` (${claim.unit})` : "";
    const toggle = h(
      "button",
      {
        type: "button",
        class: "mwl-open",
        id,
        "aria-expanded": String(isOpen),
        "aria-controls": `${id}-more`,
      },
      icon(CHEVRON),
      h("span", {}, `${claim.quantity}${unit}`),
    );
    toggle.addEventListener("click", () => {
      const now = opened();
      if (!now.delete(claim.id)) now.add(claim.id);
      open(now);
    });
    const more = h("dl");
    for (const [label, text] of details(claim)) more.append(h("dt", {}, label), h("dd", {}, text));
    return [
      h(
        "tr",
        { class: isOpen ? "mwl-opened" : null },
        h("th", { scope: "row" }, toggle),
        cell(claim.published),
        cell(claim.here, "mwl-here"),
        cell(claim.control),
        h("td", {}, verdictOf(claim.verdict, claim.verdict)),
      ),
      h("tr", { class: "mwl-more", id: `${id}-more`, hidden: !isOpen }, h("td", { colspan: 5 }, more)),
    ];
  }

  root.cleanups.push(onChange(model, ["rows", "opened"], paint));
  paint();
}

function cell(value: Value, more = ""): HTMLElement {
  return h(
    "td",
    { class: `${typeof value === "string" ? "mwl-words" : "mw-num"} ${more}`.trim() },
    shown(value),
  );
}

function verdictOf(verdict: Verdict, text: string): HTMLElement {
  return h("span", { class: "mwl-verdict", "data-verdict": verdict }, icon(DRAWINGS[verdict] ?? ""), text);
}

function footer(doc: Document): HTMLElement {
  const lines = grounds(doc);
  const run = [doc.preset ? `preset ${doc.preset}` : "", doc.seed === undefined ? "" : `seed ${doc.seed}`];
  const summary = `Run: ${run.filter(Boolean).join(", ")}`;
  if (!lines.length) return h("p", { class: "mwl-grounds" }, summary);
  return h(
    "details",
    { class: "mwl-grounds" },
    h("summary", {}, `${summary}; tables and versions`),
    ...lines.map((line) => h("p", {}, line)),
  );
}

export default widget<Record<string, unknown>>({
  name: "ledger",
  label: "Ledger of a paper's claims",
  css,
  mount: (model, root) => mount(model, root),
});
