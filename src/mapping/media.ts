// Pictures, sounds and files in a message, by address or by their bytes, in OpenAI's form.
import type { KeyValues } from "../wire/run.js";
import { isObject, toText } from "./json.js";

/** The part as OpenAI writes it; undefined where it is no picture, sound or file. `kind` is its type. */
export function mediaPart(part: KeyValues, kind: string): unknown {
  const inline = isObject(part["inlineData"]) ? part["inlineData"] : undefined;
  const source = isObject(part["source"]) ? part["source"] : inline;
  const mediaType = toText(
    part["mime_type"] ??
      part["mediaType"] ??
      part["mimeType"] ??
      source?.["media_type"] ??
      source?.["mimeType"] ??
      source?.["mime_type"],
  );
  // A document that is text is no bytes.
  if (source?.["type"] === "text") return undefined;
  const modality = modalityOf(mediaType) ?? toText(part["modality"]) ?? kindToModality(kind);
  if (kind === "input_audio" && isObject(part["input_audio"]))
    return { type: "input_audio", input_audio: part["input_audio"] };
  if (kind === "file" && isObject(part["file"]) && !isObject(part["file"]["file"]))
    return { type: "file", file: part["file"] };
  const reference = referenceOf(part, source, mediaType);
  if (modality === "image" && reference !== undefined) {
    const { url, data } = reference;
    const detail = isObject(part["image_url"]) ? part["image_url"]["detail"] : toText(part["detail"]);
    const address = url ?? `data:${imageType(mediaType, data ?? "")};base64,${data}`;
    return { type: "image_url", image_url: { url: address, ...(detail === undefined ? {} : { detail }) } };
  }
  if (modality === "audio" && reference?.data !== undefined) {
    return { type: "input_audio", input_audio: { data: reference.data, format: mediaType?.split("/")[1] ?? "wav" } };
  }
  const fileId = toText(part["file_id"]) ?? toText(source?.["file_id"]);
  if (reference === undefined && fileId === undefined) return undefined;
  const filename = toText(part["filename"] ?? part["title"]);
  const isInline = reference?.url?.startsWith("data:") === true;
  return {
    type: "file",
    file: {
      ...(filename === undefined ? {} : { filename }),
      ...(fileId === undefined ? {} : { file_id: fileId }),
      ...(reference?.url === undefined ? {} : isInline ? { file_data: reference.url } : { url: reference.url }),
      ...(reference?.data === undefined
        ? {}
        : { file_data: `data:${mediaType ?? "application/octet-stream"};base64,${reference.data}` }),
      ...(mediaType === undefined || isInline || reference?.data !== undefined ? {} : { mime_type: mediaType }),
    },
  };
}

/** What a media type says; unnamed bytes say nothing. It beats the modality: libraries call a PDF a picture. */
function modalityOf(mediaType: string | undefined): string | undefined {
  if (mediaType === undefined || mediaType === "application/octet-stream") return undefined;
  const slash = mediaType.indexOf("/");
  return slash === -1 ? mediaType : mediaType.slice(0, slash);
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
    part["file_data"],
    part["file_url"],
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
