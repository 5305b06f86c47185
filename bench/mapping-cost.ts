// What it costs to map an llm span with 2 KB of input and 1 KB of output, against parsing and writing that content once.
// Run: npx esbuild bench/mapping-cost.ts --bundle --platform=node --format=esm \
//   --outfile=node_modules/.cache/bench.mjs && node node_modules/.cache/bench.mjs
// (tsx names every function at run time, which no user pays for). Each vocabulary is measured in a process of its own, as
// in a service that has one instrumentation: what the engine learned from the others' spans is not its cost.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Attributes } from "@opentelemetry/api";
import { type MappableSpan, mapSpan } from "../src/mapping/index.js";

const words = "the weather in Paris is mild and cloudy today, so leave the umbrella at home and enjoy the walk; ";
const text = (length: number) => words.repeat(Math.ceil(length / words.length)).slice(0, length);

const input = JSON.stringify([
  { role: "user", parts: [{ type: "text", content: text(700) }] },
  {
    role: "assistant",
    parts: [{ type: "tool_call", id: "call_1", name: "get_weather", arguments: { city: "Paris" } }],
  },
  { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: { city: "Paris", note: text(350) } }] },
  { role: "user", parts: [{ type: "text", content: text(500) }] },
]);
const output = JSON.stringify([
  { role: "assistant", parts: [{ type: "text", content: text(900) }], finish_reason: "stop" },
]);

const genAi: Attributes = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o-mini",
  "gen_ai.request.temperature": 0.2,
  "gen_ai.request.max_tokens": 256,
  "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.response.finish_reasons": ["stop"],
  "gen_ai.usage.input_tokens": 118,
  "gen_ai.usage.output_tokens": 24,
  "gen_ai.system_instructions": JSON.stringify([{ type: "text", content: text(300) }]),
  "gen_ai.input.messages": input,
  "gen_ai.output.messages": output,
  "server.address": "127.0.0.1",
  "server.port": 443,
};

const aiSdk: Attributes = {
  "operation.name": "ai.generateText.doGenerate bench",
  "resource.name": "bench",
  "ai.operationId": "ai.generateText.doGenerate",
  "ai.telemetry.functionId": "bench",
  "ai.telemetry.metadata.userId": "user-42",
  "ai.telemetry.metadata.sessionId": "sess-1",
  "ai.model.provider": "openai.chat",
  "ai.model.id": "gpt-4o-mini",
  "ai.settings.maxOutputTokens": 256,
  "ai.settings.temperature": 0.2,
  "ai.settings.maxRetries": 2,
  "ai.request.headers.user-agent": "ai/6.0.0",
  "ai.prompt.messages": JSON.stringify([
    { role: "system", content: text(300) },
    { role: "user", content: [{ type: "text", text: text(1500) }] },
  ]),
  "ai.response.finishReason": "stop",
  "ai.response.text": text(1000),
  "ai.response.id": "chatcmpl-1",
  "ai.response.model": "gpt-4o-mini-2024-07-18",
  "ai.response.timestamp": "2026-01-01T00:00:00.000Z",
  "ai.usage.inputTokens": 118,
  "ai.usage.outputTokens": 24,
  "ai.usage.totalTokens": 142,
  "ai.usage.reasoningTokens": 8,
  "ai.usage.cachedInputTokens": 64,
  "gen_ai.system": "openai.chat",
  "gen_ai.request.model": "gpt-4o-mini",
  "gen_ai.request.temperature": 0.2,
  "gen_ai.request.max_tokens": 256,
  "gen_ai.response.finish_reasons": ["stop"],
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
  "gen_ai.usage.input_tokens": 118,
  "gen_ai.usage.output_tokens": 24,
};

const openInference: Attributes = {
  "openinference.span.kind": "LLM",
  "llm.model_name": "gpt-4o-mini-2024-07-18",
  "llm.system": "openai",
  "llm.invocation_parameters": '{"model":"gpt-4o-mini","temperature":0.2}',
  "llm.input_messages.0.message.role": "system",
  "llm.input_messages.0.message.content": text(300),
  "llm.input_messages.1.message.role": "user",
  "llm.input_messages.1.message.content": text(1500),
  "llm.output_messages.0.message.role": "assistant",
  "llm.output_messages.0.message.content": text(1000),
  "llm.finish_reason": "stop",
  "llm.token_count.prompt": 118,
  "llm.token_count.completion": 24,
  "llm.token_count.prompt_details.cache_read": 64,
  "input.value": JSON.stringify({
    model: "gpt-4o-mini",
    messages: [
      { role: "system", content: text(300) },
      { role: "user", content: text(1500) },
    ],
    temperature: 0.2,
  }),
  "input.mime_type": "application/json",
  "output.value": JSON.stringify({
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content: text(1000) }, finish_reason: "stop" }],
    usage: { prompt_tokens: 118, completion_tokens: 24 },
  }),
  "output.mime_type": "application/json",
};

const flat: Attributes = {
  "gen_ai.operation.name": "chat",
  "gen_ai.system": "OpenAI",
  "llm.request.type": "chat",
  "gen_ai.request.model": "gpt-4o-mini",
  "gen_ai.request.temperature": 0.2,
  "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
  "gen_ai.prompt.0.role": "system",
  "gen_ai.prompt.0.content": text(300),
  "gen_ai.prompt.1.role": "user",
  "gen_ai.prompt.1.content": text(1000),
  "gen_ai.prompt.2.role": "assistant",
  "gen_ai.prompt.2.content": "",
  "gen_ai.prompt.2.tool_calls.0.id": "call_1",
  "gen_ai.prompt.2.tool_calls.0.name": "get_weather",
  "gen_ai.prompt.2.tool_calls.0.arguments": '{"city":"Paris"}',
  "gen_ai.prompt.3.role": "tool",
  "gen_ai.prompt.3.tool_call_id": "call_1",
  "gen_ai.prompt.3.content": text(500),
  "gen_ai.completion.0.role": "assistant",
  "gen_ai.completion.0.content": text(1000),
  "gen_ai.completion.0.finish_reason": "stop",
  "gen_ai.usage.prompt_tokens": 118,
  "gen_ai.usage.completion_tokens": 24,
  "llm.usage.total_tokens": 142,
};

function contentsOf(attributes: Attributes, prefix: string): string {
  const said = Object.entries(attributes).filter(([key]) => key.startsWith(prefix));
  return JSON.stringify(said.map(([, value]) => value));
}

function spanOf(attributes: Attributes): MappableSpan {
  return {
    name: "chat gpt-4o-mini",
    kind: 2,
    startTime: [1_795_000_000, 0],
    endTime: [1_795_000_001, 0],
    ended: true,
    status: { code: 0 },
    attributes,
    links: [],
    events: [],
    resource: { attributes: { "service.name": "bench" } },
    scope: { name: "gen_ai" },
    otelTraceId: "0af7651916cd43dd8448eb211c80319c",
    otelSpanId: "b7ad6b7169203331",
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Microseconds a call: the best of many short rounds, in turn with each other, so that a busy machine hits all alike. */
function costs(...runs: (() => unknown)[]): number[] {
  const best = runs.map(() => Number.POSITIVE_INFINITY);
  for (const run of runs) for (let warm = 0; warm < 5_000; warm += 1) run();
  for (let round = 0; round < 200; round += 1) {
    for (const [at, run] of runs.entries()) {
      const start = process.hrtime.bigint();
      for (let call = 0; call < 200; call += 1) run();
      best[at] = Math.min(best[at] ?? 0, Number(process.hrtime.bigint() - start) / 1_000 / 200);
    }
  }
  return best;
}

/** The span, and its content as JSON texts: what any mapping would have to parse and write. */
const cases: readonly [name: string, span: MappableSpan, contents: string[]][] = [
  ["GenAI conventions", spanOf(genAi), [input, output, String(genAi["gen_ai.system_instructions"])]],
  ["Vercel AI SDK", spanOf(aiSdk), [String(aiSdk["ai.prompt.messages"]), JSON.stringify(aiSdk["ai.response.text"])]],
  [
    "OpenInference",
    spanOf(openInference),
    [String(openInference["input.value"]), String(openInference["output.value"])],
  ],
  ["OpenLLMetry, flat", spanOf(flat), [contentsOf(flat, "gen_ai.prompt."), contentsOf(flat, "gen_ai.completion.")]],
];

function measure([name, span, contents]: (typeof cases)[number]): boolean {
  const [reference = 0, mapping = 0, withWriting = 0] = costs(
    () => contents.map((content) => JSON.stringify(JSON.parse(content))),
    () => mapSpan(span),
    () => JSON.stringify(mapSpan(span).content),
  );
  const ratio = mapping / reference;
  const bytes = contents.reduce((sum, content) => sum + Buffer.byteLength(content), 0);
  console.log(`${name}: ${bytes} bytes of content`);
  console.log(`  JSON.parse + JSON.stringify of the content: ${reference.toFixed(2)} µs`);
  console.log(`  mapSpan: ${mapping.toFixed(2)} µs; with writing the run: ${withWriting.toFixed(2)} µs`);
  console.log(`  ratio: ${ratio.toFixed(2)} (at most 1.5)`);
  return ratio <= 1.5;
}

const one = cases[Number(process.argv[2] ?? Number.NaN)];
if (one) {
  if (!measure(one)) process.exitCode = 1;
} else {
  for (const index of cases.keys()) {
    const { status } = spawnSync(
      process.execPath,
      [...process.execArgv, fileURLToPath(import.meta.url), String(index)],
      {
        stdio: "inherit",
      },
    );
    if (status !== 0) process.exitCode = 1;
  }
}
