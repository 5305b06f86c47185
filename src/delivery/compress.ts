// Link: compresses a body off the main thread, as far as the server takes it, and stops when it turns out that it does not.
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { toDeliveryError } from "./errors.js";
import type { Batch, Body, Sender } from "./item.js";

export type Encoding = "gzip" | "zstd";

export interface CompressOptions {
  /** What to use now; `undefined` for none. */
  encoding: () => Encoding | undefined;
  warn: (code: string, message: string) => void;
}

/** Below this a compressed body saves nothing worth a thread's time. */
const SMALLEST_BYTES = 1_024;

const gzip = promisify(zlib.gzip);

type ZstdCompress = (data: Uint8Array, callback: (error: Error | null, result: Buffer) => void) => void;

/** `zlib.zstdCompress` where this Node has it (22.15, 23.8 and newer). */
export const zstdCompress: ZstdCompress | undefined = findZstd();

function findZstd(): ZstdCompress | undefined {
  const found: unknown = Reflect.get(zlib, "zstdCompress");
  if (typeof found !== "function") return undefined;
  return (data, callback) => Reflect.apply(found, zlib, [data, callback]);
}

export function createCompress(next: Sender, options: CompressOptions): Sender {
  let isProven = false;
  let isOff = false;

  async function send(batch: Batch, signal: AbortSignal) {
    const plain = batch.body;
    const encoding = isOff ? undefined : options.encoding();
    // A body that comes back compressed is one whose outcome is unknown: it stays as it is.
    if (!plain || plain.encoding || batch.isOutcomeUnknown || !encoding || plain.data.byteLength < SMALLEST_BYTES) {
      return next.send(batch, signal);
    }
    const compressed = await compressBody(plain, encoding);
    batch.body = compressed;
    try {
      const answer = await next.send(batch, signal);
      isProven = true;
      return answer;
    } catch (thrown) {
      const error = toDeliveryError(thrown);
      // The links above deal in plain bodies.
      const isDoubtful = error.kind === "encoding" || (error.kind === "malformed" && !isProven && !isOff);
      if (error.reach === "unknown" || batch.isOutcomeUnknown) throw error;
      batch.body = plain;
      if (!isDoubtful || compressed.encoding === undefined) throw error;
      // Either the server cannot read what it offered to read, or a run is at fault: the plain body tells which.
      const answer = await next.send(batch, signal);
      isOff = true;
      options.warn("LSB_WARN_COMPRESSION_OFF", `the server refuses ${encoding} bodies; they are sent uncompressed`);
      return answer;
    }
  }

  return { send };
}

async function compressBody(body: Body, encoding: Encoding): Promise<Body> {
  if (encoding === "zstd" && zstdCompress) {
    return { ...body, encoding, data: await promisify(zstdCompress)(body.data) };
  }
  // Level 4 takes a third of the default's time for a few percent of size.
  return { ...body, encoding: "gzip", data: await gzip(body.data, { level: 4 }) };
}
