// `otel-langsmith/wrappers/openai`: what `langsmith/wrappers/openai` exports.
export * from "../../wrappers/openai.js";
