import { type ReadonlySignal, signal } from "@preact/signals-core";
import { type Channel, type Cleanup, listen } from "./model";

/** The kernel's answer to one request. */
export interface Reply<R = unknown> {
  data: R;
  buffers: DataView[];
}

interface Incoming {
  type?: string;
  id?: string;
  data?: unknown;
  text?: string;
}

export interface Requester<Q> {
  /** Ask. While a question is under way only the newest further one is kept; the last one is never lost. */
  ask(question: Q): void;
  /** Forget what waits, and ignore the answer under way. */
  cancel(): void;
  /** A question is under way. */
  readonly busy: ReadonlySignal<boolean>;
  /** The kernel has not answered for a while: it is busy with something else, or gone. */
  readonly waiting: ReadonlySignal<boolean>;
  stop: Cleanup;
}

export interface RequestOptions<Q, R> {
  kind: string;
  onReply(reply: Reply<R>, question: Q): void;
  onError(text: string, question: Q): void;
  /** Milliseconds after which an unanswered question counts as waiting. */
  patience?: number;
}

let views = 0;

/** Latest wins, one in flight: asks the kernel by custom messages `{type: "request", kind, id, n, data}`. */
export function requester<Q, R>(model: Channel, options: RequestOptions<Q, R>): Requester<Q> {
  // Replies reach every view of a model; the view's own mark tells whose they are.
  const view = `${(views += 1)}-${Math.random().toString(36).slice(2, 8)}`;
  const busy = signal(false);
  const waiting = signal(false);
  let n = 0;
  let flying: { id: string; question: Q; cancelled: boolean } | null = null;
  let next: { question: Q } | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function send(question: Q): void {
    const id = `${view}:${(n += 1)}`;
    flying = { id, question, cancelled: false };
    busy.value = true;
    timer = setTimeout(() => (waiting.value = true), options.patience ?? 1500);
    model.send({ type: "request", kind: options.kind, id, view, n, data: question });
  }

  function receive(message: Incoming, buffers: DataView[] = []): void {
    if (!flying || message?.id !== flying.id) return;
    const { question, cancelled } = flying;
    flying = null;
    clearTimeout(timer);
    waiting.value = false;
    const waitingQuestion = next;
    next = null;
    if (waitingQuestion) send(waitingQuestion.question);
    else busy.value = false;
    if (cancelled) return;
    if (message.type === "reply") options.onReply({ data: message.data as R, buffers }, question);
    else if (message.type === "error") options.onError(message.text ?? "unknown error", question);
  }

  const stopListening = listen(model, "msg:custom", receive);
  return {
    busy,
    waiting,
    ask(question) {
      if (flying) next = { question };
      else send(question);
    },
    cancel() {
      next = null;
      if (flying) flying.cancelled = true;
    },
    stop() {
      stopListening();
      clearTimeout(timer);
      flying = next = null;
    },
  };
}
