// `otel-langsmith/traceable`: what `langsmith/traceable` exports, and the block forms.

export {
  getCurrentRunTree,
  isTraceableFunction,
  type ProcessInputs,
  type ProcessOutputs,
  ROOT,
  type RunTree as RunTreeLike,
  startActiveRun,
  type TraceableConfig,
  type TraceableFunction,
  traceable,
  traceableClass,
  withRunTree,
} from "./authoring/index.js";
export { isTracingEnabled } from "./authoring/package-names.js";
export { startRun } from "./untraced-trees.js";
