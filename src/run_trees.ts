// `otel-langsmith/run_trees`: what `langsmith/run_trees` exports.

export {
  isRunnableConfigLike,
  isRunTree,
  type RunnableConfigLike,
  RunTree,
  type RunTreeConfig,
} from "./authoring/index.js";
export { convertToDottedOrderFormat } from "./authoring/package-names.js";
