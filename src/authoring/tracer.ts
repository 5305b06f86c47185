// Which tracer makes the authoring API's spans, and what its users are told when their runs go nowhere.
import { type Context, context, type Tracer, type TracerProvider, trace } from "@opentelemetry/api";
import { bridges } from "../bridges.js";
import { warnOfNoContextManager } from "../context-manager.js";
import { joinByItself } from "../langsmith/join.js";
import { booleanOf, langsmithVariable } from "../options/environment.js";
import { checkNames } from "../options/names.js";
import { isSwitchedOff } from "../options/tracing.js";
import { isObject, sharedPart } from "../shared.js";
import { isTracingSuppressed } from "../untraced.js";
import { VERSION } from "../version.js";
import { warnOnce } from "../warnings.js";

/** The scope of every span made here; the processor takes such spans as GenAI from their start. */
export const AUTHORING_SCOPE = "otel-langsmith";

/** What {@link configureAuthoring} takes. */
export interface AuthoringOptions {
  /** The provider whose tracer makes the spans: for an isolated provider beside Sentry's. Default: the global one. */
  readonly tracerProvider?: TracerProvider;
  /**
   * Also writes inputs and outputs as span attributes (`gen_ai.prompt`, `gen_ai.completion`, JSON), where every
   * other exporter sees them. Default `LANGSMITH_OTEL_CONTENT_AS_ATTRIBUTES`, else false.
   */
  readonly contentAsAttributes?: boolean;
}

interface Settings {
  options: AuthoringOptions;
}

let settings: Settings | undefined;

function shared(): Settings {
  settings ??= sharedPart("authoring", () => ({ options: {} }), isSettings);
  return settings;
}

function isSettings(part: unknown): part is Settings {
  return isObject(part) && isObject(Reflect.get(part, "options"));
}

/**
 * Sets how `traceable`, `RunTree` and the rest make their spans, for the whole process. Later calls lay their options
 * over earlier ones.
 *
 * @throws LangSmithOptionError for an option that does not exist, by its name and the nearest
 *
 * @example
 * ```ts
 * configureAuthoring({ contentAsAttributes: true });
 * ```
 */
export function configureAuthoring(options: AuthoringOptions): void {
  checkNames(options, ["tracerProvider", "contentAsAttributes"]);
  shared().options = { ...shared().options, ...options };
}

/** The tracer of the authoring API. Asked for at every span: the provider may be registered later, or replaced. */
export function authoringTracer(): Tracer {
  const { tracerProvider } = shared().options;
  return (tracerProvider ?? trace).getTracer(AUTHORING_SCOPE, VERSION);
}

let byEnvironment: boolean | undefined;

/** Whether content goes into attributes where a run does not say. */
export function isContentAsAttributes(): boolean {
  // Read once: a variable's look-up costs more than the rest of a span's start.
  byEnvironment ??= booleanOf(langsmithVariable(process.env, "OTEL_CONTENT_AS_ATTRIBUTES")) ?? false;
  return shared().options.contentAsAttributes ?? byEnvironment;
}

let isUntracedSaid = false;

/** Whether any bridge runs in this process; says once when none does, unless tracing is switched off on purpose. */
export function hasBridge(what: string): boolean {
  if (bridges().length > 0) {
    joinByItself();
    return true;
  }
  // Asked at every call, so nothing is looked up twice.
  if (isUntracedSaid) return false;
  isUntracedSaid = true;
  if (!isSwitchedOff()) {
    warnOnce(
      "LSB_WARN_NO_PROCESSOR",
      `${what} runs untraced: no LangSmithSpanProcessor is running in this process. Start the program with \`node --import otel-langsmith/register\`, add the processor to your tracer provider, or set LANGSMITH_TRACING=false to say that this is meant.`,
    );
  }
  return false;
}

/** Says once that a span that was started is nobody's run. */
export function sayNotRecorded(parent: Context): void {
  if (isTracingSuppressed(parent)) return;
  warnOnce(
    "LSB_WARN_NOT_RECORDED",
    "A traced call made no run: its tracer provider has no LangSmithSpanProcessor, or its sampler records nothing of it. Add the processor to the provider that is registered globally (or name yours with configureAuthoring({ tracerProvider })), and wrap the sampler in LangSmithSampler.",
  );
}

let isContextChecked = false;

/** Says once when contexts do not reach what runs inside them: then nothing nests. */
export function checkContextManager(expected: Context): void {
  if (isContextChecked) return;
  if (context.active() === expected) {
    isContextChecked = true;
    return;
  }
  warnOfNoContextManager();
}
