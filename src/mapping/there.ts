// Whether an attribute says anything at all.
import { isScrubbed } from "../wire/thread.js";
import { isObject, toText } from "./json.js";

/** OpenInference's mark of a value that was left out. */
export const redacted = "__REDACTED__";

/** What libraries write where content was left out. */
const leftOut = new Set([redacted, "", "{}", "[]", '""', '"{}"', '"[]"']);

/** Whether a value is there: not empty, and not a mark of content that was left out. */
export function isThere(value: unknown): boolean {
  // The length first: a set would hash the whole of a long text.
  if (typeof value === "string") return value.length > redacted.length || !leftOut.has(value);
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && !(isObject(value) && Object.keys(value).length === 0);
}

/** A thread's or a user's id: a text that says something, and was not scrubbed. */
export function toId(value: unknown): string | undefined {
  return isScrubbed(value) || (typeof value === "string" && value.trim() === "") ? undefined : toText(value);
}
