// register: a provider, a context manager, propagators and the bridge's processor from the environment, in one call.

import {
  context,
  DiagConsoleLogger,
  DiagLogLevel,
  diag,
  propagation,
  type TextMapPropagator,
  trace,
} from "@opentelemetry/api";
import { joinByItself } from "../langsmith/join.js";
import { booleanOf, type Environment, textOf } from "../options/environment.js";
import { type LangSmithOptions, type ResolvedOptions, resolveOptions } from "../options/options.js";
import { LangSmithSpanProcessor } from "../processor/index.js";
import { isSampler, LangSmithSampler } from "../processor/sampler.js";
import { dropsAll, warnOfSampler } from "../processor/silence.js";
import { blindCopies, describeCopies } from "../project/api-copies.js";
import { type ContentDecision, decideContent } from "../project/content-decision.js";
import { applicationProject, installCommand, installedVersion } from "../project/installed.js";
import { describeLibrary, type FoundLibrary, findLibraries } from "../project/libraries.js";
import { applicationPackages, type PackageFinder } from "../project/packages.js";
import { AUTOMATIC } from "../project/supported.js";
import { loadedTooEarly, noteLoaded, warnOfLateRegister } from "../project/too-early.js";
import { LangSmithPropagator, type LangSmithPropagatorOptions } from "../propagation/index.js";
import { sharedSlot } from "../shared.js";
import { kindOfThrown } from "../thrown.js";
import { warnOnce } from "../warnings.js";
import { announce } from "./announcement.js";
import { captureContent } from "./content-capture.js";
import { AsyncLocalStorageContextManager } from "./context-manager-parts.js";
import { onProcessEnd } from "./ending.js";
import { hasTracerProvider, sayExisting, watchForOtherProviders } from "./existing.js";
import { asksForExporters, spanProcessorsOf } from "./from-env.js";
import { type AutoInstrumentations, makeAutoInstrumentations } from "./instrumentations.js";
import { propagatorFromEnv, resourceFromEnv, samplerFromEnv } from "./provider-parts.js";
import { findSdk, type Sdk, type SdkTracerProvider } from "./sdk.js";
import { onUncaught } from "./uncaught.js";

/** Options of {@link register}: those of the processor, and these. */
export interface RegisterOptions extends LangSmithOptions {
  /** What the propagator believes and tells. Default: {@link LangSmithPropagatorOptions}' own. */
  readonly propagator?: LangSmithPropagatorOptions;
  /**
   * Records, for LangSmith alone, what `OTEL_TRACES_SAMPLER` (or a caller's `traceparent`) does not sample: the other
   * exporters still get only what is sampled. Default false.
   */
  readonly recordUnsampled?: boolean;
}

/** What {@link register} did. */
export interface Registration {
  /** False where nothing was changed: the reason was said. */
  readonly isRegistered: boolean;
  /** Sends what has ended. Before `process.exit()`, which waits for nothing. Never rejects. */
  forceFlush(): Promise<void>;
  /** Closes what is open, sends it, and stops. Never rejects. */
  shutdown(): Promise<void>;
}

/** What `register` takes beside the processor's options. */
const REGISTER_NAMES = ["propagator", "recordUnsampled"] as const;

const NOTHING: Registration = { isRegistered: false, forceFlush: async () => {}, shutdown: async () => {} };

/**
 * Sets up tracing to LangSmith in a process that has none: a tracer provider of the OpenTelemetry SDK that the
 * application has installed (2.x or 3.x), a context manager, propagators, and a {@link LangSmithSpanProcessor}; what
 * `OTEL_…` variables ask for is set up beside it, and `@opentelemetry/auto-instrumentations-node`, where it is
 * installed, is switched on. `node --import otel-langsmith/register app.mjs` does the same without code.
 *
 * Sends what is left when the process ends by itself, by SIGTERM or by SIGINT; before `process.exit()` await
 * `forceFlush()`. A second call returns the first one's registration. Where a provider is registered already, or no SDK
 * is installed, nothing is changed and a warning says what to do.
 *
 * @throws LangSmithOptionError for an option that makes no sense, by its name
 * @example
 * ```ts
 * import { register } from "otel-langsmith";
 * register({ projectName: "weather" });
 * ```
 */
export function register(options: RegisterOptions = {}): Registration {
  const shared = sharedSlot<Registration>("registration");
  const earlier = shared.value;
  if (earlier) {
    diag.info("otel-langsmith: register was called before; this call changes nothing");
    return earlier;
  }
  const registration = start(options, process.env, () => {
    shared.value = undefined;
  });
  if (registration.isRegistered) shared.value = registration;
  return registration;
}

function start(options: RegisterOptions, env: Environment, forget: () => void): Registration {
  const resolved = resolveOptions(options, env, REGISTER_NAMES);
  setLogger(env);
  if (booleanOf(env.OTEL_SDK_DISABLED)) {
    announce({ disabledBy: "OTEL_SDK_DISABLED" });
    return NOTHING;
  }
  if (hasTracerProvider()) {
    sayExisting();
    return NOTHING;
  }
  const packages = applicationPackages();
  const sdk = findSdk(packages, env);
  if (!sdk) {
    sayNoSdk();
    return NOTHING;
  }
  return set(options, resolved, { sdk, packages, env, forget });
}

interface Ground {
  readonly sdk: Sdk;
  readonly packages: PackageFinder;
  readonly env: Environment;
  readonly forget: () => void;
}

function set(options: RegisterOptions, resolved: ResolvedOptions, ground: Ground): Registration {
  const { sdk, packages, env } = ground;
  // What can refuse an option comes before what changes the process.
  const { propagator, recordUnsampled: _, ...processorOptions } = options;
  const processor = resolved.enabled
    ? new LangSmithSpanProcessor({ ...processorOptions, flushBeforeExit: false })
    : undefined;
  const ours = resolved.enabled ? new LangSmithPropagator(propagator) : undefined;
  if (!processor && !asksForExporters(env)) {
    announce({ disabledBy: "LANGSMITH_TRACING" });
    return NOTHING;
  }
  // Before the exporters: what they load (gRPC, http) could not be instrumented any more.
  const stack = new Error().stack;
  const instrumentations = makeAutoInstrumentations(packages, (modules) => noteLoaded(modules, stack));
  const exporters = spanProcessorsOf(sdk, packages, env, { whenUnset: "asked" });
  const provider = sdk.provider({
    resource: resourceFromEnv(sdk, packages, env),
    sampler: samplerOf(options, ground),
    spanProcessors: [...(processor ? [processor] : []), ...exporters.map((each) => each.processor)],
  });
  setGlobals(provider, propagatorFromEnv(sdk, packages, env, ours));
  instrumentations?.use(provider);
  if (processor) joinByItself();
  const names = exporters.map((each) => each.name);
  const project = applicationProject();
  const libraries = findLibraries(project, instrumentations?.supported ?? [], loadedTooEarly());
  warnOfBlindness(libraries);
  const content = captured(instrumentations, libraries, resolved, env, names);
  announce({
    resolved,
    exporters: names,
    libraries: libraries.map(describeLibrary),
    content: content?.note,
    instrumentations: instrumentations?.count ?? installCommand(project, [AUTOMATIC]),
  });
  return ending(provider, processor, resolved, ground);
}

/** What keeps the spans of the libraries that were found away. */
function warnOfBlindness(libraries: readonly FoundLibrary[]): void {
  const late = loadedTooEarly().filter((name) => libraries.some((library) => library.name === name));
  if (late.length > 0) warnOfLateRegister(late);
  const copies = blindCopies();
  if (copies.length > 0) warnOnce("LSB_WARN_API_COPIES", describeCopies(copies));
}

/** What is done about the content of the libraries that the instrumentations patch; undefined where there is none. */
function captured(
  instrumentations: AutoInstrumentations | undefined,
  libraries: readonly FoundLibrary[],
  resolved: ResolvedOptions,
  env: Environment,
  exporters: readonly string[],
): ContentDecision | undefined {
  if (!instrumentations || instrumentations.capturing.length === 0) return undefined;
  const content = decideContent(resolved, env, exporters);
  captureContent(instrumentations.capturing, content);
  const isThere = libraries.some(
    ({ name, version, isTraced }) =>
      isTraced && instrumentations.supported.some(({ module, isSupported }) => module === name && isSupported(version)),
  );
  return isThere ? content : undefined;
}

function samplerOf(options: RegisterOptions, { sdk, env }: Ground): object | undefined {
  const sampler = samplerFromEnv(sdk, env);
  if (!options.recordUnsampled) {
    if (sampler && dropsAll(String(sampler))) warnOfSampler(String(sampler));
    return sampler;
  }
  const always = sdk.sampler("AlwaysOnSampler");
  const inner = sampler ?? (always && sdk.parentBased(always));
  return isSampler(inner) ? new LangSmithSampler(inner) : sampler;
}

function setGlobals(provider: SdkTracerProvider, propagator: TextMapPropagator | undefined): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  if (propagator && !propagation.setGlobalPropagator(propagator)) {
    warnOnce(
      "LSB_WARN_PROPAGATOR",
      "A propagator is registered already and was left alone, so runs do not nest across services. " +
        "Compose it with new LangSmithPropagator() from otel-langsmith.",
      "registered",
    );
  }
  trace.setGlobalTracerProvider(provider);
}

function ending(
  provider: SdkTracerProvider,
  processor: LangSmithSpanProcessor | undefined,
  resolved: ResolvedOptions,
  { packages, forget }: Ground,
): Registration {
  const settle = (work: () => Promise<void>) => withinMillis(work, resolved.shutdownTimeoutMillis);
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= settle(() => provider.shutdown());
    return closing;
  };
  const flush = () => closing ?? settle(() => provider.forceFlush());
  const undo = [
    onProcessEnd({ flush, close }, resolved.flushBeforeExit),
    onUncaught(() => hasUnsent(processor), close),
    watchForOtherProviders(packages),
  ];
  return {
    isRegistered: true,
    forceFlush: flush,
    shutdown: async () => {
      for (const step of undo) step();
      forget();
      await close();
    },
  };
}

/** Whether anything would be lost if the process ended now: ended, or open and to be closed. */
function hasUnsent(processor: LangSmithSpanProcessor | undefined): boolean {
  if (!processor) return false;
  const { open, waiting, destinations } = processor.stats();
  return open + waiting > 0 || destinations.some(({ queued, inFlight }) => queued + inFlight > 0);
}

/** Settles with the work or after the time, whatever comes first; what fails is said to `diag`. */
async function withinMillis(work: () => Promise<void>, millis: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    if (Number.isFinite(millis)) timer = setTimeout(resolve, millis);
  });
  try {
    await Promise.race([work(), late]);
  } catch (error) {
    diag.warn(`otel-langsmith: not everything could be sent (${kindOfThrown(error)})`);
  } finally {
    clearTimeout(timer);
  }
}

/** `OTEL_LOG_LEVEL`, as NodeSDK obeys it: without it `diag` is silent. */
function setLogger(env: Environment): void {
  const word = textOf(env.OTEL_LOG_LEVEL)?.toUpperCase();
  const level = Object.entries(DiagLogLevel).find(([name]) => name === word)?.[1];
  if (typeof level === "number") diag.setLogger(new DiagConsoleLogger(), { logLevel: level });
}

/** One command, complete for what stands in the application's package.json. */
function sayNoSdk(): void {
  const project = applicationProject();
  const needed = [
    "@opentelemetry/api",
    "@opentelemetry/sdk-trace",
    AUTOMATIC,
    ...findLibraries(project, []).flatMap(({ needs }) => needs),
  ].filter((name) => installedVersion(name) === undefined);
  warnOnce(
    "LSB_WARN_NO_SDK",
    `otel-langsmith's register found no OpenTelemetry SDK 2.x or newer, so no runs are sent. Run: ${installCommand(project, needed)}`,
  );
}
