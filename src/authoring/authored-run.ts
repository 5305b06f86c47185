// One run made by hand: its span, its place, and the content that stands beside the span until both end.
import {
  type Context,
  createContextKey,
  type HrTime,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { primaryBridge } from "../bridges.js";
import { getSettings, setStatedPlace } from "../identity/context.js";
import { entriesOf, type SpanEntry } from "../identity/node.js";
import { type ParentPlace, rootPlace } from "../identity/place.js";
import { runIdOf } from "../identity/run-ids.js";
import type { AuthoredContent } from "../mapping/authored.js";
import { hidesContent } from "../privacy/client-rules.js";
import { TREE } from "../shared.js";
import type { KeyValues } from "../wire/run.js";
import type { ClientLike } from "./clients.js";
import { leaveContent } from "./content.js";
import type { AuthoredRun, TreeRecord } from "./record.js";
import { authoringTracer, isContentAsAttributes, sayNotRecorded } from "./tracer.js";
import { placeUnseen } from "./unseen-run.js";

/** What a run starts with. */
export interface RunStart {
  readonly name: string;
  readonly content: AuthoredContent;
  readonly metadata: KeyValues;
  readonly id?: string | undefined;
  /** The whole place, where it was decided before: last segment is `id`. */
  readonly dottedOrder?: string | undefined;
  readonly startMicros?: number | undefined;
  readonly asAttributes?: boolean | undefined;
  /** Another provider's tracer. */
  readonly tracer?: Tracer | undefined;
  readonly startedUnder?: AuthoredRun | TreeRecord | undefined;
  readonly client?: ClientLike | undefined;
}

/** Starts a run in a context; undefined where its span is nobody's run (said once). */
export function startAuthored(start: RunStart, parent: Context): AuthoredRun | undefined {
  const { content } = start;
  const clients = getSettings(parent)?.clients;
  const attributes: Record<string, string> = {};
  if (start.id !== undefined) attributes["langsmith.span.id"] = start.id;
  if (start.dottedOrder !== undefined) attributes["langsmith.span.dotted_order"] = start.dottedOrder;
  if (content.run_type !== undefined) attributes["langsmith.span.kind"] = content.run_type;
  const { id, dottedOrder } = start;
  const startContext = id === undefined ? parent : setStatedPlace(parent, { id, dottedOrder });
  const span = (start.tracer ?? authoringTracer()).startSpan(
    start.name,
    start.startMicros === undefined ? { attributes } : { attributes, startTime: hrTimeOf(start.startMicros) },
    startContext,
  );
  const entry = primaryEntry(span);
  const place = entry ? placeOf(entry, span) : placeUnseen(span, startContext, start, authoredIn(parent));
  if (!place) {
    sayNotRecorded(parent);
    span.end();
    return undefined;
  }
  leaveContent(span, content);
  const run: AuthoredRun = {
    span,
    content,
    place,
    project: entry ? entry.node?.project : (getSettings(parent)?.projectName ?? primaryBridge()?.projectName),
    metadata: start.metadata,
    tree: undefined,
    startedUnder: start.startedUnder,
    // Other exporters would show what the client was told to hide.
    asAttributes: (start.asAttributes ?? isContentAsAttributes()) && !hidesContent(clients),
    client: start.client ?? clientAbove(start.startedUnder),
    clients,
    hasEnded: false,
  };
  if (run.asAttributes && content.inputs) span.setAttribute("gen_ai.prompt", JSON.stringify(content.inputs));
  return run;
}

function clientAbove(above: AuthoredRun | TreeRecord | undefined): ClientLike | undefined {
  if (!above) return undefined;
  return "span" in above ? above.client : above[TREE]?.client;
}

/** The entry of the bridge that speaks for the process. */
export function primaryEntry(span: Span): SpanEntry | undefined {
  const entries = entriesOf(span);
  if (entries.length < 2) return entries[0];
  const primary = primaryBridge();
  return entries.find((entry) => entry.owner === primary) ?? entries[0];
}

function placeOf(entry: SpanEntry, span: Span): ParentPlace {
  if (entry.isKept && entry.node) return entry.node;
  // Passed over by the user's own rule: it has an id to show, and no run.
  const now = Date.now();
  return rootPlace(runIdOf(span.spanContext(), [Math.floor(now / 1000), (now % 1000) * 1_000_000]), now * 1000);
}

/** Marks the error of a run as an interrupt: LangSmith shows it as interrupted, not as failed. */
export function markInterrupted(run: AuthoredRun): void {
  const mark = { ls_is_error_interrupt: true };
  if (run.tree) run.tree.metadata = mark;
  run.content.metadata = { ...run.content.metadata, ...mark };
}

/** Ends a run's span; what was left as content is its record. */
export function endAuthored(run: AuthoredRun, endMicros?: number): void {
  if (run.hasEnded) return;
  run.hasEnded = true;
  const { span, content } = run;
  if (content.name !== undefined) span.updateName(content.name);
  if (content.error !== undefined) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: content.error.split("\n", 1)[0] ?? "" });
  }
  if (run.asAttributes && !hidesContent(run.clients)) {
    if (content.inputs) span.setAttribute("gen_ai.prompt", JSON.stringify(content.inputs));
    if (content.outputs) span.setAttribute("gen_ai.completion", JSON.stringify(content.outputs));
  }
  if (endMicros === undefined) span.end();
  else span.end(hrTimeOf(endMicros));
}

/** OpenTelemetry's time of microseconds since the epoch. */
export function hrTimeOf(micros: number): HrTime {
  const seconds = Math.floor(micros / 1_000_000);
  return [seconds, Math.round((micros - seconds * 1_000_000) * 1000)];
}

const CURRENT = createContextKey("otel-langsmith.authored-run");

/** A context in which a run is the current one. */
export function withAuthored(context: Context, run: AuthoredRun): Context {
  return trace.setSpan(context.setValue(CURRENT, run), run.span);
}

/** The innermost run made by hand in a context, whether or not another span was started inside it. */
export function authoredIn(context: Context): AuthoredRun | undefined {
  const value = context.getValue(CURRENT);
  return typeof value === "object" && value !== null && "place" in value ? (value as AuthoredRun) : undefined;
}

/** What says something of one run alone: never handed down, or tokens would count twice and tools have models. */
const OWN_KEYS = new Set([
  "usage_metadata",
  "ls_provider",
  "ls_model_name",
  "ls_model_type",
  "ls_temperature",
  "ls_max_tokens",
  "ls_stop",
  "ls_invocation_params",
  "ls_is_error_interrupt",
]);

/** The part of a run's metadata that its children take over. */
export function inheritable(metadata: KeyValues | undefined): KeyValues {
  const handed: KeyValues = {};
  for (const key in metadata) if (!OWN_KEYS.has(key)) handed[key] = metadata[key];
  return handed;
}
