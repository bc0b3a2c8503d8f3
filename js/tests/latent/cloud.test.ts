import { describe, expect, it } from "vitest";
import { Cloud, combine, type Place, stride } from "../../src/latent/cloud";
import { marks, sampledOrder } from "../../src/latent/painter";
import { classColours, levelColours, parseColour } from "../../src/latent/palette";
import { dotFor } from "../../src/latent/screen";
import { overview, pan, reveal, toPixel, toPlace, zoom } from "../../src/latent/viewport";

/** Repeatable numbers from 0 to 1 (a linear congruential generator). */
function numbers(count: number, seed = 1): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  });
}

function cloud(count = 3000): Cloud {
  // Most of them in one corner: the cells are filled very unevenly.
  const x = numbers(count).map((t) => t ** 4);
  const y = numbers(count, 7).map((t) => 10 * t ** 3);
  return new Cloud(x, y, [0, 1, 0, 10]);
}

describe("points", () => {
  it("have the numbers of the wire", () => {
    const coarse = Uint16Array.of(0, 65535, 32768, 1);
    const fine = Uint8Array.of(0, 255, 7, 2);
    const { x, y } = Cloud.of(coarse, fine, [-2, 3, 10, 20]);
    expect(x[0]).toBe(-2);
    expect(y[0]).toBeCloseTo(20, 12);
    expect(x[1]).toBe(-2 + (32768 * 256 + 7) * (5 / (2 ** 24 - 1)));
    expect(y[1]).toBe(10 + 258 * (10 / (2 ** 24 - 1)));
  });

  it("are found by the nearest, as by looking at all of them", () => {
    const points = cloud();
    const [px, py] = [numbers(200, 3), numbers(200, 5)];
    for (let i = 0; i < 200; i += 1) {
      const place: Place = [1.4 * px[i] - 0.2, 14 * py[i] - 2];
      const distance = (row: number) => Math.hypot(points.x[row] - place[0], points.y[row] - place[1]);
      let best = 0;
      for (let row = 1; row < points.count; row += 1) if (distance(row) < distance(best)) best = row;
      expect(points.nearest(place)).toBe(best);
      expect(points.nearest(place, distance(best) * 0.99)).toBe(-1);
    }
    expect(new Cloud(new Float64Array(0), new Float64Array(0), [0, 1, 0, 1]).nearest([0, 0])).toBe(-1);
  });

  it("lie inside a lasso with a bay, and not in the bay", () => {
    const x = Float64Array.of(1, 3, 2, 5);
    const y = Float64Array.of(1, 1, 2.5, 1);
    const shape: Place[] = [
      [0, 0],
      [4, 0],
      [4, 3],
      [2, 1.5],
      [0, 3],
    ];
    expect([...new Cloud(x, y, [1, 5, 1, 2.5]).inside(shape)]).toEqual([0, 1]);
    expect([...new Cloud(x, y, [1, 5, 1, 2.5]).inside(shape.slice(0, 2))]).toEqual([]);
  });

  it("lie inside a box however it is drawn", () => {
    const points = cloud();
    const wanted = [...points.x.keys()].filter((row) => points.x[row] <= 0.3 && points.y[row] >= 2);
    expect(wanted.length).toBeGreaterThan(10);
    expect([...points.box([0.3, 10], [-1, 2])]).toEqual(wanted);
  });
});

describe("sampling", () => {
  it.each([1, 2, 7, 100, 4096, 85014])("visits each of %i rows once", (count) => {
    expect(new Set(sampledOrder(count)).size).toBe(count);
    expect(stride(count)).toBeGreaterThan(0);
  });

  it("spreads any first part over sorted rows", () => {
    const order = sampledOrder(100_000);
    const tenths = new Array(10).fill(0);
    for (const row of order.subarray(0, 1000)) tenths[Math.floor(row / 10_000)] += 1;
    expect(Math.max(...tenths) - Math.min(...tenths)).toBeLessThanOrEqual(2);
  });

  it("keeps a point's colour and choice with it", () => {
    const order = sampledOrder(5);
    const bytes = marks(order, Uint8Array.of(10, 11, 12, 13, 14), Uint32Array.of(1, 3));
    order.forEach((row, k) => {
      expect(bytes[2 * k]).toBe(10 + row);
      expect(bytes[2 * k + 1]).toBe(row === 1 || row === 3 ? 1 : 0);
    });
    // One point alone leaves the others their colours.
    expect([...marks(order, null, Uint32Array.of(1))].filter((_, i) => i % 2)).toEqual([2, 2, 2, 2, 2]);
  });
});

it("adds and takes away rows", () => {
  const [a, b] = [Uint32Array.of(1, 5, 9), Uint32Array.of(5, 2)];
  expect([...combine(a, b, "add")]).toEqual([1, 2, 5, 9]);
  expect([...combine(a, b, "remove")]).toEqual([1, 9]);
});

describe("the view", () => {
  const whole = overview([0, 10, -1, 1], 400, 300);

  it("shows everything with equal scales and leads back", () => {
    expect(toPixel(whole, [0, 0], 400, 300)[0]).toBeGreaterThan(0);
    expect(toPixel(whole, [10, 0], 400, 300)[0]).toBeLessThan(400);
    const [x, y] = toPlace(whole, ...toPixel(whole, [3.5, 0.7], 400, 300), 400, 300);
    expect([x, y]).toEqual([expect.closeTo(3.5, 12), expect.closeTo(0.7, 12)]);
  });

  it("zooms around what is pointed at, within its ends", () => {
    const near = zoom(whole, 8, [7, 0.5], whole);
    expect(near.scale).toBe(8 * whole.scale);
    expect(toPixel(near, [7, 0.5], 400, 300)).toEqual(
      toPixel(whole, [7, 0.5], 400, 300).map((v) => expect.closeTo(v, 9)),
    );
    expect(zoom(whole, 1e-9, [0, 0], whole).scale).toBe(0.5 * whole.scale);
    expect(zoom(whole, 1e9, [0, 0], whole).scale).toBe(4000 * whole.scale);
  });

  it("moves with the hand, and just far enough to show a place", () => {
    expect(toPixel(pan(whole, 30, -20), [1, 0], 400, 300)).toEqual(
      toPixel(whole, [1, 0], 400, 300).map((v, i) => expect.closeTo(v + [30, -20][i], 9)),
    );
    expect(reveal(whole, [5, 0], 400, 300)).toBe(whole);
    const close = zoom(whole, 10, [5, 0], whole);
    const [x] = toPixel(reveal(close, [10, 0], 400, 300), [10, 0], 400, 300);
    expect(x).toBeCloseTo(400 - 24, 9);
  });
});

it("draws fewer points larger and more opaque", () => {
  const [few, many] = [dotFor(500, 1, 3e5, 1), dotFor(1e6, 1, 3e5, 1)];
  expect(few.size).toBeGreaterThan(2 * many.size);
  expect(few.opacity).toBeGreaterThan(2 * many.opacity);
  expect(dotFor(1e6, 1000, 3e5, 1).size).toBeGreaterThan(many.size);
  expect(dotFor(500, 1, 3e5, 2).size).toBe(2 * few.size);
});

describe("colours", () => {
  const palette = [parseColour("#0072b2"), parseColour("rgb(192, 85, 0)"), parseColour("#abc")];

  it("are read as CSS has them", () => {
    expect(palette).toEqual([
      [0, 114, 178],
      [192, 85, 0],
      [170, 187, 204],
    ]);
  });

  it("follow classes, order, numbers and what is missing", () => {
    const at = (table: Uint8Array, level: number) => [...table.subarray(3 * level, 3 * level + 3)];
    const named = levelColours(
      { kind: "class", labels: ["a", "b"] },
      palette,
      "viridis",
      [1, 1, 1],
      [9, 9, 9],
    );
    expect([at(named, 1), at(named, 255)]).toEqual([
      [192, 85, 0],
      [9, 9, 9],
    ]);
    const numbers_ = levelColours({ kind: "number" }, palette, "viridis", [1, 1, 1], [9, 9, 9]);
    expect([at(numbers_, 0), at(numbers_, 254), at(numbers_, 255)]).toEqual([
      [0x44, 0x01, 0x54],
      [0xfd, 0xe7, 0x25],
      [9, 9, 9],
    ]);
    expect(at(levelColours({}, palette, "viridis", [1, 2, 3], [9, 9, 9]), 0)).toEqual([1, 2, 3]);
    const ordered = classColours({ kind: "class", ordered: true, labels: ["1", "2"] }, palette, "viridis");
    expect(ordered[1]).toEqual([0xfd, 0xe7, 0x25]);
  });
});
