// initializeOTEL: the langsmith package's set-up call, by this package's parts.
import { type ContextManager, context, type TracerProvider, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { NotHereError } from "../errors.js";
import { checkNames } from "../options/names.js";
import { applicationPackages } from "../project/packages.js";
import { findSdk } from "../register/sdk.js";
import { LangSmithOTLPTraceExporter, type LangSmithOTLPTraceExporterConfig } from "./exporter.js";
import { LangSmithOTLPSpanProcessor } from "./processor.js";

/** What {@link initializeOTEL} takes. */
export interface InitializeOTELConfig {
  /** A provider of the application's own, to which the processor that is returned is added by its maker. */
  readonly globalTracerProvider?: TracerProvider;
  /** A context manager that is set already: none is set then. */
  readonly globalContextManager?: ContextManager;
  /** Sets no context manager. Default false. */
  readonly skipGlobalContextManagerSetup?: boolean;
  readonly exporterConfig?: LangSmithOTLPTraceExporterConfig;
}

/** What {@link initializeOTEL} made. */
export interface InitializedOTEL {
  readonly DEFAULT_LANGSMITH_TRACER_PROVIDER: TracerProvider;
  readonly DEFAULT_LANGSMITH_SPAN_PROCESSOR: LangSmithOTLPSpanProcessor;
  readonly DEFAULT_LANGSMITH_SPAN_EXPORTER: LangSmithOTLPTraceExporter;
}

/**
 * Sets up tracing as the langsmith package's call of that name does: a provider of the installed OpenTelemetry SDK with
 * {@link LangSmithOTLPSpanProcessor}, and a context manager. `register()` does more: propagators, instrumentations, the
 * process's end.
 *
 * @throws LangSmithOptionError for an option that is not here; NotHereError where no OpenTelemetry SDK is installed
 */
export function initializeOTEL(config: InitializeOTELConfig = {}): InitializedOTEL {
  const names = ["globalTracerProvider", "globalContextManager", "skipGlobalContextManagerSetup", "exporterConfig"];
  checkNames(config, names);
  const exporter = new LangSmithOTLPTraceExporter(config.exporterConfig);
  const processor = new LangSmithOTLPSpanProcessor(exporter);
  const provider = config.globalTracerProvider ?? madeProvider(processor);
  if (!config.globalContextManager && !config.skipGlobalContextManagerSetup) {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  }
  if (!config.globalTracerProvider) trace.setGlobalTracerProvider(provider);
  return {
    DEFAULT_LANGSMITH_TRACER_PROVIDER: provider,
    DEFAULT_LANGSMITH_SPAN_PROCESSOR: processor,
    DEFAULT_LANGSMITH_SPAN_EXPORTER: exporter,
  };
}

function madeProvider(processor: LangSmithOTLPSpanProcessor): TracerProvider {
  const sdk = findSdk(applicationPackages(), process.env);
  if (sdk) return sdk.provider({ resource: undefined, sampler: undefined, spanProcessors: [processor] });
  throw new NotHereError(
    "tracer provider of its own",
    "Install an OpenTelemetry SDK 2.x or newer beside it (npm install @opentelemetry/sdk-trace), or pass globalTracerProvider.",
  );
}
