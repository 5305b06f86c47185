// In which API's form a model run's messages are: LangSmith's trajectory view reads them by it.
import type { KeyValues } from "../wire/run.js";
import { isObject } from "./json.js";

/** What `metadata.ls_message_format` may be. */
export type MessageFormat = "completions" | "responses" | "anthropic" | "langchain";

/** The form of a model run's inputs and outputs; undefined where they are in none that LangSmith knows. */
export function messageFormatOf(
  inputs: KeyValues | undefined,
  outputs: KeyValues | undefined,
): MessageFormat | undefined {
  return ofOutputs(outputs ?? {}) ?? ofInputs(inputs ?? {}) ?? ofAnswer(outputs ?? {});
}

function ofOutputs(outputs: KeyValues): MessageFormat | undefined {
  if (Array.isArray(outputs["generations"]) || isLangChains(outputs)) return "langchain";
  if (Array.isArray(outputs["choices"])) return "completions";
  if (outputs["object"] === "response" || areItems(outputs["output"])) return "responses";
  return outputs["type"] === "message" && Array.isArray(outputs["content"]) ? "anthropic" : undefined;
}

function ofInputs(inputs: KeyValues): MessageFormat | undefined {
  const { messages, input } = inputs;
  const list: readonly unknown[] = Array.isArray(messages) ? messages.flat() : [];
  if (list.some((message) => isObject(message) && isLangChains(message))) return "langchain";
  if (list.some((message) => isObject(message) && typeof message["role"] === "string")) {
    const isAnthropics = inputs["system"] !== undefined || list.some(hasAnthropicsParts);
    return isAnthropics ? "anthropic" : "completions";
  }
  const isRequest = inputs["model"] !== undefined || inputs["instructions"] !== undefined;
  return areItems(input) || (isRequest && typeof input === "string") ? "responses" : undefined;
}

/** A message alone, as streams and wrappers leave it. */
function ofAnswer(outputs: KeyValues): MessageFormat | undefined {
  const { message } = outputs;
  if (isObject(message)) return ofAnswer(message);
  if (typeof outputs["role"] !== "string") return undefined;
  return hasAnthropicsParts(outputs) ? "anthropic" : "completions";
}

function isLangChains(message: KeyValues): boolean {
  if (message["lc"] !== undefined || isObject(message["lc_kwargs"]) || isObject(message["kwargs"])) return true;
  return message["role"] === undefined && (message["type"] === "human" || message["type"] === "ai");
}

function hasAnthropicsParts(message: unknown): boolean {
  const content = isObject(message) ? message["content"] : undefined;
  if (!Array.isArray(content)) return false;
  return content.some((part) => isObject(part) && ofAnthropic.has(String(part["type"])));
}

const ofAnthropic = new Set(["tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"]);

/** Items of OpenAI's responses: messages, reasoning, calls. */
function areItems(list: unknown): boolean {
  return (
    Array.isArray(list) &&
    list.some((item) => isObject(item) && (itemTypes.has(String(item["type"])) || "role" in item))
  );
}

const itemTypes = new Set(["message", "reasoning", "function_call", "function_call_output"]);
