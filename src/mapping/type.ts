// What type of run a span is: as it states it, or as what it shows says.

import { SpanKind } from "@opentelemetry/api";
import type { RunType } from "../wire/run.js";
import { toRunType } from "../wire/run.js";
import { toText } from "./json.js";
import type { Slots } from "./slots.js";
import type { MappableSpan } from "./span.js";
import { isThere } from "./there.js";
import type { Field, Vocabulary } from "./vocabulary.js";

/** A run's type, and how it is known. */
export interface TypeOfRun {
  readonly type: RunType;
  /** The vocabulary that decided it. */
  readonly decidedBy?: Vocabulary;
  /** Whether nothing states a model call, and what the span shows makes it one, unless it wraps one. */
  readonly isInferredCall: boolean;
}

const messageFields: readonly Field[] = [
  "input_messages",
  "output_messages",
  "output_text",
  "output_tool_calls",
  "output_object",
];
const embeddingFields: readonly Field[] = ["texts", "vectors", "dimensions"];
const countFields: readonly Field[] = ["usage", "usage.input_tokens", "usage.output_tokens", "usage.total_tokens"];

/**
 * The type that the authoring API, a vocabulary or a tool's name states. Else a span that shows a model with messages or
 * usage is a call of it, whatever its kind; a CLIENT span is one with the model alone.
 */
export function typeOfRun(span: MappableSpan, slots: Slots, authored: RunType | undefined): TypeOfRun {
  const taken = slots.take("run_type", toRunType, false);
  const named = slots.all("tool_name")[0] ?? slots.all("requested_model")[0] ?? slots.all("model")[0];
  const decidedBy = taken?.candidate.vocabulary ?? named?.vocabulary;
  const by = decidedBy === undefined ? {} : { decidedBy };
  const stated = authored ?? taken?.value ?? (slots.has("tool_name") ? "tool" : undefined);
  if (stated !== undefined) return { type: stated, isInferredCall: false, ...by };
  const type = slots.has("agent") ? undefined : shownCall(span, slots);
  return { type: type ?? "chain", isInferredCall: type !== undefined && span.kind !== SpanKind.CLIENT, ...by };
}

function shownCall(span: MappableSpan, slots: Slots): RunType | undefined {
  const model = toText((slots.all("model")[0] ?? slots.all("requested_model")[0])?.value);
  if (model === undefined) return undefined;
  const hasMessages = shows(slots, messageFields) || hasOlderMessages(slots);
  if (!hasMessages && (shows(slots, embeddingFields) || (hasCounts(slots) && namesEmbedding(model))))
    return "embedding";
  return hasMessages || hasCounts(slots) || span.kind === SpanKind.CLIENT ? "llm" : undefined;
}

function shows(slots: Slots, fields: readonly Field[]): boolean {
  return fields.some((field) => slots.all(field).some(({ value }) => isThere(value)));
}

function hasCounts(slots: Slots): boolean {
  return countFields.some((field) => slots.has(field));
}

/** `gen_ai.prompt` and `gen_ai.completion`, whole: older than the lists of messages. */
function hasOlderMessages(slots: Slots): boolean {
  return (["inputs", "outputs"] as const).some((field) =>
    slots.all(field).some(({ key, value }) => key?.startsWith("gen_ai.") === true && isThere(value)),
  );
}

function namesEmbedding(model: string): boolean {
  return /(^|[^a-z])embed/i.test(model.slice(0, 200));
}
