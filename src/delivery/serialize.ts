// A run as bytes. What cannot be written as JSON costs that one value, which is replaced by a marker that says so.

import { isAddress } from "../wire/agent-address.js";
import type { AttachmentPart, PartField, RunParts } from "../wire/parts.js";
import type { Run } from "../wire/run.js";

const PART_FIELDS: readonly PartField[] = ["inputs", "outputs", "events", "error", "extra", "serialized"];
const NOT_IN_CORE = new Set<string>([...PART_FIELDS, "attachments"]);

/** The deepest nesting that the careful walk follows. */
const MAX_DEPTH = 500;

/**
 * Writes a run out: `core` holds what is small, each of `inputs`, `outputs`, `events`, `error`, `extra` and
 * `serialized` is written on its own, as the multipart protocol wants it. Never throws.
 */
export function serializeRun(run: Run): RunParts {
  const core: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(run)) if (!NOT_IN_CORE.has(key)) core[key] = value;
  if (isAddress(run.session_name)) {
    core["address"] = run.session_name;
    delete core["session_name"];
  }
  const fields: [PartField, Buffer][] = [];
  for (const field of PART_FIELDS) {
    const value = run[field];
    if (value !== undefined) fields.push([field, toJson(value)]);
  }
  return { core: toJson(core), fields, attachments: attachmentsOf(run) };
}

/** A value as JSON bytes: the engine's own writer first, the careful walk only where that fails. Never throws. */
export function toJson(value: unknown): Buffer {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  // A lone surrogate is written as an escape that strict parsers refuse, and with it the whole request.
  if (text === undefined || /\\ud[89a-f][0-9a-f]{2}/.test(text)) text = carefully(value);
  return Buffer.from(text, "utf8");
}

function carefully(value: unknown): string {
  try {
    return JSON.stringify(plain(value, new Set(), 0)) ?? "null";
  } catch (error) {
    return JSON.stringify(marker(error));
  }
}

function plain(value: unknown, above: Set<object>, depth: number): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (above.has(value)) return "[circular]";
  if (depth > MAX_DEPTH) return "[nested too deep]";
  above.add(value);
  try {
    return plainObject(value, above, depth);
  } catch (error) {
    return marker(error);
  } finally {
    above.delete(value);
  }
}

function plainObject(value: object, above: Set<object>, depth: number): unknown {
  if ("toJSON" in value && typeof value.toJSON === "function") return plain(value.toJSON(), above, depth + 1);
  if (Array.isArray(value)) return value.map((entry) => plain(entry, above, depth + 1) ?? null);
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    let entry: unknown;
    try {
      entry = plain(Reflect.get(value, key), above, depth + 1);
    } catch (error) {
      entry = marker(error);
    }
    // Not an assignment: a key named `__proto__` is data too.
    if (entry !== undefined) {
      Object.defineProperty(copy, key.toWellFormed(), {
        value: entry,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
  }
  return copy;
}

function marker(error: unknown): string {
  let reason = "unknown error";
  try {
    reason = (error instanceof Error ? error.message : String(error)).toWellFormed().slice(0, 200);
  } catch {
    // An error whose message throws has nothing to say.
  }
  return `[could not be written as JSON: ${reason}]`;
}

function attachmentsOf(run: Run): AttachmentPart[] {
  const parts: AttachmentPart[] = [];
  const taken = new Set<string>();
  for (const [name, attachment] of Object.entries(run.attachments ?? {})) {
    if (!(attachment?.data instanceof Uint8Array)) continue;
    let safe = attachmentName(name);
    for (let copy = 2; taken.has(safe); copy += 1) safe = `${attachmentName(name)}-${copy}`;
    taken.add(safe);
    const mimeType = /^[\w.+-]+\/[\w.+-]+$/.test(attachment.mimeType)
      ? attachment.mimeType
      : "application/octet-stream";
    parts.push({ name: safe, mimeType, data: attachment.data });
  }
  return parts;
}

/** A part's name is split at dots and stands in a header: neither dots, quotes nor control characters may be in it. */
function attachmentName(name: string): string {
  return (
    name
      .replaceAll(".", "_")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
      .replace(/[\u0000-\u001F\u007F"\\]/g, "_")
      .slice(0, 200) || "attachment"
  );
}
