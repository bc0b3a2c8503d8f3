import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { requester } from "../../src/shared/request";
import { HostModel } from "../harness/host";

function setUp() {
  const model = new HostModel({});
  const replies: unknown[] = [];
  const errors: string[] = [];
  const ask = requester<number, number>(model, {
    kind: "predict",
    onReply: ({ data }, question) => replies.push([question, data]),
    onError: (text) => errors.push(text),
    patience: 100,
  });
  const answer = (data: unknown, type = "reply", n = model.sent.length - 1) =>
    model.reply({ type, id: model.sent[n].id, kind: "predict", data, text: String(data) });
  return { model, ask, replies, errors, answer };
}

describe("questions to the kernel", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("keeps one in flight, drops what lies between, and never loses the last", () => {
    const { model, ask, replies, answer } = setUp();
    for (const question of [1, 2, 3, 4]) ask.ask(question);
    expect(model.sent.map((message) => message.data)).toEqual([1]);
    answer(10);
    expect(model.sent.map((message) => message.data)).toEqual([1, 4]);
    expect(ask.busy.value).toBe(true);
    answer(40);
    expect(replies).toEqual([
      [1, 10],
      [4, 40],
    ]);
    expect(ask.busy.value).toBe(false);
  });

  it("hands over the text of an error and goes on", () => {
    const { ask, errors, replies, answer } = setUp();
    ask.ask(1);
    ask.ask(2);
    answer("InputError: no such thing", "error");
    answer(20);
    expect(errors).toEqual(["InputError: no such thing"]);
    expect(replies).toEqual([[2, 20]]);
  });

  it("does not take the answers of another view, nor late ones", () => {
    const { model, ask, replies, answer } = setUp();
    ask.ask(1);
    model.reply({ type: "reply", id: "somebody:1", data: 99 });
    answer(10);
    answer(11, "reply", 0);
    expect(replies).toEqual([[1, 10]]);
  });

  it("forgets what was cancelled but waits for the answer before it asks again", () => {
    const { model, ask, replies, answer } = setUp();
    ask.ask(1);
    ask.ask(2);
    ask.cancel();
    ask.ask(3);
    expect(model.sent).toHaveLength(1);
    answer(10);
    answer(30);
    expect(replies).toEqual([[3, 30]]);
  });

  it("says that it waits when no answer comes, until one does", () => {
    const { ask, answer } = setUp();
    ask.ask(1);
    vi.advanceTimersByTime(99);
    expect(ask.waiting.value).toBe(false);
    vi.advanceTimersByTime(2);
    expect(ask.waiting.value).toBe(true);
    answer(10);
    expect(ask.waiting.value).toBe(false);
  });

  it("asks the next question after a superseded one", () => {
    const { model, ask, replies, answer } = setUp();
    ask.ask(1);
    ask.ask(2);
    answer(null, "superseded");
    expect(model.sent).toHaveLength(2);
    answer(20);
    expect(replies).toEqual([[2, 20]]);
  });

  it("stops listening", () => {
    const { model, ask } = setUp();
    ask.stop();
    expect(model.listeners.get("msg:custom")?.size).toBe(0);
  });
});
