// OpenLLMetry (Traceloop): decorators' entities; its model calls speak the GenAI conventions.
import type { MappableSpan } from "../span.js";
import { byValue, type Fill, isOneOf, type Vocabulary } from "../vocabulary.js";

/** Vector databases tell each match as an event. */
function readMatches(span: MappableSpan, fill: Fill): void {
  const documents: unknown[] = [];
  for (const { name, attributes } of span.events) {
    if (name !== "db.query.result" || attributes === undefined) continue;
    const match: Record<string, unknown> = {};
    for (const key of Object.keys(attributes)) {
      const rest = key.startsWith("db.query.result.") ? key.slice("db.query.result.".length) : key;
      if (rest !== "vector") match[rest === "document" ? "content" : rest] = attributes[key];
    }
    documents.push({ content: "", ...match });
  }
  if (documents.length === 0) return;
  fill("documents", documents);
  fill("run_type", "retriever");
}

export const openllmetry: Vocabulary = {
  name: "openllmetry",
  about: "OpenLLMetry, Traceloop's instrumentations and decorators.",
  scopes: ["@traceloop/*"],
  markers: ["traceloop.span.kind", "llm.request.type"],
  rules: [
    {
      keys: ["traceloop.span.kind"],
      to: "run_type",
      as: byValue({ tool: "tool" }, "chain"),
      note: "tool → tool; every other → chain",
    },
    { keys: ["traceloop.span.kind"], to: "agent", as: isOneOf("agent", "workflow") },
    {
      keys: ["llm.request.type"],
      to: "run_type",
      as: byValue({ chat: "llm", completion: "llm", embedding: "embedding", rerank: "retriever" }),
    },
    { keys: ["traceloop.entity.name"], to: "name" },
    { keys: ["traceloop.entity.input"], to: "inputs", note: "`{ args, kwargs }` of a tool become its arguments" },
    { keys: ["traceloop.entity.output"], to: "outputs" },
    { prefix: "traceloop.association.properties.", to: "metadata" },
    { prefix: "llm.request.functions.", to: "tools", flattened: true },
    { keys: ["llm.usage.total_tokens"], to: "usage.total_tokens" },
    { keys: ["llm.response.finish_reason", "llm.response.stop_reason"], to: "finish_reason" },
    { keys: ["llm.frequency_penalty"], to: "param", name: "frequency_penalty" },
    { keys: ["llm.presence_penalty"], to: "param", name: "presence_penalty" },
    { keys: ["llm.top_k"], to: "param", name: "top_k" },
    { keys: ["llm.chat.stop_sequences"], to: "param", name: "stop" },
  ],
  events: ["db.query.result"],
  read: readMatches,
  countsCachedApart: ["@traceloop/instrumentation-anthropic"],
};
