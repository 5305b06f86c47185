// The files that the langsmith SDK writes into LANGSMITH_FAILED_TRACES_DIR: one refused request each, as it was sent.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { Item } from "../delivery/item.js";
import { ITEM_OVERHEAD_BYTES, partsBytes } from "../delivery/item.js";
import type { Part } from "../delivery/multipart.js";
import type { AttachmentPart, PartField } from "../wire/parts.js";

const gunzip = promisify(zlib.gunzip);

/** One file, read: the operations and feedback in it, or why it cannot be used. */
export type SdkFile =
  | { readonly path: string; readonly items: Item[]; readonly feedback: Part[]; readonly unknown: string[] }
  | { readonly path: string; readonly problem: string };

/** Names of such files, oldest first (the name holds the time). */
export async function sdkFiles(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => /^trace_.*\.json$/.test(name)).sort();
}

/**
 * Reads `{ version: 1, endpoint: "runs/multipart", headers, body_base64 }`. Source: `_writeTraceToFallbackDir` of the
 * installed `langsmith` SDK.
 */
export async function readSdkFile(dir: string, name: string): Promise<SdkFile> {
  const path = join(dir, name);
  try {
    const envelope: unknown = JSON.parse(await readFile(path, "utf8"));
    const body = Buffer.from(text(envelope, "body_base64"), "base64");
    if (text(envelope, "endpoint") !== "runs/multipart")
      return { path, problem: `unknown endpoint ${text(envelope, "endpoint")}` };
    const headers = get(envelope, "headers");
    const plain = await decompress(body, text(headers, "Content-Encoding"));
    const { items, feedback, unknown } = readParts(plain, text(headers, "Content-Type"));
    if (items.length + feedback.length === 0) return { path, problem: "neither a run nor feedback in it" };
    return { path, items, feedback, unknown };
  } catch (error) {
    return { path, problem: error instanceof Error ? error.message : String(error) };
  }
}

async function decompress(body: Buffer, encoding: string): Promise<Buffer> {
  if (encoding === "") return body;
  if (encoding === "gzip") return gunzip(body);
  const zstd: unknown = Reflect.get(zlib, "zstdDecompressSync");
  if (encoding === "zstd" && typeof zstd === "function") return Reflect.apply(zstd, zlib, [body]);
  throw new Error(`this Node cannot read ${encoding}; use Node 22.15 or newer`);
}

interface Operation {
  verb: "post" | "patch";
  runId: string;
  core?: Buffer;
  fields: [PartField, Buffer][];
  attachments: AttachmentPart[];
}

const FIELDS = new Set<string>(["inputs", "outputs", "events", "error", "extra", "serialized"]);

interface Read {
  items: Item[];
  feedback: Part[];
  /** Names of parts that belong to nothing here. */
  unknown: string[];
}

function readParts(body: Buffer, contentType: string): Read {
  const operations = new Map<string, Operation>();
  const operation = (verb: "post" | "patch", runId: string): Operation => {
    const key = `${verb}.${runId}`;
    const known = operations.get(key) ?? { verb, runId, fields: [], attachments: [] };
    operations.set(key, known);
    return known;
  };
  const attachments: { runId: string; name: string; part: AttachmentPart }[] = [];
  const read: Read = { items: [], feedback: [], unknown: [] };
  for (const part of partsIn(body, contentType)) {
    const { name, type, data } = part;
    const [verb, runId = "", ...rest] = name.split(".");
    const field = rest.length > 0 ? rest.join(".") : undefined;
    const isOperation = verb === "post" || verb === "patch";
    if (verb === "attachment" && field !== undefined) {
      attachments.push({ runId, name, part: { name: field, mimeType: type.split(";")[0] ?? type, data } });
    } else if (isOperation && field === undefined) operation(verb, runId).core = data;
    else if (isOperation && field !== undefined && isField(field)) operation(verb, runId).fields.push([field, data]);
    else if (verb === "feedback") read.feedback.push(part);
    else read.unknown.push(name);
  }
  for (const { runId, name, part } of attachments) {
    const owner = operations.get(`post.${runId}`) ?? operations.get(`patch.${runId}`);
    if (owner?.core) owner.attachments.push(part);
    else read.unknown.push(name);
  }
  for (const [name, entry] of operations) {
    const item = itemOf(entry);
    if (item) read.items.push(item);
    else read.unknown.push(name);
  }
  return read;
}

function itemOf({ verb, runId, core, fields, attachments }: Operation): Item | undefined {
  if (!core) return undefined;
  const run: unknown = JSON.parse(core.toString("utf8"));
  const written = { core, fields, attachments };
  return {
    seq: -1,
    runId,
    traceId: text(run, "trace_id") || runId,
    verb,
    pending: false,
    parts: written,
    bytes: partsBytes(written) + ITEM_OVERHEAD_BYTES,
    receivedAt: performance.now(),
    isSettled: false,
    // The SDK's own attempts may have reached the service.
    mayHaveArrived: true,
  };
}

/** The SDK's parts need not say their length: the boundary ends them. */
function* partsIn(body: Buffer, contentType: string): Generator<Part & { readonly data: Buffer }> {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1];
  if (!boundary) throw new Error("its Content-Type names no boundary");
  const mark = Buffer.from(`--${boundary}`);
  let at = body.indexOf(mark);
  while (at >= 0) {
    const start = at + mark.length + 2;
    const next = body.indexOf(Buffer.concat([Buffer.from("\r\n"), mark]), start - 2);
    if (next < 0) return;
    const headerEnd = body.indexOf("\r\n\r\n", start);
    if (headerEnd >= 0 && headerEnd < next) {
      const header = body.toString("utf8", start, headerEnd);
      const name = /name="([^"]+)"/.exec(header)?.[1] ?? "";
      const type = /content-type: *([^\r\n]+)/i.exec(header)?.[1] ?? "application/json";
      yield { name, type, data: body.subarray(headerEnd + 4, next) };
    }
    at = next + 2;
  }
}

function isField(name: string): name is PartField {
  return FIELDS.has(name);
}

function get(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function text(value: unknown, key: string): string {
  const found = get(value, key);
  return typeof found === "string" ? found : "";
}
