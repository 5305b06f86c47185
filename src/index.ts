// The public face of the bridge.

export type { DeliveryStats, Loss, LossCause } from "./delivery/operation.js";
export {
  type ExporterStats,
  type ExportResult,
  type LangSmithExporterOptions,
  LangSmithSpanExporter,
} from "./exporter/index.js";
export { LangSmithLogRecordProcessor } from "./log-records.js";
export {
  type AuthoredContent,
  byValue,
  defaultVocabularies,
  type Field,
  type Fill,
  isOneOf,
  type MappableLogRecord,
  type MappableSpan,
  type Rule,
  type Vocabulary,
} from "./mapping/index.js";
export type { HideOption, LangSmithOptions, ReplicaOptions, SpansOption, StartedSpan } from "./options.js";
export { LangSmithOptionError } from "./options.js";
export { RunIdentityProcessor } from "./processor/identity-processor.js";
export { LangSmithSpanProcessor, type ProcessorStats } from "./processor/index.js";
export type { Run, RunContent, RunEvent, RunType } from "./run.js";
export { getRunId } from "./run-id.js";
