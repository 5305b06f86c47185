// What the edge runtime gets (condition "edge-light"): the same names, inert. Next.js compiles `instrumentation.ts` for
// the edge too, where there are no sockets of Node and no async hooks; there the bridge must load and do nothing, and
// what it wraps must go on working.
export * from "./edge/authoring.js";
export * from "./edge/client.js";
export * from "./edge/instrumentation.js";
export * from "./edge/package-names.js";
export * from "./edge/worker.js";
export * from "./errors.js";
export * from "./missing.js";
export * from "./privacy/anonymizer.js";
