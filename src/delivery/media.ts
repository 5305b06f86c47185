// Media inside a run's JSON: data URIs, and base64 of images, audio and documents known by their first bytes.

/** Shorter strings are not worth an attachment. */
const SMALLEST_CHARS = 4_096;

/** How base64 of a file type begins. Source: the types' magic numbers. */
const SIGNATURES: readonly (readonly [prefix: string, mimeType: string])[] = [
  ["iVBORw0KGg", "image/png"],
  ["/9j/", "image/jpeg"],
  ["R0lGOD", "image/gif"],
  ["UklGR", "audio/wav"],
  ["JVBERi0", "application/pdf"],
  ["SUQz", "audio/mpeg"],
  ["//uQ", "audio/mpeg"],
  ["//vQ", "audio/mpeg"],
  ["T2dnUw", "audio/ogg"],
  ["ZkxhQ", "audio/flac"],
  ["UEsDB", "application/zip"],
  ["AAAAIGZ0eX", "video/mp4"],
  ["AAAAGGZ0eX", "video/mp4"],
  ["GkXfo", "video/webm"],
];

export interface Media {
  readonly mimeType: string;
  readonly data: Buffer;
}

/**
 * The file that a string is, or `undefined`: `data:<type>;base64,…`, or base64 alone whose beginning names its type.
 */
export function mediaOf(text: string): Media | undefined {
  if (text.length < SMALLEST_CHARS) return undefined;
  const uri = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w.+-]+=[^;,]*)*;base64,/.exec(text.slice(0, 256));
  const base64 = uri ? text.slice(uri[0].length) : text;
  const mimeType = uri?.[1] ?? SIGNATURES.find(([prefix]) => text.startsWith(prefix))?.[1];
  if (!mimeType || !isBase64(base64)) return undefined;
  const data = Buffer.from(base64, "base64");
  if (mimeType === "audio/wav" && data.toString("latin1", 8, 12) === "WEBP") return { mimeType: "image/webp", data };
  return { mimeType, data };
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/_-]+={0,2}\s*$/.test(text);
}
