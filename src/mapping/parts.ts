// Parts of a message, whatever library wrote them: texts, pictures, sounds, files, reasoning, tool calls and results.
import type { KeyValues } from "../run.js";
import { decode, encode, isObject, toText } from "./json.js";

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
  return isObject(part) && part["type"] === "text" && typeof part["text"] === "string";
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
  const part = isObject(value["message_content"]) ? value["message_content"] : value;
  const type = part["type"];
  const kind = typeof type === "string" ? type : "";
  if (textTypes.has(kind) || (kind === "" && typeof part["text"] === "string")) {
    const text = part["text"] ?? part["content"];
    // LangChain's list of parts, which OpenLLMetry writes as one part's text.
    const inner = typeof text === "string" && looksLikeParts(text) ? decode(text) : undefined;
    if (Array.isArray(inner) && inner.every(isPart)) return void addParts(inner, to);
    if (typeof text === "string") return void to.content.push({ type: "text", text });
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
  }
  if (resultTypes.has(kind) || isObject(part["functionResponse"])) return void to.results.push(toToolResult(part));
  to.content.push(mediaPart(part, kind) ?? part);
}

/** A text that is a list of parts as JSON. */
export function looksLikeParts(text: string): boolean {
  return /^\s*\[\s*\{\s*"type"\s*:/.test(text.slice(0, 64));
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
  const inner = isObject(value["function"]) ? value["function"] : value;
  const name = toText(inner["name"] ?? value["toolName"] ?? value["tool_name"]);
  const input = inner["arguments"] ?? inner["args"] ?? value["input"] ?? inner["parameters"];
  if (name === undefined && input === undefined) return undefined;
  const id = toText(value["call_id"] ?? value["id"] ?? value["toolCallId"] ?? value["tool_call_id"]);
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
  return typeof decoded === "string" ? decoded : (encode(decoded) ?? input);
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
  return result;
}

/** A tool's result as a message's content: a text, or a list of parts. */
export function resultContent(output: unknown): unknown {
  if (output === undefined || output === null) return "";
  if (typeof output === "string") return output;
  // The AI SDK says what kind of value it is: `{ type: "json", value }`.
  if (isObject(output) && typeof output["type"] === "string" && "value" in output)
    return resultContent(output["value"]);
  if (Array.isArray(output) && output.length > 0 && output.every(isPart)) {
    const parts: Parts = { content: [], calls: [], results: [] };
    addParts(output, parts);
    return contentOf(parts.content);
  }
  return encode(output) ?? String(output);
}

function isPart(value: unknown): boolean {
  return isObject(value) && typeof value["type"] === "string" && (textTypes.has(value["type"]) || isMedia(value));
}

function isMedia(value: KeyValues): boolean {
  return value["source"] !== undefined || value["image_url"] !== undefined || value["data"] !== undefined;
}

function mediaPart(part: KeyValues, kind: string): unknown {
  const inline = isObject(part["inlineData"]) ? part["inlineData"] : undefined;
  const source = isObject(part["source"]) ? part["source"] : inline;
  const mediaType = toText(
    part["mime_type"] ?? part["mediaType"] ?? part["mimeType"] ?? source?.["media_type"] ?? source?.["mimeType"],
  );
  const modality = toText(part["modality"]) ?? mediaType?.split("/")[0] ?? kindToModality(kind);
  if (kind === "input_audio" && isObject(part["input_audio"]))
    return { type: "input_audio", input_audio: part["input_audio"] };
  if (kind === "file" && isObject(part["file"]) && !isObject(part["file"]["file"]))
    return { type: "file", file: part["file"] };
  const reference = referenceOf(part, source, mediaType);
  if (modality === "image" && reference !== undefined) {
    const { url, data } = reference;
    const detail = isObject(part["image_url"]) ? part["image_url"]["detail"] : undefined;
    const address = url ?? `data:${imageType(mediaType, data ?? "")};base64,${data}`;
    return { type: "image_url", image_url: { url: address, ...(detail === undefined ? {} : { detail }) } };
  }
  if (modality === "audio" && reference?.data !== undefined) {
    return { type: "input_audio", input_audio: { data: reference.data, format: mediaType?.split("/")[1] ?? "wav" } };
  }
  const fileId = toText(part["file_id"]) ?? toText(source?.["file_id"]);
  if (reference === undefined && fileId === undefined) return undefined;
  const filename = toText(part["filename"] ?? part["title"]);
  return {
    type: "file",
    file: {
      ...(filename === undefined ? {} : { filename }),
      ...(fileId === undefined ? {} : { file_id: fileId }),
      ...(reference?.url === undefined ? {} : { url: reference.url }),
      ...(reference?.data === undefined
        ? {}
        : { file_data: `data:${mediaType ?? "application/octet-stream"};base64,${reference.data}` }),
      ...(mediaType === undefined || reference?.data !== undefined ? {} : { mime_type: mediaType }),
    },
  };
}

function kindToModality(kind: string): string | undefined {
  return /image/.test(kind) ? "image" : /audio/.test(kind) ? "audio" : undefined;
}

/** Where a picture or file is: an address, or its bytes in base64. */
function referenceOf(
  part: KeyValues,
  source: KeyValues | undefined,
  mediaType: string | undefined,
): { url?: string; data?: string } | undefined {
  const image = isObject(part["image"]) && isObject(part["image"]["image"]) ? part["image"]["image"] : part["image"];
  const audio = isObject(part["audio"]) && isObject(part["audio"]["audio"]) ? part["audio"]["audio"] : part["audio"];
  const places = [
    part["image_url"],
    image,
    audio,
    source?.["data"],
    source?.["url"],
    part["data"],
    part["uri"],
    part["url"],
  ];
  if (part["type"] === "blob" || mediaType !== undefined) places.push(part["content"], part["fileData"]);
  for (const place of places) {
    const value = innerPlace(place);
    if (typeof value === "string" && value !== "") {
      return /^[a-z][a-z0-9+.-]{1,20}:/i.test(value.slice(0, 32)) ? { url: value } : { data: value };
    }
    const bytes = bytesOf(value);
    if (bytes !== undefined) return { data: bytes.toString("base64") };
  }
  return undefined;
}

/** `{ url }`, `{ fileUri }`, or the AI SDK's `{ type: "data", data }`; bytes stay for `bytesOf`. */
function innerPlace(place: unknown): unknown {
  if (!isObject(place) || place["type"] === "Buffer") return place;
  return place["url"] ?? place["fileUri"] ?? place["data"] ?? place;
}

/** Bytes as JSON writes a Buffer (`{"type":"Buffer","data":[…]}`) or a Uint8Array (`{"0":137,…}`). */
function bytesOf(value: unknown): Buffer | undefined {
  if (!isObject(value)) return undefined;
  const list = value["type"] === "Buffer" ? value["data"] : "0" in value ? Object.values(value) : undefined;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  return list.every((byte) => typeof byte === "number") ? Buffer.from(list) : undefined;
}

/** A picture's media type; from its first bytes where only `image` is said. */
function imageType(mediaType: string | undefined, data: string): string {
  if (mediaType !== undefined && /^image\/[a-z]/i.test(mediaType)) return mediaType;
  if (data.startsWith("/9j/")) return "image/jpeg";
  if (data.startsWith("R0lG")) return "image/gif";
  return data.startsWith("UklG") ? "image/webp" : "image/png";
}
