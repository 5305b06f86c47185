// Parts of a message, whatever library wrote them: texts, pictures, sounds, files, reasoning, tool calls and results.
import type { KeyValues } from "../wire/run.js";
import { areBlocks, partOfBlock } from "./bedrock.js";
import { partInCamelCase } from "./gemini.js";
import { decode, decodeText, encode, isObject, put, toText } from "./json.js";
import { mediaPart } from "./media.js";
import { isThere } from "./there.js";

/** A tool call in OpenAI's form. */
export interface ToolCall {
  id?: string;
  type: "function";
  function: { name: string; arguments: string };
}

/** The result of a tool call; becomes a message of its own. */
export interface ToolResult {
  id?: string;
  name?: string;
  content: unknown;
  /** `error` where the tool failed, in the APIs that say so beside the result. */
  status?: "error";
}

/** What the parts of one message came to. */
export interface Parts {
  readonly content: unknown[];
  readonly calls: ToolCall[];
  readonly results: ToolResult[];
}

/** Adds a content value (a text, a part, a list of parts) to what is there. */
export function addParts(value: unknown, to: Parts): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) for (const part of value) addPart(part, to);
  else addPart(value, to);
}

/** One text where there is nothing but text, else the list. */
export function contentOf(parts: readonly unknown[]): unknown {
  const only = parts[0];
  if (parts.length === 1 && isText(only)) return only.text;
  if (parts.length === 0) return "";
  return parts.every(isText) ? parts.map((part) => part.text).join("\n") : [...parts];
}

function isText(part: unknown): part is { type: "text"; text: string } {
  if (!isObject(part) || part["type"] !== "text" || typeof part["text"] !== "string") return false;
  return Object.keys(part).length === 2;
}

/** What says how a text was sent, and nothing of what it says. */
const framing = new Set([
  "type",
  "text",
  "cache_control",
  "providerOptions",
  "providerMetadata",
  "id",
  "status",
  "state",
]);

/** What stands beside a part's text and says something: citations, annotations. */
function besideText(part: KeyValues): KeyValues {
  const beside: KeyValues = {};
  for (const key of Object.keys(part)) {
    if (framing.has(key) || (key === "content" && part["text"] === undefined) || !isThere(part[key])) continue;
    put(beside, key, part[key]);
  }
  return beside;
}

const textTypes = new Set(["text", "input_text", "output_text", "summary_text"]);
const reasoningTypes = new Set(["reasoning", "thinking", "redacted_thinking"]);
const callTypes = new Set(["tool_call", "tool-call", "tool_use", "function_call", "custom_tool_call", "dynamic-tool"]);
const resultTypes = new Set([
  "tool_call_response",
  "tool-result",
  "tool_result",
  "function_call_output",
  "custom_tool_call_output",
  "tool-error",
]);

function addPart(value: unknown, to: Parts): void {
  if (value === null || value === undefined || value === "") return;
  if (!isObject(value)) {
    to.content.push({ type: "text", text: typeof value === "string" ? value : (encode(value) ?? String(value)) });
    return;
  }
  // OpenInference wraps each part; there a call in the contents repeats one of `tool_calls`.
  const stated = isObject(value["message_content"]) ? value["message_content"] : value;
  const part = partOfBlock(stated) ?? partInCamelCase(stated);
  const type = part["type"];
  const kind = typeof type === "string" ? type : "";
  if (textTypes.has(kind) || (kind === "" && typeof part["text"] === "string")) {
    const text = part["text"] ?? part["content"];
    // LangChain's list of parts, which OpenLLMetry writes as one part's text.
    const inner = typeof text === "string" ? partsInText(text) : undefined;
    if (inner?.every(isPart)) return void addParts(inner, to);
    if (typeof text === "string") return void to.content.push({ type: "text", text, ...besideText(part) });
  }
  if (reasoningTypes.has(kind)) {
    const reasoning = reasoningOf(part);
    const signature = toText(part["signature"]);
    if (reasoning !== undefined)
      to.content.push({ type: "reasoning", reasoning, ...(signature === undefined ? {} : { signature }) });
    else if (part["data"] !== undefined) to.content.push({ ...part });
    return;
  }
  if (callTypes.has(kind) || isObject(part["functionCall"])) {
    const call = toToolCall(isObject(value["tool_call"]) ? value : part);
    if (call !== undefined) return void to.calls.push(call);
    // OpenInference's type of a part whose call stands beside the contents.
    if (Object.keys(part).length === 1) return;
  }
  if (kind === "refusal") return void to.content.push({ type: "refusal", refusal: part["refusal"] ?? part["content"] });
  if (resultTypes.has(kind) || isObject(part["functionResponse"])) return void to.results.push(toToolResult(part));
  const inner = partInText(part, kind);
  if (inner !== undefined) addPart(inner, to);
  else to.content.push(mediaPart(part, kind) ?? part);
}

/** A part that OpenInference did not know: its type, and the whole part as JSON for a text. */
function partInText(part: KeyValues, kind: string): KeyValues | undefined {
  const text = part["text"];
  if (kind === "" || typeof text !== "string" || !text.startsWith("{")) return undefined;
  const inner = decode(text);
  return isObject(inner) && inner["type"] === kind ? inner : undefined;
}

/** A text that is a list of parts as JSON: the list; undefined for any other text. */
export function partsInText(text: string): readonly unknown[] | undefined {
  const first = text.charCodeAt(0);
  // Most texts begin with a letter.
  if ((first > 32 && first !== 91) || !/^\s*\[\s*\{\s*"[a-zA-Z]{2,20}"\s*:/.test(text.slice(0, 64))) return undefined;
  const list = decode(text);
  if (!Array.isArray(list)) return undefined;
  const isTypedFirst = isObject(list[0]) && Object.keys(list[0])[0] === "type";
  return isTypedFirst || list.every(isBlockOrTyped) ? list : undefined;
}

function isBlockOrTyped(value: unknown): boolean {
  return areBlocks([value]) || (isTyped(value) && partOfBlock(value) !== undefined);
}

function reasoningOf(part: KeyValues): string | undefined {
  for (const key of ["reasoning", "text", "thinking", "content"]) {
    const text = part[key];
    if (typeof text === "string" && text !== "") return text;
  }
  const summary = part["summary"];
  if (!Array.isArray(summary)) return undefined;
  const texts = summary.flatMap((entry) => (isObject(entry) ? (toText(entry["text"]) ?? []) : (toText(entry) ?? [])));
  return texts.length === 0 ? undefined : texts.join("\n");
}

/** A tool call in any library's form, as OpenAI writes it; undefined where there is no name. */
export function toToolCall(value: unknown): ToolCall | undefined {
  if (!isObject(value)) return undefined;
  if (isObject(value["tool_call"])) return toToolCall(value["tool_call"]);
  if (isObject(value["functionCall"])) return toToolCall(value["functionCall"]);
  if (isObject(value["toolUse"])) return toToolCall(value["toolUse"]);
  const inner = isObject(value["function"]) ? value["function"] : value;
  const name = toText(inner["name"] ?? value["toolName"] ?? value["tool_name"]);
  const input = inner["arguments"] ?? inner["args"] ?? value["input"] ?? inner["parameters"];
  if (name === undefined && input === undefined) return undefined;
  const id = toText(
    value["call_id"] ?? value["id"] ?? value["toolCallId"] ?? value["tool_call_id"] ?? value["toolUseId"],
  );
  const called = { name: name ?? "", arguments: argumentsOf(input) };
  return id === undefined ? { type: "function", function: called } : { id, type: "function", function: called };
}

/** Tool calls of a list in any form; undefined where there is none. */
export function toToolCalls(value: unknown): ToolCall[] | undefined {
  const list = decode(value);
  if (!Array.isArray(list)) return undefined;
  const calls = list.flatMap((entry) => toToolCall(decode(entry)) ?? []);
  return calls.length === 0 ? undefined : calls;
}

/** Arguments as one JSON text. A text stays as it is, broken JSON too; one that was encoded twice is decoded once. */
function argumentsOf(input: unknown): string {
  if (typeof input !== "string") return input === undefined || input === null ? "" : (encode(input) ?? "");
  if (!input.startsWith('"')) return input;
  const decoded = decode(input);
  if (typeof decoded !== "string") return encode(decoded) ?? input;
  // Broken JSON that was encoded as a text: the text is what the model said.
  const text = decodeText(input);
  return typeof text === "string" && /^\s*[[{]/.test(text.slice(0, 64)) ? text : input;
}

function toToolResult(part: KeyValues): ToolResult {
  const inner = isObject(part["functionResponse"]) ? part["functionResponse"] : part;
  const id = toText(
    inner["tool_call_id"] ?? inner["toolCallId"] ?? inner["tool_use_id"] ?? inner["call_id"] ?? inner["id"],
  );
  const name = toText(inner["toolName"] ?? inner["name"]);
  const output = inner["response"] ?? inner["result"] ?? inner["output"] ?? inner["content"] ?? inner["error"];
  const result: ToolResult = { content: resultContent(output) };
  if (id !== undefined) result.id = id;
  if (name !== undefined) result.name = name;
  if (inner["is_error"] === true || inner["status"] === "error") result.status = "error";
  return result;
}

/** A tool's result as a message's content: a text, or a list of parts. */
export function resultContent(output: unknown): unknown {
  if (output === undefined || output === null) return "";
  if (typeof output === "string") return typedValue.test(output.slice(0, 40)) ? resultOfTyped(output) : output;
  // The AI SDK says what kind of value it is: `{ type: "json", value }`.
  if (isObject(output) && typeof output["type"] === "string" && "value" in output)
    return resultContent(output["value"]);
  if (Array.isArray(output) && (areBlocks(output) || (output.some(isPart) && output.every(isTyped)))) {
    const parts: Parts = { content: [], calls: [], results: [] };
    addParts(output, parts);
    return contentOf(parts.content);
  }
  return encode(output) ?? String(output);
}

/** The AI SDK's kinds of results, as OpenInference writes them into one text. */
const typedValue = /^\{"type":"(text|json|error-text|error-json|content)","value":/;

function resultOfTyped(text: string): unknown {
  const typed = decode(text);
  return isObject(typed) && Object.keys(typed).length === 2 ? resultContent(typed["value"]) : text;
}

function isPart(value: unknown): boolean {
  return isObject(value) && typeof value["type"] === "string" && (textTypes.has(value["type"]) || isMedia(value));
}

/** A part of another kind, among some that are known: where an SDK left its bytes out. */
function isTyped(value: unknown): value is KeyValues {
  return isObject(value) && typeof value["type"] === "string";
}

function isMedia(value: KeyValues): boolean {
  return value["source"] !== undefined || value["image_url"] !== undefined || value["data"] !== undefined;
}
