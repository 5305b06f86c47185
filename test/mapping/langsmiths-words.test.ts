// LangSmith's own words: attachments, the form of messages, what a run is to its agent, arguments of its OpenTelemetry mode.
import type { Attributes } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";
import { messageFormatOf } from "../../src/mapping/message-format.js";
import { mapped } from "./span.js";

const llm = { "langsmith.span.kind": "llm" };
const content64 = Buffer.from("hello").toString("base64");

describe("langsmith.attachments", () => {
  test("loses none of its good ones for a bad one, which stays in the metadata", () => {
    const good = { name: "notes", content: "aGVsbG8=", mime_type: "text/plain" };
    const bad = { name: "broken", content: "!!!" };
    const { content } = mapped({ ...llm, "langsmith.attachments": JSON.stringify([bad, good]) });
    expect(Object.keys(content.attachments ?? {})).toEqual(["notes"]);
    expect(content.extra.metadata["langsmith.attachments"]).toEqual([bad]);
  });

  test.each<[string, unknown]>([
    ["a list", [{ name: "notes", content: content64, mime_type: "text/plain" }]],
    ["a list in the names of JavaScript", [{ name: "notes", data: content64, mimeType: "text/plain" }]],
    ["an object by name", { notes: { content: content64, mime_type: "text/plain" } }],
    ["pairs as the SDK writes them", { notes: ["text/plain", content64] }],
    ["a data URI", [{ name: "notes", content: `data:text/plain;base64,${content64}` }]],
  ])("%s becomes attachments, and no metadata", (_, value) => {
    const { content } = mapped({ ...llm, "langsmith.attachments": JSON.stringify(value) });
    expect(content.attachments).toEqual({ notes: { mimeType: "text/plain", data: Buffer.from("hello") } });
    expect(JSON.stringify(content.extra)).not.toContain("attachments");
  });

  test("names with dots get none, and stay different", () => {
    const list = ["a.txt", "a_txt"].map((name) => ({ name, content: content64, mime_type: "text/plain" }));
    const { content } = mapped({ ...llm, "langsmith.attachments": JSON.stringify(list) });
    expect(Object.keys(content.attachments ?? {})).toEqual(["a_txt", "a_txt_2"]);
  });

  test.each(["no JSON", '[{"name":"a"}]', '[{"name":"a","content":"!!"}]', "[]"])("%s stays metadata", (value) => {
    const { content } = mapped({ ...llm, "langsmith.attachments": value });
    expect(content.attachments).toBeUndefined();
    expect(content.extra.metadata["langsmith.attachments"]).toBe(value);
  });
});

describe("ls_message_format", () => {
  const user = { role: "user", content: "a" };
  test.each<[string | undefined, string, Record<string, unknown>, Record<string, unknown>]>([
    ["completions", "messages and choices", { messages: [user] }, { choices: [{ message: user }] }],
    ["completions", "messages alone", { messages: [user] }, {}],
    ["completions", "a message for an answer", {}, { role: "assistant", content: "b" }],
    ["responses", "a response", { model: "m", input: "a" }, { object: "response", output: [] }],
    ["responses", "items", { input: [{ type: "message", role: "user", content: "a" }] }, {}],
    ["anthropic", "a message with a list of parts", { messages: [user] }, { type: "message", content: [] }],
    ["anthropic", "a system prompt beside the messages", { system: "s", messages: [user] }, {}],
    ["langchain", "serialized messages", { messages: [[{ lc: 1, kwargs: { content: "a" } }]] }, {}],
    ["langchain", "generations", {}, { generations: [[{ text: "b" }]] }],
    [undefined, "nothing of these", { input: "a" }, { output: "b" }],
  ])("is %s of %s", (format, _, inputs, outputs) => {
    expect(messageFormatOf(inputs, outputs)).toBe(format);
  });

  test.each<[string, Attributes, string | undefined]>([
    ["messages that were mapped", { "gen_ai.operation.name": "chat", "gen_ai.prompt": "a" }, "completions"],
    ["inputs as they came", { ...llm, "gen_ai.prompt": '{"input":[{"role":"user","content":"a"}]}' }, "responses"],
    ["a stated one", { ...llm, "gen_ai.prompt": '{"messages":[]}', "langsmith.metadata.ls_message_format": "x" }, "x"],
    ["no model run", { "gen_ai.operation.name": "invoke_agent", "gen_ai.prompt": "a" }, undefined],
  ])("is set by %s", (_, attributes, format) => {
    expect(mapped(attributes).content.extra.metadata["ls_message_format"]).toBe(format);
  });

  test("is set on a run of the authoring API", () => {
    const content = { run_type: "llm" as const, inputs: { messages: [{ role: "user", content: "a" }] } };
    expect(mapped({}, {}, { content }).content.extra.metadata["ls_message_format"]).toBe("completions");
  });
});

test.each([
  ["LoggingMiddleware.before_model", "middleware"],
  ["SummarizationMiddleware.before_model", "compaction"],
  ["model_request", undefined],
])("the node %s of an agent is %s", (name, type) => {
  expect(mapped({}, { name }).content.extra.metadata["ls_agent_type"]).toBe(type);
});

describe("a call in OpenTelemetry mode with arguments for a list", () => {
  const request = { model: "m", messages: [{ role: "user", content: "a" }], temperature: 0.5 };
  const called = (args: unknown[]) => mapped({ ...llm, "gen_ai.prompt": JSON.stringify({ args }) }).content;

  test("has its messages and parameters, and what it was sent with", () => {
    const content = called([request, { timeout: 5 }]);
    expect(content.inputs).toEqual({ ...request, request_options: { timeout: 5 } });
    expect(content.extra.invocation_params).toEqual({ model: "m", temperature: 0.5 });
    expect(content.extra.metadata).toMatchObject({ ls_temperature: 0.5, ls_message_format: "completions" });
  });

  test("has nothing but its request where there were no options", () => {
    expect(called([request, {}]).inputs).toEqual(request);
    expect(called([request]).inputs).toEqual(request);
  });

  test("is left as it came where the first is no request", () => {
    expect(called(["a", { b: 1 }]).inputs).toEqual({ args: ["a", { b: 1 }] });
  });

  test("of a tool or a chain is its arguments", () => {
    const attributes = { "langsmith.span.kind": "tool", "gen_ai.prompt": '{"args":[{"a":1},2]}' };
    expect(mapped(attributes).content.inputs).toEqual({ args: [{ a: 1 }, 2] });
  });
});

test.each(["agent", "7"])("a langsmith.span.kind that is no run type stays in the metadata: %s", (kind) => {
  const { content } = mapped({ "langsmith.span.kind": kind });
  expect(content).toMatchObject({ run_type: "chain", extra: { metadata: { "langsmith.span.kind": kind } } });
});
