// Streams that tell of their failure in a chunk: the run of a `traceable` is an error then, and keeps what had come.
import { expect, it } from "vitest";
import { traceable } from "../../src/authoring/index.js";
import { aggregateResponses } from "../../src/authoring/wrappers/openai-responses.js";
import { startBridge } from "../processor/bridge.js";

const text = { type: "text-delta", text: "a" };
const finished = { type: "finish", finishReason: "stop" };

async function errorOf(chunks: readonly unknown[], breaksAt = Number.POSITIVE_INFINITY, runType = "llm") {
  const bridge = await startBridge();
  const stream = traceable(
    async function* () {
      yield* chunks;
    },
    { name: "run", run_type: runType },
  );
  let at = 0;
  for await (const _ of stream()) if (++at === breaksAt) break;
  const { error, outputs } = (await bridge.finish()).one("run");
  return { error: error?.split("\n", 1)[0], outputs };
}

it.each<[string, unknown[], string]>([
  ["the AI SDK's error", [text, { type: "error", error: new TypeError("boom") }], "TypeError: boom"],
  [
    "the AI SDK's error, before its finish",
    [
      { type: "error", error: "boom" },
      { type: "finish", finishReason: "error" },
    ],
    "boom",
  ],
  [
    "the AI SDK's finish alone",
    [text, { type: "finish", finishReason: { unified: "error" } }],
    'Error: the stream ended with finish reason "error"',
  ],
  ["a UI message stream's error", [{ type: "error", errorText: "boom" }], "boom"],
  [
    "Anthropic's event",
    [{ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }],
    "overloaded_error: Overloaded",
  ],
  ["OpenAI's event", [{ type: "error", code: "server_error", message: "boom" }], "server_error: boom"],
  [
    "OpenAI's failed response",
    [{ type: "response.failed", response: { error: { code: "c", message: "boom" } } }],
    "c: boom",
  ],
  ["a chat completion's line", [{ error: { code: 502, message: "gone" } }], "502: gone"],
  [
    "a chat completion's finish",
    [{ choices: [{ delta: {}, finish_reason: "error" }] }],
    'Error: the stream ended with finish reason "error"',
  ],
])("is an error by %s", async (_, chunks, error) => {
  expect(await errorOf(chunks)).toMatchObject({ error, outputs: { outputs: { length: chunks.length } } });
});

it("is that error, and not cancelled, where the consumer breaks off because of it", async () => {
  expect((await errorOf([text, { type: "error", error: "boom" }, text], 2)).error).toBe("boom");
});

it("is cancelled where the consumer breaks off without one", async () => {
  expect((await errorOf([text, text, text], 2)).error).toBe("Cancelled");
});

it("is an error in a chain that hands such a stream on", async () => {
  expect((await errorOf([{ type: "error", error: "boom" }], undefined, "chain")).error).toBe("boom");
});

it.each<[string, unknown[]]>([
  ["another attempt ended well", [{ type: "error", error: "boom" }, text, finished]],
  [
    "the chunks are the application's own",
    [{ type: "error", data: 1 }, { type: "error" }, { error: null }, "error", 7],
  ],
  ["one of several choices is an answer", [{ choices: [{ finish_reason: "error" }, { finish_reason: "stop" }] }]],
])("is none where %s", async (_, chunks) => {
  expect((await errorOf(chunks)).error).toBeUndefined();
});

it("keeps the text of a response whose stream has deltas alone", () => {
  const delta = (type: string, more: object) => ({ type: `response.${type}.delta`, output_index: 0, ...more });
  expect(
    aggregateResponses([
      delta("output_text", { content_index: 0, delta: "so " }),
      delta("output_text", { content_index: 0, delta: "far" }),
      delta("function_call_arguments", { output_index: 1, delta: "{" }),
    ]),
  ).toEqual({
    output: [
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "so far" }] },
      { type: "function_call", arguments: "{" },
    ],
  });
});
