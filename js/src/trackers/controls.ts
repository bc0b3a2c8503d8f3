/** What the buttons of a tracker may do and what its progress line says. No DOM. */

export type RunState = "ready" | "running" | "paused" | "stopping" | "done" | "stopped" | "failed";
export type Command = "start" | "pause" | "resume" | "step" | "stop";

/**
 * How sure the page is that the run is there. `connecting`: asked, no answer yet. `live`: heard from lately. `lost`: was
 * live and fell silent. `recorded`: nobody answers; what is shown comes from the saved notebook.
 */
export type Link = "connecting" | "live" | "lost" | "recorded";

export interface RunFacts {
  state: RunState;
  steps: number;
  total: number | null;
  rate: number | null;
  secondsLeft: number | null;
  link: Link;
  /** A command that was sent and whose effect has not been seen yet. */
  pending: Command | null;
}

export interface Buttons {
  main: { command: "start" | "pause" | "resume"; label: string; enabled: boolean };
  step: boolean;
  stop: boolean;
}

export function ended(state: RunState): boolean {
  return state === "done" || state === "stopped" || state === "failed";
}

export function buttons(facts: RunFacts, unit = "step"): Buttons {
  const { state, pending } = facts;
  const here = facts.link === "live" && !ended(state) && state !== "stopping" && pending !== "stop";
  const free = here && pending === null;
  const main =
    state === "running"
      ? { command: "pause" as const, label: "Pause", enabled: free }
      : state === "ready"
        ? { command: "start" as const, label: "Start", enabled: free }
        : { command: "resume" as const, label: "Resume", enabled: free && state === "paused" };
  return { main, step: free && unit !== "" && (state === "paused" || state === "ready"), stop: here };
}

/** Whether what was asked for has happened, given the facts before (`steps` at the time of asking) and now. */
export function settled(command: Command, stepsThen: number, state: RunState, steps: number): boolean {
  if (ended(state)) return true;
  switch (command) {
    case "pause":
      return state === "paused";
    case "start":
    case "resume":
      return state === "running" || steps > stepsThen;
    case "step":
      return state === "paused" && steps > stepsThen;
    case "stop":
      return state === "stopping";
  }
}

/** Done part of the whole, or null where the whole is unknown: then there is no bar. */
export function fraction(steps: number, total: number | null): number | null {
  if (total === null || !(total > 0)) return null;
  return Math.min(1, Math.max(0, steps / total));
}

export function duration(seconds: number): string {
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function pace(rate: number, unit: string): string {
  if (rate >= 0.95) return `${rate < 9.95 ? rate.toFixed(1) : Math.round(rate)} ${unit}s/s`;
  return `${duration(1 / rate)} per ${unit}`;
}

/** "43 of 100 steps · 61 steps/s · 1 s left"; rate and time only while they mean something. */
export function progressText(facts: RunFacts, unit = "step"): string {
  const { steps, total, rate, secondsLeft, state } = facts;
  const whole = fraction(steps, total);
  const done = whole === null ? `${steps} ${unit}${steps === 1 ? "" : "s"}` : `${steps} of ${total} ${unit}s`;
  const parts = [done];
  if (state === "running" && facts.link === "live") {
    if (rate !== null && rate > 0) parts.push(pace(rate, unit));
    if (whole !== null && whole < 1 && secondsLeft !== null) parts.push(`${duration(secondsLeft)} left`);
  }
  return parts.join(" · ");
}

const STATES: Record<RunState, string> = {
  ready: "Ready",
  running: "Running",
  paused: "Paused",
  stopping: "Stopping",
  done: "Done",
  stopped: "Stopped early",
  failed: "Failed",
};

/** The word of the chip: never a run that is gone shown as running. */
export function stateText(facts: Pick<RunFacts, "state" | "link" | "pending">): string {
  const { state, link, pending } = facts;
  if (link === "recorded")
    return ended(state) ? `Recorded · ${STATES[state].toLowerCase()}` : "Recorded · unfinished";
  if (link === "lost" && !ended(state)) return "No answer from the kernel";
  if (link === "connecting" && !ended(state)) return "Connecting";
  if (pending === "pause") return "Pausing";
  if (pending === "stop") return "Stopping";
  return STATES[state];
}
