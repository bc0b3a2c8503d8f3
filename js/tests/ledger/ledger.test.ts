// @vitest-environment jsdom
import "../trackers/dom";
import { beforeEach, describe, expect, it } from "vitest";
import { type Claim, details, grounds, shown, tally } from "../../src/ledger/claims";
import ledger from "../../src/widgets/ledger";
import { FakeModel } from "../trackers/fake";

function claim(more: Partial<Claim> = {}): Claim {
  return {
    id: "tic",
    quantity: "Bulk modulus of TiC",
    unit: "GPa",
    published: 238.8,
    here: 231.2,
    control: 142,
    where: "Table 2",
    control_is: "mean of the elements",
    tolerance: 5,
    tolerance_reason: "test MAE",
    protocol: "predict",
    recorded: null,
    verdict: "close",
    why: "low",
    ...more,
  };
}

describe("a ledger in words", () => {
  it("shows numbers, intervals, phenomena and nothing", () => {
    expect([238.8, 142, 0.02, 33.3, 5151, -3, [0, 1.5] as [number, number], "yes", null].map(shown)).toEqual([
      "238.8",
      "142",
      "0.02",
      "33.3",
      "5\u202f151",
      "\u22123",
      "0 to 1.5",
      "yes",
      "\u2013",
    ]);
  });

  it("tells how a number was obtained, only what there is", () => {
    expect(details(claim({ recorded: { value: 8.31, where: "card" } }))).toEqual([
      ["In the paper", "Table 2"],
      ["Protocol", "predict"],
      ["Control", "mean of the elements"],
      ["Tolerance", "± 5 GPa: test MAE"],
      ["Recorded at training", "8.31 GPa (card)"],
      ["Why", "low"],
    ]);
    expect(
      details(
        claim({ tolerance: null, tolerance_reason: "", protocol: "", where: "", control_is: "", why: "" }),
      ),
    ).toEqual([]);
  });

  it("counts verdicts in their order", () => {
    const verdicts = tally([claim(), claim({ verdict: "reproduced" }), claim()]);
    expect(verdicts).toEqual([
      { verdict: "reproduced", count: 1 },
      { verdict: "close", count: 2 },
    ]);
  });

  it("says what the numbers stand on", () => {
    const doc = {
      claims: [],
      wall_s: 94.2,
      peak_rss_mb: 612,
      data: [{ name: "t", sha256: "ab".repeat(32), rows: 10 }],
    };
    expect(grounds(doc)).toEqual([
      "This run took 94.2 s and 612 MB at most.",
      "Table t: 10 rows, sha256 abababababab…",
    ]);
  });
});

describe("Ledger", () => {
  beforeEach(() => document.body.replaceChildren());

  function open(claims: Claim[]) {
    const model = new FakeModel({
      rows: { paper: "crabnet", preset: "binder", seed: 0, claims },
      opened: [],
    });
    const el = document.createElement("div");
    document.body.append(el);
    const close = ledger.render({ model, el });
    return {
      model,
      el,
      close,
      toggle: () => el.querySelector<HTMLButtonElement>(".mwl-open") as HTMLButtonElement,
    };
  }

  it("shows every verdict as a word and a drawing", () => {
    const { el } = open([claim(), claim({ id: "b", verdict: "not attempted", published: null, here: null })]);
    const verdicts = [...el.querySelectorAll("tbody .mwl-verdict")];
    expect(verdicts.map((one) => one.textContent)).toEqual(["close", "not attempted"]);
    expect(verdicts.every((one) => one.querySelector("svg path"))).toBe(true);
  });

  it("opens and closes rows and keeps the focus", () => {
    const { model, el, toggle } = open([claim()]);
    toggle().focus();
    toggle().click();
    expect(model.get("opened")).toEqual(["tic"]);
    expect(toggle().getAttribute("aria-expanded")).toBe("true");
    expect(document.activeElement).toBe(toggle());
    const more = document.getElementById(toggle().getAttribute("aria-controls") ?? "") as HTMLElement;
    expect(more.hidden).toBe(false);
    expect(more.textContent).toContain("test MAE");
    toggle().click();
    expect(el.querySelector<HTMLElement>(".mwl-more")?.hidden).toBe(true);
  });

  it("opens all rows at once", () => {
    const { model, el } = open([claim(), claim({ id: "b" })]);
    const all = el.querySelector<HTMLButtonElement>(".mw-head button") as HTMLButtonElement;
    all.click();
    expect(model.get("opened")).toEqual(["tic", "b"]);
    expect(el.querySelector(".mw-head button")?.textContent).toBe("Close all");
  });

  it("shows text as text", () => {
    const { el } = open([claim({ quantity: "<img src=x onerror=alert(1)>", why: "<script>1</script>" })]);
    expect(el.querySelector("img, script")).toBeNull();
    expect(el.textContent).toContain("<script>1</script>");
  });

  it("leaves nothing behind", () => {
    const { model, el, close } = open([claim()]);
    close();
    expect(model.listeners()).toBe(0);
    expect(el.childElementCount).toBe(0);
  });
});
