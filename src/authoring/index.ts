// The authoring room's public face.

export { NoRunTreeError, RunIdError } from "../errors.js";
export { snapshot } from "../snapshot/snapshot.js";
export { getCurrentRunTree, withRunTree } from "./current.js";
export { isRunTree, RunTree, type RunTreeConfig } from "./run-tree.js";
export type { Attachments } from "./run-tree-config.js";
export type { HeadersLike, RunLike } from "./run-tree-origins.js";
export { isRunnableConfigLike, type RunnableConfigLike } from "./runnable-config.js";
export { type ActiveRunOptions, type StartedRun, startActiveRun, startRun } from "./start-run.js";
export { isTraceableFunction, traceable } from "./traceable.js";
export { type TraceableClassOptions, traceableClass } from "./traceable-class.js";
export { type AuthoringOptions, configureAuthoring } from "./tracer.js";
export {
  type ProcessInputs,
  type ProcessOutputs,
  ROOT,
  type TraceableConfig,
  type TraceableFunction,
} from "./types.js";
