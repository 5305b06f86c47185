// `otel-langsmith/experimental/otel/exporter`: what `langsmith/experimental/otel/exporter` exports.
export * from "../../../otel-names/exporter.js";
