// LangSmith's attachments in an attribute: a JSON list of names, media types and contents in base64.
import type { Attachment, KeyValues } from "../wire/run.js";
import { decode, isObject, put, toText } from "./json.js";

/** The attachments of a value, and the entries that are none. */
export interface ReadAttachments {
  readonly found: Record<string, Attachment>;
  readonly left: readonly unknown[];
}

/** The attachments of a list, or of an object by name; undefined where there is none. */
export function toAttachments(value: unknown): ReadAttachments | undefined {
  const found: Record<string, Attachment> = {};
  const left: unknown[] = [];
  for (const [name, entry] of entriesOf(decode(value))) {
    const attachment = toAttachment(decode(entry));
    if (name === undefined || attachment === undefined) left.push(entry);
    else put(found, nameWithoutDots(name, found), attachment);
  }
  return Object.keys(found).length === 0 ? undefined : { found, left };
}

function entriesOf(list: unknown): [name: string | undefined, entry: unknown][] {
  if (Array.isArray(list)) {
    return list.map((raw) => {
      const entry = decode(raw);
      return [isObject(entry) ? toText(entry["name"] ?? entry["filename"]) : undefined, entry];
    });
  }
  return isObject(list) ? Object.entries(list) : [];
}

/** `{ content, mime_type }`, or `[mime type, content]` as LangSmith's SDK writes them. */
function toAttachment(entry: unknown): Attachment | undefined {
  const [type, content] = Array.isArray(entry) ? entry : isObject(entry) ? partsOf(entry) : [];
  if (typeof content !== "string") return undefined;
  const uri = /^data:([^;,]{1,200})(?:;[^,]{0,200})?;base64,/.exec(content.slice(0, 512));
  const data = bytesOf(uri === null ? content : content.slice(uri[0].length));
  return data === undefined ? undefined : { mimeType: toText(type) ?? uri?.[1] ?? "application/octet-stream", data };
}

function partsOf(entry: KeyValues): [unknown, unknown] {
  const type = entry["mime_type"] ?? entry["mimeType"] ?? entry["content_type"] ?? entry["contentType"];
  return [type, entry["content"] ?? entry["data"] ?? entry["base64"]];
}

/** Bytes in base64 or base64url; undefined for a text that is neither, which `Buffer` would read in part. */
function bytesOf(text: string): Uint8Array | undefined {
  return /[^A-Za-z0-9+/=_\s-]/.test(text) ? undefined : Buffer.from(text, "base64");
}

/** The service takes no name with a dot in it. */
function nameWithoutDots(name: string, taken: Record<string, Attachment>): string {
  const plain = name.replaceAll(".", "_");
  let free = plain;
  for (let count = 2; Object.hasOwn(taken, free); count += 1) free = `${plain}_${count}`;
  return free;
}
