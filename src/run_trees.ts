// `otel-langsmith/run_trees`: what `langsmith/run_trees` exports.

export {
  isRunnableConfigLike,
  isRunTree,
  type RunnableConfigLike,
  RunTree,
  type RunTreeConfig,
} from "./tracing/index.js";
export { convertToDottedOrderFormat } from "./tracing/package-names.js";
