// `otel-langsmith/wrappers`: what `langsmith/wrappers` exports.
export * from "../authoring/wrappers/openai.js";
export { type WrapSDKOptions, wrapSDK } from "../authoring/wrappers/sdk.js";
