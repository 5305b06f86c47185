// What any span may say: sessions, users, errors; and HTTP, database, RPC and messaging spans, where the user keeps them.
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { toText } from "../json.js";
import { nameWithRoute } from "../route.js";
import type { MappableSpan } from "../span.js";
import { toId } from "../there.js";
import type { Rule, Vocabulary } from "../vocabulary.js";

const genAiKeys = [
  "gen_ai.operation.name",
  "gen_ai.provider.name",
  "gen_ai.system",
  "openinference.span.kind",
  "traceloop.span.kind",
  "langfuse.observation.type",
  "ai.operationId",
  "mastra.span.type",
  "langsmith.span.kind",
];

/** A model call over HTTP is a model call: there these attributes are metadata. */
function isPlain(span: MappableSpan): boolean {
  return genAiKeys.every((key) => span.attributes[key] === undefined);
}

function hasFailed(span: MappableSpan): boolean {
  return span.status.code === SpanStatusCode.ERROR;
}

/** Stable names first, then their older ones. */
const parts: readonly [field: "input" | "output", name: string, ...keys: string[]][] = [
  ["input", "method", "http.request.method", "http.method"],
  ["input", "url", "url.full", "http.url"],
  ["input", "path", "url.path", "http.target"],
  ["input", "query", "url.query"],
  ["output", "status", "http.response.status_code", "http.status_code"],
  ["input", "system", "db.system.name", "db.system"],
  ["input", "operation", "db.operation.name", "db.operation"],
  ["input", "statement", "db.query.text", "db.statement"],
  ["input", "collection", "db.collection.name", "db.sql.table", "db.mongodb.collection"],
  ["input", "database", "db.namespace", "db.name"],
  ["output", "rows", "db.response.returned_rows"],
  ["output", "status", "db.response.status_code"],
  ["input", "system", "rpc.system.name", "rpc.system"],
  ["input", "service", "rpc.service"],
  ["input", "method", "rpc.method"],
  ["output", "status", "rpc.response.status_code", "rpc.grpc.status_code", "rpc.connect_rpc.error_code"],
  ["input", "system", "messaging.system"],
  ["input", "operation", "messaging.operation.name", "messaging.operation.type", "messaging.operation"],
  ["input", "destination", "messaging.destination.name", "messaging.destination"],
  ["input", "message_id", "messaging.message.id", "messaging.message_id"],
];

export const plain: Vocabulary = {
  name: "plain",
  about: "Any span: sessions, users, errors; HTTP, database, RPC and messaging spans.",
  integration: false,
  rules: [
    { keys: ["session.id"], to: "thread_id", as: toId },
    { keys: ["user.id", "enduser.id"], to: "user_id", as: toId },
    { keys: ["error.type"], to: "error_type", as: toText },
    { keys: ["error.message"], to: "error_message", as: toText },
    {
      keys: ["exception.type", "exception.message", "exception.stacktrace"],
      to: "drop",
      when: (span) => span.events.some((event) => event.name === "exception"),
      note: "where the exception is an event too",
    },
    { keys: ["exception.type"], to: "error_type", as: toText, when: hasFailed },
    { keys: ["exception.message"], to: "error_message", as: toText, when: hasFailed },
    {
      keys: ["http.route"],
      to: "name",
      when: ({ kind }) => kind === SpanKind.SERVER,
      as: (route, { name }) => nameWithRoute(name, route),
      note: "behind the method, where the span is named by that alone",
    },
    { keys: ["http.route"], to: "metadata", name: "http.route" },
    ...parts.map(([to, name, ...keys]): Rule => ({ keys, to, name, when: isPlain })),
  ],
};
