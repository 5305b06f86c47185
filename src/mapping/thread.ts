// The thread that a span names, read quickly, at its start, for the runs that will start below it.
import type { Attributes } from "@opentelemetry/api";

const KEYS = ["thread_id", "session_id", "conversation_id", "threadId", "sessionId", "conversationId"];
const THREAD_KEYS = new Set([
  "gen_ai.conversation.id",
  "session.id",
  "langfuse.session.id",
  ...[
    "langsmith.metadata.",
    "ai.telemetry.metadata.",
    "ai.settings.context.",
    "traceloop.association.properties.",
  ].flatMap((beginning) => KEYS.map((key) => beginning + key)),
]);

/** The thread id among a span's attributes, or undefined. The same keys as the vocabularies' `thread_id`. */
export function threadIdOf(attributes: Attributes): string | undefined {
  for (const key in attributes) {
    if (!THREAD_KEYS.has(key)) continue;
    const value = attributes[key];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}
