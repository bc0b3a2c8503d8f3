// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from "vitest";
import { GalleryState, type Traits } from "../../src/gallery/state";
import { pack } from "../../src/shared/arrays";
import gallery, { TRAITS } from "../../src/widgets/generator_gallery";
import { chosen, galleryModel, savedModel } from "./materials";

afterEach(() => document.body.replaceChildren());

function show(more: Partial<Traits> = {}, model = galleryModel(more)) {
  const el = document.body.appendChild(document.createElement("div"));
  const cleanup = gallery.render({ model, el });
  const named = (start: string) =>
    [...el.querySelectorAll<HTMLElement>("[aria-label]")].find((element) =>
      element.getAttribute("aria-label")!.startsWith(start),
    )!;
  const stage = (name: string) => el.querySelector<HTMLElement>(`.mwg-stage[data-name="${name}"]`)!;
  const face = (name: string) => stage(name).querySelector<HTMLButtonElement>("[role=switch]")!;
  const cards = () => [...el.querySelectorAll<HTMLElement>("[role=option]")];
  const formulas = () => cards().map((card) => card.querySelector(".mwg-formula")!.textContent);
  const press = (target: Element, key: string) =>
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const slide = (thumb: HTMLInputElement, value: number, done = true) => {
    thumb.value = String(value);
    thumb.dispatchEvent(new Event("input"));
    if (done) thumb.dispatchEvent(new Event("change"));
  };
  const order = () =>
    [...el.querySelectorAll<HTMLElement>(".mwg-stage[data-name]")].map((li) => li.dataset.name);
  const box = (text: string) =>
    [...el.querySelectorAll("label")].find((label) => label.textContent === text)!.querySelector("input")!;
  const button = (text: string) => [...el.querySelectorAll("button")].find((b) => b.textContent === text)!;
  return {
    model,
    el,
    cleanup,
    named,
    stage,
    face,
    cards,
    formulas,
    press,
    slide,
    order,
    box,
    button,
    text: (at: string) => el.querySelector(at)!.textContent,
  }; // prettier-ignore
}

describe("the funnel in a page", () => {
  it("shows each stage with its count, its share and what goes lost", () => {
    const { el, model, face, text, stage } = show();
    expect(text(".mwg-left")).toBe("1 of 8 are left");
    expect(face("neutral").getAttribute("aria-label")).toBe("neutral: leaves 6, 75.0 %; 2 go lost");
    expect(face("novel").getAttribute("aria-label")).toBe(
      "novel: leaves 1, 12.5 %; 5 go lost; of 1 that come in it is not known",
    );
    expect(stage("novel").querySelector(".mwg-lost")!.textContent).toBe("−51 unknown");
    expect(stage("neutral").querySelector<HTMLElement>(".mwg-solid")!.style.width).toBe("75%");
    expect(Object.keys(model.state).sort()).toEqual([...TRAITS].sort());
    expect(el.querySelectorAll("svg.mwg-histogram")).toHaveLength(1);
  });

  it("drops and keeps a filter by a click, and tells the kernel", () => {
    const { model, face, formulas, text } = show();
    const told: unknown[] = [];
    model.save_changes = () => told.push(model.get("kept"));
    face("novel").click();
    expect([model.get("kept"), face("novel").getAttribute("aria-checked")]).toEqual([
      ["neutral", "gap"],
      "false",
    ]);
    expect(formulas()).toEqual(["SrTiO3", "TiO2", "CO", "PbTiO3", "NaCl", "NaCl"]);
    expect(text("[role=status]")).toBe("6 of 8 are left");
    face("novel").click();
    expect(model.get("kept")).toEqual(["neutral", "gap", "novel"]);
    expect(told).toHaveLength(2);
  });

  it("moves a filter by arrow keys on its handle, and the focus goes with it", () => {
    const { model, named, order, press } = show();
    const handle = named("Move novel");
    handle.focus();
    press(handle, "ArrowUp");
    expect(model.get("order")).toEqual(["neutral", "novel", "gap"]);
    expect(order()).toEqual(["neutral", "novel", "gap"]);
    expect(document.activeElement).toBe(handle);
    press(handle, "ArrowUp");
    press(handle, "ArrowUp");
    expect(model.get("order")).toEqual(["novel", "neutral", "gap"]);
    expect(handle.getAttribute("aria-label")).toContain("1 of 3");
  });

  it("counts while a range is in the hand and commits when it is let go", () => {
    const { model, stage, slide, text } = show({ kept: ["gap"] });
    const [least, most] = stage("gap").querySelectorAll<HTMLInputElement>("input[type=range]");
    slide(least, 250, false);
    expect(text(".mwg-left")).toBe("4 of 8 are left");
    expect(text(".mwg-range-text")).toBe("≥ 2.5 eV");
    expect(model.get("ranges")).toEqual({});
    slide(least, 250);
    expect(model.get("ranges")).toEqual({ gap: [2.5, null] });
    slide(most, 500);
    expect(model.get("ranges")).toEqual({ gap: [2.5, 4.5] });
    expect([text(".mwg-left"), most.getAttribute("aria-valuetext")]).toEqual(["2 of 8 are left", "4.5 eV"]);
    slide(least, 800);
    expect(model.get("ranges")).toEqual({ gap: [4.5, 4.5] }); // a thumb stops at the other
    slide(least, 0);
    slide(most, 1000);
    expect([model.get("ranges"), text(".mwg-range-text")]).toEqual([{}, "any number"]);
  });

  it("lets what is unknown pass, where there is something unknown", () => {
    const { model, box, text } = show();
    box("What is unknown (?) passes").click();
    expect([model.get("unknown_passes"), text(".mwg-left")]).toEqual([true, "2 of 8 are left"]);
  });

  it("searches by elements and says what is none", () => {
    const { model, el, named, formulas, press, text } = show({ kept: [] });
    const search = named("Elements that") as HTMLInputElement;
    search.value = "ti o -pb";
    press(search, "Enter");
    expect([model.get("elements"), model.get("without")]).toEqual([["Ti", "O"], ["Pb"]]);
    expect([search.value, formulas()]).toEqual(["Ti O −Pb", ["SrTiO3", "TiO2"]]);
    expect(text(".mwg-stages")).toContain("With Ti O, without Pb");
    search.value = "Ti Qq";
    press(search, "Enter");
    expect(text("[role=alert]")).toContain("Qq");
    expect(model.get("elements")).toEqual(["Ti", "O"]);
    press(search, "Escape");
    expect([search.value, el.querySelector("[role=alert]")!.textContent]).toEqual(["Ti O −Pb", ""]);
  });

  it("shows what a filter takes away, and goes back", () => {
    const { model, el, stage, face, formulas } = show();
    const lost = stage("novel").querySelector<HTMLButtonElement>(".mwg-lost")!;
    lost.click();
    expect([model.get("shows"), model.get("lost_at")]).toEqual(["lost", "novel"]);
    expect(formulas()).toEqual(["SrTiO3", "TiO2", "CO", "NaCl", "NaCl"]);
    const radios = [...el.querySelectorAll("[role=radio]")].map((radio) => radio.getAttribute("aria-label"));
    expect(radios).toEqual(["Survivors 1", "Chosen 0", "Lost at novel 5"]);
    face("novel").click(); // dropped: nothing goes lost there any more
    expect(model.get("shows")).toBe("survivors");
  });
});

describe("cards", () => {
  it("say by a sign and a word how a material does, with numbers and units", () => {
    const { cards } = show({ kept: [], ranges: { gap: [1, null] } });
    const lines = (i: number) =>
      [...cards()[i].querySelectorAll(".mwg-line")].map((line) => line.textContent);
    expect(lines(0)).toEqual(["✓neutral", "✓gap3.25 eV", "✗not novel"]);
    expect(lines(2)).toEqual(["✗not neutral", "✗gap0.500 eV", "✓novel"]);
    expect(lines(3)).toEqual(["✓neutral", "?gapunknown", "?novel: unknown"]);
    expect(cards()[2].getAttribute("aria-label")).toBe(
      "Co2O, not neutral, gap 0.500 eV, outside the range, novel",
    );
    expect([...cards()[7].querySelectorAll("sub")].map((sub) => sub.textContent)).toEqual(["2", "4"]);
    expect([...cards()[7].querySelectorAll(".mwg-part")].map((part) => part.textContent)).toEqual([
      "Ga",
      "Mo",
      "S",
    ]);
  });

  it("are text, never HTML", () => {
    const names = ["<img src=x onerror=alert(1)>", "<b>TiO2</b>", "c", "d", "e", "f", "g", "h"];
    const text = new TextEncoder().encode(names.join("\n"));
    const { el, formulas } = show({
      kept: [],
      label: "<i>label</i>",
      formulas: { dtype: "uint8", shape: [text.length], data: new DataView(text.buffer) },
    });
    expect(formulas()).toEqual(names);
    expect(el.querySelectorAll("img, b, i")).toHaveLength(0);
  });

  it("are walked with the arrow keys and chosen with Space", () => {
    const { model, cards, press } = show({ kept: [] });
    const list = cards()[0].parentElement!;
    cards()[0].focus();
    press(list, "ArrowRight");
    expect(document.activeElement).toBe(cards()[1]);
    press(list, " ");
    press(list, "End");
    press(list, "Enter");
    expect(chosen(model)).toEqual([1, 7]);
    expect(cards().map((card) => card.getAttribute("aria-selected") === "true")).toEqual(
      Array.from({ length: 8 }, (_, i) => i === 1 || i === 7),
    );
    press(list, " ");
    expect(chosen(model)).toEqual([1]);
    expect(cards().filter((card) => card.tabIndex === 0)).toHaveLength(1);
  });

  it("come a page at a time", () => {
    const names = Array.from({ length: 30 }, (_, i) => `TiO${i + 2}`);
    const text = new TextEncoder().encode(names.join("\n"));
    const { el, formulas, named, cards, press } = show({
      n: 30,
      columns: [],
      order: [],
      kept: [],
      flags: null,
      numbers: null,
      formulas: { dtype: "uint8", shape: [text.length], data: new DataView(text.buffer) },
    });
    expect(formulas()).toEqual(names.slice(0, 12));
    expect(el.querySelector(".mwg-pager")!.textContent).toBe("1 – 12 of 30");
    named("Next page").click();
    press(cards()[0].parentElement!, "PageDown");
    expect(formulas()).toEqual(names.slice(24));
    expect((named("Next page") as HTMLButtonElement).disabled).toBe(true);
    named("Previous page").click();
    expect(formulas()).toEqual(names.slice(12, 24));
  });

  it("are sorted by a number", () => {
    const { model, el, formulas } = show({ kept: [] });
    const sort = el.querySelector("select")!;
    sort.value = "-gap";
    sort.dispatchEvent(new Event("change"));
    expect(model.get("sort")).toBe("-gap");
    expect(formulas()[0]).toBe("NaCl");
    expect(formulas().at(-1)).toBe("CO");
  });

  it("can be chosen all at once, and none", () => {
    const { model, button } = show({ kept: ["neutral"] });
    button("Choose all").click();
    expect(chosen(model)).toEqual([0, 1, 3, 4, 5, 6]);
    button("Choose none").click();
    expect(chosen(model)).toEqual([]);
  });
});

describe("links with other widgets", () => {
  const rows = (...values: number[]) => pack(Uint32Array.from(values), [values.length]);

  it("shows what another widget has chosen and fills the funnel with it", () => {
    const { model, box, el, text } = show({ kept: ["neutral"] });
    expect(box("Only what is chosen goes in").disabled).toBe(true);
    model.receive({ chosen: rows(2, 4, 5) });
    expect([...el.querySelectorAll("[role=radio]")][1].textContent).toBe("Chosen 3");
    box("Only what is chosen goes in").click();
    expect([model.get("scope"), text(".mwg-left")]).toEqual(["chosen", "2 of 8 are left"]);
    expect(text(".mwg-stages")).toContain("Chosen3");
  });

  it("chooses the survivors as the filters move, until somebody else chooses", () => {
    const { model, box, face } = show({ kept: ["neutral"] });
    box("Choose the survivors as the filters move").click();
    expect(chosen(model)).toEqual([0, 1, 3, 4, 5, 6]);
    face("novel").click();
    expect(chosen(model)).toEqual([4]);
    model.receive({ chosen: rows(7) });
    expect([model.get("live"), chosen(model)]).toEqual([false, [7]]);
    face("novel").click();
    expect(chosen(model)).toEqual([7]);
  });

  it("lets either the choice lead the funnel or the funnel the choice", () => {
    const { model, box } = show({ chosen: rows(0, 2) });
    box("Only what is chosen goes in").click();
    box("Choose the survivors as the filters move").click();
    expect([model.get("scope"), model.get("live")]).toEqual(["all", true]);
    box("Only what is chosen goes in").click();
    expect([model.get("scope"), model.get("live")]).toEqual(["chosen", false]);
  });

  it("stops listening when the view goes", () => {
    const { model, cleanup } = show();
    cleanup();
    expect([...model.listeners.values()].every((set) => set.size === 0)).toBe(true);
  });
});

describe("what leaves the page", () => {
  it("is copied as Python, or stands there selected", async () => {
    const { el, button } = show();
    const copied: string[] = [];
    vi.stubGlobal("navigator", { clipboard: { writeText: async (text: string) => void copied.push(text) } });
    button("Copy as Python").click();
    await vi.waitFor(() => expect(el.querySelector(".mw-note")!.textContent).toContain("1 formula"));
    expect(copied).toEqual(['formulas = ["PbTiO3"]']);
    vi.stubGlobal("navigator", { clipboard: { writeText: () => Promise.reject(new Error("no")) } });
    button("Copy as Python").click();
    const line = el.querySelector("textarea")!;
    await vi.waitFor(() => expect(line.hidden).toBe(false));
    expect(line.value).toBe('formulas = ["PbTiO3"]');
    vi.unstubAllGlobals();
  });

  it("is saved as a file with what is listed", async () => {
    const { el, button } = show();
    const blobs: Blob[] = [];
    const names: string[] = [];
    URL.createObjectURL = (blob) => `blob:${blobs.push(blob as Blob)}`;
    URL.revokeObjectURL = () => {};
    el.addEventListener("click", (event) => {
      if (event.target instanceof HTMLAnchorElement) {
        names.push(event.target.download);
        event.preventDefault();
      }
    });
    button("CSV").click();
    expect(names).toEqual(["generated-materials.csv"]);
    expect(await blobs[0].text()).toBe("row,formula,neutral,gap (eV),novel\n4,PbTiO3,True,2,True\n");
  });
});

describe("a saved notebook", () => {
  it("shows the counts and the first cards, and says that there are more", () => {
    const { el, model, formulas, face, cards, text } = show({}, savedModel());
    expect(text(".mwg-left")).toBe("30 of 100 are left");
    expect(formulas()).toEqual(["TiO2", "NaCl"]);
    expect(text(".mw-note")).toContain("2 of 30 cards are kept in this page");
    expect(text(".mwg-pager")).toBe("1 – 2 of the 2 kept");
    expect([...el.querySelectorAll("[role=radio]")].map((radio) => radio.textContent)).toEqual([
      "Survivors 30",
      "Chosen",
      "Lost at  0",
    ]);
    expect(face("neutral").disabled).toBe(true);
    const before = { ...model.state };
    face("neutral").click();
    cards()[0].click();
    expect(model.state).toEqual(before);
    expect([...el.querySelectorAll(".mwg-line")].map((line) => line.textContent).slice(0, 3)).toEqual([
      "✓neutral",
      "gap3.00 eV",
      "?novel: unknown",
    ]);
  });
});

describe("the state without a page", () => {
  it("commits a change in one message", () => {
    const model = galleryModel({ live: true });
    let messages = 0;
    model.save_changes = () => (messages += 1);
    const state = new GalleryState(model);
    state.toggle("novel");
    expect(messages).toBe(1);
    expect(chosen(model)).toEqual([0, 1, 3, 4, 5, 6]);
    state.stop();
  });
});
