import { describe, expect, it } from "vitest";
import {
  buttons,
  duration,
  fraction,
  pace,
  progressText,
  type RunFacts,
  settled,
  stateText,
} from "../../src/trackers/controls";

function facts(more: Partial<RunFacts> = {}): RunFacts {
  return {
    state: "running",
    steps: 43,
    total: 100,
    rate: 61,
    secondsLeft: 0.93,
    link: "live",
    pending: null,
    ...more,
  };
}

describe("buttons", () => {
  it("follow the state of the run", () => {
    expect(buttons(facts())).toEqual({
      main: { command: "pause", label: "Pause", enabled: true },
      step: false,
      stop: true,
    });
    expect(buttons(facts({ state: "paused" }))).toEqual({
      main: { command: "resume", label: "Resume", enabled: true },
      step: true,
      stop: true,
    });
    expect(buttons(facts({ state: "ready" })).main).toEqual({
      command: "start",
      label: "Start",
      enabled: true,
    });
  });

  it.each(["done", "stopped", "failed", "stopping"] as const)("are all off when %s", (state) => {
    const { main, step, stop } = buttons(facts({ state }));
    expect([main.enabled, step, stop]).toEqual([false, false, false]);
  });

  it.each(["connecting", "lost", "recorded"] as const)("are all off when %s", (link) => {
    for (const state of ["ready", "running", "paused"] as const) {
      const { main, step, stop } = buttons(facts({ state, link }));
      expect([main.enabled, step, stop]).toEqual([false, false, false]);
    }
  });

  it("wait for what was asked for, but one may always stop", () => {
    const { main, stop } = buttons(facts({ pending: "pause" }));
    expect([main.enabled, stop]).toEqual([false, true]);
    expect(buttons(facts({ pending: "stop" })).stop).toBe(false);
  });

  it("know when it has happened", () => {
    expect(settled("pause", 5, "running", 6)).toBe(false);
    expect(settled("pause", 5, "paused", 6)).toBe(true);
    expect(settled("step", 5, "paused", 5)).toBe(false);
    expect(settled("step", 5, "paused", 6)).toBe(true);
    expect(settled("resume", 5, "running", 5)).toBe(true);
    expect(settled("stop", 5, "running", 9)).toBe(false);
    expect(settled("stop", 5, "stopping", 9)).toBe(true);
    expect(settled("pause", 5, "done", 5)).toBe(true);
  });
});

describe("progress", () => {
  it("has no bar where the whole is unknown", () => {
    expect(fraction(43, 100)).toBe(0.43);
    expect(fraction(43, null)).toBeNull();
    expect(fraction(43, 0)).toBeNull();
    expect(fraction(130, 100)).toBe(1);
  });

  it("gives rate and time only while they mean something", () => {
    expect(progressText(facts())).toBe("43 of 100 steps · 61 steps/s · under 1 s left");
    expect(progressText(facts({ rate: null, secondsLeft: null }))).toBe("43 of 100 steps");
    expect(progressText(facts({ state: "paused" }))).toBe("43 of 100 steps");
    expect(progressText(facts({ link: "lost" }))).toBe("43 of 100 steps");
    expect(progressText(facts({ total: null }))).toBe("43 steps · 61 steps/s");
    expect(progressText(facts({ total: null, steps: 1, rate: null }), "epoch")).toBe("1 epoch");
  });

  it("writes durations and paces as people say them", () => {
    expect([0.4, 8.4, 89, 150, 5400, 7500].map(duration)).toEqual([
      "under 1 s",
      "8 s",
      "89 s",
      "3 min",
      "1 h 30 min",
      "2 h 5 min",
    ]);
    expect([2.5, 61.2, 0.1].map((rate) => pace(rate, "epoch"))).toEqual([
      "2.5 epochs/s",
      "61 epochs/s",
      "10 s per epoch",
    ]);
  });
});

describe("the word for the state", () => {
  it("never shows a run that is gone as running", () => {
    expect(stateText(facts())).toBe("Running");
    expect(stateText(facts({ link: "lost" }))).toBe("No answer from the kernel");
    expect(stateText(facts({ link: "connecting" }))).toBe("Connecting");
    expect(stateText(facts({ link: "recorded" }))).toBe("Recorded · unfinished");
    expect(stateText(facts({ link: "recorded", state: "done" }))).toBe("Recorded · done");
    expect(stateText(facts({ link: "lost", state: "done" }))).toBe("Done");
    expect(stateText(facts({ pending: "pause" }))).toBe("Pausing");
  });
});
