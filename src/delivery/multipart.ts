// A batch as a multipart body, written by hand: every part says its length, as the service demands.
import type { Item } from "./item.js";

/** A multipart body and the type that names its boundary. */
export interface MultipartBody {
  readonly contentType: string;
  readonly data: Buffer;
}

/** One part of a multipart body. */
export interface Part {
  readonly name: string;
  readonly type: string;
  readonly data: Uint8Array;
}

/**
 * Writes items as `multipart/form-data`: `post.<id>` or `patch.<id>`, a part for each of the run's large fields, and
 * `attachment.<id>.<name>`. Source: "Ingestion" in the wire reference. The boundary must occur in no part.
 */
export function encodeMultipart(items: readonly Item[], boundary: string): MultipartBody {
  return encodeParts(partsOf(items), boundary);
}

function* partsOf(items: readonly Item[]): Generator<Part> {
  for (const item of items) {
    const name = `${item.verb}.${item.runId}`;
    yield { name, type: "application/json", data: item.parts.core };
    for (const [field, data] of item.parts.fields) yield { name: `${name}.${field}`, type: "application/json", data };
    for (const { name: file, mimeType, data } of item.parts.attachments) {
      yield { name: `attachment.${item.runId}.${file}`, type: mimeType, data };
    }
  }
}

/** Writes parts as they are, each with its length. */
export function encodeParts(parts: Iterable<Part>, boundary: string): MultipartBody {
  const pieces: Uint8Array[] = [];
  for (const { name, type, data } of parts) {
    pieces.push(
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n` +
          `Content-Type: ${type}\r\nContent-Length: ${data.byteLength}\r\n\r\n`,
      ),
      data,
      LINE_END,
    );
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, data: Buffer.concat(pieces) };
}

const LINE_END = Buffer.from("\r\n");
