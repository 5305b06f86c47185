// Work that OpenTelemetry must not trace: the bridge's own requests, and the callbacks of users.
import { type Context, context, createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";

/** The key that `suppressTracing` of `@opentelemetry/core` sets. It is agreed by its name. */
const SUPPRESS_TRACING = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/** A context in which instrumentations make no spans. */
const UNTRACED: Context = ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true);

/** Runs `work` so that nothing it starts is traced, and nothing of the caller's context is kept alive by it. */
export function untraced<T>(work: () => T): T {
  return context.with(UNTRACED, work);
}

/** Whether tracing is suppressed in a context. */
export function isTracingSuppressed(active: Context): boolean {
  return active.getValue(SUPPRESS_TRACING) === true;
}
