// Checks that turn unknown data into known data.

/** A JSON object. */
export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value where it is an object, else undefined. */
export function objectOf(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** The value where it is a finite number, else undefined. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** The value where it is a string, else undefined. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ANY_UUID = /^(?:urn:uuid:|\{)?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;

/** A UUID with dashes in lower case, of any spelling that clients send: without dashes, in capitals, in braces, as a
 * URN. Undefined for anything else. */
export function uuidFrom(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  if (UUID.test(value)) return value;
  const [, ...groups] = ANY_UUID.exec(value.trim()) ?? [];
  return groups.length === 0 ? undefined : groups.join("-").toLowerCase();
}

/** An id as it is stored and looked up: a UUID in its one spelling, another text in lower case. */
export function idText(text: string): string {
  return uuidFrom(text) ?? text.toLowerCase();
}

export function isUuid(value: unknown): value is string {
  return uuidFrom(value) !== undefined;
}

/** What a JSON column holds; null and what does not parse are null. */
export function parseJson(text: unknown): unknown {
  if (typeof text !== "string") return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
