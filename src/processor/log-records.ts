// Content that a library emits as log records instead of attributes, handed to the run of the span it belongs to.
import type { HrTime, SpanContext } from "@opentelemetry/api";
import type { Bridge } from "../bridges.js";
import { entriesById, type SpanEntry } from "../identity/node.js";
import type { MappableLogRecord } from "../mapping/span.js";

/** The part of a log record of `@opentelemetry/sdk-logs` that is read. */
export interface SourceLogRecord {
  readonly hrTime: HrTime;
  readonly spanContext?: SpanContext | undefined;
  readonly eventName?: string | undefined;
  readonly body?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Hands the GenAI events among the log records (the official OpenAI instrumentation puts prompts and answers there) to
 * the runs of their spans, joined by span id. Records that come after their run was sent are counted in
 * `processor.stats().lateLogRecords`. Stands beside a `LangSmithSpanProcessor`; exports nothing itself.
 *
 * @example
 * ```ts
 * new NodeSDK({
 *   spanProcessors: [new LangSmithSpanProcessor()],
 *   logRecordProcessors: [new LangSmithLogRecordProcessor()],
 * });
 * ```
 */
export class LangSmithLogRecordProcessor {
  onEmit(record: SourceLogRecord): void {
    const { spanContext } = record;
    if (!spanContext) return;
    const eventName = record.eventName ?? textOf(record.attributes?.["event.name"]);
    if (!eventName?.startsWith("gen_ai.")) return;
    const mappable: MappableLogRecord = {
      eventName,
      time: record.hrTime,
      body: record.body,
      attributes: record.attributes ?? {},
    };
    for (const entry of entriesById(spanContext.spanId)) bridgeOf(entry)?.addLogRecord(entry, mappable);
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

function bridgeOf(entry: SpanEntry): Pick<Bridge, "addLogRecord"> | undefined {
  return "addLogRecord" in entry.owner ? (entry.owner as Bridge) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
