// Langfuse's SDKs: observations.
import { decode, isObject } from "../json.js";
import type { MappableSpan } from "../span.js";
import { toId } from "../there.js";
import { byValue, isOneOf, type Vocabulary } from "../vocabulary.js";

const types = byValue({ generation: "llm", embedding: "embedding", tool: "tool", retriever: "retriever" }, "chain");

/** Langfuse's OpenAI wrapper calls an embedding a generation; the span's name, or the model's, says what it is. */
function typeOfObservation(value: unknown, span: MappableSpan): unknown {
  const model = span.attributes["langfuse.observation.model.name"];
  const isEmbedding = /\bembeddings?$/i.test(span.name) || (typeof model === "string" && /\bembed(ding)?/i.test(model));
  return value === "generation" && isEmbedding ? "embedding" : types(value);
}

function costs(value: unknown): unknown {
  const cost = decode(value);
  if (!isObject(cost)) return undefined;
  return { input_cost: cost["input"], output_cost: cost["output"], total_cost: cost["total"] };
}

export const langfuse: Vocabulary = {
  name: "langfuse",
  about: "Langfuse's SDK for JavaScript (4 and newer), its OpenAI wrapper and its LangChain callback.",
  scopes: ["langfuse-sdk"],
  markers: ["langfuse.observation.type", "langfuse.observation.model.name"],
  rules: [
    {
      keys: ["langfuse.observation.type"],
      to: "run_type",
      as: typeOfObservation,
      note: "generation → llm (embedding where the span's name or the model's says so), embedding → embedding, tool → tool, retriever → retriever, others → chain",
    },
    { keys: ["langfuse.observation.type"], to: "agent", as: isOneOf("agent") },
    { keys: ["langfuse.observation.input", "langfuse.trace.input"], to: "inputs" },
    { keys: ["langfuse.observation.output", "langfuse.trace.output"], to: "outputs" },
    { keys: ["langfuse.observation.model.name"], to: "model" },
    {
      keys: ["langfuse.observation.model.parameters"],
      to: "params",
      as: (value) => (isObject(decode(value)) ? decode(value) : undefined),
    },
    {
      keys: ["langfuse.observation.metadata.tools"],
      to: "tools",
      as: (value) => (Array.isArray(decode(value)) ? decode(value) : undefined),
    },
    { keys: ["langfuse.observation.usage_details"], to: "usage" },
    { keys: ["langfuse.observation.cost_details"], to: "usage", as: costs },
    { keys: ["langfuse.observation.completion_start_time"], to: "first_token" },
    {
      keys: ["langfuse.observation.level"],
      to: "error_level",
      as: (level) => (level === "ERROR" ? true : undefined),
      note: "ERROR; others stay metadata",
    },
    { keys: ["langfuse.observation.status_message"], to: "error_message" },
    { keys: ["langfuse.session.id"], to: "thread_id", as: toId },
    { keys: ["langfuse.user.id"], to: "user_id", as: toId },
    { keys: ["langfuse.trace.tags"], to: "tags" },
    {
      keys: ["langfuse.observation.metadata", "langfuse.trace.metadata"],
      to: "metadata",
      as: (value) => (isObject(decode(value)) ? decode(value) : undefined),
    },
    { prefix: "langfuse.observation.metadata.", to: "metadata" },
    { prefix: "langfuse.trace.metadata.", to: "metadata" },
    { keys: ["langfuse.internal.is_app_root", "langfuse.internal.as_root"], to: "drop" },
  ],
};
