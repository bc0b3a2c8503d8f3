import { describe, expect, it } from "vitest";
import { type Batch, gaps, History, MOST_ROWS } from "../../src/trackers/history";
import { Scrub } from "../../src/trackers/scrub";
import { thin } from "../../src/trackers/thin";

const COLUMNS = ["step", "loss", "fraction:Ti"];

function batch(first: number, count: number, value = (i: number) => i): Batch {
  const values = new Float64Array(count * 3);
  for (let i = 0; i < count; i++) values.set([first + i + 1, value(first + i), 0.5], i * 3);
  return { first, next: first + count, columns: COLUMNS, rows: count, values };
}

describe("thin", () => {
  it("keeps everything that fits", () => {
    expect(thin([3, 1, 2], 3)).toEqual([0, 1, 2]);
  });

  it("keeps both ends, the budget and a single spike", () => {
    const values = Array.from({ length: 10_000 }, (_, i) => Math.sin(i / 500));
    values[7777] = 50;
    values[3333] = -50;
    const kept = thin(values, 200);
    expect(kept.length).toBeLessThanOrEqual(200);
    expect(kept[0]).toBe(0);
    expect(kept.at(-1)).toBe(9999);
    expect(kept).toContain(7777);
    expect(kept).toContain(3333);
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
  });

  it("prefers numbers to NaN", () => {
    const values = Array.from({ length: 100 }, (_, i) => (i % 2 ? i : Number.NaN));
    expect(thin(values, 20).filter((i) => Number.isNaN(values[i])).length).toBeLessThanOrEqual(1); // the first row
  });
});

describe("History", () => {
  it("appends batches and says where columns begin", () => {
    const history = new History();
    expect(history.add(batch(0, 3))).toBe(true);
    expect(history.add(batch(3, 2))).toBe(true);
    expect(history.steps).toEqual([1, 2, 3, 4, 5]);
    expect(history.next).toBe(5);
    expect(history.lastStep).toBe(5);
    expect(history.named("fraction:")).toEqual(["fraction:Ti"]);
    expect(history.thinned).toBe(false);
  });

  it("drops rows it has already and tells of a gap", () => {
    const history = new History();
    history.add(batch(0, 5));
    expect(history.add(batch(3, 4))).toBe(true);
    expect(history.steps).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(history.add(batch(20, 1))).toBe(false);
    expect(history.thinned).toBe(true);
    expect(history.add(batch(0, 21))).toBe(true);
    expect(history.rows).toBe(21);
    expect(history.thinned).toBe(false);
  });

  it("does not grow for ever and keeps the ends and the spike", () => {
    const history = new History();
    for (let at = 0; at < 30_000; at += 500) history.add(batch(at, 500, (i) => (i === 12_345 ? 99 : 1)));
    expect(history.rows).toBeLessThanOrEqual(MOST_ROWS);
    expect(history.at("step", 0)).toBe(1);
    expect(history.lastStep).toBe(30_000);
    expect(history.column("loss")).toContain(99);
    expect(history.thinned).toBe(true);
  });

  it("reads what a notebook saved, null as no number", () => {
    const history = new History();
    history.load({ next: 80, columns: { step: [1, 40, 80], loss: [1, null, 3] } });
    expect(history.rows).toBe(3);
    expect(history.at("loss", 1)).toBeNaN();
    expect(history.thinned).toBe(true);
    expect(gaps(history.column("loss"))).toEqual([1, null, 3]);
  });

  it("gives no logarithm of what is not positive", () => {
    expect(gaps([2, 0, -1, Number.NaN], true)).toEqual([2, null, null, null]);
  });

  it("finds the nearest step", () => {
    const history = new History();
    history.load({ next: 100, columns: { step: [1, 10, 20] } });
    expect([0, 5, 6, 14, 16, 99].map((step) => history.nearest(step))).toEqual([0, 0, 1, 1, 2, 2]);
    expect(new History().nearest(3)).toBe(-1);
  });
});

describe("Scrub", () => {
  it("follows the end until told otherwise", () => {
    const history = new History();
    const scrub = new Scrub(history);
    expect(scrub.row).toBe(-1);
    expect(scrub.key("ArrowLeft")).toBe(false);
    history.add(batch(0, 30));
    expect(scrub.row).toBe(29);
    scrub.key("ArrowLeft");
    expect(scrub.step).toBe(29);
    history.add(batch(30, 10));
    expect(scrub.step).toBe(29);
    scrub.key("Home");
    expect(scrub.step).toBe(1);
    scrub.key("ArrowLeft");
    expect(scrub.step).toBe(1);
    scrub.key("PageUp");
    expect(scrub.step).toBe(11);
    scrub.to(17.4);
    expect(scrub.step).toBe(17);
    scrub.key("Escape");
    expect(scrub.following).toBe(true);
    expect(scrub.key("Escape")).toBe(false);
    expect(scrub.key("x")).toBe(false);
    scrub.to(3);
    scrub.key("End");
    expect(scrub.row).toBe(39);
  });
});
