// The reference on attributes and fields, row by row: each source alone gives the field that it is named for.
import type { Attributes } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";
import type { MappableSpan } from "../../src/mapping/index.js";
import { mapped } from "./span.js";

type Row = readonly [field: string, attributes: Attributes, expected: unknown, span?: Partial<MappableSpan>];

const llm = { "gen_ai.operation.name": "chat" };
const openInference = { "openinference.span.kind": "LLM" };
const aiCall = { "ai.operationId": "ai.generateText.doGenerate" };
const tool = { "gen_ai.operation.name": "execute_tool" };
const retriever = { "openinference.span.kind": "RETRIEVER" };
const user = (content: unknown) => [{ role: "user", content }];
const said = (content: unknown) => [{ index: 0, message: { role: "assistant", content } }];
const document = (page: string, metadata: object = {}) => ({ page_content: page, metadata, type: "Document" });
const call = (id: string) => ({ id, type: "function", function: { name: "f", arguments: '{"a":1}' } });
const start = "2026-11-18T";

const types: Row[] = [
  ...["tool", "chain", "llm", "retriever", "embedding", "prompt", "parser"].flatMap((type): Row[] => [
    ["run_type", { "langsmith.span.kind": type.toUpperCase() }, type],
    ["run_type", { "langsmith.span.kind": type }, type],
  ]),
  ...Object.entries({
    LLM: "llm",
    EMBEDDING: "embedding",
    RETRIEVER: "retriever",
    RERANKER: "retriever",
    TOOL: "tool",
    PROMPT: "prompt",
    AGENT: "chain",
    GUARDRAIL: "chain",
    EVALUATOR: "chain",
    UNKNOWN: "chain",
  }).map(([kind, type]): Row => ["run_type", { "openinference.span.kind": kind }, type]),
  ...Object.entries({
    generation: "llm",
    embedding: "embedding",
    tool: "tool",
    retriever: "retriever",
    span: "chain",
    event: "chain",
    agent: "chain",
    guardrail: "chain",
  }).map(([kind, type]): Row => ["run_type", { "langfuse.observation.type": kind }, type]),
  ...Object.entries({
    "ai.generateText.doGenerate": "llm",
    "ai.streamObject.doStream": "llm",
    "ai.embed.doEmbed": "embedding",
    "ai.toolCall": "tool",
    "ai.rerank.doRerank": "retriever",
    "ai.rerank": "chain",
    "ai.generateText": "chain",
    "ai.embedMany": "chain",
  }).map(([operation, type]): Row => ["run_type", { "ai.operationId": operation }, type]),
  ...Object.entries({
    chat: "llm",
    text_completion: "llm",
    completion: "llm",
    generate_content: "llm",
    embeddings: "embedding",
    embedding: "embedding",
    execute_tool: "tool",
    retrieval: "retriever",
    rerank: "retriever",
    invoke_agent: "chain",
    create_agent: "chain",
    invoke_workflow: "chain",
    agent_step: "chain",
    anything: "chain",
  }).map(([operation, type]): Row => ["run_type", { "gen_ai.operation.name": operation }, type]),
  ...Object.entries({ tool: "tool", workflow: "chain", task: "chain", agent: "chain", unknown: "chain" }).map(
    ([kind, type]): Row => ["run_type", { "traceloop.span.kind": kind }, type],
  ),
  ...Object.entries({ chat: "llm", completion: "llm", embedding: "embedding", rerank: "retriever" }).map(
    ([kind, type]): Row => ["run_type", { "llm.request.type": kind }, type],
  ),
  ["run_type", { "gen_ai.tool.name": "t" }, "tool"],
  ["run_type", { "gen_ai.request.model": "m" }, "llm", { kind: 2 }],
  ["run_type", {}, "chain"],
];

const named: Row[] = [
  ["name", { "langsmith.trace.name": "n" }, "n"],
  ["name", { "langsmith.span.name": "n" }, "n"],
  ["name", { "ai.telemetry.metadata.ls_run_name": "n" }, "n"],
  ["name", { "langsmith.metadata.ls_run_name": "n" }, "n"],
  ["name", { metadata: '{"ls_run_name":"n"}' }, "n"],
  ["name", { ...tool, "gen_ai.tool.name": "n" }, "n"],
  ["name", { "ai.operationId": "ai.toolCall", "ai.toolCall.name": "n" }, "n"],
  ["name", { "openinference.span.kind": "TOOL", "tool.name": "n" }, "n"],
  ["name", { "traceloop.span.kind": "tool", "traceloop.entity.name": "n" }, "n"],
  ["name", {}, "span"],
];

// biome-ignore format: a row a line
const messages: Row[] = [
  ["inputs.messages", { ...llm, "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"q"}]}]' }, user("q")],
  ["inputs.messages", { ...llm, "gen_ai.system_instructions": '[{"type":"text","content":"s"}]' }, [{ role: "system", content: "s" }]],
  ["outputs.choices", { ...llm, "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"a"}]}]' }, said("a")],
  ["outputs.choices.0.finish_reason", { ...llm, "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"a"}],"finish_reason":"tool_call"}]', }, "tool_calls"],
  ["inputs.messages.0.content.0", { ...llm, "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"reasoning","content":"r"}]}]' }, { type: "reasoning", reasoning: "r" }],
  ["inputs.messages.0.content.0", { ...llm, "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"blob","modality":"image","mime_type":"image/gif","content":"R0"}]}]', }, { type: "image_url", image_url: { url: "data:image/gif;base64,R0" } }],
  ["inputs.messages.0.content.0", { ...llm, "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"blob","modality":"audio","mime_type":"audio/mp3","content":"R0"}]}]', }, { type: "input_audio", input_audio: { data: "R0", format: "mp3" } }],
  ["inputs.messages.0.content.0", { ...llm, "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"uri","modality":"image","uri":"https://a/b.png"}]}]', }, { type: "image_url", image_url: { url: "https://a/b.png" } }],
  ["inputs.messages.0.content.0", { ...llm, "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"file","file_id":"f1"}]}]' }, { type: "file", file: { file_id: "f1" } }],
  ["inputs.messages.0.content.0", { ...llm, "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"server_tool_call","name":"x"}]}]' }, { type: "server_tool_call", name: "x" }],
  ["inputs.messages.0.tool_calls", { ...llm, "gen_ai.input.messages": '[{"role":"assistant","parts":[{"type":"tool_call","id":"c","name":"f","arguments":{"a":1}}]}]', }, [call("c")]],
  ["inputs.messages.0", { ...llm, "gen_ai.input.messages": '[{"role":"tool","parts":[{"type":"tool_call_response","id":"c","response":"r"}]}]', }, { role: "tool", content: "r", tool_call_id: "c" }],
  ["inputs.messages", { ...llm, "gen_ai.prompt": '[{"role":"user","content":"q"}]' }, user("q")],
  ["inputs.messages", { ...llm, "gen_ai.prompt": "q" }, user("q")],
  ["inputs.messages", { ...llm, "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "q" }, user("q")],
  ["outputs.choices", { ...llm, "gen_ai.completion": "a" }, said("a")],
  ["outputs.choices", { ...llm, "gen_ai.completion.0.content": "a", "gen_ai.completion.0.role": "assistant" }, said("a")],
  ["inputs.messages", { ...openInference, "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "q" }, user("q")],
  ["inputs.messages.0.content", { ...openInference, "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.contents.0.message_content.type": "image", "llm.input_messages.0.message.contents.0.message_content.image.image.url": "https://a/b", }, [{ type: "image_url", image_url: { url: "https://a/b" } }]],
  ["inputs.messages.0", { ...openInference, "llm.input_messages.0.message.role": "tool", "llm.input_messages.0.message.content": "r", "llm.input_messages.0.message.tool_call_id": "c", "llm.input_messages.0.message.name": "f", }, { role: "tool", name: "f", content: "r", tool_call_id: "c" }],
  ["inputs.messages", { ...openInference, "llm.prompts.0.prompt.text": "q" }, user("q")],
  ["inputs.messages", { ...openInference, "input.value": '{"messages":[{"role":"user","content":"q"}]}', "input.mime_type": "application/json", }, user("q")],
  ["outputs.choices", { ...openInference, "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "a", }, said("a")],
  ["outputs.choices", { ...openInference, "llm.choices.0.completion.text": "a" }, said("a")],
  ["outputs.choices", { ...openInference, "output.value": "a" }, said("a")],
  ["inputs.messages", { ...aiCall, "ai.prompt.messages": '[{"role":"user","content":[{"type":"text","text":"q"}]}]' }, user("q")],
  ["inputs.messages", { ...aiCall, "ai.prompt": '{"system":"s","prompt":"q"}' }, [{ role: "system", content: "s" }, ...user("q")]],
  ["outputs.choices", { ...aiCall, "ai.response.text": "a" }, said("a")],
  ["outputs.choices", { ...aiCall, "ai.response.object": '{"a":1}' }, said('{"a":1}')],
  ["outputs.choices.0.message.tool_calls", { ...aiCall, "ai.response.toolCalls": '[{"toolCallId":"c","toolName":"f","args":{"a":1}}]' }, [call("c")]],
  ["outputs.choices.0.message.content", { ...aiCall, "ai.response.text": "a", "ai.response.reasoning": "r" }, [ { type: "reasoning", reasoning: "r" }, { type: "text", text: "a" }, ]],
  ["outputs.choices.0.message.content.0.file", { ...aiCall, "ai.response.files": '[{"type":"file","mediaType":"application/pdf","data":"JV"}]' }, { file_data: "data:application/pdf;base64,JV" }],
  ["outputs.choices", { ...aiCall, "ai.result.text": "a" }, said("a")],
  ["inputs.messages", { "llm.request.type": "chat", "traceloop.entity.input": '{"args":[{"messages":[{"role":"user","content":"q"}]}],"kwargs":{}}', }, user("q")],
  ["inputs", { "traceloop.span.kind": "tool", "traceloop.entity.input": '{"args":[{"a":1}],"kwargs":{}}' }, { a: 1 }],
  ["outputs", { "traceloop.span.kind": "task", "traceloop.entity.output": '"x"' }, { output: "x" }],
  ["inputs.messages", { "langfuse.observation.type": "generation", "langfuse.observation.input": '[{"role":"user","content":"q"}]' }, user("q")],
  ["outputs.choices", { "langfuse.observation.type": "generation", "langfuse.observation.output": '{"role":"assistant","content":"a"}' }, said("a")],
  ["inputs.messages", { ...llm, "logfire.msg": "m", request_data: '{"messages":[{"role":"user","content":"q"}]}' }, user("q")],
  ["inputs.messages", { ...llm, "logfire.msg": "m", prompt: "q" }, user("q")],
  ["outputs.choices", { ...llm, "logfire.msg": "m", response_data: '{"message":{"role":"assistant","content":"a"}}' }, said("a")],
  ["inputs.messages", { ...llm, "logfire.msg": "m", events: '[{"event.name":"gen_ai.user.message","role":"user","content":"q"}]' }, user("q")],
  ["outputs.choices.0.message.content", { ...llm, "logfire.msg": "m", all_messages_events: '[{"event.name":"gen_ai.choice","message":{"role":"assistant","content":"a"}}]', }, "a"],
  ["inputs", { "langsmith.span.kind": "llm", "gen_ai.prompt": '{"x":1}' }, { x: 1 }],
  ["outputs", { "langsmith.span.kind": "llm", "gen_ai.completion": '{"y":1}' }, { y: 1 }],
];

// biome-ignore format: a row a line
const values: Row[] = [
  ["inputs", { "openinference.span.kind": "CHAIN", "input.value": '{"a":"1"}' }, { a: "1" }],
  ["inputs", { "openinference.span.kind": "CHAIN", "input.value": "12" }, { input: "12" }],
  ["outputs", { "openinference.span.kind": "CHAIN", "output.value": "[1]" }, { output: [1] }],
  ["inputs", { "openinference.span.kind": "CHAIN", "input.value": '"{\\"a\\":1}"' }, { a: 1 }],
  ["inputs", { ...tool, "gen_ai.tool.call.arguments": '{"a":1}' }, { a: 1 }],
  ["inputs", { "ai.operationId": "ai.toolCall", "ai.toolCall.args": '{"a":1}' }, { a: 1 }],
  ["inputs", { "ai.operationId": "ai.toolCall", "ai.toolCall.input": '{"a":1}' }, { a: 1 }],
  ["inputs", { "openinference.span.kind": "TOOL", "tool.parameters": '{"a":1}' }, { a: 1 }],
  ["outputs", { ...tool, "gen_ai.tool.call.result": "r" }, { output: "r" }],
  ["outputs", { "ai.operationId": "ai.toolCall", "ai.toolCall.result": '"r"' }, { output: "r" }],
  ["outputs", { "ai.operationId": "ai.toolCall", "ai.toolCall.output": '{"r":1}' }, { r: 1 }],
  ["outputs", { ...tool, "anthropic.tool_result.content": "r" }, { output: "r" }],
  ["extra.metadata.tool_call_id", { ...tool, "gen_ai.tool.call.id": "c" }, "c"],
  ["extra.metadata.tool_call_id", { "ai.operationId": "ai.toolCall", "ai.toolCall.id": "c" }, "c"],
  ["extra.metadata.tool_call_id", { "openinference.span.kind": "TOOL", "tool_call.id": "c" }, "c"],
  ["inputs", { "gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": "q" }, { query: "q" }],
  ["inputs", { ...retriever, "input.value": "q" }, { query: "q" }],
  ["inputs", { ...retriever, "reranker.query": "q" }, { query: "q" }],
  ["outputs.documents", { "gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": '[{"id":"d","score":0.5,"content":"t"}]' }, [document("t", { id: "d", score: 0.5 })]],
  ["outputs.documents", { ...retriever, "retrieval.documents.0.document.content": "t", "retrieval.documents.0.document.id": "d", "retrieval.documents.0.document.score": 0.5, "retrieval.documents.0.document.metadata": '{"k":1}', }, [document("t", { k: 1, id: "d", score: 0.5 })]],
  ["outputs.documents", { ...retriever, "reranker.output_documents.0.document.content": "t" }, [document("t")]],
  ["outputs.documents", { "ai.operationId": "ai.rerank.doRerank", "ai.documents": ['"a"', '"b"'], "ai.ranking": ['{"index":1,"relevanceScore":0.9}'], }, [document("b", { index: 1, score: 0.9 })]],
  ["outputs.documents", { "db.system": "chroma" }, [document("t", { id: "d", distance: 0.1 })], { events: [ { name: "db.query.result", time: [1_795_000_000, 0], attributes: { "db.query.result.id": "d", "db.query.result.distance": 0.1, "db.query.result.document": "t" }, }, ], }],
  ["inputs", { "ai.operationId": "ai.embedMany.doEmbed", "ai.values": ['"a"', '"b"'] }, { input: ["a", "b"] }],
  ["inputs", { "ai.operationId": "ai.embed.doEmbed", "ai.value": '"a"' }, { input: ["a"] }],
  ["outputs", { "ai.operationId": "ai.embed.doEmbed", "ai.model.id": "m", "ai.embeddings": ["[1,2,3]"] }, { model: "m", count: 1, dimensions: 3 }],
  ["outputs", { "openinference.span.kind": "EMBEDDING", "embedding.model_name": "m", "embedding.embeddings.0.embedding.vector": [1, 2], "embedding.embeddings.0.embedding.text": "a", }, { model: "m", count: 1, dimensions: 2 }],
];

// biome-ignore format: a row a line
const models: Row[] = [
  ...["gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider"].map(
    (key): Row => ["extra.metadata.ls_provider", { ...llm, [key]: "openai.chat" }, "openai"],
  ),
  ...[
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.model_name",
    "embedding.model_name",
    "ai.response.model",
    "ai.model.id",
  ].map((key): Row => ["extra.metadata.ls_model_name", { ...llm, [key]: "m" }, "m"]),
  ["extra.invocation_params.model", { ...llm, "gen_ai.request.model": "m", "gen_ai.response.model": "m-1" }, "m"],
  ["extra.metadata.ls_model_type", llm, "chat"],
  ["extra.invocation_params", { ...llm, "gen_ai.request.top_p": 0.5, "gen_ai.request.stop_sequences": ["END"] }, { top_p: 0.5, stop: ["END"] }],
  ["extra.invocation_params", { ...openInference, "llm.invocation_parameters": '{"maxTokens":5}' }, { max_tokens: 5 }],
  ["extra.invocation_params", { ...aiCall, "ai.settings.maxRetries": 2 }, { max_retries: 2 }],
  ["extra.invocation_params", { "llm.request.type": "chat", "llm.frequency_penalty": 0.1, "llm.presence_penalty": 0.2 }, { frequency_penalty: 0.1, presence_penalty: 0.2 }],
  ["extra.invocation_params.top_k", { "openinference.span.kind": "RERANKER", "reranker.top_k": 3 }, 3],
  ["extra.metadata.ls_temperature", { ...llm, "gen_ai.request.temperature": 0.2 }, 0.2],
  ["extra.metadata.ls_max_tokens", { ...llm, "gen_ai.request.max_tokens": 5 }, 5],
  ["extra.metadata.ls_stop", { ...llm, "gen_ai.request.stop_sequences": ["END"] }, ["END"]],
  ...(
    [
      [{ ...llm }, "gen_ai.tool.definitions", '[{"type":"function","name":"f","parameters":{"type":"object"}}]'],
      [
        openInference,
        "llm.tools.0.tool.json_schema",
        '{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}',
      ],
      [aiCall, "ai.prompt.tools", ['{"type":"function","name":"f","inputSchema":{"type":"object"}}']],
    ] as const
  ).map(
    ([base, key, value]): Row => [
      "extra.invocation_params.tools.0.function",
      { ...base, [key]: typeof value === "string" ? value : [...value] },
      { name: "f", parameters: { type: "object" } },
    ],
  ),
  ["extra.invocation_params.tools.0.function.name", { "llm.request.type": "chat", "llm.request.functions.0.name": "f" }, "f"],
];

// biome-ignore format: a row a line
const usage: Row[] = [
  ...[
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "ai.usage.tokens",
  ].map(
    (key): Row => [
      "extra.metadata.usage_metadata",
      { ...llm, [key]: 7 },
      { input_tokens: 7, output_tokens: 0, total_tokens: 7 },
    ],
  ),
  ...[
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
  ].map(
    (key): Row => [
      "extra.metadata.usage_metadata",
      { ...llm, [key]: 7 },
      { input_tokens: 0, output_tokens: 7, total_tokens: 7 },
    ],
  ),
  ...[
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "llm.token_count.prompt_details.cache_read",
    "ai.usage.cachedInputTokens",
    "ai.usage.inputTokenDetails.cacheReadTokens",
  ].map(
    (key): Row => [
      "extra.metadata.usage_metadata.input_token_details",
      { ...llm, "gen_ai.usage.input_tokens": 9, [key]: 4 },
      { cache_read: 4 },
    ],
  ),
  ...[
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
  ].map(
    (key): Row => [
      "extra.metadata.usage_metadata.input_token_details",
      { ...llm, "gen_ai.usage.input_tokens": 9, [key]: 4 },
      { cache_creation: 4 },
    ],
  ),
  ...[
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "ai.usage.reasoningTokens",
    "ai.usage.outputTokenDetails.reasoningTokens",
  ].map(
    (key): Row => [
      "extra.metadata.usage_metadata.output_token_details",
      { ...llm, "gen_ai.usage.output_tokens": 9, [key]: 4 },
      { reasoning: 4 },
    ],
  ),
  ["extra.metadata.usage_metadata.input_token_details", { ...openInference, "llm.token_count.prompt": 9, "llm.token_count.prompt_details.audio": 2 }, { audio: 2 }],
  ["extra.metadata.usage_metadata.input_token_details", { ...llm, "gen_ai.usage.input_tokens": 9, "gen_ai.usage.input_token_details": '{"cache_read":2}' }, { cache_read: 2 }],
  ["extra.metadata.usage_metadata.total_cost", { ...openInference, "llm.cost.prompt": 0.5, "llm.cost.completion": 0.25, "llm.token_count.prompt": 1 }, 0.75],
  ["extra.metadata.usage_metadata.total_cost", { ...openInference, "llm.cost.total": 0.5, "llm.token_count.prompt": 1 }, 0.5],
  ["extra.metadata.usage_metadata.total_cost", { ...llm, "gen_ai.usage.cost": 0.5, "gen_ai.usage.input_tokens": 1 }, 0.5],
  ["extra.metadata.usage_metadata.input_cost", { "langfuse.observation.type": "generation", "langfuse.observation.cost_details": '{"input":0.5}', "langfuse.observation.usage_details": '{"input":1}', }, 0.5],
  ["extra.metadata.usage_metadata.input_tokens", { ...llm, "langsmith.usage_metadata": '{"input_tokens":3,"output_tokens":1,"total_tokens":4}' }, 3],
  ["extra.metadata.usage_metadata.input_tokens", { "langfuse.observation.type": "generation", "langfuse.observation.usage_details": '{"input":3,"output":1}' }, 3],
  ["extra.metadata", { "gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 9 }, expect.not.objectContaining({ usage_metadata: expect.anything() })],
];

// biome-ignore format: a row a line
const rest: Row[] = [
  ...(
    [
      ["gen_ai.response.time_to_first_chunk", 0.25],
      ["gen_ai.client.operation.time_to_first_chunk", 0.25],
      ["ai.response.msToFirstChunk", 250],
      ["ai.stream.msToFirstChunk", 250],
      ["langfuse.observation.completion_start_time", `"${start}11:06:40.750Z"`],
      ["mastra.completion_start_time", `${start}11:06:40.750Z`],
    ] as const
  ).map(
    ([key, value]): Row => [
      "events.0",
      { ...llm, [key]: value },
      { name: "new_token", time: `${start}11:06:40.750000Z` },
    ],
  ),
  ["events.0.name", { ...aiCall }, "new_token", { events: [{ name: "ai.stream.firstChunk", time: [1_795_000_000, 750_000_000] }] }],
  ...["tool-calls", "tool_calls", "tool_call", "tool_use"].flatMap((reason): Row[] => [
    [
      "outputs.choices.0.finish_reason",
      { ...llm, "gen_ai.completion": "a", "gen_ai.response.finish_reasons": [reason] },
      "tool_calls",
    ],
    [
      "outputs.choices.0.finish_reason",
      { ...llm, "gen_ai.completion": "a", "gen_ai.response.finish_reasons": JSON.stringify([reason]) },
      "tool_calls",
    ],
    [
      "outputs.choices.0.finish_reason",
      { ...llm, "gen_ai.completion": "a", "gen_ai.response.finish_reasons": reason },
      "tool_calls",
    ],
  ]),
  ["outputs.choices.0.finish_reason", { ...llm, "gen_ai.completion": "a", "anthropic.message.stop_reason": "end_turn" }, "end_turn"],
  ["tags", { "tag.tags": '["a","b"]' }, ["a", "b"]],
  ["tags", { "mastra.tags": '["a"]' }, ["a"]],
  ["tags", { "langsmith.span.tags": ["a", "b"] }, ["a", "b"]],
  ["tags", { "langsmith.span.tags": "a, b" }, ["a", "b"]],
  ["tags", { "langfuse.trace.tags": ["a"] }, ["a"]],
  ["tags", { "ai.telemetry.metadata.tags": ["a"] }, ["a"]],
  ["run_type", { "mastra.span.type": "model_generation" }, "llm"],
  ["inputs.input", { "mastra.span.type": "workflow_step", "mastra.workflow_step.input": "i" }, "i"],
  ["outputs.output", { "mastra.span.type": "workflow_step", "mastra.workflow_step.output": "o" }, "o"],
  ["extra.metadata.k", { "mastra.metadata.k": "v" }, "v"],
  ["name", { "logfire.msg": "m" }, "m"],
  ["extra.metadata.ls_model_name", { "langfuse.observation.type": "generation", "langfuse.observation.model.name": "m" }, "m"],
  ["extra.invocation_params", { "langfuse.observation.type": "generation", "langfuse.observation.model.parameters": '{"temperature":1}' }, { temperature: 1 }],
  ["error", { "langfuse.observation.level": "ERROR", "langfuse.observation.status_message": "boom" }, "Error: boom"],
  ["extra.metadata", { "langfuse.observation.prompt.name": "p", "langfuse.trace.name": "t" }, expect.objectContaining({ "langfuse.observation.prompt.name": "p", "langfuse.trace.name": "t" })],
  ["extra.metadata", { "traceloop.entity.path": "p", "traceloop.workflow.name": "w" }, expect.objectContaining({ "traceloop.entity.path": "p", "traceloop.workflow.name": "w" })],
  ["extra.metadata", { "llm.prompt_template.template": "t", "llm.prompt_template.variables": "{}", "llm.prompt_template.version": "1" }, expect.objectContaining({ "llm.prompt_template.template": "t", "llm.prompt_template.version": "1" })],
  ["error", {}, "Error: the span ended with status ERROR and no message", { status: { code: 2 } }],
  ["error", { "error.type": "timeout" }, "timeout: no message was recorded"],
  ["error", {}, "E: m", { events: [{ name: "exception", time: [1, 0], attributes: { "exception.type": "E", "exception.message": "m" } }] }],
  ["error", {}, undefined, { status: { code: 1 }, events: [{ name: "exception", time: [1, 0], attributes: { "exception.type": "E" } }] }],
  ["error", {}, "E: m", { status: { code: 1 }, scope: { name: "langsmith" }, events: [{ name: "exception", time: [1, 0], attributes: { "exception.type": "E", "exception.message": "m" } }], }],
  ...[
    "gen_ai.conversation.id",
    "session.id",
    "langfuse.session.id",
    "langsmith.metadata.thread_id",
    "langsmith.metadata.session_id",
    "langsmith.metadata.conversation_id",
    ...["ai.telemetry.metadata.", "ai.settings.context.", "traceloop.association.properties."].flatMap((prefix) =>
      ["thread_id", "session_id", "conversation_id", "threadId", "sessionId", "conversationId"].map(
        (key) => prefix + key,
      ),
    ),
  ].map((key): Row => ["extra.metadata.thread_id", { [key]: "t" }, "t"]),
  ...[
    "user.id",
    "enduser.id",
    "langfuse.user.id",
    "langsmith.metadata.user_id",
    "ai.telemetry.metadata.userId",
    "ai.settings.context.userId",
    "traceloop.association.properties.user_id",
  ].map((key): Row => ["extra.metadata.user_id", { [key]: "u" }, "u"]),
  ...[
    "langsmith.metadata.",
    "metadata.",
    "ai.telemetry.metadata.",
    "ai.settings.context.",
    "traceloop.association.properties.",
    "langfuse.trace.metadata.",
    "langfuse.observation.metadata.",
  ].map((prefix): Row => ["extra.metadata.k", { [`${prefix}k`]: "v" }, "v"]),
  ["extra.metadata.k", { metadata: '{"k":"v"}' }, "v"],
  ["project.name", { "langsmith.trace.session_name": "p" }, "p"],
  ["project.id", { "langsmith.trace.session_id": "p" }, "p"],
  ["project.name", { "ai.telemetry.metadata.ls_project_name": "p" }, "p"],
  ["project.id", { metadata: '{"ls_project_id":"p"}' }, "p"],
  ["reference_example_id", { "langsmith.reference_example_id": "019b7ca9-8c95-7616-8ae6-20bb6072c020" }, "019b7ca9-8c95-7616-8ae6-20bb6072c020"],
  ["extra.metadata.OTEL_TRACE_ID", {}, "0af7651916cd43dd8448eb211c80319c"],
  ["extra.metadata.OTEL_SPAN_ID", {}, "b7ad6b7169203331"],
  ...(["service.name", "service.version", "deployment.environment.name"] as const).map(
    (key): Row => [
      "extra.metadata",
      {},
      expect.objectContaining({ [key]: "s" }),
      { resource: { attributes: { [key]: "s" } } },
    ],
  ),
  ...(
    [
      { "gen_ai.operation.name": "invoke_agent" },
      { "gen_ai.operation.name": "invoke_workflow" },
      { "openinference.span.kind": "AGENT" },
      { "langfuse.observation.type": "agent" },
      { "traceloop.span.kind": "agent" },
      { "traceloop.span.kind": "workflow" },
      { "ai.operationId": "ai.streamText" },
    ] as const
  ).map((attributes): Row => ["isAgent", attributes, true]),
  ["extra.metadata.ls_integration", aiCall, "vercel-ai-sdk"],
  ["extra.metadata", { "acme.unheard": "of" }, expect.objectContaining({ "acme.unheard": "of" })],
];

/** What stands at a path of keys and indices; keys of metadata that hold dots are looked up whole. */
function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split(".")) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}

describe.each<readonly [what: string, rows: readonly Row[]]>([
  ["run types", types],
  ["names", named],
  ["messages", messages],
  ["values, tools, documents, vectors", values],
  ["models, parameters, tools offered", models],
  ["usage", usage],
  ["the rest", rest],
])("%s", (_what, rows) => {
  const cases = rows.map(([field, attributes, expected, span]) => ({
    title: `${field} from ${JSON.stringify(attributes)}`,
    row: { field, attributes, expected, span },
  }));
  test.each(cases)("$title", ({ row: { field, attributes, expected, span } }) => {
    const { content, project, isAgent } = mapped(attributes, span);
    expect(at({ ...content, project, isAgent }, field)).toEqual(expected);
  });
});
