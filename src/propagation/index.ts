// Crossing processes: headers and references.

export { type EndRunOptions, endRun } from "../client/end-run.js";
export { RunReferenceError } from "../errors.js";
export type { RunReference } from "../identity/reference.js";
export type { InboundOptions, LangSmithPropagatorOptions, OutboundOptions } from "./options.js";
export { LangSmithPropagator } from "./propagator.js";
export type { RefusalCause } from "./refusals.js";
export { getRunReference, type HeadersLike, type RunLike, runReferenceOf, setRun, withRun } from "./set-run.js";
export { type StartTraceOptions, startTrace, type TracingContextOptions, tracingContext } from "./tracing-context.js";
