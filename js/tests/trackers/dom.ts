/** What jsdom lacks: canvas, observers, media queries. Import before a widget. */
import { vi } from "vitest";

/** Every call on a canvas, in order. */
export const drawn: [name: string, ...given: unknown[]][] = [];

const context = new Proxy(
  {},
  {
    get: (target: Record<string, unknown>, name: string) =>
      name in target
        ? target[name]
        : name === "measureText"
          ? () => ({ width: 20 })
          : (...given: unknown[]) => void drawn.push([name, ...given]),
    set: (target, name: string, value) => {
      target[name] = value;
      return true;
    },
  },
);

class Observer {
  constructor(private readonly call: () => void) {}
  observe(): void {
    queueMicrotask(this.call);
  }
  disconnect(): void {}
}

class Path {
  moveTo(): void {}
  lineTo(): void {}
  rect(): void {}
  arc(): void {}
}

if (typeof window !== "undefined") {
  window.matchMedia = ((query: string) => ({
    matches: false,
    media: query,
    addEventListener: () => {},
    removeEventListener: () => {},
  })) as never;
  vi.stubGlobal("ResizeObserver", Observer);
  vi.stubGlobal("Path2D", Path);
  HTMLCanvasElement.prototype.getContext = (() => context) as never;
  Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, get: () => 700 });
  // one frame a call of `frame()`: nothing paints by itself
  const waiting: FrameRequestCallback[] = [];
  vi.stubGlobal("requestAnimationFrame", (call: FrameRequestCallback) => waiting.push(call));
  vi.stubGlobal("cancelAnimationFrame", () => {});
  vi.stubGlobal("nextFrame", () => {
    for (const call of waiting.splice(0)) call(0);
  });
}

export async function frame(): Promise<void> {
  await Promise.resolve();
  (globalThis as unknown as { nextFrame(): void }).nextFrame();
  await Promise.resolve();
}
