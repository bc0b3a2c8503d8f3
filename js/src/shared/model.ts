/** Messages to and from the kernel, and events of the host. */
export interface Channel {
  // biome-ignore lint/suspicious/noExplicitAny: the host's event callbacks are untyped
  on(event: string, callback: (...args: any[]) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  off(event: string, callback: (...args: any[]) => void): void;
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBuffer[] | ArrayBufferView[]): void;
}

/** What a widget needs from its host. JupyterLab, VS Code, Colab, marimo, a static page and the tests provide it. */
export interface Model<T extends object = Record<string, unknown>> extends Channel {
  get<K extends keyof T & string>(key: K): T[K];
  set<K extends keyof T & string>(key: K, value: T[K]): void;
  save_changes(): void;
}

export type Cleanup = () => void;

/** Listen, and get the function that stops listening. */
export function listen(
  model: Channel,
  event: string,
  // biome-ignore lint/suspicious/noExplicitAny: the host's event callbacks are untyped
  callback: (...args: any[]) => void,
): Cleanup {
  model.on(event, callback);
  return () => model.off(event, callback);
}

/** Call back with each change of the named traits (several traits may change in one message). */
export function onChange<T extends object>(
  model: Model<T>,
  traits: readonly (keyof T & string)[],
  callback: () => void,
): Cleanup {
  const stops = traits.map((trait) => listen(model, `change:${trait}`, callback));
  return () => {
    for (const stop of stops) stop();
  };
}

/** Set traits and send them in one message. */
export function commit<T extends object>(model: Model<T>, values: Partial<T>): void {
  for (const key of Object.keys(values) as (keyof T & string)[]) model.set(key, values[key] as T[typeof key]);
  model.save_changes();
}
