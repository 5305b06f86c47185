// The part of a span that mapping reads: what spans of OpenTelemetry JS 1.30, 2.x and 3.x, live or ended, have in common.
import type { Attributes, HrTime, Link, SpanKind, SpanStatus } from "@opentelemetry/api";

/** A timed event on a span. */
export interface MappableEvent {
  readonly name: string;
  readonly time: HrTime;
  readonly attributes?: Attributes;
}

/** A span to map, live (then `ended` is false and `endTime` means nothing) or ended. */
export interface MappableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly ended: boolean;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  readonly events: readonly MappableEvent[];
  readonly resource: { readonly attributes: Readonly<Record<string, unknown>> };
  readonly scope: { readonly name: string; readonly version?: string };
  readonly otelTraceId: string;
  readonly otelSpanId: string;
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
}

/** One log record that belongs to a span, from `LangSmithLogRecordProcessor`. */
export interface MappableLogRecord {
  /** `event.name`, as attribute or as the record's own field. */
  readonly eventName: string | undefined;
  readonly time: HrTime;
  readonly body: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
}
