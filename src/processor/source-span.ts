// The span that an SDK hands to a processor or an exporter, of any of its versions, and what mapping sees of it.
import type { Attributes, HrTime, Link, SpanContext, SpanKind, SpanStatus } from "@opentelemetry/api";
import { RESOURCE_KEYS } from "../mapping/metadata.js";
import type { MappableEvent, MappableSpan } from "../mapping/span.js";
import { warnOnce } from "../warnings.js";

interface Scope {
  readonly name: string;
  readonly version?: string;
}

/** What spans of OpenTelemetry JS 1.30 (`instrumentationLibrary`, `parentSpanId`), 2.x and 3.x have in common. */
export interface SourceSpan {
  readonly name: string;
  readonly kind: SpanKind;
  spanContext(): SpanContext;
  readonly parentSpanContext?: SpanContext | undefined;
  readonly parentSpanId?: string | undefined;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly ended: boolean;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  readonly events: readonly MappableEvent[];
  readonly resource: SourceResource;
  readonly instrumentationScope?: Scope;
  readonly instrumentationLibrary?: Scope;
  readonly droppedAttributesCount?: number;
  readonly droppedEventsCount?: number;
  readonly droppedLinksCount?: number;
}

/** A resource; some of its attributes may still be on their way from a detector. */
interface SourceResource {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly asyncAttributesPending?: boolean | undefined;
  getRawAttributes?(): readonly (readonly [string, unknown])[];
  waitForAsyncAttributes?(): Promise<void> | undefined;
}

const NO_SCOPE: Scope = { name: "" };

/** The scope that made a span. */
export function scopeOf(span: SourceSpan): Scope {
  return span.instrumentationScope ?? span.instrumentationLibrary ?? NO_SCOPE;
}

/** The parent's span context. Spans of OpenTelemetry JS 1.30 only say its span id. */
export function parentOf(span: SourceSpan): SpanContext | undefined {
  if (span.parentSpanContext) return span.parentSpanContext;
  if (!span.parentSpanId) return undefined;
  const { traceId, traceFlags } = span.spanContext();
  return { traceId, spanId: span.parentSpanId, traceFlags };
}

/**
 * A view for mapping. Attributes and events are the span's own live objects, so the view of an open span sees what is
 * set later, without holding the span itself.
 */
export function mappable(span: SourceSpan): MappableSpan {
  const { traceId, spanId } = span.spanContext();
  return {
    name: span.name,
    kind: span.kind,
    startTime: span.startTime,
    endTime: span.endTime,
    ended: span.ended,
    status: span.status,
    attributes: span.attributes,
    links: span.links,
    events: span.events,
    resource: known(span.resource),
    scope: scopeOf(span),
    otelTraceId: traceId,
    otelSpanId: spanId,
    droppedAttributesCount: span.droppedAttributesCount ?? 0,
    droppedEventsCount: span.droppedEventsCount ?? 0,
    droppedLinksCount: span.droppedLinksCount ?? 0,
  };
}

/**
 * What is known of a resource whenever it is looked at: to read its attributes while a detector (the host's id, by
 * default) is at work is an error to OpenTelemetry, which it logs at every read.
 */
function known(resource: SourceResource): MappableSpan["resource"] {
  if (resource.asyncAttributesPending !== true || !resource.getRawAttributes) return resource;
  return {
    get attributes() {
      return resource.asyncAttributesPending === true ? attributesSoFar(resource) : resource.attributes;
    },
  };
}

/** Whether something that a run says of its resource is still on its way. */
export function isAwaited(resource: SourceResource): boolean {
  if (resource.asyncAttributesPending !== true) return false;
  // Resources of OpenTelemetry JS 1.30 do not say what they wait for.
  const raw = resource.getRawAttributes?.();
  if (!raw) return true;
  return RESOURCE_KEYS.some((key) => isPromiseLike(raw.find(([name, value]) => name === key && value != null)?.[1]));
}

function attributesSoFar(resource: SourceResource): Record<string, unknown> {
  const attributes: Record<string, unknown> = {};
  // The first to name an attribute wins.
  for (const [key, value] of resource.getRawAttributes?.() ?? []) {
    attributes[key] ??= isPromiseLike(value) ? undefined : value;
  }
  return attributes;
}

function isPromiseLike(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value;
}

const LEAST_BYTES = 512;
/** Of a list that says more, most places are holes. */
const MAX_COUNTED_ITEMS = 65_536;

/**
 * Roughly how many bytes of memory a span's content holds: strings by their length, everything else flat. Always a
 * number: the sum of all of them is a bound, which one span that cannot be read must not undo.
 */
export function estimateBytes(span: SourceSpan): number {
  let bytes = LEAST_BYTES;
  try {
    const { attributes, events } = span;
    for (const key in attributes) {
      const value = attributes[key];
      bytes += 32 + key.length;
      bytes += typeof value === "string" ? value.length : Array.isArray(value) ? 16 * countOf(value) : 8;
    }
    return Array.isArray(events) ? bytes + 256 * countOf(events) : bytes;
  } catch {
    return bytes;
  }
}

function countOf(list: readonly unknown[]): number {
  const { length } = list;
  return length > 0 ? Math.min(length, MAX_COUNTED_ITEMS) : 0;
}

/** Whether a span shows its attributes and its start: a tracer that only looks like OpenTelemetry's may keep them back. */
export function isReadable(span: SourceSpan): boolean {
  const { attributes, startTime }: { attributes?: unknown; startTime?: unknown } = span;
  if (typeof attributes === "object" && attributes !== null && Array.isArray(startTime)) return true;
  warnOnce(
    "LSB_WARN_FOREIGN_SPANS",
    "Spans come to otel-langsmith that show no attributes or no start, as those of Datadog's TracerProvider: they become no runs. Let the spans come from OpenTelemetry's own SDK (NodeSDK, or otel-langsmith/register), and send them to Datadog by OTLP beside it.",
  );
  return false;
}
