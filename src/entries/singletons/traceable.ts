// `otel-langsmith/singletons/traceable`: what `langsmith/singletons/traceable` exports.
import { missing } from "../../missing.js";

export {
  getCurrentRunTree,
  isTraceableFunction,
  ROOT,
  type TraceableFunction,
  withRunTree,
} from "../../authoring/index.js";

/** Runs nest by OpenTelemetry's context here: there is no store of its own to set. */
export const AsyncLocalStorageProviderSingleton = missing(
  "AsyncLocalStorageProviderSingleton",
  "Runs nest by OpenTelemetry's context manager, which otel-langsmith/register sets; use withRunTree to run something inside a run.",
);
