// `otel-langsmith/wrappers/openai`: what `langsmith/wrappers/openai` exports.
export * from "../../authoring/wrappers/openai.js";
