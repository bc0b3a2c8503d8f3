import { describe, expect, it } from "vitest";
import { CONNECT_MS, Session, SILENCE_MS } from "../../src/trackers/session";
import { FakeClock, FakeModel, records, traits } from "./fake";

const COLUMNS = ["step", "loss"];

function open(more: Record<string, unknown> = {}) {
  const model = new FakeModel(traits(more));
  const clock = new FakeClock();
  return { model, clock, session: new Session(model, clock) };
}

function live(more: Record<string, unknown> = {}) {
  const opened = open(more);
  opened.model.message({ type: "alive" });
  return opened;
}

describe("Session", () => {
  it("asks who is there and believes nobody before an answer", () => {
    const { model, session } = open();
    expect(model.sent).toEqual([{ type: "hello" }]);
    expect(session.link).toBe("connecting");
    session.command("pause");
    expect(model.sent).toHaveLength(1);
    model.message(...records(0, COLUMNS, [[1, 5]], "history"));
    expect(session.link).toBe("live");
    expect(session.history.rows).toBe(1);
  });

  it("shows the saved history as recorded when nobody answers, and wakes when somebody does", () => {
    const saved = { next: 100, columns: { step: [1, 50, 100], loss: [3, 2, 1] } };
    const { model, clock, session } = open({ saved, state: "paused", steps: 100 });
    expect(session.history.rows).toBe(3);
    clock.advance(CONNECT_MS);
    expect(session.link).toBe("recorded");
    model.push({ steps: 101 });
    expect(session.link).toBe("live");
  });

  it("shows what was saved where there is no kernel to send to", () => {
    const model = new FakeModel(traits());
    model.broken = true;
    const session = new Session(model, new FakeClock());
    expect(session.link).toBe("recorded");
    expect(session.trouble).toBe("");
  });

  it("notices that a run has fallen silent, and that it has come back", () => {
    const { model, clock, session } = live();
    let told = 0;
    session.onChange(() => told++);
    clock.advance(SILENCE_MS - 2000);
    model.message({ type: "alive" });
    clock.advance(SILENCE_MS - 1000);
    expect(session.link).toBe("live");
    clock.advance(2000);
    expect(session.link).toBe("lost");
    expect(told).toBe(2);
    const asked = model.sent.length;
    model.message({ type: "alive" });
    expect(session.link).toBe("live");
    expect(model.sent.slice(asked)).toEqual([{ type: "hello" }]);
  });

  it("expects no sign of life from a run that has ended", () => {
    const { clock, session } = live({ state: "done" });
    clock.advance(10 * SILENCE_MS);
    expect(session.link).toBe("live");
  });

  it("keeps a command waiting until the run shows that it happened", () => {
    const { model, session } = live();
    session.command("pause");
    expect(model.sent.at(-1)).toEqual({ type: "command", name: "pause" });
    expect(session.pending).toBe("pause");
    model.push({ steps: 7 });
    expect(session.pending).toBe("pause");
    model.push({ state: "paused" });
    expect(session.pending).toBeNull();
    session.command("step");
    model.push({ steps: 8 });
    expect(session.pending).toBeNull();
  });

  it("shows the text of a command that failed", () => {
    const { model, session } = live();
    session.command("pause");
    model.message({ type: "error", text: "no such run" });
    expect(session.pending).toBeNull();
    expect(session.trouble).toBe("no such run");
  });

  it("asks for the whole when records are missing, at most once a second", () => {
    const { model, clock, session } = live();
    clock.advance(1500);
    model.message(...records(10, COLUMNS, [[11, 1]]));
    model.message(...records(12, COLUMNS, [[13, 1]]));
    expect(model.sent.filter((message) => message.type === "hello")).toHaveLength(2);
    model.message(
      ...records(
        0,
        COLUMNS,
        [...Array(14)].map((_, i) => [i + 1, 1]),
        "history",
      ),
    );
    expect(session.history.thinned).toBe(false);
    expect(session.history.rows).toBe(14);
  });

  it("reads buffers that begin anywhere, and restarts from the second", () => {
    const { model, session } = live();
    const bytes = new Uint8Array(3 + 16);
    bytes.set(new Uint8Array(new Float64Array([1, 7]).buffer), 3);
    model.message(
      {
        type: "records",
        first: 0,
        next: 1,
        columns: COLUMNS,
        rows: 1,
        family: { columns: ["step", "family:K:0"], rows: 1 },
      },
      [new DataView(bytes.buffer, 3), new DataView(new Float64Array([1, 9]).buffer)],
    );
    expect(session.history.at("loss", 0)).toBe(7);
    expect(session.family.at("family:K:0", 0)).toBe(9);
  });

  it("looks at the end again when the run is told to go on", () => {
    const { model, session } = live({ state: "paused" });
    model.message(
      ...records(
        0,
        COLUMNS,
        [
          [1, 1],
          [2, 1],
        ],
        "history",
      ),
    );
    model.push({ cursor: 1 });
    expect(session.scrub.step).toBe(1);
    session.command("resume");
    expect(session.scrub.following).toBe(true);
    expect(model.get("cursor")).toBe(-1);
  });

  it("leaves nothing behind", () => {
    const { model, clock, session } = live();
    session.dispose();
    expect(model.listeners()).toBe(0);
    let told = 0;
    session.onChange(() => told++);
    clock.advance(60_000);
    expect(told).toBe(0);
  });
});
