// Crossing processes: headers and references.
export type { InboundOptions, LangSmithPropagatorOptions, OutboundOptions } from "./options.js";
export { LangSmithPropagator } from "./propagator.js";
export type { RefusalCause } from "./refusals.js";
