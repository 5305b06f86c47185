// `otel-langsmith/wrappers/anthropic`: what `langsmith/wrappers/anthropic` exports.
export {
  type AnthropicLike,
  createUsageMetadata,
  type WrapAnthropicOptions,
  type WrappedAnthropic,
  wrapAnthropic,
} from "../../authoring/wrappers/anthropic.js";
