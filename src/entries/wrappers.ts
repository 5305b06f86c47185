// `otel-langsmith/wrappers`: what `langsmith/wrappers` exports.
export * from "../wrappers/openai.js";
export { type WrapSDKOptions, wrapSDK } from "../wrappers/sdk.js";
