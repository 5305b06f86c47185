// Gemini's API as Google's SDKs for other languages, and gateways before it, write it: names in snake case.
import type { KeyValues } from "../wire/run.js";
import { isObject } from "./json.js";

const parts = [
  ["function_call", "functionCall"],
  ["function_response", "functionResponse"],
  ["inline_data", "inlineData"],
] as const;

/** A part of a message as the API itself writes it; the same object where it is none in snake case. */
export function partInCamelCase(part: KeyValues): KeyValues {
  if (part["type"] !== undefined) return part;
  for (const [snake, camel] of parts) {
    const { [snake]: value, ...rest } = part;
    if (isObject(value)) return { ...rest, [camel]: value };
  }
  const { file_data: snake, fileData: file = snake, ...rest } = part;
  if (!isObject(file)) return part;
  const { file_uri: address, fileUri = address, mime_type: mediaType, mimeType = mediaType } = file;
  return { ...rest, mimeType, fileData: { fileUri } };
}
