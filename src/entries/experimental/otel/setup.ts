// `otel-langsmith/experimental/otel/setup`: what `langsmith/experimental/otel/setup` exports.
export * from "../../../otel-names/setup.js";
