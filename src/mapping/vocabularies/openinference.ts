// OpenInference (Arize): flattened messages, and whole bodies beside them.
import type { KeyValues } from "../../wire/run.js";
import { decode, isObject, put } from "../json.js";
import type { MappableSpan } from "../span.js";
import { redacted } from "../there.js";
import { byValue, isOneOf, type Vocabulary } from "../vocabulary.js";

const kinds = byValue(
  {
    LLM: "llm",
    EMBEDDING: "embedding",
    RETRIEVER: "retriever",
    RERANKER: "retriever",
    TOOL: "tool",
    PROMPT: "prompt",
  },
  "chain",
);

const ofConversation = new Set([
  "messages",
  "system",
  "instructions",
  "input",
  "prompt",
  "contents",
  "systemInstruction",
]);

/** Model parameters, without the conversation: it stands in the messages already, or was hidden there. */
function parameters(value: unknown): unknown {
  const stated = decode(value);
  if (!isObject(stated)) return undefined;
  const params: KeyValues = {};
  for (const key of Object.keys(stated)) if (!ofConversation.has(key)) put(params, key, stated[key]);
  return params;
}

/**
 * OpenInference's processors translate the spans of others, and lose on the way what OpenInference has no words for
 * (pictures, results of tools, calls whose arguments are broken). Where the original stands beside it, that is read.
 */
function translates(value: string, ...originals: string[]): (span: MappableSpan) => boolean {
  return ({ attributes }) => {
    for (const key of originals) if (attributes[key] !== undefined) return attributes[value] !== redacted;
    return false;
  };
}

const hasOriginalInput = translates("input.value", "gen_ai.input.messages", "ai.prompt.messages", "ai.prompt");
const hasOriginalOutput = translates(
  "output.value",
  "gen_ai.output.messages",
  "ai.response.text",
  "ai.response.toolCalls",
  "ai.response.object",
);
const hasNoOriginalInput = (span: MappableSpan) => !hasOriginalInput(span);
const hasNoOriginalOutput = (span: MappableSpan) => !hasOriginalOutput(span);
const ofOriginal = "where the messages that it was translated from are on the span";

function isAgents({ attributes }: MappableSpan): boolean {
  return String(attributes["openinference.span.kind"]).toUpperCase() === "AGENT";
}

function isRepeated(span: MappableSpan): boolean {
  return span.attributes["tool.parameters"] === span.attributes["input.value"];
}

export const openinference: Vocabulary = {
  name: "openinference",
  about: "OpenInference, Arize's conventions: its instrumentations for OpenAI, Anthropic, LangChain and others.",
  scopes: ["@arizeai/openinference-*", "openinference-core", "openinference.instrumentation.*"],
  markers: [
    "openinference.span.kind",
    "llm.model_name",
    "llm.input_messages.",
    "llm.output_messages.",
    "llm.token_count.",
    "llm.invocation_parameters",
    "embedding.model_name",
    "embedding.embeddings.",
    "retrieval.documents.",
    "reranker.",
  ],
  rules: [
    {
      keys: ["openinference.span.kind"],
      to: "run_type",
      as: kinds,
      note: "LLM → llm, EMBEDDING → embedding, RETRIEVER and RERANKER → retriever, TOOL → tool, PROMPT → prompt, all others → chain",
    },
    { keys: ["openinference.span.kind"], to: "agent", as: isOneOf("AGENT") },
    { keys: ["agent.name"], to: "name", when: isAgents },
    { keys: ["agent.name"], to: "metadata", name: "agent.name" },
    { prefix: "llm.input_messages.", to: "drop", when: hasOriginalInput, note: ofOriginal },
    { prefix: "llm.output_messages.", to: "drop", when: hasOriginalOutput, note: ofOriginal },
    { keys: ["input.value"], to: "drop", when: hasOriginalInput, note: ofOriginal },
    { keys: ["output.value"], to: "drop", when: hasOriginalOutput, note: ofOriginal },
    { prefix: "llm.input_messages.", to: "input_messages", flattened: true },
    { prefix: "llm.prompts.", to: "input_messages", flattened: true, as: promptTexts },
    {
      keys: ["input.value"],
      to: "inputs",
      when: hasNoOriginalInput,
      note: "for llm runs where it holds more than the flattened messages",
    },
    { prefix: "llm.output_messages.", to: "output_messages", flattened: true },
    { prefix: "llm.choices.", to: "output_messages", flattened: true, as: (choices) => ({ choices }) },
    {
      keys: ["output.value"],
      to: "outputs",
      when: hasNoOriginalOutput,
      note: "for llm runs where it holds more than the flattened messages",
    },
    { keys: ["input.mime_type", "output.mime_type"], to: "drop" },
    { keys: ["llm.provider", "llm.system"], to: "provider" },
    {
      keys: ["llm.response.model_name", "llm.model_name", "embedding.model_name", "reranker.model_name"],
      to: "model",
    },
    { keys: ["llm.request.model_name"], to: "requested_model" },
    { keys: ["llm.invocation_parameters", "embedding.invocation_parameters"], to: "params", as: parameters },
    { prefix: "llm.tools.", to: "tools", flattened: true },
    { keys: ["llm.finish_reason"], to: "finish_reason" },
    { keys: ["llm.token_count.prompt"], to: "usage.input_tokens" },
    { keys: ["llm.token_count.completion"], to: "usage.output_tokens" },
    { keys: ["llm.token_count.total"], to: "usage.total_tokens" },
    { prefix: "llm.token_count.prompt_details.", to: "usage.input_details" },
    { prefix: "llm.token_count.completion_details.", to: "usage.output_details" },
    { keys: ["llm.cost.prompt"], to: "usage.input_cost" },
    { keys: ["llm.cost.completion"], to: "usage.output_cost" },
    { keys: ["llm.cost.total"], to: "usage.total_cost" },
    { keys: ["tool.name"], to: "tool_name" },
    { keys: ["tool_call.id", "tool.id"], to: "tool_call_id" },
    { keys: ["tool.parameters"], to: "drop", when: isRepeated, note: "where it is `input.value` again" },
    {
      keys: ["tool.parameters"],
      to: "tool_arguments",
      when: (span) => span.attributes["input.value"] === undefined,
      note: "only where there is no `input.value`",
    },
    { prefix: "embedding.embeddings.", to: "vectors", flattened: true },
    { prefix: "retrieval.documents.", to: "documents", flattened: true },
    { keys: ["reranker.query"], to: "query" },
    { prefix: "reranker.input_documents.", to: "texts", flattened: true },
    { prefix: "reranker.output_documents.", to: "documents", flattened: true },
    { keys: ["reranker.top_k"], to: "param", name: "top_k" },
    { keys: ["metadata"], to: "metadata", as: (value) => (isObject(decode(value)) ? decode(value) : undefined) },
    { prefix: "metadata.", to: "metadata" },
    { keys: ["tag.tags"], to: "tags" },
  ],
};

function promptTexts(prompts: unknown): unknown {
  if (!Array.isArray(prompts)) return undefined;
  return prompts.map((entry) => {
    const prompt = isObject(entry) && isObject(entry["prompt"]) ? entry["prompt"]["text"] : entry;
    return { role: "user", content: prompt };
  });
}
