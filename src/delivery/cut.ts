// Makes a run that is too large small enough: files become attachments, then the largest strings lose their middle.

import { createHash } from "node:crypto";
import type { AttachmentPart, PartField, RunParts } from "../wire/parts.js";
import { headOf, tailOf } from "../wire/text.js";
import { partsBytes } from "./item.js";
import { type Media, mediaOf } from "./media.js";
import { toJson } from "./serialize.js";

/** Strings below this are never cut: the marker would be longer than what it saves. */
const SMALLEST_CUT_CHARS = 512;
/** What is left at least of a string that is cut, half of it its head and half its tail. */
const LEAST_KEPT_CHARS = 200;

interface Found {
  readonly holder: object;
  readonly key: string | number;
  readonly text: string;
  /** As JSON, in UTF-8. */
  readonly bytes: number;
  readonly field: PartField;
}

/**
 * Cuts a written run down to `maxBytes`. The JSON stays valid and says in place what was cut: the size it had and the
 * SHA-256 of it. `undefined` when even that is not enough.
 */
export function cutParts(parts: RunParts, maxBytes: number): RunParts | undefined {
  const fields = parts.fields.map(([field, json]): [PartField, unknown] => [field, readJson(json)]);
  const holder = Object.fromEntries(fields);
  const attachments = [...parts.attachments];
  let result = parts;
  const write = () => {
    result = {
      core: parts.core,
      fields: fields.map(([field]): [PartField, Buffer] => [field, toJson(holder[field])]),
      attachments,
    };
    return partsBytes(result) <= maxBytes;
  };

  extractMedia(holder, attachments);
  if (write()) return result;
  dropAttachments(holder, attachments, partsBytes(result) - maxBytes);
  if (write()) return result;
  // Twice: the first estimate leaves out what the markers add.
  for (let round = 0; round < 3; round += 1) {
    cutStrings(holder, partsBytes(result) - maxBytes);
    if (write()) return result;
  }
  for (const [field, json] of [...result.fields].sort((a, b) => b[1].byteLength - a[1].byteLength)) {
    holder[field] = wholeFieldMarker(field, json);
    if (write()) return result;
  }
  return undefined;
}

function readJson(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString("utf8"));
  } catch {
    return json.toString("utf8");
  }
}

function extractMedia(holder: Record<string, unknown>, attachments: AttachmentPart[]): void {
  const names = new Set(attachments.map((attachment) => attachment.name));
  for (const found of strings(holder)) {
    const media = mediaOf(found.text);
    if (!media) continue;
    const name = nameOf(media, found.field, names);
    names.add(name);
    attachments.push({ name, ...media });
    Reflect.set(found.holder, found.key, referenceTo(name, media));
  }
}

function nameOf({ mimeType }: Media, field: string, names: ReadonlySet<string>): string {
  const base = `${field}_${mimeType.replace(/[^\w]/g, "_")}`;
  let name = base;
  for (let copy = 2; names.has(name); copy += 1) name = `${base}_${copy}`;
  return name;
}

function referenceTo(name: string, { mimeType, data }: Media): string {
  return `attachment:${name} (${mimeType}, ${data.byteLength} bytes)`;
}

/** The largest attachments go when the run is too large with them; the reference stays and says so. */
function dropAttachments(holder: Record<string, unknown>, attachments: AttachmentPart[], excessBytes: number): void {
  let excess = excessBytes;
  for (const attachment of [...attachments].sort((a, b) => b.data.byteLength - a.data.byteLength)) {
    // Text may give way first where it is the larger part.
    if (excess <= 0 || attachment.data.byteLength < 65_536) return;
    attachments.splice(attachments.indexOf(attachment), 1);
    excess -= attachment.data.byteLength;
    const note = `[cut: attachment ${attachment.name}, ${attachment.data.byteLength} bytes, sha256 ${sha256(attachment.data)}]`;
    let isNoted = false;
    for (const found of strings(holder)) {
      if (!found.text.startsWith(`attachment:${attachment.name} (`)) continue;
      Reflect.set(found.holder, found.key, note);
      isNoted = true;
    }
    if (!isNoted) noteInMetadata(holder, attachment.name, note);
  }
}

function noteInMetadata(holder: Record<string, unknown>, name: string, note: string): void {
  const { extra } = holder;
  const metadata = typeof extra === "object" && extra !== null ? Reflect.get(extra, "metadata") : undefined;
  if (typeof metadata === "object" && metadata !== null) Reflect.set(metadata, `cut_attachment_${name}`, note);
}

/** The largest strings first, each by no more than what has to go. */
function cutStrings(holder: Record<string, unknown>, excessBytes: number): void {
  let excess = excessBytes + 1_024;
  const largest = [...strings(holder)].filter((found) => found.text.length > SMALLEST_CUT_CHARS);
  largest.sort((a, b) => b.bytes - a.bytes);
  for (const found of largest) {
    if (excess <= 0) return;
    const short = cutString(found, found.bytes - excess);
    Reflect.set(found.holder, found.key, short);
    excess -= found.bytes - jsonBytes(short);
  }
}

/** A string's head and tail, with a marker between them that names its size and hash. */
function cutString({ text, bytes }: Found, keepBytes: number): string {
  const size = Buffer.byteLength(text);
  const marker = ` […cut: ${size} bytes, sha256 ${sha256(text)}…] `;
  const keepChars = Math.max(LEAST_KEPT_CHARS, Math.floor((text.length * (keepBytes - marker.length - 64)) / bytes));
  const half = keepChars >> 1;
  return headOf(text, half) + marker + tailOf(text, half);
}

function wholeFieldMarker(field: PartField, json: Buffer): unknown {
  const note = `[cut: ${field}, ${json.byteLength} bytes, sha256 ${sha256(json)}]`;
  if (field === "error") return note;
  if (field === "events") return [];
  if (field === "extra") return { metadata: { cut: note } };
  return { cut: note };
}

/** Every string below the fields, with where it stands. */
function* strings(root: Record<string, unknown>): Generator<Found> {
  for (const field of Object.keys(root) as PartField[]) {
    const todo: { holder: object; key: string | number }[] = [{ holder: root, key: field }];
    for (let entry = todo.pop(); entry; entry = todo.pop()) {
      const value: unknown = Reflect.get(entry.holder, entry.key);
      if (typeof value === "string") {
        yield {
          ...entry,
          text: value,
          bytes: value.length > SMALLEST_CUT_CHARS ? jsonBytes(value) : value.length,
          field,
        };
      } else if (Array.isArray(value)) {
        for (let i = value.length - 1; i >= 0; i -= 1) todo.push({ holder: value, key: i });
      } else if (typeof value === "object" && value !== null) {
        for (const key of Object.keys(value).reverse()) todo.push({ holder: value, key });
      }
    }
  }
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
