import { describe, expect, it } from "vitest";
import { allBits, and, andNot, bitsOfRows, count, hasBit, rowsOf } from "../../src/gallery/bits";
import { csv, fileName, number, python } from "../../src/gallery/export";
import { amounts, pieces, readSearch, writeSearch } from "../../src/gallery/formula";
import { funnel, histogram, inOrder, type Rules, signOf } from "../../src/gallery/funnel";
import { Table } from "../../src/gallery/table";
import { rangeText, share } from "../../src/gallery/words";
import { COLUMNS, FORMULAS, flagBytes, GAP, galleryModel, NEUTRAL, NOVEL, wire } from "./materials";

const table = () => Table.of(galleryModel().state)!;
const rules = (more: Partial<Rules> = {}): Rules => ({
  order: ["neutral", "gap", "novel"],
  kept: ["neutral", "gap", "novel"],
  ranges: {},
  unknownPasses: false,
  elements: [],
  without: [],
  chosen: null,
  ...more,
});
const counts = (more: Partial<Rules> = {}, of = table()) =>
  funnel(of, rules(more)).stages.map(({ kind, name, count, lost }) => [name || kind, count, lost]);

describe("rows as bits", () => {
  it.each([1, 31, 32, 33, 64, 100])("are the same sets as lists, for %i rows", (n) => {
    const odd = Array.from({ length: n }, (_, i) => i).filter((i) => i % 2);
    const bits = bitsOfRows(odd, n);
    expect(count(allBits(n))).toBe(n);
    expect([...rowsOf(bits)]).toEqual(odd);
    expect(count(andNot(allBits(n), bits))).toBe(n - odd.length);
    expect(count(and(bits, andNot(allBits(n), bits)))).toBe(0);
    expect(hasBit(bits, n - 1)).toBe((n - 1) % 2 === 1);
  });
});

describe("the funnel", () => {
  it("counts what each filter in turn leaves and loses", () => {
    expect(counts()).toEqual([
      ["all", 8, undefined],
      ["neutral", 6, 2],
      ["gap", 6, 0],
      ["novel", 1, 5],
    ]);
    expect([...rowsOf(funnel(table(), rules()).survivors)]).toEqual([4]);
  });

  it("says what a dropped filter would lose, and lets it lose nothing", () => {
    expect(counts({ kept: ["gap", "novel"] })).toEqual([
      ["all", 8, undefined],
      ["neutral", 8, 2],
      ["gap", 8, 0],
      ["novel", 3, 5],
    ]);
  });

  it("keeps the ends of a range inside, as float32: 1.1 is not above 1.1", () => {
    const ranged = (low: number | null, high: number | null) => [
      ...rowsOf(funnel(table(), rules({ kept: ["gap"], ranges: { gap: [low, high] } })).survivors),
    ];
    expect(Math.fround(1.1)).toBeGreaterThan(1.1);
    expect(ranged(null, 1.1)).toEqual([2, 7]);
    expect(ranged(1.1, 3)).toEqual([1, 4, 7]);
    expect(ranged(8.5, null)).toEqual([5, 6]);
  });

  it("lets what is unknown pass only where that is asked for", () => {
    const left = (unknownPasses: boolean, more: Partial<Rules>) => [
      ...rowsOf(funnel(table(), rules({ unknownPasses, ...more })).survivors),
    ];
    expect(left(false, { kept: ["novel"] })).toEqual([2, 4, 7]);
    expect(left(true, { kept: ["novel"] })).toEqual([2, 3, 4, 7]);
    expect(left(false, { kept: ["gap"], ranges: { gap: [0, null] } })).toEqual([0, 1, 2, 4, 5, 6, 7]);
    expect(left(true, { kept: ["gap"], ranges: { gap: [0, null] } })).toHaveLength(8);
    // a range that is open at both ends asks nothing
    expect(left(false, { kept: ["gap"] })).toHaveLength(8);
    const stages = funnel(table(), rules()).stages;
    expect(stages.map(({ unknown }) => unknown)).toEqual([undefined, 0, 0, 1]);
  });

  it("tells cobalt from carbon and oxygen", () => {
    const with_ = (elements: string[], without: string[] = []) => [
      ...rowsOf(funnel(table(), rules({ kept: [], elements, without })).survivors),
    ];
    expect(with_(["Co"])).toEqual([2]);
    expect(with_(["C"])).toEqual([3]);
    expect(with_(["Ti", "O"], ["Pb"])).toEqual([0, 1]);
    expect(with_(["Xe"])).toEqual([]);
    expect(counts({ elements: ["O"] }).slice(0, 3)).toEqual([
      ["all", 8, undefined],
      ["elements", 5, undefined],
      ["neutral", 4, 1],
    ]);
  });

  it("can be filled with chosen rows only", () => {
    expect(counts({ chosen: Uint32Array.of(4, 5, 7) })).toEqual([
      ["all", 8, undefined],
      ["chosen", 3, undefined],
      ["neutral", 2, 1],
      ["gap", 2, 0],
      ["novel", 1, 1],
    ]);
  });

  it("looks at the numbers of a filter again only when its own range moves", () => {
    const of = table();
    const first = of.passes("gap", [1, 2], false);
    expect(of.passes("gap", [1, 2], false)).toBe(first);
    expect(of.passes("gap", [1, 3], false)).not.toBe(first);
  });

  it("says of single rows the same as of all", () => {
    const of = table();
    for (const range of [[1.1, 3] as const, [null, null] as const])
      for (const name of ["neutral", "gap", "novel"])
        for (let row = 0; row < 8; row += 1) {
          const sign = signOf(of, name, range, row);
          expect(sign === "1").toBe(hasBit(of.passes(name, range, false), row));
          expect(sign !== "0").toBe(hasBit(of.passes(name, range, true), row));
        }
  });

  it("agrees with a count row by row on many rows", () => {
    let seed = 7;
    const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const n = 1003;
    const flag = Array.from({ length: n }, () => [0, 1, null][Math.floor(3 * random())]);
    const gap = Float32Array.from({ length: n }, () => (random() < 0.1 ? Number.NaN : 10 * random()));
    const names = Array.from({ length: n }, (_, i) => (i % 3 ? "TiO2" : "NaCl"));
    const text = new TextEncoder().encode(names.join("\n"));
    const columns = [COLUMNS[2], { ...COLUMNS[1], ends: [0, 10] }];
    const of = Table.of({
      n,
      columns,
      formulas: wire("uint8", text, [text.length]),
      flags: wire("uint8", flagBytes([flag]), [1, 2, 126]),
      numbers: wire("float32", gap, [1, n]),
    })!;
    const expected = names.flatMap((name, i) =>
      name === "TiO2" && flag[i] === 1 && gap[i] >= 2 && gap[i] <= 7 ? [i] : [],
    );
    const { survivors } = funnel(
      of,
      rules({ order: ["novel", "gap"], ranges: { gap: [2, 7] }, elements: ["Ti"] }),
    );
    expect(expected.length).toBeGreaterThan(50);
    expect([...rowsOf(survivors)]).toEqual(expected);
  });

  it("sorts by a number with what is unknown last, either way, and equals as they came", () => {
    const of = table();
    const all = allBits(8);
    expect([...inOrder(all, of.order("gap")!)]).toEqual([2, 7, 4, 1, 0, 5, 6, 3]);
    expect([...inOrder(all, of.order("-gap")!)]).toEqual([5, 6, 0, 1, 4, 7, 2, 3]);
    expect([...inOrder(bitsOfRows([3, 4, 5], 8), of.order("gap")!)]).toEqual([4, 5, 3]);
    expect(of.order("")).toBeNull();
    expect(of.order("neutral")).toBeNull();
  });

  it("bins numbers between their ends, both included", () => {
    expect([...histogram(Float32Array.from(GAP), allBits(8), [0.5, 8.5], 4)]).toEqual([3, 2, 0, 2]);
  });

  it("is nothing where the arrays are missing or do not fit", () => {
    const { state } = galleryModel();
    expect(Table.of({ ...state, formulas: null })).toBeNull();
    expect(Table.of({ ...state, flags: null })).toBeNull();
    expect(Table.of({ ...state, n: 9 })).toBeNull();
    expect([table().value("neutral", 2), table().value("novel", 3), table().value("gap", 3)]).toEqual([
      false,
      null,
      null,
    ]);
    expect(NEUTRAL.length).toBe(NOVEL.length);
  });
});

describe("formulas", () => {
  it("are read with brackets, and refused where they are none", () => {
    expect(amounts("Ga(MoS2)4")).toEqual(
      new Map([
        ["Ga", 1],
        ["Mo", 4],
        ["S", 8],
      ]),
    );
    expect(amounts("Ba0.5Sr0.5TiO3")?.get("Ba")).toBe(0.5);
    for (const text of ["Xx2", "Ti(O", "Ti)O", "<b>", "water", ""]) expect(amounts(text)).toBeNull();
  });

  it("have their amounts lowered, and nothing lost", () => {
    expect(
      pieces("Ga(MoS2)4")
        .filter(({ sub }) => sub)
        .map(({ text }) => text),
    ).toEqual(["2", "4"]);
    for (const formula of [...FORMULAS, "CuSO4·5H2O", "<img>", "2H2O"])
      expect(
        pieces(formula)
          .map(({ text }) => text)
          .join(""),
      ).toBe(formula);
    expect(
      pieces("CuSO4·5H2O")
        .filter(({ sub }) => sub)
        .map(({ text }) => text),
    ).toEqual(["4", "2"]);
  });

  it("are searched by symbols, a minus for what must not be there", () => {
    expect(readSearch("ti, O  −pb -Cd")).toEqual({ elements: ["Ti", "O"], without: ["Pb", "Cd"] });
    expect(readSearch("")).toEqual({ elements: [], without: [] });
    expect(readSearch("Ti Qq")).toContain("Qq");
    expect(writeSearch({ elements: ["Ti"], without: ["Pb"] })).toBe("Ti −Pb");
  });
});

describe("what leaves the page", () => {
  it("is CSV that reads back as the same numbers", () => {
    const text = csv(table(), "formula", COLUMNS, Uint32Array.of(7, 3));
    expect(text).toBe("row,formula,neutral,gap (eV),novel\n7,Ga(MoS2)4,False,1.1,True\n3,CO,True,,\n");
    for (const x of [1.1, 0.1, 1 / 3, 12345.678, 1e-20, 3e30, -7.25, 16777217])
      expect(Math.fround(Number(number(Math.fround(x))))).toBe(Math.fround(x));
  });

  it("quotes what would break a row", () => {
    const of = table();
    of.names[0] = 'a,"b"';
    expect(csv(of, "formula", [], Uint32Array.of(0))).toBe('row,formula\n0,"a,""b"""\n');
  });

  it("is a line of Python, and a plain file name", () => {
    expect(python(table(), Uint32Array.of(0, 7))).toBe('formulas = ["SrTiO3", "Ga(MoS2)4"]');
    expect(fileName("Samples of a WGAN / 2")).toBe("samples-of-a-wgan-2.csv");
    expect(fileName("…")).toBe("materials.csv");
  });

  it("says shares and ranges without rounding something to nothing or to all", () => {
    expect([
      share(1, 3),
      share(1, 10_000),
      share(9999, 10_000),
      share(0, 5),
      share(5, 5),
      share(1, 1e6),
    ]).toEqual(["33.3 %", "0.01 %", "99.99 %", "0.0 %", "100.0 %", "< 0.01 %"]);
    expect([
      rangeText([0.1, null], "eV"),
      rangeText([null, 2], ""),
      rangeText([1, 10], "eV"),
      rangeText([null, null], "eV"),
    ]).toEqual(["≥ 0.1 eV", "≤ 2", "1 – 10 eV", "any number"]);
  });
});
