// A batch as a multipart body, written by hand: every part says its length, as the service demands.
import type { Item } from "./item.js";

/** A multipart body and the type that names its boundary. */
export interface MultipartBody {
  readonly contentType: string;
  readonly data: Buffer;
}

/**
 * Writes items as `multipart/form-data`: `post.<id>` or `patch.<id>`, a part for each of the run's large fields, and
 * `attachment.<id>.<name>`. Source: "Ingestion" in the wire reference. The boundary must occur in no part.
 */
export function encodeMultipart(items: readonly Item[], boundary: string): MultipartBody {
  const pieces: Uint8Array[] = [];
  const part = (name: string, type: string, data: Uint8Array) => {
    pieces.push(
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n` +
          `Content-Type: ${type}\r\nContent-Length: ${data.byteLength}\r\n\r\n`,
      ),
      data,
      LINE_END,
    );
  };
  for (const item of items) {
    const name = `${item.verb}.${item.runId}`;
    part(name, "application/json", item.parts.core);
    for (const [field, json] of item.parts.fields) part(`${name}.${field}`, "application/json", json);
    for (const attachment of item.parts.attachments) {
      part(`attachment.${item.runId}.${attachment.name}`, attachment.mimeType, attachment.data);
    }
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, data: Buffer.concat(pieces) };
}

const LINE_END = Buffer.from("\r\n");
