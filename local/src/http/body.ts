// Reads request bodies, bounded as they come in and again as they are unpacked.
import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { Refusal } from "../errors.js";
import { isObject, type JsonObject } from "../json.js";

const gunzip = promisify(zlib.gunzip);

/** Whether this runtime can decode zstd (Node 22.15 and newer, 23.8 and newer). */
export const CAN_DECODE_ZSTD = typeof Reflect.get(zlib, "zstdDecompress") === "function";

/** The body's bytes, decompressed. @throws Refusal 413 beyond `maxBytes`, 415 for an encoding not offered. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      size += bytes.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    // The client went, or the server is closing: nobody hears the answer, and it is no failure of the server's.
    throw new Refusal(400, "the request ended before its body did");
  }
  const [only] = chunks;
  const body = chunks.length === 1 && only ? only : Buffer.concat(chunks, size);
  return decoded(body, request.headers["content-encoding"] ?? "identity", maxBytes);
}

async function decoded(body: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  const name = encoding.trim().toLowerCase();
  if (name === "identity" || name === "") return body;
  if (name !== "gzip" && !(name === "zstd" && CAN_DECODE_ZSTD)) {
    throw new Refusal(415, `Content-Encoding ${name} is not taken here; GET /info says what is`);
  }
  try {
    // The limit is on what comes out: a small body may unpack to gigabytes.
    return name === "gzip" ? await gunzip(body, { maxOutputLength: maxBytes }) : await decodeZstd(body, maxBytes);
  } catch (error) {
    if (
      error instanceof RangeError ||
      (error instanceof Error && Reflect.get(error, "code") === "ERR_BUFFER_TOO_LARGE")
    ) {
      throw tooLarge(maxBytes);
    }
    throw new Refusal(400, `the body is not ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function decodeZstd(body: Buffer, maxBytes: number): Promise<Buffer> {
  const decompress: unknown = Reflect.get(zlib, "zstdDecompress");
  return new Promise((resolve, reject) => {
    if (typeof decompress !== "function") return reject(new Error("this runtime has no zstd"));
    decompress(body, { maxOutputLength: maxBytes }, (error: Error | null, result: Buffer) =>
      error ? reject(error) : resolve(result),
    );
  });
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal(413, `the request is too large: at most ${maxBytes} bytes, uncompressed`);
}

/** The body as a JSON object. @throws Refusal 422 for anything else. */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<JsonObject> {
  const value = parseJsonText((await readBody(request, maxBytes)).toString("utf8"), "the body");
  if (!isObject(value)) throw new Refusal(422, "the body must be a JSON object");
  return value;
}

/** Parses JSON of a named part of a request. @throws Refusal 422. */
export function parseJsonText(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal(422, `${what} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
