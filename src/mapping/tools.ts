// The tools a model was offered, in OpenAI's form.
import type { KeyValues } from "../wire/run.js";
import { decode, isObject, put, toText } from "./json.js";

/** Tool definitions of a list in any form; undefined where there is none. */
export function toTools(value: unknown): unknown[] | undefined {
  const list = decode(value);
  if (!Array.isArray(list)) {
    if (!isObject(list)) return undefined;
    // Bedrock's `toolConfig`; else tools by their names.
    return toTools(Array.isArray(list["tools"]) ? list["tools"] : Object.values(list));
  }
  const tools = list.flatMap((entry) => toolsOf(decode(entry))).filter((tool) => tool !== undefined);
  return tools.length === 0 ? undefined : tools;
}

/** One tool, or those that Gemini's API groups into one entry. */
function toolsOf(value: unknown): unknown[] {
  const group = isObject(value) ? (value["functionDeclarations"] ?? value["function_declarations"]) : undefined;
  return Array.isArray(group) ? group.map((entry) => toTool(decode(entry))) : [toTool(value)];
}

function toTool(value: unknown): unknown {
  if (typeof value === "string") return value === "" ? undefined : { type: "function", function: { name: value } };
  if (!isObject(value)) return undefined;
  const wrapped = isObject(value["tool"]) ? decode(value["tool"]["json_schema"]) : undefined;
  if (isObject(wrapped)) return toTool(wrapped);
  if (isObject(value["toolSpec"])) return toTool(value["toolSpec"]);
  if (isObject(value["function"])) return value;
  const name = toText(value["name"]);
  if (name === undefined) return value;
  const type = toText(value["type"]);
  // A provider's own tool (`web_search`, `computer_20250124`) is no function.
  if (type !== undefined && type !== "function" && type !== "tool" && type !== "custom") return value;
  const parameters = decode(
    value["inputSchema"] ??
      value["input_schema"] ??
      value["parameters"] ??
      value["parametersJsonSchema"] ??
      value["schema"],
  );
  const definition: KeyValues = { name };
  if (toText(value["description"]) !== undefined) definition["description"] = value["description"];
  if (isObject(parameters)) definition["parameters"] = schemaIn(parameters);
  if (typeof value["strict"] === "boolean") definition["strict"] = value["strict"];
  return { type: "function", function: definition };
}

/** A JSON schema, out of what the AI SDK and Bedrock wrap around it. */
function schemaIn(parameters: KeyValues): KeyValues {
  const { jsonSchema, json } = parameters;
  if (isObject(jsonSchema)) return jsonSchema;
  return isObject(json) && Object.keys(parameters).length === 1 ? json : parameters;
}

/** `maxOutputTokens` → `max_output_tokens`; the last part of a dotted key. */
export function toParamName(key: string): string {
  const known = paramNames.get(key);
  if (known !== undefined) return known;
  const name = paramNameOf(key);
  // Keys are few; names made of data must not fill the memory.
  if (paramNames.size < 512) paramNames.set(key, name);
  return name;
}

const paramNames = new Map<string, string>();

function paramNameOf(key: string): string {
  const last = key.slice(key.lastIndexOf(".") + 1);
  const snake = last.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
  return snake === "stop_sequences" ? "stop" : snake;
}

/** Merges model parameters, their names in snake case; what is there stays, and what says nothing is left out. */
export function addParams(to: KeyValues, params: KeyValues): void {
  for (const key of Object.keys(params)) addParam(to, toParamName(key), params[key]);
}

/** As `addParams`, of one. */
export function addParam(to: KeyValues, key: string, value: unknown): void {
  if (value === undefined || value === null || value === "" || Object.hasOwn(to, key)) return;
  put(to, key, typeof value === "string" && numbers.has(key) ? (toNumber(value) ?? value) : value);
}

/** Parameters that are numbers, for libraries that write every attribute as a text. */
const numbers = new Set([
  "temperature",
  "top_p",
  "top_k",
  "max_tokens",
  "max_output_tokens",
  "max_completion_tokens",
  "frequency_penalty",
  "presence_penalty",
  "seed",
  "n",
  "max_retries",
  "max_steps",
]);

function toNumber(text: string): number | undefined {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}
