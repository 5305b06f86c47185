// Anything can be said in any field: calls that nothing states, texts under other keys, blocks and bodies of other APIs.
import type { Attributes } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";
import type { MappableSpan } from "../../src/mapping/index.js";
import { settleModelCalls } from "../../src/mapping/index.js";
import { mapped } from "./span.js";

const usage = { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5 };
const model = { "gen_ai.request.model": "m" };
const chat = { "gen_ai.operation.name": "chat", ...model };
const tokens = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
const asked = (...messages: object[]) => ({ ...chat, "gen_ai.input.messages": JSON.stringify(messages) });
const inputsOf = (attributes: Attributes, span?: Partial<MappableSpan>) => mapped(attributes, span).content.inputs;
const outputsOf = (attributes: Attributes, span?: Partial<MappableSpan>) => mapped(attributes, span).content.outputs;
const said = (content: unknown, more: object = {}) => [{ index: 0, message: { role: "assistant", content, ...more } }];

describe("a model call is known by what it shows", () => {
  test.each<[string, Attributes, string, Partial<MappableSpan>?]>([
    ["a model with messages", { ...model, "gen_ai.input.messages": '[{"role":"user","content":"hi"}]' }, "llm"],
    ["a model with usage", { ...model, ...usage }, "llm"],
    ["the answering model with usage", { "gen_ai.response.model": "m", ...usage }, "llm"],
    ["flattened prompts", { ...model, "gen_ai.prompt.0.content": "hi" }, "llm"],
    ["a whole prompt", { ...model, "gen_ai.prompt": "hi" }, "llm"],
    ["OpenInference without a kind", { "llm.model_name": "m", "llm.token_count.prompt": 3 }, "llm"],
    ["the AI SDK's without an operation", { "ai.model.id": "m", "ai.response.text": "yo" }, "llm"],
    ["only the answering model, as a CLIENT", { "gen_ai.response.model": "m" }, "llm", { kind: 2 }],
    ["an upper case operation", { "gen_ai.operation.name": "CHAT", ...model }, "llm"],
    ["an operation in other letters", { "gen_ai.operation.name": "Text-Completion" }, "llm"],
    ["what SDKs call their methods", { "gen_ai.operation.name": "responses" }, "llm"],
    ["an upper case kind of Traceloop's", { "traceloop.span.kind": "TOOL" }, "tool"],
    ["a model for embeddings with usage", { "gen_ai.request.model": "text-embedding-3", ...usage }, "embedding"],
    ["an agent with a model and usage", { "gen_ai.operation.name": "invoke_agent", ...model, ...usage }, "chain"],
    ["a model alone", { ...model }, "chain"],
    ["messages alone", { "gen_ai.input.messages": '[{"role":"user","content":"hi"}]' }, "chain"],
    ["a tool with a model", { "gen_ai.tool.name": "t", ...model, ...usage }, "tool"],
    ["an operation that nobody knows", { "gen_ai.operation.name": "agent_step", ...model, ...usage }, "chain"],
  ])("%s", (_, attributes, type, span) => {
    expect(mapped(attributes, span).content.run_type).toBe(type);
  });

  test("its tokens count", () => {
    expect(mapped({ ...model, ...usage }).content.extra.metadata["usage_metadata"]).toEqual(tokens);
  });

  test("one that wraps a call gives way to it, whatever both show", () => {
    const wrapper = mapped({ ...model, ...usage, "gen_ai.input.messages": '[{"role":"user","content":"hi"}]' });
    const { outer, inner } = settleModelCalls(wrapper, mapped({ ...chat, ...usage }));
    expect([outer.content.run_type, inner.content.run_type]).toEqual(["chain", "llm"]);
  });
});

describe("a message's text stands under another key", () => {
  test.each(["text", "message", "value", "body", "answer", "query", "utterance"])("%s", (key) => {
    const list = JSON.stringify([{ role: "user", [key]: "asks" }]);
    const answer = JSON.stringify([{ role: "assistant", [key]: "answers" }]);
    const { content } = mapped({ ...chat, "gen_ai.input.messages": list, "gen_ai.output.messages": answer });
    expect(content.inputs).toEqual({ messages: [{ role: "user", content: "asks" }] });
    expect(content.outputs).toEqual({ choices: said("answers") });
  });

  test.each<[string, object, object]>([
    ["a message around its body", { role: "user", message: { content: "a" } }, { role: "user", content: "a" }],
    ["ShareGPT's", { from: "human", value: "a" }, { role: "user", content: "a" }],
    ["Cohere's", { role: "CHATBOT", message: "a" }, { role: "assistant", content: "a" }],
    ["a role in upper case", { role: "USER", content: "a" }, { role: "user", content: "a" }],
    ["a type that is a speaker", { type: "human", text: "a" }, { role: "user", content: "a" }],
    ["an id is no text", { role: "user", id: "m1" }, { role: "user", content: "", id: "m1" }],
  ])("%s", (_, message, expected) => {
    expect(inputsOf(asked(message))).toEqual({ messages: [expected] });
  });

  test("keys beside content stay beside it", () => {
    const message = { role: "user", content: "a", note: "b", priority: 3, empty: "" };
    expect(inputsOf(asked(message))).toEqual({ messages: [{ role: "user", content: "a", note: "b", priority: 3 }] });
  });

  test("content beside parts is said once where it says the same", () => {
    const parts = [{ type: "text", text: "b" }];
    expect(inputsOf(asked({ role: "user", content: "b", parts }, { role: "user", content: "c", parts }))).toEqual({
      messages: [
        { role: "user", content: "b" },
        { role: "user", content: "b\nc" },
      ],
    });
  });

  test("citations stay beside their text", () => {
    const part = { type: "text", text: "a", citations: [{ url: "u" }], cache_control: { type: "ephemeral" } };
    expect(inputsOf(asked({ role: "user", content: [part] }))).toEqual({
      messages: [{ role: "user", content: [{ type: "text", text: "a", citations: [{ url: "u" }] }] }],
    });
  });
});

describe("a message without a role is", () => {
  test.each<[string, Attributes, unknown]>([
    ["the model's where it is reasoning", { "gen_ai.prompt.0.reasoning": "r" }, "assistant"],
    [
      "the model's where its parts are reasoning",
      {
        "llm.input_messages.0.message.contents.0.message_content.type": "reasoning",
        "llm.input_messages.0.message.contents.0.message_content.text": "r",
      },
      "assistant",
    ],
    ["the model's where it calls a tool", { "gen_ai.prompt.0.tool_calls.0.name": "f" }, "assistant"],
    [
      "the tool's where it answers a call",
      { "gen_ai.prompt.0.tool_call_id": "c", "gen_ai.prompt.0.content": "1" },
      "tool",
    ],
    ["the user's in a question", { "gen_ai.prompt.0.content": "a" }, "user"],
  ])("%s", (_, attributes, role) => {
    expect(inputsOf({ ...chat, ...attributes })).toMatchObject({ messages: [{ role }] });
  });

  test("the model's in an answer", () => {
    expect(outputsOf({ ...chat, "gen_ai.completion.0.content": "a" })).toEqual({ choices: said("a") });
  });

  test("reasoning joins the answer that follows it", () => {
    const list = {
      "gen_ai.prompt.0.role": "user",
      "gen_ai.prompt.0.content": "a",
      "gen_ai.prompt.1.reasoning": "r",
      "gen_ai.prompt.2.role": "assistant",
      "gen_ai.prompt.2.content": "b",
    };
    expect(inputsOf({ ...chat, ...list })).toMatchObject({
      messages: [
        { role: "user", content: "a" },
        {
          role: "assistant",
          content: [
            { type: "reasoning", reasoning: "r" },
            { type: "text", text: "b" },
          ],
        },
      ],
    });
  });
});

describe("a gen_ai.choice event holds", () => {
  const event = (name: string, attributes: Attributes) => ({
    name,
    time: [1_795_000_000, 6e8] as [number, number],
    attributes,
  });
  const choice = (message: string) => ({ events: [event("gen_ai.choice", { finish_reason: "stop", message })] });
  const call = { id: "c1", type: "function", function: { name: "get", arguments: '{"city":"Oslo"}' } };

  test.each<[string, string, object]>([
    ["Converse's blocks", '[{"text":"It snows"}]', { content: "It snows" }],
    [
      "a call as Strands writes it",
      '[{"type":"toolUse","name":"get","toolUseId":"c1","input":{"city":"Oslo"}}]',
      { content: null, tool_calls: [call] },
    ],
    ["parts", '[{"type":"text","text":"It snows"}]', { content: "It snows" }],
    ["an object that is itself the answer", '{"answer":"It snows"}', { content: '{"answer":"It snows"}' }],
    ["a list that is itself the answer", '["It snows"]', { content: '["It snows"]' }],
    ["a message", '{"role":"assistant","content":"It snows"}', { content: "It snows" }],
    ["a text", "It snows", { content: "It snows" }],
  ])("%s", (_, message, expected) => {
    const [only] = (outputsOf(chat, choice(message)) as { choices: unknown[] }).choices;
    expect(only).toEqual({ index: 0, message: { role: "assistant", ...expected }, finish_reason: "stop" });
  });

  test("a tool's result, beside the message that called it", () => {
    const attributes = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get" };
    const { content } = mapped(attributes, {
      events: [
        event("gen_ai.tool.message", { role: "tool", id: "c1", content: '{"city":"Oslo"}' }),
        event("gen_ai.choice", { id: "c1", message: '[{"text":"It snows"}]' }),
      ],
    });
    expect(content.inputs).toEqual({ city: "Oslo" });
    expect(content.outputs).toEqual({ output: "It snows" });
  });
});

describe("Bedrock's Converse forms are read", () => {
  const bytes = { "0": 137, "1": 80 };
  const result = { toolUseId: "c1", content: [{ json: { x: 2 } }, { text: "t" }], status: "error" };

  test.each<[string, object, object]>([
    [
      "a picture's bytes",
      { image: { format: "png", source: { bytes } } },
      { type: "image_url", image_url: { url: "data:image/png;base64,iVA=" } },
    ],
    [
      "a picture in a bucket",
      { image: { format: "png", source: { s3Location: { uri: "s3://b/k" } } } },
      { type: "image_url", image_url: { url: "s3://b/k" } },
    ],
    [
      "a document",
      { document: { format: "pdf", name: "d", source: { bytes: "JVBE" } } },
      { type: "file", file: { filename: "d", file_data: "data:application/pdf;base64,JVBE" } },
    ],
    [
      "reasoning",
      { reasoningContent: { reasoningText: { text: "r", signature: "s" } } },
      { type: "reasoning", reasoning: "r", signature: "s" },
    ],
    ["what is none of them", { cachePoint: { type: "default" } }, { cachePoint: { type: "default" } }],
  ])("%s", (_, block, part) => {
    const content = [{ text: "a" }, block];
    expect(inputsOf(asked({ role: "user", content }))).toEqual({
      messages: [{ role: "user", content: [{ type: "text", text: "a" }, part] }],
    });
  });

  test.each<[string, (block: object) => object]>([
    ["as blocks", (block) => block],
    ["with a type beside", (block) => ({ type: Object.keys(block)[0], ...(Object.values(block)[0] as object) })],
    [
      "as Strands' classes",
      (block) => ({ type: `${Object.keys(block)[0]}Block`, ...(Object.values(block)[0] as object) }),
    ],
  ])("calls and results, %s", (_, written) => {
    const call = written({ toolUse: { toolUseId: "c1", name: "get", input: { a: 1 } } });
    const messages = [
      { role: "assistant", content: [call] },
      { role: "user", content: [written({ toolResult: result })] },
    ];
    expect(inputsOf(asked(...messages))).toEqual({
      messages: [
        {
          role: "assistant",
          content: null,
          tool_calls: [{ id: "c1", type: "function", function: { name: "get", arguments: '{"a":1}' } }],
        },
        { role: "tool", content: '{"x":2}\nt', tool_call_id: "c1", status: "error" },
      ],
    });
  });

  test("a whole request and response: tools, parameters and cached tokens too", () => {
    const request = {
      modelId: "claude",
      system: [{ text: "be brief" }],
      messages: [{ role: "user", content: [{ text: "a" }] }],
      inferenceConfig: { maxTokens: 9 },
      toolConfig: {
        tools: [{ toolSpec: { name: "get", description: "d", inputSchema: { json: { type: "object" } } } }],
      },
    };
    const counts = {
      inputTokens: 12,
      outputTokens: 7,
      totalTokens: 119,
      cacheReadInputTokens: 80,
      cacheWriteInputTokens: 20,
    };
    const response = {
      output: { message: { role: "assistant", content: [{ text: "b" }] } },
      stopReason: "end_turn",
      usage: counts,
    };
    const { content } = mapped({
      "openinference.span.kind": "LLM",
      "input.value": JSON.stringify(request),
      "output.value": JSON.stringify(response),
      "llm.token_count.prompt": 12,
      "llm.token_count.completion": 7,
      "llm.token_count.total": 119,
    });
    expect(content.inputs).toEqual({
      messages: [
        { role: "system", content: "be brief" },
        { role: "user", content: "a" },
      ],
    });
    expect(content.outputs).toEqual({ choices: [{ ...said("b")[0], finish_reason: "end_turn" }] });
    const tool = { name: "get", description: "d", parameters: { type: "object" } };
    expect(content.extra.invocation_params).toEqual({
      model: "claude",
      max_tokens: 9,
      tools: [{ type: "function", function: tool }],
    });
    expect(content.extra.metadata["usage_metadata"]).toEqual({
      input_tokens: 112,
      output_tokens: 7,
      total_tokens: 119,
      input_token_details: { cache_read: 80, cache_creation: 20 },
    });
  });

  test("tool definitions, wherever they stand", () => {
    const spec = { toolSpec: { name: "get", inputSchema: { json: { type: "object" } } } };
    const { content } = mapped({ ...chat, "gen_ai.tool.definitions": JSON.stringify([spec]) });
    const tool = { type: "function", function: { name: "get", parameters: { type: "object" } } };
    expect(content.extra.invocation_params).toEqual({ model: "m", tools: [tool] });
  });
});

describe("Google's ADK", () => {
  const scope = { scope: { name: "gcp.vertex.agent", version: "2.0.0" } };
  const request = {
    model: "gemini",
    contents: [{ role: "user", parts: [{ text: "a" }] }],
    config: {
      systemInstruction: "be brief",
      temperature: 0.5,
      tools: [{ functionDeclarations: [{ name: "get", parametersJsonSchema: { type: "object" } }] }],
    },
  };
  const counts = { promptTokenCount: 20, candidatesTokenCount: 5, thoughtsTokenCount: 3, totalTokenCount: 28 };
  const response = { content: { role: "model", parts: [{ text: "b" }] }, usageMetadata: counts, finishReason: "STOP" };
  const call = {
    "gen_ai.system": "gcp.vertex.agent",
    "gen_ai.request.model": "gemini",
    "gcp.vertex.agent.llm_request": JSON.stringify(request),
    "gcp.vertex.agent.llm_response": JSON.stringify(response),
    "gcp.vertex.agent.session_id": "s1",
    "gen_ai.usage.input_tokens": 20,
    "gen_ai.usage.output_tokens": 5,
  };

  test("its model calls have messages, tools, parameters, thoughts and a thread", () => {
    const { content, threadId } = mapped(call, scope);
    expect(content).toMatchObject({
      run_type: "llm",
      inputs: {
        messages: [
          { role: "system", content: "be brief" },
          { role: "user", content: "a" },
        ],
      },
      outputs: { choices: [{ message: { role: "assistant", content: "b" }, finish_reason: "stop" }] },
    });
    expect(content.extra.invocation_params).toMatchObject({ temperature: 0.5, tools: [{ function: { name: "get" } }] });
    expect(content.extra.metadata["usage_metadata"]).toEqual({
      input_tokens: 20,
      output_tokens: 8,
      total_tokens: 28,
      output_token_details: { reasoning: 3 },
    });
    expect(threadId).toBe("s1");
    expect(JSON.stringify(content.extra)).not.toContain("llm_request");
  });

  test("its tools have arguments and results", () => {
    const { content } = mapped(
      {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get",
        "gen_ai.tool.call.id": "<not specified>",
        "gcp.vertex.agent.llm_request": "{}",
        "gcp.vertex.agent.llm_response": "{}",
        "gcp.vertex.agent.tool_call_args": '{"city":"Oslo"}',
        "gcp.vertex.agent.tool_response": '{"report":"It snows"}',
      },
      scope,
    );
    expect(content).toMatchObject({ run_type: "tool", inputs: { city: "Oslo" }, outputs: { report: "It snows" } });
    expect(JSON.stringify(content)).not.toMatch(/llm_re|not specified/);
  });

  test("where its content capture is off, what switches it on is warned about", () => {
    const { warnings } = mapped(
      { ...call, "gcp.vertex.agent.llm_request": "{}", "gcp.vertex.agent.llm_response": "{}" },
      scope,
    );
    expect(warnings?.[0]?.message).toContain("ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS");
  });
});

describe("newer GenAI conventions", () => {
  test("a prompt's name, version and variables are metadata, beside messages or not", () => {
    const prompt = {
      "gen_ai.prompt.name": "p",
      "gen_ai.prompt.version": "3",
      "gen_ai.prompt.variable.session_id": "v",
    };
    for (const attributes of [
      { ...chat, ...prompt },
      { ...asked({ role: "user", content: "a" }), ...prompt },
    ]) {
      const { content, threadId } = mapped(attributes);
      expect(content.extra.metadata).toMatchObject(prompt);
      expect(JSON.stringify(content.inputs ?? {})).not.toContain('"v"');
      expect(threadId).toBeUndefined();
    }
  });

  test("the reasoning level and the previous response are parameters under their own names", () => {
    const attributes = { "gen_ai.request.reasoning.level": "high", "gen_ai.request.previous_response.id": "r1" };
    expect(mapped({ ...chat, ...attributes }).content.extra.invocation_params).toEqual({
      model: "m",
      reasoning_effort: "high",
      previous_response_id: "r1",
    });
  });
});
