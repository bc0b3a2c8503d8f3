/** Where in the history one looks: at its growing end, or at a step that was chosen. No DOM. */
import type { History } from "./history";

/** The value of the `cursor` trait that means "follow the last step". */
export const FOLLOW = -1;

export class Scrub {
  /** Chosen step, or FOLLOW. */
  step = FOLLOW;

  constructor(private readonly history: History) {}

  get following(): boolean {
    return this.step === FOLLOW;
  }

  /** Row of the history that is looked at; -1 while there is none. */
  get row(): number {
    return this.following ? this.history.rows - 1 : this.history.nearest(this.step);
  }

  /** Look at the recorded step nearest to `step`. */
  to(step: number): void {
    const row = this.history.nearest(step);
    if (row >= 0) this.step = this.history.at("step", row);
  }

  follow(): void {
    this.step = FOLLOW;
  }

  /** What a key does; false if it is none of ours. */
  key(name: string): boolean {
    const last = this.history.rows - 1;
    if (last < 0) return false;
    const move = MOVES[name];
    if (move === undefined) {
      if (name !== "Escape" || this.following) return false;
      this.follow();
      return true;
    }
    const row = Math.min(last, Math.max(0, this.row + move));
    if (name === "End") this.follow();
    else this.step = this.history.at("step", row);
    return true;
  }
}

const MOVES: Record<string, number> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowDown: -1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};
