// The public face of the bridge.

export {
  type ActiveRunOptions,
  type AuthoringOptions,
  configureAuthoring,
  getCurrentRunTree,
  isRunTree,
  isTraceableFunction,
  type ProcessInputs,
  type ProcessOutputs,
  ROOT,
  type RunTreeConfig,
  type StartedRun,
  startActiveRun,
  type TraceableClassOptions,
  type TraceableConfig,
  type TraceableFunction,
  traceable,
  traceableClass,
  withRunTree,
} from "./authoring/index.js";
export {
  getDefaultProjectName,
  isTracingEnabled,
  LS_MESSAGE_VIEW_EXCLUDE,
  overrideFetchImplementation,
} from "./authoring/package-names.js";
export {
  type AnthropicLike,
  type WrapAnthropicOptions,
  type WrappedAnthropic,
  wrapAnthropic,
} from "./authoring/wrappers/anthropic.js";
export {
  type LangSmithExtra,
  type WrapOpenAIOptions,
  type WrappedOpenAI,
  wrapOpenAI,
} from "./authoring/wrappers/openai.js";
export { type WrapSDKOptions, wrapSDK } from "./authoring/wrappers/sdk.js";
export {
  Client,
  type ClientOptions,
  type ClientOptions as ClientConfig,
  type ListRunsParams,
  type StoredRun,
} from "./client/client.js";
export { type EndRunOptions, endRun } from "./client/end-run.js";
export { createFeedback, type Feedback, type FeedbackInput } from "./client/feedback.js";
export { type FindRunOptions, findRun } from "./client/find-run.js";
export { getRunUrl } from "./client/run-url.js";
export type { DeliveryStats, Loss, LossCause } from "./delivery/operation.js";
export {
  LangSmithOptionError,
  LangSmithRequestError,
  NoRunTreeError,
  NotHereError,
  type RequestErrorCode,
  RunIdError,
  RunReferenceError,
  RunTimeError,
} from "./errors.js";
export {
  type ExporterStats,
  type ExportResult,
  type LangSmithExporterOptions,
  LangSmithSpanExporter,
} from "./exporter/index.js";
export { replicaRunId as computeRunIdForSecondaryReplica } from "./identity/replica-ids.js";
export { runIdOf, spanIdOf } from "./identity/run-ids.js";
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
export type { HideOption, LangSmithOptions, ReplicaOptions, SpansOption, StartedSpan } from "./options/options.js";
export { RunIdentityProcessor } from "./processor/identity-processor.js";
export { LangSmithSpanProcessor, type ProcessorStats } from "./processor/index.js";
export { LangSmithLogRecordProcessor } from "./processor/log-records.js";
export { type AnySampler, type AnySamplingResult, LangSmithSampler } from "./processor/sampler.js";
export {
  getRunId,
  getRunReference,
  type HeadersLike,
  type InboundOptions,
  LangSmithPropagator,
  type LangSmithPropagatorOptions,
  type OutboundOptions,
  type RefusalCause,
  type RunLike,
  type RunReference,
  type StartTraceOptions,
  setRun,
  startTrace,
  type TracingContextOptions,
  tracingContext,
  withRun,
} from "./propagation/index.js";
export { getSpanProcessorsFromEnv, type SpanProcessorsFromEnvOptions } from "./register/from-env.js";
export { type RegisterOptions, type Registration, register } from "./register/index.js";
export type { AnySpanProcessor } from "./register/sdk.js";
export { RunTree, startRun } from "./untraced-trees.js";
export { VERSION as __version__ } from "./version.js";
export { uuid7, uuid7FromTime } from "./wire/ids.js";
export type { Run, RunContent, RunEvent, RunType } from "./wire/run.js";
