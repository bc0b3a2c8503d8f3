import type { Cleanup } from "./model";

/**
 * Previews between linked widgets of one page. Committed state travels by traits and jslink (it is saved); what a hand
 * is only trying out travels here, without the kernel. `link(a, b)` in Python gives both widgets one group.
 */
export interface Preview {
  elements: readonly string[];
  /** What is tried out, or null: back to what is committed. */
  fractions: readonly number[] | null;
}

interface Detail extends Preview {
  origin: object;
}

const KEY = Symbol.for("matwidgets.hub");

function hub(): EventTarget {
  const page = globalThis as { [KEY]?: EventTarget };
  page[KEY] ??= new EventTarget();
  return page[KEY];
}

export function publishPreview(group: string, origin: object, preview: Preview): void {
  if (group)
    hub().dispatchEvent(new CustomEvent<Detail>(`preview:${group}`, { detail: { ...preview, origin } }));
}

/** Hear the previews of the others in the group. */
export function onPreview(group: string, origin: object, callback: (preview: Preview) => void): Cleanup {
  if (!group) return () => {};
  const listener = (event: Event) => {
    const { detail } = event as CustomEvent<Detail>;
    if (detail.origin !== origin) callback(detail);
  };
  hub().addEventListener(`preview:${group}`, listener);
  return () => hub().removeEventListener(`preview:${group}`, listener);
}
