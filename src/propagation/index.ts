// Crossing processes: headers and references.

export { RunReferenceError } from "../errors.js";
export type { RunLike, RunReference } from "../identity/reference.js";
export { getRunId, getRunReference } from "./current-run.js";
export type { InboundOptions, LangSmithPropagatorOptions, OutboundOptions } from "./options.js";
export { LangSmithPropagator } from "./propagator.js";
export type { RefusalCause } from "./refusals.js";
export { type HeadersLike, setRun, withRun } from "./set-run.js";
export { type StartTraceOptions, startTrace, type TracingContextOptions, tracingContext } from "./tracing-context.js";
