// What libraries do to messages on the way: translated parts, calls and results under other names, one answer in pieces.
import { describe, expect, test } from "vitest";
import { mapped } from "./span.js";

const llm = { "gen_ai.operation.name": "chat" };
const openInference = { "openinference.span.kind": "LLM" };

function asked(messages: unknown): unknown {
  return mapped({ ...llm, "gen_ai.input.messages": JSON.stringify(messages) }).content.inputs?.["messages"];
}

function answered(body: unknown): unknown {
  return mapped({ ...openInference, "output.value": JSON.stringify(body) }).content.outputs?.["choices"];
}

describe("one answer of OpenAI's responses is one message", () => {
  const reasoning = { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }] };
  const message = {
    type: "message",
    id: "msg_1",
    role: "assistant",
    content: [{ type: "output_text", text: "Paris." }],
  };
  const call = { type: "function_call", id: "fc_1", call_id: "c1", name: "f", arguments: "{}" };
  const called = { id: "c1", type: "function", function: { name: "f", arguments: "{}" } };
  const hm = { type: "reasoning", reasoning: "Hm." };
  const paris = { type: "text", text: "Paris." };
  const search = { type: "web_search_call", id: "ws_1", status: "completed", action: { query: "q" } };

  test.each<[what: string, output: unknown[], message: object]>([
    ["reasoning and a text", [reasoning, message], { role: "assistant", content: [hm, paris] }],
    ["a text and a call", [message, call], { role: "assistant", content: "Paris.", tool_calls: [called] }],
    ["a call and a text", [call, message], { role: "assistant", content: "Paris.", tool_calls: [called] }],
    ["a search of the server's and a text", [search, message], { role: "assistant", content: [search, paris] }],
  ])("%s", (_what, output, expected) => {
    expect(answered({ object: "response", output })).toEqual([{ index: 0, message: expected }]);
  });

  test("reasoning that is handed back stands before the text it led to", () => {
    expect(asked([{ role: "user", content: "q" }, reasoning, message])).toEqual([
      { role: "user", content: "q" },
      { role: "assistant", content: [hm, paris] },
    ]);
  });

  test("in records of its own for each item, too", () => {
    const logs = [message, call].map((item, at) => ({
      eventName: "gen_ai.client.inference.operation.details",
      time: [1_795_000_000, at] as [number, number],
      body: undefined,
      attributes: { "gen_ai.output.messages": [item] },
    }));
    const { content } = mapped(llm, {}, { logs });
    expect(content.outputs?.["choices"]).toEqual([
      { index: 0, message: { role: "assistant", content: "Paris.", tool_calls: [called] } },
    ]);
  });
});

describe("what OpenInference's processors translate", () => {
  const image = { type: "blob", mime_type: "image/gif", content: "R0" };

  test("a part that it had no words for is read from its text", () => {
    const { content } = mapped({
      ...openInference,
      "llm.input_messages.0.message.role": "user",
      "llm.input_messages.0.message.contents.0.message_content.type": "blob",
      "llm.input_messages.0.message.contents.0.message_content.text": JSON.stringify(image),
    });
    expect(content.inputs?.["messages"]).toEqual([
      { role: "user", content: [{ type: "image_url", image_url: { url: "data:image/gif;base64,R0" } }] },
    ]);
  });

  test("a call's type in the contents is no content, and a typed result is its value", () => {
    const { content } = mapped({
      ...openInference,
      "llm.input_messages.0.message.role": "assistant",
      "llm.input_messages.0.message.contents.0.message_content.type": "tool-call",
      "llm.input_messages.0.message.tool_calls.0.tool_call.id": "c1",
      "llm.input_messages.0.message.tool_calls.0.tool_call.function.name": "f",
      "llm.input_messages.0.message.tool_calls.0.tool_call.function.arguments": '"{\\"city\\": \\"Par"',
      "llm.input_messages.1.message.role": "tool",
      "llm.input_messages.1.message.tool_call_id": "c1",
      "llm.input_messages.1.message.content": '{"type":"json","value":{"t":18}}',
    });
    expect(content.inputs?.["messages"]).toEqual([
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: '{"city": "Par' } }],
      },
      { role: "tool", content: '{"t":18}', tool_call_id: "c1" },
    ]);
  });

  test("the original beside it is read, and the translation is not sent again", () => {
    const { content } = mapped({
      ...openInference,
      "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [image] }]),
      "llm.input_messages.0.message.role": "user",
      "llm.input_messages.0.message.content": "[picture]",
      "input.value": "[picture]",
    });
    expect(content.inputs).toEqual({
      messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:image/gif;base64,R0" } }] }],
    });
    expect(JSON.stringify(content.extra.metadata)).not.toContain("picture");
  });

  test("what it has redacted is not fetched from the original", () => {
    const { content } = mapped({
      ...openInference,
      "ai.prompt.messages": '[{"role":"user","content":"secret"}]',
      "llm.input_messages.0.message.role": "user",
      "llm.input_messages.0.message.content": "__REDACTED__",
      "input.value": "__REDACTED__",
    });
    expect(JSON.stringify(content.inputs ?? {})).not.toContain("secret");
  });
});

describe("results, refusals, files", () => {
  test("a result that bears its tool's name for a role joins its call", () => {
    const calls = ["c1", "c2"].map((id) => ({ id, name: "get_weather", args: {} }));
    const messages = asked([
      { role: "assistant", content: "", tool_calls: calls },
      { role: "get_weather", content: "18" },
      { role: "get_weather", content: "12" },
      { role: "narrator", content: "Meanwhile" },
    ]);
    expect(messages).toMatchObject([
      { role: "assistant" },
      { role: "tool", name: "get_weather", tool_call_id: "c1", content: "18" },
      { role: "tool", name: "get_weather", tool_call_id: "c2", content: "12" },
      { role: "narrator", content: "Meanwhile" },
    ]);
  });

  test("a list of a response's inputs in one message's text is that list; a text that only looks alike stays", () => {
    const items = [
      { role: "user", content: "q" },
      { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: "r" },
    ];
    const inText = (text: string) => asked([{ role: "user", parts: [{ type: "text", content: text }] }]);
    expect(inText(JSON.stringify(items))).toHaveLength(3);
    for (const text of ['[{"a":1}]', '[{"role":"user"}]', "[{", '[{"role":"user","content":"q"},7]'])
      expect(inText(text)).toEqual([{ role: "user", content: text }]);
  });

  test.each<[what: string, part: object, expected: object]>([
    ["a refusal", { type: "refusal", content: "No." }, { type: "refusal", refusal: "No." }],
    [
      "a file of OpenAI's responses",
      { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,JV" },
      { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JV" } },
    ],
    [
      "a PDF that a library calls a picture",
      { type: "blob", modality: "image", mime_type: "application/pdf", content: "JV" },
      { type: "file", file: { file_data: "data:application/pdf;base64,JV" } },
    ],
    [
      "a picture with the detail that was asked for",
      { type: "input_image", image_url: "https://a/b.png", detail: "low" },
      { type: "image_url", image_url: { url: "https://a/b.png", detail: "low" } },
    ],
    [
      "a document that is text",
      { type: "document", source: { type: "text", media_type: "text/plain", data: "plain" } },
      { type: "document", source: { type: "text", media_type: "text/plain", data: "plain" } },
    ],
  ])("%s", (_what, part, expected) => {
    expect(asked([{ role: "user", content: [part, { type: "text", text: "?" }] }])).toEqual([
      { role: "user", content: [expected, { type: "text", text: "?" }] },
    ]);
  });

  test("a tool's result in parts is its text, and stays parts where one is none", () => {
    const text = { type: "text", text: '{"t":18}' };
    const result = (content: unknown) =>
      mapped({ "gen_ai.operation.name": "execute_tool", "anthropic.tool_result.content": JSON.stringify(content) });
    expect(result([text]).content.outputs).toEqual({ t: 18 });
    const mixed = [text, { type: "anthropic_image" }];
    expect(result(mixed).content.outputs).toEqual({ output: mixed });
    expect(asked([{ role: "tool", parts: [{ type: "tool_call_response", id: "c", response: mixed }] }])).toEqual([
      { role: "tool", tool_call_id: "c", content: mixed },
    ]);
  });

  test("an answer that ended and took no tokens was empty; one that took some was left out", () => {
    const outputs = (spent: number) =>
      mapped({
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.prompt.messages": '[{"role":"user","content":"q"}]',
        "ai.response.finishReason": "stop",
        "ai.usage.outputTokens": spent,
      }).content.outputs;
    expect(outputs(0)).toEqual({
      choices: [{ index: 0, message: { role: "assistant", content: "" }, finish_reason: "stop" }],
    });
    expect(outputs(9)).toBeUndefined();
  });

  test("nothing found is an answer of a retriever", () => {
    const attributes = { "openinference.span.kind": "RETRIEVER", "input.value": "q", "output.value": "[]" };
    expect(mapped(attributes).content.outputs).toEqual({ documents: [] });
  });

  test("an object that answers a conversation is the answer's text; a lone error is not", () => {
    const output = (value: string) =>
      mapped({
        "langfuse.observation.type": "generation",
        "langfuse.observation.input": '[{"role":"user","content":"q"}]',
        "langfuse.observation.output": value,
      }).content.outputs;
    expect(output('{"city":"Paris"}')).toEqual({
      choices: [{ index: 0, message: { role: "assistant", content: '{"city":"Paris"}' } }],
    });
    expect(output('{"error":"boom"}')).toEqual({ error: "boom" });
  });
});

describe("usage that is told beside the counts", () => {
  const aiCall = { "ai.operationId": "ai.generateText.doGenerate" };

  test("the AI SDK's provider tells cached and reasoning tokens", () => {
    const { content } = mapped({
      ...aiCall,
      "ai.usage.promptTokens": 118,
      "ai.usage.completionTokens": 24,
      "ai.response.providerMetadata": '{"openai":{"cachedPromptTokens":64,"reasoningTokens":8}}',
    });
    expect(content.extra.metadata["usage_metadata"]).toEqual({
      input_tokens: 118,
      output_tokens: 24,
      total_tokens: 142,
      input_token_details: { cache_read: 64 },
      output_token_details: { reasoning: 8 },
    });
  });

  test.each([
    ["leaves cached tokens out, as Anthropic does, gets them", 54],
    ["has them already stays", 118],
  ])("a count that %s", (_what, input) => {
    const { content } = mapped({
      ...aiCall,
      "ai.usage.inputTokens": input,
      "ai.usage.outputTokens": 24,
      ...(input === 118 ? { "ai.usage.cachedInputTokens": 64 } : {}),
      "ai.response.providerMetadata":
        '{"anthropic":{"usage":{"input_tokens":54,"output_tokens":24,"cache_read_input_tokens":64,"cache_creation_input_tokens":0}}}',
    });
    expect(content.extra.metadata["usage_metadata"]).toEqual({
      input_tokens: 118,
      output_tokens: 24,
      total_tokens: 142,
      input_token_details: { cache_read: 64 },
    });
  });

  test("LangChain's message tells the parts of the same counts, and of no others", () => {
    const usage = (prompt: number) => {
      const kwargs = {
        content: "a",
        usage_metadata: {
          input_tokens: 35,
          output_tokens: 9,
          total_tokens: 44,
          input_token_details: { cache_read: 10 },
        },
      };
      const message = { lc: 1, type: "constructor", id: ["langchain_core", "messages", "AIMessage"], kwargs };
      return mapped({
        ...openInference,
        "llm.token_count.prompt": prompt,
        "llm.token_count.completion": 9,
        "output.value": JSON.stringify({ generations: [[{ text: "a", message }]], llmOutput: {} }),
      }).content.extra.metadata["usage_metadata"];
    };
    expect(usage(35)).toMatchObject({ input_tokens: 35, input_token_details: { cache_read: 10 } });
    expect(usage(36)).toEqual({ input_tokens: 36, output_tokens: 9, total_tokens: 45 });
  });
});
