// JSON as attributes carry it: maybe broken, maybe encoded twice, maybe hostile.
import type { KeyValues } from "../wire/run.js";

/** Longer strings are not parsed: they stay strings, so that one value cannot hold up the event loop. In UTF-16 units. */
const maxParsedLength = 32 * 1024 * 1024;

/** Deeper JSON stays a string: neither we nor `JSON.stringify` could walk it without running out of stack. */
const maxNesting = 500;

/** True for plain objects (not lists, not null). */
export function isObject(value: unknown): value is KeyValues {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The value of a string that is a JSON object or list, or a JSON string of one; everything else as it came. Strings that
 * only look like numbers, booleans or null stay strings, and so does broken JSON.
 */
export function decode(value: unknown): unknown {
  return typeof value === "string" ? parseContainer(value, 2) : value;
}

/** As `decode`, but a JSON string of a plain text becomes that text too. */
export function decodeText(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const parsed = parseContainer(value, 2);
  if (parsed !== value || value.charCodeAt(0) !== quote) return parsed;
  const text = parse(value);
  return typeof text === "string" ? text : value;
}

const quote = 34;

function parseContainer(text: string, depth: number): unknown {
  const first = firstCode(text);
  if (first === 123 || first === 91) {
    const parsed = parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : text;
  }
  // Encoded twice: only worth a look when the inner text begins as an object or a list.
  if (first === quote && depth > 1 && /^\s*"\s*(?:\\n\s*)?[[{]/.test(text.slice(0, 64))) {
    const inner = parse(text);
    if (typeof inner !== "string") return text;
    const parsed = parseContainer(inner, depth - 1);
    return typeof parsed === "object" ? parsed : text;
  }
  return text;
}

function firstCode(text: string): number {
  for (let at = 0; at < text.length && at < 1024; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 32) return code;
  }
  return -1;
}

function parse(text: string): unknown {
  if (text.length > maxParsedLength || isTooDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTooDeep(text: string): boolean {
  if (text.length < 2 * maxNesting || !hasManyOpeners(text)) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfText(text, at);
    } else if (code === 91 || code === 123) {
      depth += 1;
      if (depth > maxNesting) return true;
    } else if (code === 93 || code === 125) depth -= 1;
  }
  return false;
}

/** Whether there are brackets enough for such a depth: most texts have few, and this walk over them costs little. */
function hasManyOpeners(text: string): boolean {
  let count = 0;
  for (const opener of ["{", "["]) {
    for (let at = text.indexOf(opener); at !== -1; at = text.indexOf(opener, at + 1)) {
      count += 1;
      if (count > maxNesting) return true;
    }
  }
  return false;
}

/** Where the JSON text that begins here ends: its closing quote. */
function endOfText(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === 92) escapes += 1;
    if (escapes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/** `JSON.stringify` that gives undefined where there is no JSON: cycles, bigints, functions. */
export function encode(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** Sets a key that may be `__proto__` as an own property. */
export function put(object: KeyValues, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}

/** A finite number, from a number or a string that is wholly one; negative numbers are none. */
export function toCount(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : undefined;
}

/** A text that says something. */
export function toText(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** A list of strings from a list, a JSON list, or a comma-separated text. */
export function toTextList(value: unknown): string[] | undefined {
  const list = Array.isArray(value) ? value : decode(value);
  if (Array.isArray(list)) return list.flatMap((entry) => toText(entry) ?? []);
  if (typeof list !== "string") return undefined;
  return list.split(",").flatMap((entry) => toText(entry.trim()) ?? []);
}
