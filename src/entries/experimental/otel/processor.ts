// `otel-langsmith/experimental/otel/processor`: what `langsmith/experimental/otel/processor` exports.
export * from "../../../otel-names/processor.js";
