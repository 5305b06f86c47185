// Whether inputs and outputs of instrumented libraries are captured, and who would get them.
import { booleanOf, type Environment, listOf, textOf } from "../options/environment.js";
import type { ResolvedOptions } from "../options/options.js";

/** The variable by which OpenTelemetry's GenAI instrumentations capture content. */
export const CAPTURE_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";

/** What is done about content, and what of it stands in the line at start. */
export interface ContentDecision {
  /** Whether our doing switches it on. */
  readonly isSwitchedOn: boolean;
  /** Whether log records, in which content comes, go to the runs by our doing. */
  readonly isTaken: boolean;
  /** What to do, where content would stay away. */
  readonly note: string | undefined;
}

/**
 * Decides whether content is switched on. Not where the user has set the variable, nor where inputs and outputs are
 * hidden, nor where anybody else would get it: that is the user's to decide, who is told what to set and who sees it.
 *
 * @param exporters other exporters that the environment asks for, by name
 */
export function decideContent(
  { enabled, hideInputs, hideOutputs }: ResolvedOptions,
  env: Environment,
  exporters: readonly string[],
): ContentDecision {
  const isTaken = enabled && !hasLoggerProvider();
  const isHidden = hideInputs === true && hideOutputs === true;
  if (!enabled || isHidden || booleanOf(env[CAPTURE_VARIABLE]) === false) {
    return { isSwitchedOn: false, isTaken, note: undefined };
  }
  const others = [...exporters, ...logExportersOf(env)];
  if (hasLoggerProvider()) {
    const to = others.length > 0 ? ` and to ${[...new Set(others)].join(", ")}` : "";
    const capture = textOf(env[CAPTURE_VARIABLE]) === undefined ? `set ${CAPTURE_VARIABLE}=true, and ` : "";
    const note = `inputs and outputs are not captured: ${capture}add new LangSmithLogRecordProcessor() to the logger provider; they then go to its other processors, too${to}`;
    return { isSwitchedOn: false, isTaken, note };
  }
  if (textOf(env[CAPTURE_VARIABLE]) !== undefined) return { isSwitchedOn: false, isTaken, note: undefined };
  if (others.length === 0)
    return { isSwitchedOn: true, isTaken, note: "inputs and outputs are captured, for LangSmith alone" };
  const note = `inputs and outputs are not captured: set ${CAPTURE_VARIABLE}=true; ${[...new Set(others)].join(", ")} may get them, too`;
  return { isSwitchedOn: false, isTaken, note };
}

function logExportersOf(env: Environment): string[] {
  const named = listOf(env.OTEL_LOGS_EXPORTER)?.filter((name) => name !== "none") ?? [];
  if (named.length > 0) return named.map((name) => `${name} (logs)`);
  const hasAddress = textOf(env.OTEL_EXPORTER_OTLP_ENDPOINT) ?? textOf(env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT);
  return hasAddress === undefined || listOf(env.OTEL_LOGS_EXPORTER)?.includes("none") ? [] : ["otlp (logs)"];
}

export const LOGS_API = Symbol.for("io.opentelemetry.js.api.logs");

/** Whether a logger provider is registered: `@opentelemetry/api-logs` keeps it there, whichever copy of it. */
export function hasLoggerProvider(): boolean {
  return Reflect.get(globalThis, LOGS_API) !== undefined;
}
