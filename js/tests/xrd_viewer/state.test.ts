import { describe, expect, it } from "vitest";
import { publishLatent } from "../../src/shared/hub";
import { scattering } from "../../src/xrd_viewer/angles";
import { cosine, LEVELS, XrdState } from "../../src/xrd_viewer/state";
import { COPPER, MODEL, SALT, threePatterns, wire, xrdModel } from "./patterns";

const bytes = (curve: Float32Array, top: number) =>
  btoa(String.fromCharCode(...curve.map((y) => Math.round(LEVELS * Math.sqrt(y / top)))));

describe("the curves", () => {
  it("are the arrays that were sent", () => {
    const state = new XrdState(xrdModel());
    const { x, patterns } = state.curves.value;
    expect([x[0], x[800]]).toEqual([10, 90]);
    expect(x[200]).toBeCloseTo(30, 9);
    expect(patterns[0].y).toEqual(SALT);
    expect(patterns[0].other).toEqual(MODEL);
    expect(state.sampled.value).toBe(false);
    expect(state.intensity(SALT, 30)).toBeCloseTo(1, 5);
    expect(state.intensity(SALT, 30.05)).toBeCloseTo((SALT[200] + SALT[201]) / 2, 5);
  });

  it("of a saved notebook are a byte a point, and say so", () => {
    const saved = {
      n: 801,
      stretch: 1,
      top: 1,
      profiles: [bytes(SALT, 1)],
      reconstructions: [bytes(MODEL, 1)],
    };
    const state = new XrdState(xrdModel({ profiles: null, reconstructions: null, saved }));
    expect(state.sampled.value).toBe(true);
    const [{ y, other }] = state.curves.value.patterns;
    for (let i = 0; i < 801; i += 1) {
      expect(Math.abs(Math.sqrt(y[i]) - Math.sqrt(SALT[i]))).toBeLessThan(0.51 / LEVELS);
      expect(Math.abs(Math.sqrt(other![i]) - Math.sqrt(MODEL[i]))).toBeLessThan(0.51 / LEVELS);
    }
  });

  it("that were joined for a saved notebook stand where they were", () => {
    const joined = Float32Array.from({ length: 401 }, (_, i) => Math.max(SALT[2 * i], SALT[2 * i + 1] ?? 0));
    const saved = { n: 801, stretch: 2, top: 1, profiles: [bytes(joined, 1)], reconstructions: [""] };
    const state = new XrdState(xrdModel({ profiles: null, reconstructions: null, saved }));
    const { x, patterns } = state.curves.value;
    const highest = patterns[0].y.indexOf(Math.max(...patterns[0].y));
    expect(Math.abs(x[highest] - 30)).toBeLessThanOrEqual(0.1);
    expect(patterns[0].other).toBe(null);
  });

  it("without a reconstruction have rows that are no numbers", () => {
    const nothing = new Float32Array(801).fill(Number.NaN);
    const state = new XrdState(xrdModel({ reconstructions: wire([nothing]) }));
    expect(state.curves.value.patterns[0].other).toBe(null);
  });
});

describe("what is seen", () => {
  it("zooms around the cursor, on the axis that is drawn", () => {
    for (const axis of ["two_theta", "q"] as const) {
      const model = xrdModel({ axis, cursor: 30 });
      const state = new XrdState(model);
      const share = () => {
        const [low, high] = state.window.value.map((x) => (axis === "q" ? scattering(x, COPPER) : x));
        const at = axis === "q" ? scattering(30, COPPER) : 30;
        return (at - low) / (high - low);
      };
      const before = share();
      state.zoom(2);
      expect(share()).toBeCloseTo(before, 6);
      expect(model.get("window")).toEqual([...state.window.value]);
      state.zoom(0.25);
      expect(model.get("window")).toEqual([]);
    }
  });

  it("stays within the pattern, at least half a degree wide", () => {
    const state = new XrdState(xrdModel());
    state.show(45, 45.01);
    expect(state.window.value[1] - state.window.value[0]).toBeCloseTo(0.5, 9);
    state.show(85, 89);
    state.pan(3);
    expect(state.window.value).toEqual([86, 90]);
  });

  it("follows a cursor that leaves it", () => {
    const state = new XrdState(xrdModel());
    state.show(20, 30);
    state.setCursor(60);
    expect(state.window.value).toEqual([55, 65]);
  });
});

describe("peaks", () => {
  it("of both patterns are walked through in the order of the angle", () => {
    const state = new XrdState(xrdModel());
    const walked = [1, 2, 3, 4].map(() => state.walk(1)!);
    expect(walked.map(({ peak, number }) => [number, peak.at, peak.kind])).toEqual([
      [1, 30, "matched"],
      [2, 45, "matched"],
      [3, 60, "missed"],
      [4, 75, "extra"],
    ]);
    expect(state.walk(1)).toBe(null);
    expect(state.cursor.value).toBe(75);
    expect(state.walk(-1)!.peak.at).toBe(60);
  });

  it("are those of the pattern that is read", () => {
    const model = threePatterns({ hidden: [1] });
    const state = new XrdState(model);
    expect(state.peaks.value).toEqual([{ at: 30, intensity: 100, kind: "plain", partner: null }]);
    state.choose(1);
    expect(state.peaks.value).toEqual([]);
    expect(model.get("hidden")).toEqual([]); // what is read is drawn
    state.choose(7);
    expect(model.get("at")).toBe(1);
  });
});

describe("a linked hand", () => {
  it("asks one question at a time, and the last one always", () => {
    const model = xrdModel({ group: "g", latent: [0] });
    const state = new XrdState(model);
    const me = {};
    for (const z of [1, 2, 3]) publishLatent("g", me, [z]);
    publishLatent("other", me, [9]);
    expect(model.sent.map(({ data }) => data)).toEqual([{ latent: [1] }]);
    model.reply({ type: "reply", kind: "decode", id: model.sent[0].id, data: {} });
    expect(model.sent.map(({ data }) => data)).toEqual([{ latent: [1] }, { latent: [3] }]);
    model.reply({ type: "error", kind: "decode", id: model.sent[1].id, text: "too far" });
    expect(state.problem.value).toBe("too far");
    publishLatent("g", me, null); // given up: back to what is committed
    expect(model.sent.at(-1)?.data).toEqual({ latent: [0] });
    publishLatent("g", me, null);
    expect(model.sent.length).toBe(3);
    state.stop();
    publishLatent("g", me, [5]);
    expect(model.sent.length).toBe(3);
  });

  it("that lets go leaves no question that would come after what is committed", () => {
    const model = xrdModel({ group: "g" });
    const state = new XrdState(model);
    for (const z of [1, 2]) publishLatent("g", {}, [z]);
    model.receive({ latent: [3] });
    model.reply({ type: "reply", kind: "decode", id: model.sent[0].id, data: {} });
    expect(model.sent.length).toBe(1);
    state.stop();
  });
});

it("cosines are those of the curves", () => {
  expect(cosine(Float32Array.of(1, 0), Float32Array.of(1, 1))).toBeCloseTo(Math.SQRT1_2, 7);
  expect(cosine(SALT, SALT)).toBeCloseTo(1, 7);
  expect(cosine(SALT, new Float32Array(801))).toBe(null);
});
