// Libraries that leave content out unless told otherwise, or when told so: what to switch on.
import type { MappingWarning } from "./mapped.js";
import type { MappableSpan } from "./span.js";

interface ContentSwitch {
  /** An instrumentation scope; a name that ends in `*` is a beginning. */
  readonly scope: string;
  readonly library: string;
  /** The setting's name. */
  readonly setting: string;
  readonly switchOn: string;
}

/** Libraries whose content can be off, and how it is switched on. */
export const contentSwitches: readonly ContentSwitch[] = [
  {
    scope: "@opentelemetry/instrumentation-openai",
    library: "@opentelemetry/instrumentation-openai",
    setting: "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
    switchOn:
      "set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true; where the bridge was not set up by register, also add LangSmithLogRecordProcessor to the logger provider, since it writes content to log records",
  },
  {
    scope: "com.anthropic.sdk.typescript",
    library: "the Anthropic SDK itself",
    setting: "contentMode",
    switchOn: 'create the client with `openTelemetry: { traces: { contentMode: "content" } }`',
  },
  {
    scope: "@traceloop/*",
    library: "OpenLLMetry",
    setting: "TRACELOOP_TRACE_CONTENT",
    switchOn: "leave TRACELOOP_TRACE_CONTENT unset, and `traceContent` of `initialize` true",
  },
  {
    scope: "@arizeai/openinference-*",
    library: "OpenInference",
    setting: "OPENINFERENCE_HIDE_INPUTS",
    switchOn: "unset OPENINFERENCE_HIDE_INPUTS and OPENINFERENCE_HIDE_OUTPUTS, and the same in `traceConfig`",
  },
  {
    scope: "ai",
    library: "the Vercel AI SDK",
    setting: "recordInputs",
    switchOn: "leave `recordInputs` and `recordOutputs` of `experimental_telemetry` true",
  },
  {
    scope: "gen_ai",
    library: "@ai-sdk/otel",
    setting: "recordInputs",
    switchOn: "leave `recordInputs` and `recordOutputs` of `telemetry` true",
  },
  {
    scope: "langfuse-sdk",
    library: "Langfuse",
    setting: "captureInput",
    switchOn: "leave `captureInput` and `captureOutput` of `observe` true, and use no mask that removes everything",
  },
  {
    scope: "gcp.vertex.agent",
    library: "Google's ADK",
    setting: "ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS",
    switchOn: "unset ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS, or set it to true",
  },
  {
    scope: "langsmith",
    library: "the langsmith package",
    setting: "LANGSMITH_HIDE_INPUTS",
    switchOn: "unset LANGSMITH_HIDE_INPUTS and LANGSMITH_HIDE_OUTPUTS",
  },
];

/** What to say of an ended model call without content; undefined where the library is not known, or the span lives. */
export function contentWarning(span: MappableSpan): MappingWarning | undefined {
  if (!span.ended) return undefined;
  const known = contentSwitches.find(({ scope }) =>
    scope.endsWith("*") ? span.scope.name.startsWith(scope.slice(0, -1)) : span.scope.name === scope,
  );
  if (known === undefined) return undefined;
  return {
    code: "LSB_WARN_CONTENT_OFF",
    about: known.library,
    message: `Model calls recorded by ${known.library} carry no messages, so their runs have no inputs and outputs. To record them, ${known.switchOn}. See docs/libraries.md.`,
  };
}
