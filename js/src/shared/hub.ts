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

interface Detail<T> {
  said: T;
  origin: object;
}

const KEY = Symbol.for("matwidgets.hub");

function hub(): EventTarget {
  const page = globalThis as { [KEY]?: EventTarget };
  page[KEY] ??= new EventTarget();
  return page[KEY];
}

function publish<T>(topic: string, group: string, origin: object, said: T): void {
  if (group)
    hub().dispatchEvent(new CustomEvent<Detail<T>>(`${topic}:${group}`, { detail: { said, origin } }));
}

function hear<T>(topic: string, group: string, origin: object, callback: (said: T) => void): Cleanup {
  if (!group) return () => {};
  const listener = (event: Event) => {
    const { detail } = event as CustomEvent<Detail<T>>;
    if (detail.origin !== origin) callback(detail.said);
  };
  hub().addEventListener(`${topic}:${group}`, listener);
  return () => hub().removeEventListener(`${topic}:${group}`, listener);
}

export function publishPreview(group: string, origin: object, preview: Preview): void {
  publish("preview", group, origin, preview);
}

/** Hear the previews of the others in the group. */
export function onPreview(group: string, origin: object, callback: (preview: Preview) => void): Cleanup {
  return hear("preview", group, origin, callback);
}

/** The latent vector under a moving hand, or null: back to what is committed. */
export type LatentPreview = readonly number[] | null;

export function publishLatent(group: string, origin: object, latent: LatentPreview): void {
  publish("latent", group, origin, latent);
}

export function onLatent(group: string, origin: object, callback: (latent: LatentPreview) => void): Cleanup {
  return hear("latent", group, origin, callback);
}
