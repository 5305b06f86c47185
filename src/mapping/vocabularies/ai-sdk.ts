// The Vercel AI SDK's own spans: versions 3 to 6, and 7 in its legacy form.
import { decode, isObject, toCount } from "../json.js";
import { toTurns } from "../messages.js";
import type { MappableSpan } from "../span.js";
import type { Fill, Vocabulary } from "../vocabulary.js";

/** By the operation's end; the outer spans hold steps, tools and inner calls. */
function typeOfOperation(value: unknown): unknown {
  if (typeof value !== "string" || value === "") return undefined;
  if (value === "ai.toolCall") return "tool";
  if (value === "ai.rerank.doRerank") return "retriever";
  if (/\.do(Generate|Stream)$/.test(value)) return "llm";
  return value.endsWith(".doEmbed") ? "embedding" : "chain";
}

function isOuter(value: unknown): unknown {
  return typeof value === "string" && /^ai\.(generate|stream)(Text|Object)$/.test(value) ? true : undefined;
}

/** The calls inside carry the same id: one run has the name. */
function isNamedByFunction({ attributes }: MappableSpan): boolean {
  const operation = attributes["ai.operationId"];
  return typeof operation === "string" && operation !== "ai.toolCall" && !operation.includes(".do");
}

function millisPassed(value: unknown): unknown {
  const millis = toCount(value);
  return millis === undefined ? undefined : { millis };
}

/** `{ system?, prompt?, messages? }`; messages in it may hold pictures as lists of bytes. */
function promptOf(value: unknown): unknown {
  const prompt = decode(value);
  if (!isObject(prompt)) return value;
  const turns = prompt["messages"] === undefined ? undefined : toTurns(prompt["messages"]);
  return turns === undefined ? prompt : { ...prompt, messages: turns.map((turn) => turn.message) };
}

function readFirstChunk(span: MappableSpan, fill: Fill): void {
  const first = span.events.find((event) => event.name === "ai.stream.firstChunk");
  if (first !== undefined) fill("first_token", { at: first.time });
}

/** What the SDK's counts leave out, as the provider counted it: versions 4 and 5 tell it here alone. */
function readProvidersUsage(span: MappableSpan, fill: Fill): void {
  const { attributes } = span;
  const told = decode(attributes["ai.response.providerMetadata"] ?? attributes["ai.result.providerMetadata"]);
  if (!isObject(told)) return;
  const { openai, azure, anthropic, bedrock } = told;
  for (const provider of [openai, azure]) {
    if (!isObject(provider)) continue;
    fill("usage.cache_read", provider["cachedPromptTokens"]);
    fill("usage.reasoning", provider["reasoningTokens"]);
  }
  const input = toCount(attributes["ai.usage.inputTokens"] ?? attributes["ai.usage.promptTokens"]);
  const usage = isObject(anthropic) ? anthropic["usage"] : undefined;
  // Only where the SDK's count is Anthropic's own, which leaves cached tokens out.
  if (isObject(usage) && input !== undefined && usage["input_tokens"] === input) fill("usage", usage);
  else readCachedApart([anthropic, isObject(bedrock) ? bedrock["usage"] : undefined], span, fill);
}

/** Version 4 tells Anthropic's own count of the input, and the cached tokens in the provider's metadata alone. */
function readCachedApart(providers: readonly unknown[], { attributes }: MappableSpan, fill: Fill): void {
  const input = toCount(attributes["ai.usage.promptTokens"]);
  if (input === undefined) return;
  for (const provider of providers) {
    if (!isObject(provider)) continue;
    const read = toCount(provider["cacheReadInputTokens"]);
    const written = toCount(provider["cacheCreationInputTokens"] ?? provider["cacheWriteInputTokens"]);
    if (read === undefined && written === undefined) continue;
    const output = attributes["ai.usage.completionTokens"];
    fill("usage", {
      input_tokens: input,
      output_tokens: output,
      cache_read_input_tokens: read,
      cache_creation_input_tokens: written,
    });
  }
}

export const aiSdk: Vocabulary = {
  name: "ai-sdk",
  about: "The Vercel AI SDK's `experimental_telemetry` (versions 3 to 6) and version 7's legacy form.",
  integration: "vercel-ai-sdk",
  scopes: ["ai"],
  markers: ["ai.operationId", "ai.model.id", "ai.toolCall.", "ai.prompt", "ai.prompt.messages"],
  rules: [
    {
      keys: ["ai.operationId"],
      to: "run_type",
      as: typeOfOperation,
      note: "`*.doGenerate`, `*.doStream` → llm; `*.doEmbed` → embedding; `ai.toolCall` → tool; `ai.rerank.doRerank` → retriever; the outer spans → chain",
    },
    { keys: ["ai.operationId"], to: "agent", as: isOuter, note: "`ai.generateText`, `ai.streamText`, `…Object`" },
    {
      keys: ["ai.telemetry.functionId"],
      to: "name",
      when: isNamedByFunction,
      note: "of the outer spans; the calls inside keep the SDK's",
    },
    { keys: ["ai.telemetry.functionId"], to: "metadata", name: "ai.telemetry.functionId" },
    { keys: ["ai.prompt.messages"], to: "input_messages" },
    { keys: ["ai.prompt"], to: "inputs", as: promptOf },
    { keys: ["ai.prompt.tools"], to: "tools" },
    { keys: ["ai.prompt.toolChoice"], to: "param", name: "tool_choice", as: decode },
    { keys: ["ai.response.text", "ai.result.text"], to: "output_text" },
    { keys: ["ai.response.object", "ai.result.object"], to: "output_object" },
    { keys: ["ai.response.toolCalls", "ai.result.toolCalls"], to: "output_tool_calls" },
    { keys: ["ai.response.reasoning"], to: "output_reasoning" },
    { keys: ["ai.response.files"], to: "output_files" },
    { keys: ["ai.response.finishReason", "ai.finishReason", "ai.result.finishReason"], to: "finish_reason" },
    { keys: ["ai.response.id"], to: "metadata", name: "gen_ai.response.id" },
    { keys: ["ai.model.provider"], to: "provider" },
    { keys: ["ai.response.model"], to: "model" },
    { keys: ["ai.model.id"], to: "requested_model" },
    { keys: ["ai.toolCall.name"], to: "tool_name" },
    { keys: ["ai.toolCall.id"], to: "tool_call_id" },
    { keys: ["ai.toolCall.args", "ai.toolCall.input"], to: "tool_arguments" },
    { keys: ["ai.toolCall.result", "ai.toolCall.output"], to: "tool_result" },
    { keys: ["ai.values", "ai.value"], to: "texts" },
    { keys: ["ai.embeddings", "ai.embedding"], to: "vectors" },
    { keys: ["ai.documents"], to: "texts", note: "what is put in order" },
    { keys: ["ai.ranking"], to: "documents", note: "by index into `ai.documents`" },
    { keys: ["ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"], to: "usage.input_tokens" },
    { keys: ["ai.usage.outputTokens", "ai.usage.completionTokens"], to: "usage.output_tokens" },
    { keys: ["ai.usage.totalTokens"], to: "usage.total_tokens" },
    { keys: ["ai.usage.cachedInputTokens"], to: "usage.cache_read" },
    { keys: ["ai.usage.reasoningTokens"], to: "usage.reasoning" },
    { prefix: "ai.usage.inputTokenDetails.", to: "usage.input_details" },
    { prefix: "ai.usage.outputTokenDetails.", to: "usage.output_details" },
    { keys: ["ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"], to: "first_token", as: millisPassed },
    { prefix: "ai.telemetry.metadata.", to: "metadata" },
    { prefix: "ai.settings.context.", to: "metadata" },
    { prefix: "ai.settings.", to: "param" },
    {
      keys: ["operation.name", "resource.name"],
      to: "drop",
      when: (span) => span.attributes["ai.operationId"] !== undefined,
      note: "`ai.operationId` and `ai.telemetry.functionId` again",
    },
  ],
  events: ["ai.stream.firstChunk"],
  read: (span, fill) => {
    readFirstChunk(span, fill);
    readProvidersUsage(span, fill);
  },
};
