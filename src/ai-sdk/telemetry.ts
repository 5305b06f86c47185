// LangSmithTelemetry: one line for the AI SDK 7, by the spans of its own @ai-sdk/otel, which are read as they are.
import { context } from "@opentelemetry/api";
import { LangSmithOptionError, NotHereError } from "../errors.js";
import { getSettings, setSettings, type TracingSettings } from "../identity/context.js";
import { checkNames } from "../options/names.js";
import { rulesOf } from "../privacy/client-rules.js";
import { applicationPackages, classIn } from "../project/packages.js";
import type { KeyValues } from "../wire/run.js";

/** What {@link LangSmithTelemetry} takes; the names are the langsmith package's. */
export interface LangSmithTelemetryConfig {
  /** The name of a call's run. Default: the AI SDK's, `invoke_agent <model>`. */
  readonly name?: string;
  /** Of every run it makes. */
  readonly metadata?: KeyValues;
  readonly tags?: string[];
  readonly projectName?: string;
  /** What it was told to hide, to mask and to sample is. */
  readonly client?: object;
  /** False makes no runs. */
  readonly tracingEnabled?: boolean;
}

const NAMES: readonly string[] = Object.keys({
  name: true,
  metadata: true,
  tags: true,
  projectName: true,
  client: true,
  tracingEnabled: true,
} satisfies Record<keyof LangSmithTelemetryConfig, true>);

/** Functions that would hide: the spans are not ours to change, but the client hides. */
const MASKS = ["processInputs", "processOutputs", "processChildLLMRunInputs", "processChildLLMRunOutputs"];

/**
 * The integration to give to the AI SDK 7's `registerTelemetry`. It needs `@ai-sdk/otel` beside the AI SDK, and Node
 * 20.19 or 22.12, which can load it.
 *
 * @throws LangSmithOptionError for an option that is not here, by its name; NotHereError where `@ai-sdk/otel` is not
 * installed
 * @example
 * ```ts
 * import { registerTelemetry } from "ai";
 * registerTelemetry(LangSmithTelemetry());
 * ```
 */
export function LangSmithTelemetry(config: LangSmithTelemetryConfig = {}): object {
  for (const name of MASKS) {
    if (Reflect.get(config, name) === undefined) continue;
    const way = "left out: pass client: new Client({ hideInputs, hideOutputs, anonymizer }), which hides";
    throw new LangSmithOptionError(name, way, "a function");
  }
  checkNames(config, NAMES);
  const OpenTelemetry = classIn<[object], object>(applicationPackages().find("@ai-sdk/otel"), "OpenTelemetry");
  if (!OpenTelemetry) {
    throw new NotHereError(
      "@ai-sdk/otel to make spans with",
      "Install it beside the AI SDK 7 (npm install @ai-sdk/otel), on Node 20.19, 22.12 or newer. The AI SDK 5 and 6 need experimental_telemetry: { isEnabled: true } instead.",
    );
  }
  const { name } = config;
  const inner = new OpenTelemetry(name === undefined ? {} : { agentSpanName: () => name });
  const settings = settingsOf(config);
  if (Object.keys(settings).length === 0) return inner;
  return new Proxy(inner, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function" || key === "constructor") return value;
      return (...args: unknown[]) => context.with(within(settings), () => Reflect.apply(value, target, args));
    },
  });
}

function settingsOf({
  metadata,
  tags,
  projectName,
  client,
  tracingEnabled,
}: LangSmithTelemetryConfig): TracingSettings {
  return {
    ...(metadata && { metadata }),
    ...(tags && { tags }),
    ...(projectName !== undefined && { projectName }),
    ...(client && rulesOf(client) && { clients: [client] }),
    ...(tracingEnabled !== undefined && { enabled: tracingEnabled }),
  };
}

/** Inside one call the same settings are laid once. */
function within(settings: TracingSettings) {
  const active = context.active();
  return getSettings(active) === settings ? active : setSettings(active, settings);
}
