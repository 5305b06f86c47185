// Libraries that leave content out unless told otherwise, or when told so: what to switch on.
import type { MappingWarning } from "./mapped.js";
import type { MappableSpan } from "./span.js";

/** By scope (a name that ends in `*` is a beginning): the library, and how its content is switched on. */
export const contentSwitches: readonly {
  readonly scope: string;
  readonly library: string;
  readonly switchOn: string;
}[] = [
  {
    scope: "@opentelemetry/instrumentation-openai",
    library: "@opentelemetry/instrumentation-openai",
    switchOn:
      "set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true (or `captureMessageContent: true`), and add LangSmithLogRecordProcessor to the logger provider: it writes content to log records",
  },
  {
    scope: "com.anthropic.sdk.typescript",
    library: "the Anthropic SDK's own spans",
    switchOn: "set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true, or SPAN_ONLY",
  },
  {
    scope: "@traceloop/instrumentation-*",
    library: "OpenLLMetry",
    switchOn: "leave TRACELOOP_TRACE_CONTENT unset or true, and `traceContent` in `initialize` true",
  },
  {
    scope: "@arizeai/openinference-*",
    library: "OpenInference",
    switchOn: "unset OPENINFERENCE_HIDE_INPUTS and OPENINFERENCE_HIDE_OUTPUTS, or the same in `traceConfig`",
  },
  {
    scope: "ai",
    library: "the Vercel AI SDK",
    switchOn: "leave `recordInputs` and `recordOutputs` of `experimental_telemetry` true",
  },
  {
    scope: "gen_ai",
    library: "@ai-sdk/otel",
    switchOn: "leave `recordInputs` and `recordOutputs` of the telemetry settings true",
  },
  {
    scope: "langfuse-sdk",
    library: "Langfuse",
    switchOn: "leave input and output capture of `observe` and `observeOpenAI` on, and no mask that removes everything",
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
