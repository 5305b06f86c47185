// One item as a checksummed record of a spool file, and back. What is torn or changed is skipped, not believed.
import { crc32 } from "node:zlib";
import type { AttachmentPart, Item, PartField, RunParts } from "../delivery/item.js";

/** The first bytes of every spool file. */
export const FILE_HEADER = Buffer.from("otel-langsmith spool 1\n");

const MAGIC = 0x4c534252;
const HEADER_BYTES = 16;
/** No record is longer: a run of 20 MB and its attachments fit several times. */
const LONGEST_BYTES = 256 * 1_048_576;

const FIELDS = new Set<string>(["inputs", "outputs", "events", "error", "extra", "serialized"]);

/** What a record says. */
export interface Recorded {
  readonly index: number;
  readonly verb: "post" | "patch";
  readonly pending: boolean;
  readonly runId: string;
  readonly traceId: string;
  readonly parts: RunParts;
}

/** Magic, index, length and checksum, then the payload: a line of JSON that says what the bytes behind it are. */
export function encodeRecord(
  index: number,
  item: Pick<Item, "verb" | "pending" | "runId" | "traceId" | "parts">,
): Buffer {
  const { core, fields, attachments } = item.parts;
  const meta = JSON.stringify({
    verb: item.verb,
    pending: item.pending,
    run: item.runId,
    trace: item.traceId,
    core: core.byteLength,
    fields: fields.map(([name, data]) => [name, data.byteLength]),
    attachments: attachments.map(({ name, mimeType, data }) => [name, mimeType, data.byteLength]),
  });
  const payload = Buffer.concat([
    Buffer.from(`${meta}\n`),
    core,
    ...fields.map(([, data]) => data),
    ...attachments.map(({ data }) => data),
  ]);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(index, 4);
  header.writeUInt32BE(payload.byteLength, 8);
  header.writeUInt32BE(crc32(payload, index), 12);
  return Buffer.concat([header, payload]);
}

/** What a spool file holds: its whole records, and how many places there were where one was damaged. */
export function decodeRecords(file: Buffer): { records: Recorded[]; damaged: number } {
  const records: Recorded[] = [];
  let damaged = 0;
  let at = file.subarray(0, FILE_HEADER.length).equals(FILE_HEADER) ? FILE_HEADER.length : 0;
  while (at + HEADER_BYTES <= file.length) {
    const length = file.readUInt32BE(at + 8);
    const end = at + HEADER_BYTES + length;
    const isWhole = file.readUInt32BE(at) === MAGIC && length <= LONGEST_BYTES && end <= file.length;
    const index = file.readUInt32BE(at + 4);
    const payload = file.subarray(at + HEADER_BYTES, end);
    const record =
      isWhole && crc32(payload, index) === file.readUInt32BE(at + 12) ? readPayload(index, payload) : undefined;
    if (record) {
      records.push(record);
      at = end;
      continue;
    }
    damaged += 1;
    const next = file.indexOf(MAGIC_BYTES, at + 1);
    if (next < 0) return { records, damaged };
    at = next;
  }
  if (at < file.length) damaged += 1;
  return { records, damaged };
}

const MAGIC_BYTES = Buffer.from([0x4c, 0x53, 0x42, 0x52]);

function readPayload(index: number, payload: Buffer): Recorded | undefined {
  const lineEnd = payload.indexOf(10);
  if (lineEnd < 0) return undefined;
  let meta: unknown;
  try {
    meta = JSON.parse(payload.toString("utf8", 0, lineEnd));
  } catch {
    return undefined;
  }
  let at = lineEnd + 1;
  const bytes = (length: unknown): Buffer => {
    const size = typeof length === "number" ? length : 0;
    at += size;
    return payload.subarray(at - size, at);
  };
  const verb = get(meta, "verb");
  const runId = get(meta, "run");
  const traceId = get(meta, "trace");
  if ((verb !== "post" && verb !== "patch") || typeof runId !== "string" || typeof traceId !== "string")
    return undefined;
  const core = bytes(get(meta, "core"));
  const fields: [PartField, Buffer][] = [];
  for (const entry of list(get(meta, "fields"))) {
    const [name, length] = list(entry);
    const data = bytes(length);
    if (isPartField(name)) fields.push([name, data]);
  }
  const attachments: AttachmentPart[] = [];
  for (const entry of list(get(meta, "attachments"))) {
    const [name, mimeType, length] = list(entry);
    const data = bytes(length);
    if (typeof name === "string" && typeof mimeType === "string") attachments.push({ name, mimeType, data });
  }
  return { index, verb, pending: get(meta, "pending") === true, runId, traceId, parts: { core, fields, attachments } };
}

function isPartField(name: unknown): name is PartField {
  return typeof name === "string" && FIELDS.has(name);
}

function get(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Settled records of a segment, as its `.done` file lists them: each index with a checksum of its own. */
export function encodeDone(indexes: readonly number[]): Buffer {
  const buffer = Buffer.alloc(indexes.length * 8);
  indexes.forEach((index, i) => {
    buffer.writeUInt32BE(index, i * 8);
    buffer.writeUInt32BE(crc32(buffer.subarray(i * 8, i * 8 + 4)), i * 8 + 4);
  });
  return buffer;
}

export function decodeDone(file: Buffer): Set<number> {
  const indexes = new Set<number>();
  for (let at = 0; at + 8 <= file.length; at += 8) {
    if (crc32(file.subarray(at, at + 4)) === file.readUInt32BE(at + 4)) indexes.add(file.readUInt32BE(at));
  }
  return indexes;
}
