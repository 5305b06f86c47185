// A run whose span no processor has seen: an exporter alone gets it when it has ended.
import { type Context, type HrTime, type Span, TraceFlags, trace } from "@opentelemetry/api";
import { bridges } from "../bridges.js";
import { getSettings, leaveStartContext, winningPlace } from "../identity/context.js";
import { childPlace, type ParentPlace, placeOfDottedOrder, rootPlace } from "../identity/place.js";
import { runIdAt } from "../identity/run-ids.js";
import { microsOf } from "../wire/time.js";

/** What its starter says of the run's place. */
interface StatedStart {
  readonly id?: string | undefined;
  readonly dottedOrder?: string | undefined;
  readonly startMicros?: number | undefined;
}

/**
 * The place of such a run; undefined where no exporter will get its span. The context that the span started with is left
 * beside it, so that the exporter finds there what a processor would have. The ids are those of the run that it will
 * send, as far as what is above is known now: a run made by hand, or one span.
 *
 * @param authored the innermost run made by hand in the context
 */
export function placeUnseen(
  span: Span,
  startContext: Context,
  start: StatedStart,
  authored: { readonly span: Span; readonly place: ParentPlace } | undefined,
): ParentPlace | undefined {
  const { traceFlags } = span.spanContext();
  const isExported = span.isRecording() && (traceFlags & TraceFlags.SAMPLED) !== 0;
  if (!isExported || !bridges().some(({ isExporter }) => isExporter)) return undefined;
  leaveStartContext(span, startContext);
  const stated = placeOfDottedOrder(start.dottedOrder);
  if (stated && stated.runId === start.id) return stated;
  const micros = start.startMicros ?? startMicrosOf(span) ?? Date.now() * 1000;
  const runId = start.id ?? runIdOfSpan(span, micros);
  const above = placeAbove(startContext, authored);
  return above ? childPlace(above, runId, micros) : rootPlace(runId, micros);
}

/** The place of what is active in a context, as far as that can be seen before it has ended. */
function placeAbove(
  context: Context,
  authored: { readonly span: Span; readonly place: ParentPlace } | undefined,
): ParentPlace | undefined {
  const set = winningPlace(context);
  if (set) return set.place;
  const active = getSettings(context)?.newTrace ? undefined : trace.getSpan(context);
  if (!active || authored?.span === active) return active && authored?.place;
  const micros = startMicrosOf(active);
  if (micros === undefined) return undefined;
  const runId = runIdOfSpan(active, micros);
  return authored ? childPlace(authored.place, runId, micros) : rootPlace(runId, micros);
}

function runIdOfSpan(span: Span, micros: number): string {
  const { traceId, spanId } = span.spanContext();
  return runIdAt(traceId, spanId, Math.floor(micros / 1000));
}

/** Spans of an SDK show their start; what is remote, or another's wrapper, does not. */
function startMicrosOf(span: Span): number | undefined {
  const time: unknown = Reflect.get(span, "startTime");
  return isHrTime(time) ? microsOf(time) : undefined;
}

function isHrTime(value: unknown): value is HrTime {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "number");
}
