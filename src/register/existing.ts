// Who else registers a tracer provider: before register, and after it.
import { createRequire } from "node:module";
import { type TracerProvider, trace } from "@opentelemetry/api";
import type { PackageFinder } from "../project/packages.js";
import { registeredProvider } from "../registered-provider.js";
import { warnOnce } from "../warnings.js";

/** Whether the application has registered a tracer provider. */
export function hasTracerProvider(): boolean {
  return registeredProvider() !== undefined;
}

interface TraceApi {
  setGlobalTracerProvider(provider: TracerProvider): boolean;
}

function isTraceApi(value: unknown): value is TraceApi {
  return (
    typeof value === "object" &&
    value !== null &&
    "setGlobalTracerProvider" in value &&
    typeof value.setGlobalTracerProvider === "function"
  );
}

/**
 * OpenTelemetry takes the first provider and refuses every later one, which it says to `diag` alone. Since register
 * comes first, an application that sets up a NodeSDK of its own would be silenced by it: that is said aloud. Returns
 * what stops the watch.
 */
export function watchForOtherProviders(packages: PackageFinder): () => void {
  const undo = traceApis(packages).map((api) => {
    const original = api.setGlobalTracerProvider;
    const watched = function (this: unknown, provider: TracerProvider): boolean {
      const isTaken = original.call(api, provider);
      if (!isTaken) sayRefused();
      return isTaken;
    };
    api.setGlobalTracerProvider = watched;
    return () => {
      if (api.setGlobalTracerProvider === watched) api.setGlobalTracerProvider = original;
    };
  });
  return () => {
    for (const step of undo) step();
  };
}

/** Ours, and the copies that the application and its SDK see, where those are others. */
function traceApis(packages: PackageFinder): TraceApi[] {
  const sdkNode = packages.locate("@opentelemetry/sdk-node");
  const found = [packages, packages.from(sdkNode)].flatMap((each) => {
    const api = each.find("@opentelemetry/api");
    return api ? [api.exports.trace, traceOfEsModule(api.path)] : [];
  });
  return [...new Set([trace, ...found])].filter(isTraceApi);
}

/**
 * From 1.10 on, the API is two files, an ES module beside the CommonJS one, each with a `trace` of its own; what is
 * registered is common to both. Such an API comes with a Node that can require an ES module.
 */
function traceOfEsModule(path: string): unknown {
  if (!path.endsWith(".cjs")) return undefined;
  try {
    const api: unknown = createRequire(path)(path.replace(/\.cjs$/, ".mjs"));
    return typeof api === "object" && api !== null && "trace" in api ? api.trace : undefined;
  } catch {
    // Then the application cannot load it so, either, or it is the copy that is imported here.
    return undefined;
  }
}

/** Said when register finds a provider. */
export function sayExisting(): void {
  warnOnce(
    "LSB_WARN_PROVIDER_EXISTS",
    "A tracer provider is registered already, so otel-langsmith's register changed nothing and no runs are sent. " +
      "Give that provider the bridge's processor instead: new NodeSDK({ spanProcessors: " +
      "[...getSpanProcessorsFromEnv(), new LangSmithSpanProcessor()] }), both from otel-langsmith.",
  );
}

function sayRefused(): void {
  warnOnce(
    "LSB_WARN_PROVIDER_REFUSED",
    "The application registered a tracer provider of its own (a NodeSDK, Sentry.init, …) after otel-langsmith's " +
      "register, and OpenTelemetry refused it: its processors and exporters get no spans. Keep one of the two: either " +
      "drop the application's (register exports to OTEL_TRACES_EXPORTER, too), or drop register and give the " +
      "application's provider the processor: new NodeSDK({ spanProcessors: [...getSpanProcessorsFromEnv(), " +
      "new LangSmithSpanProcessor()] }), both from otel-langsmith.",
  );
}
