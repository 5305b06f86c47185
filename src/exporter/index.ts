// The span exporter.
export {
  type ExporterStats,
  type ExportResult,
  type LangSmithExporterOptions,
  LangSmithSpanExporter,
} from "./exporter.js";
