// Any value as plain data, taken at once: what is said of it does not change when the value does, and cannot throw.

import { headOf } from "../wire/text.js";
import {
  isCredentials,
  isHeadersLike,
  isSecretHeaders,
  nameInsteadOf,
  requestConfigName,
  withoutUser,
} from "./named-values.js";

/** What one field (inputs, outputs, …) may hold, in characters; a run is at most 20 MB at the service. */
export const MAX_SNAPSHOT_CHARS = 16 * 1024 * 1024;
/** Deeper nesting is named, not walked: JSON of it would overflow the stack of whoever reads it. */
const MAX_DEPTH = 200;
/** What any value costs besides its characters. */
const VALUE_COST = 8;

interface Walk {
  left: number;
  readonly ancestors: object[];
}

/**
 * A copy of a value in JSON's terms.
 *
 * Strings, finite numbers, booleans, null, arrays and objects stay what they are, class instances become objects of
 * their own enumerable properties, `toJSON` is honoured. Date becomes ISO 8601; Map an object (pairs where a key is no
 * string); Set an array; Error `{ name, message, … }`; bytes a data URI; other typed arrays numbers; BigInt and RegExp
 * their text; NaN and the infinities their names; a function `[Function: name]`; clients, requests, responses and
 * headers, which hold keys, their names (`[OpenAI]`, `[Request POST https://host/path]`); what contains itself
 * `{ result: "[Circular]" }`; a getter or a proxy that throws says so in its place. What exceeds `maxChars` is cut
 * and says so. Never throws.
 *
 * @example
 * ```ts
 * snapshot({ at: new Date(0), ids: new Set([1n]) }); // { at: "1970-01-01T00:00:00.000Z", ids: ["1"] }
 * ```
 */
export function snapshot(value: unknown, maxChars = MAX_SNAPSHOT_CHARS): unknown {
  return walk(value, { left: maxChars, ancestors: [] });
}

/** {@link snapshot} of key-values; anything else stands under `otherwise`. */
export function snapshotOf(values: unknown, otherwise = "value", maxChars?: number): Record<string, unknown> {
  const copy = snapshot(values, maxChars);
  if (isRecord(copy)) return copy;
  return copy === undefined ? {} : { [otherwise]: copy };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function walk(value: unknown, at: Walk): unknown {
  at.left -= VALUE_COST;
  switch (typeof value) {
    case "string":
      return text(value, at);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return value.toString();
    case "function":
      return named(() => `[Function: ${value.name || "anonymous"}]`, "[Function]");
    case "symbol":
      return value.toString();
    case "object":
      return value === null ? null : object(value, at);
    default:
      return value;
  }
}

function text(value: string, at: Walk): string {
  at.left -= value.length;
  if (at.left >= 0) return value;
  const kept = Math.max(0, value.length + at.left);
  at.left = 0;
  // Through a buffer: a slice would keep the whole string alive.
  return `${Buffer.from(headOf(value, kept), "utf16le").toString("utf16le")}… [cut: ${value.length} characters]`;
}

function object(value: object, at: Walk): unknown {
  if (at.ancestors.includes(value)) return { result: "[Circular]" };
  if (at.ancestors.length >= MAX_DEPTH) return `[deeper than ${MAX_DEPTH} levels]`;
  at.ancestors.push(value);
  try {
    return readObject(value, at);
  } catch (error) {
    return `[unreadable: ${messageOf(error)}]`;
  } finally {
    at.ancestors.pop();
  }
}

function readObject(value: object, at: Walk): unknown {
  if (Array.isArray(value)) return items(value, value.length, at);
  if (value === process.env) return text("[process.env]", at);
  if (!isPlain(value)) {
    const known = wellKnown(value, at);
    if (known !== NOT_KNOWN) return known;
  } else {
    const name = plainName(value);
    if (name !== undefined) return text(name, at);
  }
  if ("toJSON" in value && typeof value.toJSON === "function") {
    const json: unknown = value.toJSON("");
    return json === value ? properties(value, at) : walk(json, at);
  }
  return properties(value, at);
}

/** What stands for a plain object that holds keys by what it is. */
function plainName(value: object): string | undefined {
  if (isHeadersLike(value)) return HEADERS;
  return isCredentials(undefined, value) ? CREDENTIALS : requestConfigName(value);
}

const NOT_KNOWN = Symbol("not known");
/** What is said of plain headers that hold a credential. */
const HEADERS = "[Headers]";
/** What is said of plain credentials. */
const CREDENTIALS = "[Credentials]";

function wellKnown(value: object, at: Walk): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof Map) return isHeadersLike(value) ? HEADERS : map(value, at);
  if (value instanceof URL) return text(withoutUser(value), at);
  if (value instanceof Set) return items(value, value.size, at);
  if (value instanceof Error) return error(value, at);
  if (value instanceof RegExp) return value.toString();
  if (ArrayBuffer.isView(value)) {
    if (value instanceof Uint8Array || value instanceof Uint8ClampedArray || value instanceof DataView) {
      return bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), at);
    }
    const numbers = value as unknown as ArrayLike<number | bigint>;
    return items(Array.prototype.values.call(numbers), numbers.length, at);
  }
  if (value instanceof ArrayBuffer) return bytes(new Uint8Array(value), at);
  if (value instanceof URLSearchParams) return text(value.toString(), at);
  if (value instanceof String || value instanceof Number || value instanceof Boolean) return walk(value.valueOf(), at);
  const name = nameInsteadOf(value);
  if (name !== undefined) return text(name, at);
  // A Promise, a stream, a generator: nothing of its own to read, so its kind is what can be said.
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag !== "Object" && !("toJSON" in value) && Object.keys(value).length === 0) return `[${tag}]`;
  return NOT_KNOWN;
}

function bytes(value: Uint8Array, at: Walk): string {
  const kept = Math.min(value.byteLength, Math.max(0, Math.floor((at.left * 3) / 4)));
  at.left -= Math.ceil((kept * 4) / 3);
  const base64 = Buffer.from(value.buffer, value.byteOffset, kept).toString("base64");
  const cut = kept < value.byteLength ? `… [cut: ${value.byteLength} bytes]` : "";
  return `data:application/octet-stream;base64,${base64}${cut}`;
}

function items(values: Iterable<unknown>, length: number, at: Walk): unknown[] {
  const copy: unknown[] = [];
  for (const value of values) {
    if (at.left <= 0) {
      copy.push(`… [cut: ${length} items]`);
      break;
    }
    copy.push(walk(value, at) ?? null);
  }
  return copy;
}

function map(value: Map<unknown, unknown>, at: Walk): unknown {
  const isKeyed = [...value.keys()].every((key) => typeof key === "string" || typeof key === "number");
  if (!isKeyed) return items(value, value.size, at);
  const copy: Record<string, unknown> = {};
  for (const [key, entry] of value) {
    if (at.left <= 0) return cutShort(copy, value.size);
    put(copy, String(key), walk(entry, at), at);
  }
  return copy;
}

function error(value: Error, at: Walk): unknown {
  const copy: Record<string, unknown> = { name: walk(value.name, at), message: walk(value.message, at) };
  if (value.cause !== undefined) copy["cause"] = walk(value.cause, at);
  return Object.assign(copy, properties(value, at));
}

function properties(value: object, at: Walk): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  const keys = Object.keys(value);
  for (const key of keys) {
    if (at.left <= 0) return cutShort(copy, keys.length);
    let entry: unknown;
    try {
      entry = (value as Record<string, unknown>)[key];
    } catch (failure) {
      entry = `[getter threw: ${messageOf(failure)}]`;
    }
    if (entry === undefined) continue;
    put(copy, key, nameUnder(key, entry) ?? walk(entry, at), at);
  }
  return copy;
}

/** What is said of an entry for the sake of the name that it stands under. */
function nameUnder(key: string, entry: unknown): string | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  try {
    const isKeyed = isPlain(entry);
    if ((Array.isArray(entry) || entry instanceof Map || isKeyed) && isSecretHeaders(key, entry)) return HEADERS;
    return isKeyed && isCredentials(key, entry) ? CREDENTIALS : undefined;
  } catch {
    // A proxy that throws: walking it says so.
    return undefined;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function put(copy: Record<string, unknown>, key: string, value: unknown, at: Walk): void {
  at.left -= key.length;
  if (key === "__proto__") {
    Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true });
  } else copy[key] = value;
}

function cutShort(copy: Record<string, unknown>, total: number): Record<string, unknown> {
  copy["…"] = `[cut: ${total} entries]`;
  return copy;
}

function messageOf(error: unknown): string {
  return named(() => (error instanceof Error ? error.message : String(error)), "an error that cannot be read").slice(
    0,
    200,
  );
}

function named(read: () => string, otherwise: string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
