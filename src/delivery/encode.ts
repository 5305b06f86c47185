// Link: writes a batch as a request body, multipart where the server takes it, else as one JSON document.
import { randomBytes } from "node:crypto";
import { toServiceError } from "../service/errors.js";
import type { Batch, Body, Item, Sender } from "./item.js";
import { encodeJsonBatch } from "./json-batch.js";
import { encodeMultipart } from "./multipart.js";

export interface EncodeOptions {
  /** Whether the server has switched multipart off, as far as is known now. */
  isMultipartOff: () => boolean;
  /** Runs arrived without their files. */
  onFilesLost: (items: readonly Item[]) => void;
}

/** Encodes, and falls back to `/runs/batch` when multipart is answered with 404. */
export function createEncode(next: Sender, options: EncodeOptions): Sender {
  let isMultipartMissing = false;

  async function send(batch: Batch, signal: AbortSignal) {
    const isJson = isMultipartMissing || options.isMultipartOff();
    // A body that may have been taken is repeated as it is.
    batch.body ??= encodeBody(batch, isJson);
    try {
      const answer = await next.send(batch, signal);
      if (batch.body.path === "/runs/batch") sayFiles(batch);
      return answer;
    } catch (thrown) {
      const error = toServiceError(thrown);
      if (error.kind !== "misconfigured" || error.status !== 404 || batch.body.path === "/runs/batch") throw error;
      batch.body = encodeBody(batch, true);
      const answer = await next.send(batch, signal);
      isMultipartMissing = true;
      sayFiles(batch);
      return answer;
    }
  }

  // The protocol of /runs/batch has no place for files.
  function sayFiles({ items }: Batch): void {
    const without = items.filter((item) => item.parts.attachments.length > 0);
    if (without.length > 0) options.onFilesLost(without);
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
