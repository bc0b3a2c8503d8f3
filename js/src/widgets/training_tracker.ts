/** TrainingTracker: every loss term against epochs, the learning rate beneath, with the run's controls. */
import { button, h, setAttribute } from "../shared/dom";
import { quantity } from "../shared/format";
import { commit, type Model } from "../shared/model";
import { type Root, widget } from "../shared/mount";
import { caption, type Key } from "../trackers/caption";
import { Chart, type Line, uplotCss } from "../trackers/chart";
import { frame } from "../trackers/frame";
import { gaps } from "../trackers/history";
import { FOLLOW } from "../trackers/scrub";
import { type Clock, Session, WALL } from "../trackers/session";
import { groupTerms, type Term, type TermGroup } from "../trackers/terms";
import css from "../trackers/tracker.css?inline";

export const TRAITS = [
  "cursor",
  "error",
  "failure",
  "group",
  "log_scale",
  "meta",
  "rate",
  "result",
  "run_id",
  "saved",
  "seconds_left",
  "state",
  "steps",
  "title",
  "total",
];

export function mount(model: Model, root: Root, clock: Clock = WALL): void {
  const { terms, members = 1 } = model.get("meta") as { terms: Term[]; members?: number };
  const groups = groupTerms(terms);
  const session = new Session(model, clock);
  const { history, scrub } = session;
  const hidden = new Set<string>();
  let hover: number | null = null;

  const text = (term: Term, row: number) =>
    `${quantity(history.at(`term:${term.name}`, row))}${term.unit ? ` ${term.unit}` : ""}`;
  const describe = (row: number) => terms.map((term) => `${term.label} ${text(term, row)}`).join(", ");
  const view = frame(session, root, String(model.get("title")), {
    unit: "epoch",
    spoken: describe,
    onScrub: (step) => session.look(step),
    onFollow: () => session.look(FOLLOW),
  });

  const log = button({
    label: "Loss terms on a logarithmic axis",
    text: "Log scale",
    pressed: false,
    onClick: () => commit(model, { log_scale: !model.get("log_scale") }),
  });
  view.extra.append(log);

  const charts = groups.map(
    (group, i) =>
      new Chart({
        height: group.rate ? 90 : groups.length > 2 ? 160 : 200,
        xAxis: i === groups.length - 1,
        xLabel: i === groups.length - 1 ? "epoch" : undefined,
        onScrub: (step) => session.look(step),
        onHover: (step) => {
          hover = step === null ? null : history.nearest(step);
          update();
        },
      }),
  );
  groups.forEach((group, i) => {
    view.body.append(caption(group.title, keys(group)), charts[i].element);
  });
  root.cleanups.push(() => session.dispose(), ...charts.map((chart) => () => chart.dispose()));
  root.onTheme(() => {
    for (const chart of charts) chart.repaint();
  });

  function keys(group: TermGroup): Key[] {
    if (group.terms.length < 2) return [];
    return group.terms.map((term) => ({
      text: term.label,
      colour: `var(${term.colour})`,
      kind: "line",
      toggle: {
        shown: true,
        change: (on) => {
          if (on) hidden.delete(term.name);
          else hidden.add(term.name);
          draw();
        },
      },
    }));
  }

  function seams(): { at: number; name: string }[] {
    const column = history.column("member");
    const found: { at: number; name: string }[] = [];
    if (members < 2) return found;
    column.forEach((member, row) => {
      const before = column[row - 1];
      if (before === undefined || member !== before)
        found.push({ at: history.at("step", row) - 1, name: `member ${member + 1}` });
    });
    return found;
  }

  function draw(): void {
    if (!history.rows) return;
    const end = session.end;
    const marks = seams();
    groups.forEach((group, i) => {
      const logarithmic = !group.rate && Boolean(model.get("log_scale"));
      const lines: Line[] = group.terms.map((term) => ({
        colour: term.colour,
        values: gaps(history.column(`term:${term.name}`), logarithmic),
        hidden: hidden.has(term.name),
        width: group.rate ? 1.5 : 2,
      }));
      charts[i].show({
        x: history.steps,
        end,
        lines,
        log: logarithmic,
        seams: marks.map((mark) => (i === 0 ? mark : { ...mark, name: "" })),
      });
    });
  }

  const box = root.root.querySelector<HTMLElement>(".mwt-result");
  function update(): void {
    view.update();
    setAttribute(log, "aria-pressed", String(Boolean(model.get("log_scale"))));
    const found = model.get("result") as { text?: string } | null;
    if (box) {
      box.hidden = !found?.text;
      if (found?.text && box.textContent !== found.text) {
        box.textContent = found.text;
        root.announce(found.text);
      }
    }
    const row = hover ?? scrub.row;
    if (row < 0) return;
    const step = history.at("step", row);
    const mark = hover === null && scrub.following ? null : step;
    for (const chart of charts) chart.mark(mark);
    view.readout.replaceChildren(
      h("span", {}, h("b", {}, `Epoch ${step}`)),
      ...groups.flatMap((group) =>
        group.terms.map((term) => {
          const dot = h("span", {
            class: "mwt-dot",
            "aria-hidden": "true",
            style: `background:var(${term.colour})`,
          });
          return h("span", {}, dot, h("span", { class: "mw-soft" }, term.label), h("b", {}, text(term, row)));
        }),
      ),
    );
  }

  let asked = 0;
  const soon = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      draw();
      update();
    });
  };
  session.onChange(soon);
  model.on("change:log_scale", soon);
  root.cleanups.push(
    () => cancelAnimationFrame(asked),
    () => model.off("change:log_scale", soon),
  );
  draw();
  update();
}

export default widget<Record<string, unknown>>({
  name: "training-tracker",
  label: "Training tracker",
  css: `${uplotCss}\n${css}`,
  mount: (model, root) => mount(model, root),
});
