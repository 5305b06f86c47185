// LangChain traces itself natively; an OpenTelemetry instrumentation of it beside that makes every call twice.
import { isTracedNatively } from "../options/tracing.js";
import { warnOnce } from "../warnings.js";

const LANGCHAIN_SCOPES = new Set([
  "@arizeai/openinference-instrumentation-langchain",
  "@arizeai/openinference-instrumentation-langchain-v0",
  "@traceloop/instrumentation-langchain",
]);

/** Says it, once, when a span of such an instrumentation starts while native tracing is on. */
export function sayWhenTracedTwice(scope: string): void {
  if (!LANGCHAIN_SCOPES.has(scope)) return;
  if (!isTracedNatively()) return;
  warnOnce(
    "LSB_WARN_TRACED_TWICE",
    `LangChain is traced twice: natively, since LANGSMITH_TRACING=true, and by ${scope}. Keep one: unset LANGSMITH_TRACING to keep the instrumentation, or disable the instrumentation (leave it out of registerInstrumentations) and call joinLangSmith() from otel-langsmith/langsmith, so that native runs and spans are one tree.`,
    scope,
  );
}
