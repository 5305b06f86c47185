// Link: compresses a body off the main thread, as far as the server takes it, and stops when it turns out that it does not.
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { type FailureKind, type ServiceError, toServiceError } from "../service/errors.js";
import type { Answer, Batch, Body, Sender } from "./item.js";

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

/** Failures that come of what was sent, or end everything; any other passes. */
const SPEAKS_OF_RUNS: ReadonlySet<FailureKind> = new Set([
  "malformed",
  "conflict",
  "too_large",
  "forbidden",
  "stopped",
]);

/** Server errors to compressed bodies, each answered well when sent plain, after which compression stays off. */
const DOUBTS = 2;

export function createCompress(next: Sender, options: CompressOptions): Sender {
  let isProven = false;
  let isOff = false;
  let doubts = 0;

  async function send(batch: Batch, signal: AbortSignal): Promise<Answer> {
    const plain = batch.body;
    const encoding = isOff ? undefined : options.encoding();
    // A body that comes back compressed is one whose outcome is unknown: it stays as it is.
    if (!plain || plain.encoding || batch.isOutcomeUnknown || !encoding || plain.data.byteLength < SMALLEST_BYTES) {
      return next.send(batch, signal);
    }
    const compressed = await compressBody(plain, encoding);
    batch.body = compressed;
    batch.isUnproven = !isProven;
    try {
      return await sendCompressed(batch, signal);
    } catch (thrown) {
      const error = toServiceError(thrown);
      const isDoubtful = error.kind === "encoding" || (batch.isUnproven && error.blamesEncoding);
      batch.isUnproven = false;
      if (isDoubtful) return sendPlain(batch, plain, error, encoding, signal);
      // The links above deal in plain bodies.
      if (error.reach !== "unknown" && !batch.isOutcomeUnknown) batch.body = plain;
      throw error;
    }
  }

  async function sendCompressed(batch: Batch, signal: AbortSignal): Promise<Answer> {
    const answer = await next.send(batch, signal);
    isProven = true;
    return answer;
  }

  /** Either the server cannot read what it offered to read, or something else is at fault: the plain body tells which. */
  async function sendPlain(
    batch: Batch,
    plain: Body,
    error: ServiceError,
    encoding: Encoding,
    signal: AbortSignal,
  ): Promise<Answer> {
    const compressed = batch.body;
    const isOutage = error.kind === "unavailable";
    batch.body = plain;
    // In an outage the first answer of a plain body tells no more than a later one of a compressed body.
    const { isTrial } = batch;
    batch.isTrial ||= isOutage;
    try {
      const answer = await next.send(batch, signal);
      doubts += 1;
      if (isOff || (isOutage && doubts < DOUBTS)) return answer;
      isOff = true;
      options.warn("LSB_WARN_COMPRESSION_OFF", `the server refuses ${encoding} bodies; they are sent uncompressed`);
      return answer;
    } catch (thrown) {
      if (!isOutage || isTrial || SPEAKS_OF_RUNS.has(toServiceError(thrown).kind)) throw thrown;
      if (compressed) batch.body = compressed;
      batch.isTrial = false;
      return await sendCompressed(batch, signal);
    } finally {
      batch.isTrial = isTrial;
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
