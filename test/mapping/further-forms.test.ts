// Forms that other libraries give to what is known already, and content that log records and lists of events bring.
import { describe, expect, it, test } from "vitest";
import { hide } from "../../src/privacy/hide.js";
import { newRun } from "../delivery/runs.js";
import { mapped } from "./span.js";

const chat = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" };
const time: [number, number] = [1_795_000_000, 600_000_000];
const json = JSON.stringify;

function choicesOf(attributes: Record<string, string>) {
  const { content } = mapped(chat, { events: [{ name: "gen_ai.choice", time, attributes }] });
  return content.outputs?.["choices"];
}

describe("a choice's event", () => {
  it("may hold a list of messages", () => {
    expect(choicesOf({ message: json([{ role: "assistant", content: "yes" }]), finish_reason: "stop" })).toMatchObject([
      { message: { role: "assistant", content: "yes" }, finish_reason: "stop" },
    ]);
  });

  it("may have the results of its calls beside it, as Strands Agents writes them", () => {
    const choices = choicesOf({
      message: json([{ toolUse: { toolUseId: "t", name: "weather", input: {} } }]),
      "tool.result": json([{ toolResult: { toolUseId: "t", content: [{ text: "22 °C" }] } }]),
    });
    expect(choices).toMatchObject([
      { message: { tool_calls: [{ id: "t", function: { name: "weather" } }] } },
      { message: { role: "tool", tool_call_id: "t", content: "22 °C" } },
    ]);
  });
});

describe("Gemini's API in snake case", () => {
  const attributes = {
    "gcp.vertex.agent.llm_request": json({
      model: "gemini",
      config: {
        system_instruction: "Be brief",
        tools: [{ function_declarations: [{ name: "weather" }] }],
      },
      contents: [
        { role: "user", parts: [{ text: "q" }, { inline_data: { mime_type: "image/png", data: "AAEC" } }] },
        { role: "user", parts: [{ file_data: { mime_type: "image/png", file_uri: "gs://b/x" } }, { text: "and" }] },
        { role: "user", parts: [{ fileData: { mimeType: "image/png", fileUri: "gs://b/y" } }, { text: "and" }] },
        { role: "model", parts: [{ function_call: { id: "f", name: "weather", args: { city: "Oslo" } } }] },
        { role: "user", parts: [{ function_response: { id: "f", name: "weather", response: { sky: "grey" } } }] },
      ],
    }),
    "gcp.vertex.agent.llm_response": json({
      content: { role: "model", parts: [{ text: "grey" }] },
      finish_reason: "STOP",
      usage_metadata: {
        prompt_token_count: 10,
        candidates_token_count: 3,
        total_token_count: 20,
        thoughts_token_count: 7,
        cached_content_token_count: 4,
      },
    }),
  };

  it("is read as in camel case", () => {
    const { content } = mapped(attributes, { scope: { name: "gcp.vertex.agent" } });
    expect(content.inputs?.["messages"]).toMatchObject([
      { role: "system", content: "Be brief" },
      { role: "user", content: [{ text: "q" }, { image_url: { url: "data:image/png;base64,AAEC" } }] },
      { role: "user", content: [{ image_url: { url: "gs://b/x" } }, { text: "and" }] },
      { role: "user", content: [{ image_url: { url: "gs://b/y" } }, { text: "and" }] },
      { role: "assistant", tool_calls: [{ id: "f", function: { name: "weather", arguments: '{"city":"Oslo"}' } }] },
      { role: "tool", tool_call_id: "f", content: '{"sky":"grey"}' },
    ]);
    expect(content.outputs?.["choices"]).toMatchObject([{ message: { content: "grey" }, finish_reason: "stop" }]);
    expect(content.extra.metadata["usage_metadata"]).toEqual({
      input_tokens: 10,
      output_tokens: 10,
      total_tokens: 20,
      input_token_details: { cache_read: 4 },
      output_token_details: { reasoning: 7 },
    });
    expect(content.extra.invocation_params?.["tools"]).toMatchObject([{ function: { name: "weather" } }]);
  });
});

describe("Google's ADK", () => {
  const scope = { scope: { name: "gcp.vertex.agent" } };
  const response = (answer: object) => ({
    "gcp.vertex.agent.llm_request": json({ model: "g", contents: [{ role: "user", parts: [{ text: "q" }] }] }),
    "gcp.vertex.agent.llm_response": json(answer),
  });

  it.each<[string, object, string | undefined]>([
    ["is an error", { errorCode: "MALFORMED_FUNCTION_CALL", errorMessage: "bad" }, "MALFORMED_FUNCTION_CALL: bad"],
    ["in snake case", { error_code: "SAFETY" }, "SAFETY: no message was recorded"],
    ["that only ended is none", { errorCode: "MAX_TOKENS" }, undefined],
    ["beside content is none", { errorCode: "X", content: { role: "model", parts: [{ text: "a" }] } }, undefined],
  ])("an error code in an answer %s", (_, answer, error) => {
    expect(mapped(response(answer), scope).content.error).toBe(error);
  });

  it("has tools without an operation name", () => {
    const { content } = mapped({ "gcp.vertex.agent.tool_call_args": '{"c":1}' }, { ...scope, name: "execute_tool w" });
    expect(content).toMatchObject({ run_type: "tool", inputs: { c: 1 } });
  });
});

it.each<[string, object, unknown]>([
  [
    "cited text",
    { citationsContent: { content: [{ text: "c" }], citations: [{ title: "T" }] } },
    [{ type: "text", text: "c", citations: [{ title: "T" }] }],
  ],
  ["guarded text", { guardContent: { text: { text: "g" } } }, "g"],
])("Bedrock's %s is text", (_, block, expected) => {
  const { content } = mapped({ ...chat, "gen_ai.output.messages": json([{ role: "assistant", content: [block] }]) });
  expect(content.outputs?.["choices"]).toMatchObject([{ message: { content: expected } }]);
});

it("a call that was recorded with a list of messages and options has its messages", () => {
  const messages = [{ role: "user", content: "q" }];
  const { content } = mapped(
    { "langsmith.span.kind": "llm", "gen_ai.prompt": json({ args: [messages, { timeout: 1 }] }) },
    { scope: { name: "langsmith" } },
  );
  expect(content.inputs).toEqual({ messages, request_options: { timeout: 1 } });
});

describe("content of log records and of Logfire's lists of events", () => {
  const log = (eventName: string, body: object, attributes = {}) => ({ eventName, time, body, attributes });
  const logs = [
    log("gen_ai.user.message", { content: "LOGGED QUESTION" }),
    log("gen_ai.choice", { message: { content: "LOGGED ANSWER" }, finish_reason: "stop" }),
  ];
  const details = log(
    "gen_ai.client.inference.operation.details",
    {},
    {
      "gen_ai.input.messages": json([{ role: "user", content: "LOGGED QUESTION" }]),
      "gen_ai.output.messages": json([{ role: "assistant", content: "LOGGED ANSWER" }]),
      "gen_ai.system_instructions": "LOGGED SYSTEM",
    },
  );
  const list = json([
    { "event.name": "gen_ai.user.message", role: "user", content: "LOGGED QUESTION" },
    { "event.name": "gen_ai.choice", message: { role: "assistant", content: "LOGGED ANSWER" } },
  ]);
  const types = ["llm", "chain", "tool", "retriever", "embedding", "prompt", "parser"];

  test.each(types)("stands somewhere in a run of type %s", (type) => {
    const kind = { "langsmith.span.kind": type };
    for (const [attributes, sources] of [
      [kind, { logs }],
      [kind, { logs: [details] }],
      [{ ...kind, "logfire.msg": "m", events: list }, {}],
      [{ ...kind, "logfire.msg": "m", all_messages_events: list }, {}],
    ] as const) {
      const text = json(mapped(attributes, {}, sources).content);
      expect(text).toContain("LOGGED QUESTION");
      expect(text).toContain("LOGGED ANSWER");
      if (sources.logs?.[0] === details) expect(text).toContain("LOGGED SYSTEM");
    }
  });

  test.each(["retriever", "embedding"])("is hidden there as inputs and outputs are: %s", (type) => {
    const kind = { "langsmith.span.kind": type };
    const fail = (_: string, error: unknown) => expect(error).toBeUndefined();
    for (const [attributes, sources] of [
      [kind, { logs: [...logs, details] }],
      [{ ...kind, "logfire.msg": "m", events: list, all_messages_events: list }, {}],
    ] as const) {
      const run = newRun(mapped(attributes, {}, sources).content);
      const one = json(hide(run, { hideInputs: true, hideOutputs: false, hideMetadata: false }, fail));
      expect(one).not.toMatch(/LOGGED QUESTION|LOGGED SYSTEM/);
      expect(one).toContain("LOGGED ANSWER");
      const both = json(hide(run, { hideInputs: true, hideOutputs: true, hideMetadata: false }, fail));
      expect(both).not.toContain("LOGGED");
    }
  });
});
