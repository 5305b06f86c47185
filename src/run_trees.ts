// `otel-langsmith/run_trees`: what `langsmith/run_trees` exports.

export {
  isRunnableConfigLike,
  isRunTree,
  type RunnableConfigLike,
  type RunTreeConfig,
} from "./authoring/index.js";
export { convertToDottedOrderFormat } from "./authoring/package-names.js";
export { RunTree } from "./untraced-trees.js";
