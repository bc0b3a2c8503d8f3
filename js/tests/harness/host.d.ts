import type { Model } from "../../src/shared/model";

export type Kernel<T extends object> = (message: Record<string, unknown>, model: HostModel<T>) => void;

export class HostModel<T extends object> implements Model<T> {
  constructor(state: T, kernel?: Kernel<T>);
  state: T;
  sent: { type: string; kind: string; id: string; view: string; n: number; data: unknown }[];
  get<K extends keyof T & string>(key: K): T[K];
  set<K extends keyof T & string>(key: K, value: T[K]): void;
  // biome-ignore lint/suspicious/noExplicitAny: as in Model
  on(event: string, callback: (...args: any[]) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: as in Model
  off(event: string, callback: (...args: any[]) => void): void;
  emit(event: string, ...args: unknown[]): void;
  save_changes(): void;
  send(content: unknown): void;
  receive(state: Partial<T>): void;
  reply(content: object, buffers?: DataView[]): void;
  listeners: Map<string, Set<unknown>>;
}
