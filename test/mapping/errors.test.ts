// Errors: where a span says that it failed, what it says; and the events of a run.
import type { HrTime } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";
import { asStatusAbove } from "../../src/mapping/index.js";
import { mapped } from "./span.js";

const time: HrTime = [1_795_000_000, 600_000_123];
const exception = {
  name: "exception",
  time,
  attributes: {
    "exception.type": "RateLimitError",
    "exception.message": "429 too many",
    "exception.stacktrace": "RateLimitError: 429 too many\n    at a (a.js:1:2)\n    at b (b.js:3:4)",
  },
};

describe("errors", () => {
  test("an exception is its type and message, then the frames of its stack, and no event besides", () => {
    const { content } = mapped({}, { status: { code: 2, message: "429 too many" }, events: [exception] });
    expect(content.error).toBe("RateLimitError: 429 too many\n\n    at a (a.js:1:2)\n    at b (b.js:3:4)");
    expect(content.events).toBeUndefined();
  });

  test("of several exceptions the last is the error, the others were retried", () => {
    const first = { ...exception, attributes: { ...exception.attributes, "exception.message": "first" } };
    const { content } = mapped({}, { status: { code: 2 }, events: [first, exception] });
    expect(content.error).toContain("429 too many");
    expect(content.events).toMatchObject([{ name: "exception", "exception.message": "first" }]);
  });

  test.each<[what: string, ...parameters: Parameters<typeof mapped>, error: string | undefined]>([
    ["status ERROR with a message", {}, { status: { code: 2, message: "boom" } }, undefined, "Error: boom"],
    [
      "status ERROR without one",
      {},
      { status: { code: 2 } },
      undefined,
      "Error: the span ended with status ERROR and no message",
    ],
    [
      "error.type and a status message",
      { "error.type": "RateLimitError" },
      { status: { code: 2, message: "429" } },
      undefined,
      "RateLimitError: 429",
    ],
    [
      "error.type alone",
      { "error.type": "rate_limit_error" },
      {},
      undefined,
      "rate_limit_error: no message was recorded",
    ],
    [
      "an exception under status UNSET",
      {},
      { events: [exception] },
      undefined,
      "RateLimitError: 429 too many\n\n    at a (a.js:1:2)\n    at b (b.js:3:4)",
    ],
    ["an exception under status OK", {}, { status: { code: 1 }, events: [exception] }, undefined, undefined],
    [
      "an exception under status OK, from langsmith",
      {},
      { status: { code: 1 }, events: [exception], scope: { name: "langsmith" } },
      undefined,
      "RateLimitError: 429 too many\n\n    at a (a.js:1:2)\n    at b (b.js:3:4)",
    ],
    [
      "Langfuse's level",
      { "langfuse.observation.level": "ERROR", "langfuse.observation.status_message": "boom" },
      {},
      undefined,
      "Error: boom",
    ],
    [
      "Langfuse's warning",
      { "langfuse.observation.level": "WARNING", "langfuse.observation.status_message": "careful" },
      {},
      undefined,
      undefined,
    ],
    ["nothing", {}, {}, undefined, undefined],
  ])("%s", (_what, attributes, overrides, sources, error) => {
    expect(mapped(attributes, overrides, sources).content.error).toBe(error);
  });

  test("a warning's message is not lost", () => {
    const { metadata } = mapped({
      "langfuse.observation.level": "WARNING",
      "langfuse.observation.status_message": "careful",
    }).content.extra;
    expect(metadata).toMatchObject({
      "langfuse.observation.level": "WARNING",
      "langfuse.observation.status_message": "careful",
    });
  });

  test("above, the same error stands as a status, without the stack; another error stays whole", () => {
    const failed = mapped({}, { status: { code: 2 }, events: [exception] });
    expect(asStatusAbove(failed, failed.content.error ?? "").content.error).toBe("RateLimitError: 429 too many");
    expect(asStatusAbove(failed, "Error: another").content.error).toBe(failed.content.error);
  });
});

describe("events", () => {
  test("other events are kept, with their attributes and their time to the microsecond", () => {
    const { content } = mapped(
      {},
      { events: [{ name: "cache.miss", time, attributes: { key: "k", name: "n", time: 5 } }] },
    );
    expect(content.events).toEqual([
      {
        name: "cache.miss",
        time: "2026-11-18T11:06:40.600000Z",
        key: "k",
        "attributes.name": "n",
        "attributes.time": 5,
      },
    ]);
  });

  const chat = { "gen_ai.operation.name": "chat" };
  test.each<[what: string, attributes: Parameters<typeof mapped>[0], at: string]>([
    ["seconds", { ...chat, "gen_ai.response.time_to_first_chunk": 0.25 }, "2026-11-18T11:06:40.750000Z"],
    [
      "milliseconds",
      { "ai.operationId": "ai.streamText.doStream", "ai.response.msToFirstChunk": 20.5 },
      "2026-11-18T11:06:40.520500Z",
    ],
    [
      "a quoted time",
      {
        "langfuse.observation.type": "generation",
        "langfuse.observation.completion_start_time": '"2026-11-18T11:06:40.900Z"',
      },
      "2026-11-18T11:06:40.900000Z",
    ],
    [
      "a time before the start",
      { "mastra.span.type": "model_generation", "mastra.completion_start_time": "2020-01-01T00:00:00Z" },
      "2026-11-18T11:06:40.500000Z",
    ],
  ])("the first token, told in %s", (_what, attributes, at) => {
    expect(mapped(attributes).content.events).toEqual([{ name: "new_token", time: at }]);
  });

  test("the AI SDK's first chunk is told once, at its own time", () => {
    const { content } = mapped(
      { "ai.operationId": "ai.streamText.doStream", "ai.response.msToFirstChunk": 99 },
      { events: [{ name: "ai.stream.firstChunk", time }] },
    );
    expect(content.events).toEqual([{ name: "new_token", time: "2026-11-18T11:06:40.600000Z" }]);
  });

  test("on a run that is no llm call the time stays metadata", () => {
    const { content } = mapped({ "ai.operationId": "ai.streamText", "ai.response.msToFirstChunk": 20 });
    expect(content.events).toBeUndefined();
    expect(content.extra.metadata["ai.response.msToFirstChunk"]).toBe(20);
  });
});

describe("what looks like an error and is none, and the other way round", () => {
  const answer = JSON.stringify([{ role: "assistant", parts: [{ type: "text", content: "all the same" }] }]);
  const chat = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" };
  const caught = (escaped: boolean | string) => ({
    ...exception,
    attributes: { ...exception.attributes, "exception.escaped": escaped },
  });

  test.each([false, "false", "False"])(
    "an exception that did not escape (%j) stays an event where there is an answer",
    (escaped) => {
      const { content } = mapped({ ...chat, "gen_ai.output.messages": answer }, { events: [caught(escaped)] });
      expect(content.error).toBeUndefined();
      expect(content.events).toMatchObject([{ name: "exception", "exception.message": "429 too many" }]);
    },
  );

  test.each<[string, ...Parameters<typeof mapped>]>([
    ["it escaped", { ...chat, "gen_ai.output.messages": answer }, { events: [caught(true)] }],
    ["it does not say", { ...chat, "gen_ai.output.messages": answer }, { events: [exception] }],
    ["there is no answer", chat, { events: [caught(false)] }],
    [
      "the status is ERROR",
      { ...chat, "gen_ai.output.messages": answer },
      { events: [caught(false)], status: { code: 2 } },
    ],
  ])("an exception is the error where %s", (_, attributes, overrides) => {
    expect(mapped(attributes, overrides).content.error).toContain("429 too many");
  });

  test.each<[string, Record<string, string | string[]>]>([
    ["the AI SDK's", { "ai.operationId": "ai.streamText.doStream", "ai.response.finishReason": "error" }],
    ["the AI SDK's outer span's", { "ai.operationId": "ai.streamText", "ai.response.finishReason": "error" }],
    ["the GenAI conventions'", { ...chat, "gen_ai.response.finish_reasons": ["error"] }],
    [
      "a message's own",
      { ...chat, "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts: [], finish_reason: "error" }]) },
    ],
  ])("%s finish reason error is an error under an unset status", (_, attributes) => {
    expect(mapped(attributes).content.error).toMatch(/^Error: the answer ended with finish_reason "error"/);
    expect(mapped(attributes, { status: { code: 1 } }).content.error).toBeUndefined();
  });

  test("one failed choice beside an answer is none", () => {
    const { content } = mapped({ ...chat, "gen_ai.response.finish_reasons": ["stop", "error"] });
    expect(content.error).toBeUndefined();
  });

  test.each(["GraphInterrupt", "NodeInterrupt", "langgraph.errors.GraphInterrupt", "ParentCommand"])(
    "an exception %s is an error that is marked as an interrupt",
    (type) => {
      const { content } = mapped(chat, {
        status: { code: 2 },
        events: [{ ...exception, attributes: { "exception.type": type, "exception.message": "[]" } }],
      });
      expect(content.error).toContain(type);
      expect(content.extra.metadata["ls_is_error_interrupt"]).toBe(true);
    },
  );

  test("an ordinary error is not marked", () => {
    const { content } = mapped(chat, { status: { code: 2, message: "no GraphInterrupt" } });
    expect(content.extra.metadata["ls_is_error_interrupt"]).toBeUndefined();
  });
});
