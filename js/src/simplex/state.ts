import { batch, computed, signal } from "@preact/signals-core";
import { same } from "../composition/amounts";
import { unpack, type WireArray } from "../shared/arrays";
import { onPreview, publishPreview } from "../shared/hub";
import { type Cleanup, commit, type Model, onChange } from "../shared/model";
import { type Split, splitOf } from "../shared/uncertainty";
import { compose, ontoSimplex, partsOf } from "./geometry";
import { gridSize, Interpolator } from "./grid";
import { type Saved, unpackBits, unpackSixteen } from "./saved";
import { type Span, spanOf } from "./span";

export interface Traits {
  elements: string[];
  fractions: number[];
  value: number | null;
  std: number | null;
  std_aleatoric: number | null;
  std_epistemic: number | null;
  in_domain: boolean | null;
  predicted: number[];
  label: string;
  unit: string;
  steps: number;
  field: WireArray | null;
  spread: WireArray | null;
  domain: WireArray | null;
  saved: Saved;
  /** The optimiser's compositions, one a step; few enough for lists (a saved widget forgets its buffers). */
  path: number[][];
  shows: "value" | "std";
  error: string;
  group: string;
}

export const TRAITS = [
  "elements",
  "fractions",
  "value",
  "std",
  "std_aleatoric",
  "std_epistemic",
  "in_domain",
  "predicted",
  "label",
  "unit",
  "steps",
  "field",
  "spread",
  "domain",
  "saved",
  "path",
  "shows",
  "error",
  "group",
] as const satisfies readonly (keyof Traits)[];

export interface Reading {
  value: number | null;
  std: number | null;
  in_domain: boolean | null;
  /** Where the deviation comes from; only for what was predicted. */
  split: Split | null;
  /** Read off the map between its points, not predicted for this very composition. */
  estimated: boolean;
}

const NONE: Reading = { value: null, std: null, in_domain: null, split: null, estimated: false };

/** What the map knows and does, without a page. */
export class MapState {
  readonly elements = signal<readonly string[]>([]);
  readonly committed = signal<readonly number[]>([]);
  readonly shown = signal<readonly number[]>([]);
  readonly previewing = signal(false);
  readonly field = signal<ArrayLike<number> | null>(null);
  readonly spread = signal<ArrayLike<number> | null>(null);
  readonly domain = signal<ArrayLike<number> | null>(null);
  readonly steps = signal(1);
  /** The optimiser's compositions, first to last. */
  readonly path = signal<readonly (readonly number[])[]>([]);
  readonly shows = signal<"value" | "std">("value");
  readonly exact = signal<{ fractions: readonly number[]; reading: Reading }>({
    fractions: [],
    reading: NONE,
  });
  readonly problem = signal("");

  /** The amount of the fourth element, which is the slice that is drawn; null for three elements. */
  readonly fourth = computed(() => (this.shown.value.length === 4 ? this.shown.value[3] : null));
  /** The field that is painted. */
  readonly painted = computed(() => (this.shows.value === "std" ? this.spread.value : this.field.value));
  /** Where the colours begin and end, and how far the field reaches. */
  readonly span = computed<Span | null>(() => (this.painted.value ? spanOf(this.painted.value) : null));
  readonly interpolator = computed(
    () => new Interpolator(Math.max(2, this.elements.value.length), this.steps.value),
  );
  /** The kernel's number where it has one for what is shown, else what the map says there. */
  readonly reading = computed<Reading>(() => {
    const { fractions, reading } = this.exact.value;
    return same(fractions, this.shown.value, 1e-6) ? reading : this.estimate(this.shown.value);
  });

  private gesture = false;
  /** Where the marker stands within a slice that has shrunk to a point. */
  private lastParts: readonly number[] = [1 / 3, 1 / 3, 1 / 3];
  private readonly stops: Cleanup[];
  private stopHub: Cleanup = () => {};

  constructor(private readonly model: Model<Traits>) {
    this.stops = [
      onChange(model, ["elements", "fractions"], () => this.pull()),
      onChange(model, ["field", "spread", "domain", "saved", "steps", "elements"], () => this.pullField()),
      onChange(model, ["value", "std", "std_aleatoric", "std_epistemic", "in_domain", "predicted"], () =>
        this.pullReading(),
      ),
      onChange(model, ["path", "elements"], () => this.pullPath()),
      onChange(model, ["shows"], () => (this.shows.value = model.get("shows") === "std" ? "std" : "value")),
      onChange(model, ["error"], () => (this.problem.value = model.get("error") ?? "")),
      onChange(model, ["group"], () => this.joinGroup()),
      () => this.stopHub(),
    ];
    this.pull();
    this.pullField();
    this.pullReading();
    this.pullPath();
    this.joinGroup();
    this.shows.value = model.get("shows") === "std" ? "std" : "value";
    this.problem.value = model.get("error") ?? "";
  }

  private pull(): void {
    const elements = this.model.get("elements") ?? [];
    const fractions = this.model.get("fractions") ?? [];
    if (elements.length !== fractions.length || elements.length < 3) return;
    batch(() => {
      this.elements.value = [...elements];
      this.committed.value = [...fractions];
      if (!this.previewing.value) this.shown.value = this.committed.value;
    });
  }

  private pullField(): void {
    const { model } = this;
    const k = (model.get("elements") ?? []).length;
    const steps = model.get("steps") || 1;
    const expected = gridSize(k, steps);
    const read = (trait: "field" | "spread" | "domain") => {
      const array = unpack(model.get(trait));
      // A field of another grid is on its way out: wait for the rest of the message.
      return array && array.data.length === expected ? array.data : null;
    };
    const field = read("field");
    if (field) {
      batch(() => {
        this.steps.value = steps;
        this.field.value = field;
        this.spread.value = read("spread");
        this.domain.value = read("domain");
      });
      return;
    }
    // A saved notebook forgets arrays and keeps the small copy.
    const saved = model.get("saved") ?? {};
    const count = gridSize(k, saved.steps ?? 0);
    batch(() => {
      this.steps.value = saved.steps ?? steps;
      this.field.value = unpackSixteen(saved.value, count);
      this.spread.value = unpackSixteen(saved.std, count);
      this.domain.value = unpackBits(saved.domain, count);
    });
  }

  private pullReading(): void {
    const { model } = this;
    this.exact.value = {
      fractions: model.get("predicted") ?? [],
      reading: {
        value: model.get("value"),
        std: model.get("std"),
        in_domain: model.get("in_domain"),
        split: splitOf(model.get("std_aleatoric"), model.get("std_epistemic")),
        estimated: false,
      },
    };
  }

  private pullPath(): void {
    const count = (this.model.get("elements") ?? []).length;
    this.path.value = (this.model.get("path") ?? []).filter((row) => row.length === count);
  }

  private joinGroup(): void {
    this.stopHub();
    this.stopHub = onPreview(this.model.get("group") ?? "", this, ({ elements, fractions }) => {
      if (this.gesture || elements.join() !== this.elements.value.join()) return;
      batch(() => {
        this.previewing.value = fractions !== null;
        this.shown.value = fractions ?? this.committed.value;
      });
    });
  }

  /** What the map says of a composition. */
  estimate(fractions: readonly number[]): Reading {
    const field = this.field.value;
    if (!field || fractions.length !== this.elements.value.length) return NONE;
    const here = this.interpolator.value.locate(fractions);
    const spread = this.spread.value;
    const domain = this.domain.value;
    return {
      value: here.at(field),
      std: spread ? here.at(spread) : null,
      in_domain: domain ? here.at(domain) > 0.5 : null,
      split: null,
      estimated: true,
    };
  }

  /** Parts within the drawn slice of the composition shown. */
  parts(): readonly number[] {
    return (this.lastParts = partsOf(this.shown.value) ?? this.lastParts);
  }

  /** Try a place of the triangle (parts may be outside: the nearest inside is taken). */
  preview(parts: readonly number[]): void {
    const inside = ontoSimplex(parts);
    this.lastParts = inside;
    this.try(compose(inside, this.fourth.value));
  }

  /** Try an amount of the fourth element; the place within the slice stays. */
  previewFourth(amount: number): void {
    this.try(compose(this.parts(), Math.min(1, Math.max(0, amount))));
  }

  private try(fractions: readonly number[]): void {
    this.gesture = true;
    batch(() => {
      this.previewing.value = true;
      this.shown.value = fractions;
    });
    publishPreview(this.model.get("group"), this, { elements: this.elements.value, fractions });
  }

  release(): void {
    if (!this.gesture) return;
    this.gesture = false;
    const fractions = this.shown.value;
    const moved = !same(fractions, this.committed.value);
    batch(() => {
      this.previewing.value = false;
      if (moved) this.committed.value = fractions;
      else this.shown.value = this.committed.value;
    });
    if (moved) commit(this.model, { fractions: [...fractions] });
    publishPreview(this.model.get("group"), this, { elements: this.elements.value, fractions: null });
  }

  abandon(): void {
    if (!this.gesture) return;
    this.gesture = false;
    batch(() => {
      this.previewing.value = false;
      this.shown.value = this.committed.value;
    });
    publishPreview(this.model.get("group"), this, { elements: this.elements.value, fractions: null });
  }

  setShows(shows: "value" | "std"): void {
    this.shows.value = shows;
    commit(this.model, { shows });
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }
}
