// Bedrock's Converse API: each block of a message is an object with one key that says what it is.
import type { KeyValues } from "../wire/run.js";
import { encode, isObject, toText } from "./json.js";

const mediaTypes: Readonly<Record<string, string>> = {
  pdf: "application/pdf",
  csv: "text/csv",
  doc: "application/msword",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  html: "text/html",
  txt: "text/plain",
  md: "text/markdown",
  jpg: "image/jpeg",
};

const blocks = [
  "toolUse",
  "toolResult",
  "reasoningContent",
  "citationsContent",
  "guardContent",
  "image",
  "document",
  "video",
  "audio",
  "json",
] as const;

type Block = (typeof blocks)[number];

/**
 * The part of a Converse block, in the form that Anthropic's and other APIs write it; undefined where it is none.
 * Agent SDKs write the same with a type beside (`{ type: "toolUse", toolUseId, name, input }`).
 */
export function partOfBlock(block: KeyValues): KeyValues | undefined {
  const type = block["type"];
  if (typeof type === "string") {
    const named = type.endsWith("Block") ? type.slice(0, -"Block".length) : type;
    if (named === "text" && type !== named) return { ...block, type: named };
    if (!isBlockType(named) || named === "json") return undefined;
    return partOf(named, isObject(block[named]) ? block[named] : block);
  }
  for (const key of blocks) if (block[key] !== undefined) return partOf(key, block[key], Object.keys(block).length);
  return undefined;
}

function isBlockType(type: string): type is Block {
  return blocks.some((block) => block === type);
}

function partOf(kind: Block, value: unknown, keys = 1): KeyValues | undefined {
  if (kind === "json") return keys > 1 ? undefined : { type: "text", text: encode(value) ?? String(value) };
  if (!isObject(value)) return undefined;
  if (kind === "toolUse") {
    if (value["toolUseId"] === undefined && value["name"] === undefined) return undefined;
    return { type: "tool_use", id: value["toolUseId"], name: value["name"], input: value["input"] };
  }
  if (kind === "toolResult") {
    if (value["toolUseId"] === undefined && value["content"] === undefined) return undefined;
    const { toolUseId, content, status } = value;
    return { type: "tool_result", tool_use_id: toolUseId, content, ...(status === "error" ? { status } : {}) };
  }
  if (kind === "citationsContent") return citedText(value);
  if (kind === "guardContent") return guarded(value);
  return kind === "reasoningContent" ? reasoningOf(value) : mediaOf(kind, value);
}

/** A text with what it was taken from. */
function citedText({ content, citations }: KeyValues): KeyValues | undefined {
  const list: unknown[] = Array.isArray(content) ? content : [];
  const texts = list.flatMap((entry) => (isObject(entry) ? (toText(entry["text"]) ?? []) : []));
  return texts.length === 0 || texts.length < list.length
    ? undefined
    : { type: "text", text: texts.join(""), citations };
}

/** What a guardrail looked at: a text, or a picture. */
function guarded({ text, image }: KeyValues): KeyValues | undefined {
  if (isObject(image)) return mediaOf("image", image);
  if (!isObject(text) || typeof text["text"] !== "string") return undefined;
  return { type: "text", text: text["text"], qualifiers: text["qualifiers"] };
}

function reasoningOf(value: KeyValues): KeyValues | undefined {
  const stated = isObject(value["reasoningText"]) ? value["reasoningText"] : value;
  if (typeof stated["text"] === "string") {
    return { type: "reasoning", reasoning: stated["text"], signature: stated["signature"] };
  }
  const { redactedContent: data } = value;
  return data === undefined ? undefined : { type: "redacted_thinking", data };
}

/** A picture, a document, a sound or a film: its bytes, or where they are. */
function mediaOf(kind: "image" | "document" | "video" | "audio", value: KeyValues): KeyValues | undefined {
  const source = value["source"];
  const format = toText(value["format"]);
  if (!isObject(source) || format === undefined) return undefined;
  const place = isObject(source["s3Location"]) ? source["s3Location"]["uri"] : source["location"];
  const uri = isObject(place) ? place["uri"] : place;
  const mime = mediaTypes[format] ?? (kind === "document" ? `application/${format}` : `${kind}/${format}`);
  const part = { type: kind, mime_type: mime, ...(value["name"] === undefined ? {} : { filename: value["name"] }) };
  if (source["bytes"] !== undefined) return { ...part, data: source["bytes"] };
  if (typeof uri === "string") return { ...part, url: uri };
  return typeof source["text"] === "string" ? { ...part, source: { type: "text", data: source["text"] } } : undefined;
}

/** Whether a list holds blocks and nothing else: each with one key, one of Converse's. */
export function areBlocks(list: readonly unknown[]): boolean {
  return (
    list.length > 0 &&
    list.every((entry) => {
      if (!isObject(entry)) return false;
      const [only, second] = Object.keys(entry);
      return second === undefined && only !== undefined && (only === "text" || isBlockType(only));
    })
  );
}
