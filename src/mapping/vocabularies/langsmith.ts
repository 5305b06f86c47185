// LangSmith's own attributes: what its SDK writes in OpenTelemetry mode, and what users set by hand.
import { toRunType } from "../../wire/run.js";
import { decode, isObject, toText } from "../json.js";
import type { MappableSpan } from "../span.js";
import type { Vocabulary } from "../vocabulary.js";

function isLangSmiths(span: MappableSpan): boolean {
  return span.scope.name === "langsmith" || span.attributes["langsmith.span.kind"] !== undefined;
}

/** The SDK writes the run's whole inputs as one JSON object; a user's text is no such thing. */
function wholeObject(value: unknown): unknown {
  const whole = decode(value);
  return isObject(whole) ? whole : undefined;
}

export const langsmith: Vocabulary = {
  name: "langsmith",
  about: "LangSmith's own attributes, from its SDK in OpenTelemetry mode or set by hand.",
  integration: false,
  scopes: ["langsmith"],
  markers: ["langsmith.span.kind"],
  rules: [
    { keys: ["langsmith.span.kind"], to: "run_type", as: toRunType, note: "in any case, when it is one of the seven" },
    { keys: ["langsmith.trace.name", "langsmith.span.name"], to: "name" },
    {
      keys: ["gen_ai.prompt"],
      to: "whole_inputs",
      as: wholeObject,
      when: isLangSmiths,
      note: "the run's whole inputs",
    },
    { keys: ["gen_ai.completion"], to: "whole_outputs", as: wholeObject, when: isLangSmiths },
    { keys: ["langsmith.usage_metadata", "langsmith.metadata.usage_metadata"], to: "usage" },
    { keys: ["langsmith.span.tags"], to: "tags" },
    { keys: ["langsmith.trace.session_name"], to: "project_name" },
    { keys: ["langsmith.trace.session_id"], to: "project_id" },
    { keys: ["langsmith.reference_example_id"], to: "example_id", as: toText },
    {
      keys: ["langsmith.attachments"],
      to: "attachments",
      note: "a JSON list of `{ name, content (base64), mime_type }`",
    },
    { prefix: "langsmith.metadata.", to: "metadata" },
    { keys: ["langsmith.span.kind"], to: "drop", as: toRunType, note: "where it is one of the seven" },
    {
      keys: [
        "langsmith.is_root",
        "langsmith.traceable",
        "langsmith.traceable_parent_otel_span_id",
        "langsmith.span.parent_id",
        "langsmith.span.id",
        "langsmith.span.dotted_order",
        "langsmith.trace.id",
      ],
      to: "drop",
      note: "the run's type and place, read elsewhere",
    },
  ],
};
