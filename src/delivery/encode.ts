// Link: writes a batch as a request body, multipart where the server takes it, else as one JSON document.
import { randomBytes } from "node:crypto";
import { toDeliveryError } from "./errors.js";
import type { Batch, Body, Sender } from "./item.js";
import { encodeJsonBatch } from "./json-batch.js";
import { encodeMultipart } from "./multipart.js";

export interface EncodeOptions {
  /** Whether the server has switched multipart off, as far as is known now. */
  isMultipartOff: () => boolean;
  /** Says something once. */
  warn: (code: string, message: string) => void;
}

/** Encodes, and falls back to `/runs/batch` when multipart is answered with 404. */
export function createEncode(next: Sender, options: EncodeOptions): Sender {
  let isMultipartMissing = false;

  async function send(batch: Batch, signal: AbortSignal) {
    const isJson = isMultipartMissing || options.isMultipartOff();
    // A body that may have been taken is repeated as it is.
    batch.body ??= encodeBody(batch, isJson);
    try {
      return await next.send(batch, signal);
    } catch (thrown) {
      const error = toDeliveryError(thrown);
      if (error.kind !== "misconfigured" || error.status !== 404 || batch.body.path === "/runs/batch") throw error;
      batch.body = encodeBody(batch, true);
      const answer = await next.send(batch, signal);
      isMultipartMissing = true;
      if (batch.items.some((item) => item.parts.attachments.length > 0)) {
        options.warn("LSB_WARN_NO_ATTACHMENTS", "the server has no /runs/multipart; attachments are not sent");
      }
      return answer;
    }
  }

  return { send };
}

function encodeBody(batch: Batch, isJson: boolean): Body {
  if (isJson) {
    return { path: "/runs/batch", contentType: "application/json", data: encodeJsonBatch(batch.items) };
  }
  // 144 random bits: they occur in no part.
  const { contentType, data } = encodeMultipart(batch.items, `----otel-langsmith-${randomBytes(18).toString("hex")}`);
  return { path: "/runs/multipart", contentType, data };
}
