// Google's Agent Development Kit: requests and responses of Gemini's API, whole, and the arguments and results of tools.
import { decode, isObject, toText } from "../json.js";
import type { MappableSpan } from "../span.js";
import { isThere, toId } from "../there.js";
import type { Vocabulary } from "../vocabulary.js";

/** It writes `{}` on tools, and everywhere where content capture is off. */
function said(value: unknown): unknown {
  const found = decode(value);
  return isThere(found) && found !== "N/A" ? found : undefined;
}

/** Model calls have no operation name; what has one says itself what it is. */
function isCall(_: unknown, { attributes }: MappableSpan): unknown {
  return attributes["gen_ai.operation.name"] === undefined ? "llm" : undefined;
}

function isOfTool({ attributes }: MappableSpan): boolean {
  return attributes["gcp.vertex.agent.tool_call_args"] !== undefined;
}

/** A tool's span has no operation name in older versions. */
function isTool(_: unknown, { attributes }: MappableSpan): unknown {
  return attributes["gen_ai.operation.name"] === undefined ? "tool" : undefined;
}

/** Why a response has no content, unless it ended as one may. */
function failureCode(value: unknown): string | undefined {
  const response = said(value);
  if (!isObject(response) || isThere(response["content"])) return undefined;
  const code = toText(response["errorCode"] ?? response["error_code"]);
  return code === undefined || endings.has(code) ? undefined : code;
}

function failureMessage(value: unknown): string | undefined {
  const response = failureCode(value) === undefined ? undefined : said(value);
  return isObject(response) ? toText(response["errorMessage"] ?? response["error_message"]) : undefined;
}

const endings = new Set(["STOP", "MAX_TOKENS"]);

const isUnsaid = (value: unknown) => (value === "<not specified>" ? true : undefined);

export const googleAdk: Vocabulary = {
  name: "google-adk",
  about: "Google's Agent Development Kit; what is not here it says in the GenAI conventions.",
  scopes: ["gcp.vertex.agent"],
  markers: ["gcp.vertex.agent."],
  rules: [
    {
      keys: ["gcp.vertex.agent.llm_request"],
      to: "run_type",
      as: isCall,
      note: "where there is no `gen_ai.operation.name` → llm",
    },
    {
      keys: ["gcp.vertex.agent.tool_call_args"],
      to: "run_type",
      as: isTool,
      note: "where there is no `gen_ai.operation.name` → tool",
    },
    {
      keys: ["gcp.vertex.agent.llm_response"],
      to: "error_type",
      as: failureCode,
      note: "an `errorCode` in place of content",
    },
    { keys: ["gcp.vertex.agent.llm_response"], to: "error_message", as: failureMessage },
    { keys: ["adk.workflow.name"], to: "name", as: toText },
    { keys: ["adk.workflow.name"], to: "metadata", name: "adk.workflow.name" },
    { keys: ["gcp.vertex.agent.llm_request"], to: "inputs", as: said },
    { keys: ["gcp.vertex.agent.llm_response"], to: "outputs", as: said },
    { keys: ["gcp.vertex.agent.data"], to: "inputs", as: said },
    { keys: ["gcp.vertex.agent.tool_call_args"], to: "tool_arguments", as: said },
    { keys: ["gcp.vertex.agent.tool_response"], to: "tool_result", as: said },
    {
      keys: ["gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response"],
      to: "drop",
      when: isOfTool,
      note: "on tools, where they are empty",
    },
    { keys: ["gcp.vertex.agent.session_id"], to: "thread_id", as: toId },
    { keys: ["gen_ai.tool.call.id"], to: "drop", as: isUnsaid, note: "`<not specified>`" },
  ],
};
