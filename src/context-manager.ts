// Whether contexts reach what runs inside them: without a context manager nothing nests.
import { context, createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";
import { warnOnce } from "./warnings.js";

const PROBE = ROOT_CONTEXT.setValue(createContextKey("otel-langsmith.probe"), true);

/** Whether a context manager is registered. */
export function hasContextManager(): boolean {
  return context.with(PROBE, () => context.active() === PROBE);
}

export function warnOfNoContextManager(): void {
  warnOnce(
    "LSB_WARN_NO_CONTEXT_MANAGER",
    "Runs do not nest: no OpenTelemetry context manager is registered. Use NodeTracerProvider.register(), NodeSDK or otel-langsmith/register, or context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()).",
  );
}
