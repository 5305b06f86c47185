// Content that instrumentations leave out unless told otherwise: switched on where LangSmith alone would get it.
import { type Context, context, type HrTime, trace } from "@opentelemetry/api";
import { LangSmithLogRecordProcessor } from "../processor/log-records.js";
import { CAPTURE_VARIABLE, type ContentDecision, hasLoggerProvider, LOGS_API } from "../project/content-decision.js";
import { warnOnce } from "../warnings.js";

/** An instrumentation that captures content when its configuration says so. */
export interface CapturingInstrumentation {
  getConfig(): Readonly<Record<string, unknown>>;
  setConfig(config: object): void;
  setLoggerProvider(provider: object): void;
}

export function isCapturing(value: unknown): value is CapturingInstrumentation {
  if (typeof value !== "object" || value === null) return false;
  if (!("getConfig" in value && "setConfig" in value && "setLoggerProvider" in value)) return false;
  const config: unknown = typeof value.getConfig === "function" ? value.getConfig() : undefined;
  return typeof config === "object" && config !== null && "captureMessageContent" in config;
}

/**
 * Lets these instrumentations, and them alone, hand their log records to the runs. No logger provider is registered
 * globally: the first one keeps that place, and it may yet be the application's.
 */
export function captureContent(
  instrumentations: readonly CapturingInstrumentation[],
  { isSwitchedOn, isTaken }: ContentDecision,
): void {
  if (!isTaken) return;
  const capture = (captureMessageContent: boolean) => {
    for (const each of instrumentations) each.setConfig({ ...each.getConfig(), captureMessageContent });
  };
  const processor = new LangSmithLogRecordProcessor();
  const emit = (record: EmittedRecord) => {
    // A provider that the application registers later would have got these records, without their content.
    if (isSwitchedOn && hasLoggerProvider()) {
      capture(false);
      warnOnce(
        "LSB_WARN_CONTENT_OFF",
        `A logger provider was registered after otel-langsmith's register, and its exporters would get inputs and outputs: they are captured no more. Set ${CAPTURE_VARIABLE}=true and add new LangSmithLogRecordProcessor() to that provider to have them.`,
        "logger provider",
      );
      for (const each of instrumentations) each.setLoggerProvider(registeredLoggerProvider());
    }
    processor.onEmit({ ...record, hrTime: hrTimeOf(record.timestamp), spanContext: spanContextOf(record.context) });
  };
  for (const each of instrumentations) {
    each.setLoggerProvider({ getLogger: () => ({ emit, enabled: () => true }) });
  }
  if (isSwitchedOn) capture(true);
}

/** What an instrumentation hands to a logger: `LogRecord` of `@opentelemetry/api-logs`. */
interface EmittedRecord {
  readonly eventName?: string;
  readonly timestamp?: unknown;
  readonly context?: Context;
  readonly body?: unknown;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

function spanContextOf(given: Context | undefined) {
  return trace.getSpanContext(given ?? context.active());
}

function hrTimeOf(time: unknown): HrTime {
  if (Array.isArray(time) && typeof time[0] === "number" && typeof time[1] === "number") return [time[0], time[1]];
  const millis = time instanceof Date ? time.getTime() : typeof time === "number" ? time : Date.now();
  // A small number is `performance.now()`'s, as OpenTelemetry takes it.
  const epochMillis = millis < performance.timeOrigin ? performance.timeOrigin + millis : millis;
  return [Math.floor(epochMillis / 1000), Math.round((epochMillis % 1000) * 1_000_000)];
}

/** The provider that is registered globally, through the getter that the API keeps there. */
function registeredLoggerProvider(): object {
  const getter: unknown = Reflect.get(globalThis, LOGS_API);
  const found: unknown = typeof getter === "function" ? getter(1) : undefined;
  return typeof found === "object" && found !== null ? found : NO_LOGGERS;
}

const NO_LOGGERS = { getLogger: () => ({ emit: () => {}, enabled: () => false }) };
