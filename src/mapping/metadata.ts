// A run's metadata: what the user said, what LangSmith knows by name, where the span came from, and whatever was left.
import { SpanKind } from "@opentelemetry/api";
import type { KeyValues } from "../wire/run.js";
import { isScrubbed, THREAD_KEYS, threadOf } from "../wire/thread.js";
import { decode, isObject, put, toText, toTextList } from "./json.js";
import { type Candidate, copyOf, type Slots } from "./slots.js";
import type { MappableSpan } from "./span.js";
import { threadOfNames } from "./thread.js";

/** What stands in metadata but is more than that. */
export interface Wishes {
  metadata: KeyValues;
  tags: string[];
  threadId?: string;
  userId?: string;
  name?: string;
  projectName?: string;
  projectId?: string;
  usage?: unknown;
  params?: KeyValues;
}

const userKeys = new Set(["user_id", "userId"]);
const numbers = new Set(["ls_temperature", "ls_max_tokens"]);

/** The user's own metadata, with threads, users, tags and LangSmith's own keys found in it. */
export function wishesOf(slots: Slots): Wishes {
  const wishes: Wishes = { metadata: {}, tags: [] };
  for (const candidate of slots.all("metadata")) addMetadata(wishes, candidate, slots);
  const threadId = threadIn(wishes.metadata, slots);
  const userId = slots.first("user_id", toText) ?? wishes.userId;
  if (threadId !== undefined) wishes.threadId = threadId;
  if (userId !== undefined) wishes.userId = userId;
  if (slots.has("tags") || wishes.tags.length > 0) {
    for (const candidate of slots.all("tags")) if (toTextList(candidate.value) === undefined) slots.leave(candidate);
    const tags = slots.all("tags").flatMap(({ value }) => toTextList(value) ?? []);
    wishes.tags = [...new Set([...tags, ...wishes.tags])];
  }
  const projectName = slots.first("project_name", toText) ?? wishes.projectName;
  const projectId = slots.first("project_id", toText) ?? wishes.projectId;
  if (projectName !== undefined) wishes.projectName = projectName;
  if (projectId !== undefined) wishes.projectId = projectId;
  return wishes;
}

/**
 * The one thread of the span. What metadata says under LangSmith's own keys is what LangSmith reads; next come
 * attributes for a thread, then metadata under other spellings. What lost stays in the metadata under its own name.
 */
function threadIn(metadata: KeyValues, slots: Slots): string | undefined {
  const stated = threadOf(metadata);
  if (stated === undefined) return slots.first("thread_id", toText) ?? threadOfNames(metadata);
  for (const candidate of slots.all("thread_id")) if (toText(candidate.value) !== stated) slots.leave(candidate);
  return stated;
}

function addMetadata(wishes: Wishes, candidate: Candidate, slots: Slots): void {
  const value = decode(candidate.value);
  if (candidate.name !== undefined) addOne(wishes, candidate.name, value, candidate.key, slots);
  else if (isObject(value)) for (const key of Object.keys(value)) addOne(wishes, key, value[key], undefined, slots);
  else if (candidate.key !== undefined) slots.unread.push([candidate.key, value]);
}

function addOne(wishes: Wishes, key: string, value: unknown, from: string | undefined, slots: Slots): void {
  if (value === undefined || value === null) return;
  const isKey = (THREAD_KEYS as readonly string[]).includes(key);
  if (from !== undefined && isKey && isScrubbed(value)) return void slots.unread.push([from, value]);
  const text = toText(value);
  if (userKeys.has(key) && text !== undefined) wishes.userId ??= text;
  if (key === "ls_run_name" && text !== undefined) wishes.name ??= text;
  else if (key === "ls_project_name" && text !== undefined) wishes.projectName ??= text;
  else if (key === "ls_project_id" && text !== undefined) wishes.projectId ??= text;
  else if (key === "usage_metadata" && isObject(value)) wishes.usage ??= value;
  else if (key === "ls_invocation_params" && isObject(value)) wishes.params ??= value;
  else if (key === "tags" && toTextList(value) !== undefined) wishes.tags.push(...(toTextList(value) ?? []));
  else if (!Object.hasOwn(wishes.metadata, key)) put(wishes.metadata, key, statedNumber(key, value));
  else if (from !== undefined && wishes.metadata[key] !== value) slots.unread.push([from, value]);
}

/** Libraries that only know text attributes write numbers as text. */
function statedNumber(key: string, value: unknown): unknown {
  if (!numbers.has(key) || typeof value !== "string" || value.trim() === "") return copyOf(value);
  const number = Number(value);
  return Number.isFinite(number) ? number : value;
}

const kinds: Readonly<Record<number, string>> = {
  [SpanKind.SERVER]: "SERVER",
  [SpanKind.CLIENT]: "CLIENT",
  [SpanKind.PRODUCER]: "PRODUCER",
  [SpanKind.CONSUMER]: "CONSUMER",
};

/** What a run says of its resource. */
export const RESOURCE_KEYS: readonly string[] = [
  "service.name",
  "service.version",
  "deployment.environment.name",
  "deployment.environment",
];

/** Adds where the span came from. */
export function addOrigin(metadata: KeyValues, span: MappableSpan): void {
  metadata["OTEL_TRACE_ID"] = span.otelTraceId;
  metadata["OTEL_SPAN_ID"] = span.otelSpanId;
  if (span.scope.name !== "") metadata["otel.scope.name"] = span.scope.name;
  if (span.scope.version !== undefined && span.scope.version !== "")
    metadata["otel.scope.version"] = span.scope.version;
  const kind = kinds[span.kind];
  if (kind !== undefined) metadata["otel.span.kind"] = kind;
  if (span.links.length > 0) {
    metadata["otel.links"] = span.links.map(({ context, attributes }) => ({
      trace_id: context.traceId,
      span_id: context.spanId,
      ...(attributes === undefined || Object.keys(attributes).length === 0 ? {} : { attributes: copyOf(attributes) }),
    }));
  }
  for (const key of RESOURCE_KEYS) {
    const value = toText(span.resource.attributes[key]);
    if (value !== undefined && !Object.hasOwn(metadata, key)) metadata[key] = value;
  }
  if (span.droppedAttributesCount > 0) metadata["otel.dropped_attributes_count"] = span.droppedAttributesCount;
  if (span.droppedEventsCount > 0) metadata["otel.dropped_events_count"] = span.droppedEventsCount;
  if (span.droppedLinksCount > 0) metadata["otel.dropped_links_count"] = span.droppedLinksCount;
}

/** Adds what nobody has read, under its own key; empty texts say nothing. */
export function addUnread(metadata: KeyValues, slots: Slots): void {
  for (const [key, value] of slots.unread) {
    if (value !== "" && !Object.hasOwn(metadata, key)) put(metadata, key, copyOf(value));
  }
}
