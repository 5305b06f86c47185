// What the recordings do not show: older forms, other languages' keys, mixed spans, plain spans, users' own vocabularies.
import { describe, expect, test } from "vitest";
import { defaultVocabularies, mapSpan, type Vocabulary } from "../../src/mapping/index.js";
import { allRecordings, loadRecording, toMappable } from "../fixtures/load.js";
import { mapped } from "./span.js";

describe("run types", () => {
  test.each<[attributes: Parameters<typeof mapped>[0], type: string]>([
    [{ "langsmith.span.kind": "LLM" }, "llm"],
    [{ "langsmith.span.kind": "Prompt" }, "prompt"],
    [{ "langsmith.span.kind": "nonsense", "openinference.span.kind": "TOOL" }, "tool"],
    [{ "openinference.span.kind": "RERANKER" }, "retriever"],
    [{ "openinference.span.kind": "GUARDRAIL" }, "chain"],
    [{ "langfuse.observation.type": "evaluator" }, "chain"],
    [{ "ai.operationId": "ai.embedMany.doEmbed" }, "embedding"],
    [{ "gen_ai.operation.name": "generate_content" }, "llm"],
    [{ "gen_ai.operation.name": "create_agent" }, "chain"],
    [{ "traceloop.span.kind": "tool" }, "tool"],
    [{ "llm.request.type": "rerank" }, "retriever"],
    [{ "gen_ai.tool.name": "search" }, "tool"],
    [{ "gen_ai.operation.name": "chat", "openinference.span.kind": "CHAIN" }, "chain"],
    [{}, "chain"],
  ])("%o is %s", (attributes, type) => {
    expect(mapped(attributes).content.run_type).toBe(type);
  });

  test("a requested model alone makes a CLIENT span an llm run", () => {
    expect(mapped({ "gen_ai.request.model": "m" }, { kind: 2 }).content.run_type).toBe("llm");
    expect(mapped({ "gen_ai.request.model": "m" }).content.run_type).toBe("chain");
  });
});

describe("names", () => {
  test.each<[attributes: Parameters<typeof mapped>[0], name: string]>([
    [{ "langsmith.trace.name": "mine", "gen_ai.tool.name": "t" }, "mine"],
    [{ "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t" }, "t"],
    [{ "ai.operationId": "ai.toolCall", "ai.toolCall.name": "t" }, "t"],
    [{ "ai.operationId": "ai.generateText", "ai.telemetry.metadata.ls_run_name": "mine" }, "mine"],
    [{ "traceloop.span.kind": "task", "traceloop.entity.name": "entity" }, "entity"],
    [{ "logfire.msg": "hello bob" }, "hello bob"],
    [{ "gen_ai.operation.name": "chat" }, "span"],
  ])("%o is named %s", (attributes, name) => {
    expect(mapped(attributes).content.name).toBe(name);
  });
});

describe("older and other forms", () => {
  test("flattened prompts and completions, with tool calls", () => {
    const { content } = mapped({
      "llm.request.type": "chat",
      "gen_ai.prompt.0.role": "user",
      "gen_ai.prompt.0.content": '[{"type":"text","text":"Weather?"}]',
      "gen_ai.completion.0.role": "assistant",
      "gen_ai.completion.0.finish_reason": "tool_calls",
      "gen_ai.completion.0.tool_calls.0.id": "c1",
      "gen_ai.completion.0.tool_calls.0.name": "get_weather",
      "gen_ai.completion.0.tool_calls.0.arguments": '{"city":"Paris"}',
      "llm.request.functions.0.name": "get_weather",
      "llm.request.functions.0.parameters": '{"type":"object"}',
    });
    const call = { id: "c1", type: "function", function: { name: "get_weather", arguments: '{"city":"Paris"}' } };
    expect(content.inputs).toEqual({ messages: [{ role: "user", content: "Weather?" }] });
    expect(content.outputs).toEqual({
      choices: [
        { index: 0, message: { role: "assistant", content: null, tool_calls: [call] }, finish_reason: "tool_calls" },
      ],
    });
    expect(content.extra.invocation_params?.["tools"]).toEqual([
      { type: "function", function: { name: "get_weather", parameters: { type: "object" } } },
    ]);
  });

  test("content in span events", () => {
    const time: [number, number] = [1, 1];
    const { content } = mapped(
      { "gen_ai.operation.name": "chat" },
      {
        events: [
          { name: "gen_ai.system.message", time, attributes: { content: "Be brief." } },
          { name: "gen_ai.user.message", time, attributes: { "gen_ai.event.content": '{"content":"hi"}' } },
          {
            name: "gen_ai.choice",
            time,
            attributes: { "gen_ai.event.content": '{"index":0,"finish_reason":"stop","message":{"content":"hello"}}' },
          },
          { name: "retry", time },
        ],
      },
    );
    expect(content.inputs).toEqual({
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "hi" },
      ],
    });
    expect(content.outputs).toEqual({
      choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
    });
    expect(content.events).toMatchObject([{ name: "retry" }]);
  });

  test("a prompt and an answer that are plain texts", () => {
    const { content } = mapped({
      "gen_ai.operation.name": "text_completion",
      "gen_ai.prompt": "Say hi",
      "gen_ai.completion": "hi",
    });
    expect(content.inputs).toEqual({ messages: [{ role: "user", content: "Say hi" }] });
    expect(content.outputs).toEqual({ choices: [{ index: 0, message: { role: "assistant", content: "hi" } }] });
  });

  test("the AI SDK 3 and 4", () => {
    const { content } = mapped({
      "ai.operationId": "ai.generateText.doGenerate",
      "ai.prompt.messages": '[{"role":"user","content":[{"type":"text","text":"hi"}]}]',
      "ai.result.text": "hello",
      "ai.finishReason": "stop",
      "ai.usage.promptTokens": 3,
      "ai.usage.completionTokens": 2,
      "ai.settings.maxTokens": 5,
    });
    expect(content.outputs).toEqual({
      choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
    });
    expect(content.extra.metadata).toMatchObject({
      usage_metadata: { input_tokens: 3, output_tokens: 2 },
      ls_max_tokens: 5,
    });
  });

  test("OpenInference's prompts, choices, function calls and rerankers", () => {
    const completion = mapped({
      "openinference.span.kind": "LLM",
      "llm.prompts.0.prompt.text": "Say hi",
      "llm.choices.0.completion.text": "hi",
    });
    expect(completion.content.inputs).toEqual({ messages: [{ role: "user", content: "Say hi" }] });
    expect(completion.content.outputs).toEqual({
      choices: [{ index: 0, message: { role: "assistant", content: "hi" } }],
    });
    const call = mapped({
      "openinference.span.kind": "LLM",
      "llm.output_messages.0.message.function_call_name": "f",
      "llm.output_messages.0.message.function_call_arguments_json": "{}",
      "llm.output_messages.0.message.role": "assistant",
    });
    expect(call.content.outputs).toMatchObject({
      choices: [{ message: { tool_calls: [{ function: { name: "f", arguments: "{}" } }] } }],
    });
    const reranked = mapped({
      "openinference.span.kind": "RERANKER",
      "reranker.query": "umbrella",
      "reranker.input_documents.0.document.content": "a",
      "reranker.output_documents.0.document.content": "a",
      "reranker.output_documents.0.document.score": 0.9,
    });
    expect(reranked.content.inputs).toMatchObject({ query: "umbrella" });
    expect(reranked.content.outputs).toEqual({
      documents: [{ page_content: "a", metadata: { score: 0.9 }, type: "Document" }],
    });
  });

  test("Pydantic AI's messages in Logfire's attributes", () => {
    const { content } = mapped(
      {
        "gen_ai.operation.name": "chat",
        events:
          '[{"event.name":"gen_ai.user.message","role":"user","content":"hi"},{"event.name":"gen_ai.choice","index":0,"message":{"role":"assistant","content":"hello"}}]',
        "logfire.msg": "chat gpt-4o",
      },
      { scope: { name: "pydantic-ai" } },
    );
    expect(content.inputs).toEqual({ messages: [{ role: "user", content: "hi" }] });
    expect(content.outputs).toEqual({ choices: [{ index: 0, message: { role: "assistant", content: "hello" } }] });
  });

  test("providers: the part before the first dot, but not of the conventions' own dotted names", () => {
    const provider = (name: string) =>
      mapped({ "gen_ai.operation.name": "chat", "gen_ai.system": name }).content.extra.metadata["ls_provider"];
    expect([
      provider("openai.chat"),
      provider("anthropic"),
      provider("gcp.vertex_ai"),
      provider("azure.ai.openai"),
    ]).toEqual(["openai", "anthropic", "gcp.vertex_ai", "azure.ai.openai"]);
  });
});

describe("what LangSmith knows by name", () => {
  test("project, example, tags, metadata, wherever a metadata holds them", () => {
    const run = mapped({
      "langsmith.span.kind": "chain",
      "langsmith.trace.session_name": "mine",
      "langsmith.reference_example_id": "019b7ca9-8c95-7616-8ae6-20bb6072c020",
      "langsmith.span.tags": "a, b",
      "tag.tags": '["c"]',
      metadata: '{"tags":["d"],"ls_project_id":"p-1","plan":"pro"}',
    });
    expect(run.project).toEqual({ name: "mine", id: "p-1" });
    expect(run.content.reference_example_id).toBe("019b7ca9-8c95-7616-8ae6-20bb6072c020");
    expect(run.content.tags).toEqual(["a", "b", "c", "d"]);
    expect(run.content.extra.metadata).toMatchObject({ plan: "pro" });
  });

  test("origin: trace and span id, scope, kind, links, service, dropped counts", () => {
    const { metadata } = mapped(
      {},
      {
        kind: 3,
        scope: { name: "s", version: "1" },
        resource: { attributes: { "service.name": "svc", "deployment.environment.name": "prod", "host.name": "h" } },
        links: [{ context: { traceId: "t", spanId: "s", traceFlags: 1 }, attributes: { why: "retry" } }],
        droppedAttributesCount: 2,
      },
    ).content.extra;
    expect(metadata).toEqual({
      OTEL_TRACE_ID: "0af7651916cd43dd8448eb211c80319c",
      OTEL_SPAN_ID: "b7ad6b7169203331",
      "otel.scope.name": "s",
      "otel.scope.version": "1",
      "otel.span.kind": "PRODUCER",
      "otel.links": [{ trace_id: "t", span_id: "s", attributes: { why: "retry" } }],
      "service.name": "svc",
      "deployment.environment.name": "prod",
      "otel.dropped_attributes_count": 2,
    });
  });
});

describe("plain spans", () => {
  test.each<[what: string, attributes: Parameters<typeof mapped>[0], inputs: object, outputs: object | undefined]>([
    [
      "HTTP",
      { "http.request.method": "GET", "url.full": "https://x/y", "http.response.status_code": 200 },
      { method: "GET", url: "https://x/y" },
      { status: 200 },
    ],
    [
      "older HTTP",
      { "http.method": "GET", "http.url": "https://x/y", "http.status_code": 200 },
      { method: "GET", url: "https://x/y" },
      { status: 200 },
    ],
    [
      "a database",
      { "db.system.name": "postgresql", "db.operation.name": "SELECT", "db.query.text": "SELECT 1" },
      { system: "postgresql", operation: "SELECT", statement: "SELECT 1" },
      undefined,
    ],
    [
      "an older database",
      { "db.system": "postgresql", "db.statement": "SELECT 1", "db.name": "main" },
      { system: "postgresql", statement: "SELECT 1", database: "main" },
      undefined,
    ],
    [
      "RPC",
      { "rpc.system": "grpc", "rpc.service": "S", "rpc.method": "M", "rpc.grpc.status_code": 5 },
      { system: "grpc", service: "S", method: "M" },
      { status: 5 },
    ],
    [
      "a queue",
      { "messaging.system": "kafka", "messaging.destination.name": "q", "messaging.operation.type": "send" },
      { system: "kafka", operation: "send", destination: "q" },
      undefined,
    ],
  ])("%s", (_what, attributes, inputs, outputs) => {
    const { content } = mapped(attributes);
    expect(content.inputs).toEqual(inputs);
    expect(content.outputs).toEqual(outputs);
  });
});

describe("users' own", () => {
  const acme: Vocabulary = {
    name: "acme",
    markers: ["acme.model"],
    rules: [
      { keys: ["acme.kind"], to: "run_type", as: (kind) => (kind === "completion" ? "llm" : undefined) },
      { keys: ["acme.model"], to: "model" },
      { keys: ["acme.prompt"], to: "inputs" },
      { keys: ["acme.answer"], to: "outputs" },
      { keys: ["acme.tokens.in"], to: "usage.input_tokens" },
      { keys: ["acme.tokens.out"], to: "usage.output_tokens" },
      { prefix: "acme.label.", to: "metadata" },
    ],
  };

  test("the documented example reads its spans, and its fields win", () => {
    const { content, isModelCall } = mapped(
      {
        "acme.kind": "completion",
        "acme.model": "m",
        "gen_ai.response.model": "other",
        "acme.prompt": "hi",
        "acme.answer": "hello",
        "acme.tokens.in": 3,
        "acme.tokens.out": 2,
        "acme.label.team": "x",
      },
      {},
      { vocabularies: [acme, ...defaultVocabularies] },
    );
    expect(isModelCall).toBe(true);
    expect(content).toMatchObject({
      run_type: "llm",
      inputs: { messages: [{ role: "user", content: "hi" }] },
      outputs: { choices: [{ message: { role: "assistant", content: "hello" } }] },
      extra: {
        metadata: {
          ls_model_name: "m",
          team: "x",
          ls_integration: "acme",
          usage_metadata: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
        },
      },
    });
    expect(content.extra.metadata["gen_ai.response.model"]).toBe("other");
  });
});

describe("live spans", () => {
  test.each(allRecordings().filter((_recording, at) => at % 5 === 0))(
    "%s/%s: what is known at the start is mapped by the same rules",
    (folder, file) => {
      for (const { event, span } of loadRecording(folder, file).calls) {
        if (event !== "start") continue;
        const live = mapSpan(toMappable(span)).content;
        const ended = mapSpan({ ...toMappable(span), ended: true }).content;
        expect(live.inputs).toEqual(ended.inputs);
        expect(live.run_type).toBe(ended.run_type);
        expect(live.error).toBeUndefined();
      }
    },
  );
});
