// One item as a checksummed record of a spool file, and back. What is torn or changed is skipped, not believed.
import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import type { AttachmentPart, PartField, RunParts } from "../wire/parts.js";

/** The format that this version writes. Version 1 is read too; what is newer is left alone. */
const FORMAT = 2;

/** The first record of a file stands behind `otel-langsmith spool 2 KEY CHECK\n`. */
const HEADER_BYTES = 65;

interface Layout {
  readonly magic: Buffer;
  /** Bytes of a record before its payload: magic, index, length, checksum, and the check by the file's key. */
  readonly headBytes: number;
}

const HEAD_BYTES = 16;
const TAG_BYTES = 8;
const LAYOUTS: Record<1 | 2, Layout> = {
  1: { magic: Buffer.from("LSBR"), headBytes: HEAD_BYTES },
  2: { magic: Buffer.from("LSB2"), headBytes: HEAD_BYTES + TAG_BYTES },
};

/** No record is longer: a run of 20 MB and its attachments fit several times. */
const LONGEST_BYTES = 256 * 1_048_576;

const FIELDS = new Set<string>(["inputs", "outputs", "events", "error", "extra", "serialized"]);

/** One operation, as it is kept. */
export interface Entry {
  readonly verb: "post" | "patch";
  readonly pending: boolean;
  readonly runId: string;
  readonly traceId: string;
  readonly parts: RunParts;
}

/** What a record says. */
export interface Recorded extends Entry {
  readonly index: number;
}

/** How a file begins, and the key that only this file has: nobody can write a record of it into an attachment. */
export interface FileHead {
  readonly key: Buffer;
  readonly bytes: Buffer;
}

export function newFileHead(): FileHead {
  const key = randomBytes(16);
  return { key, bytes: Buffer.from(`otel-langsmith spool ${FORMAT} ${key.toString("hex")} ${checkOf(key)}\n`) };
}

function checkOf(key: Buffer): string {
  return crc32(key).toString(16).padStart(8, "0");
}

interface Opened {
  /** `newer`: of a version after this one. `unknown`: no file of ours, or its head is damaged. */
  readonly kind: "ours" | "newer" | "unknown";
  readonly layout: Layout;
  readonly key?: Buffer;
  /** Where the first record stands. */
  readonly at: number;
}

function openFile(file: Buffer): Opened {
  const text = file.toString("latin1", 0, HEADER_BYTES);
  const version = Number(/^otel-langsmith spool (\d{1,9})[ \n]/.exec(text)?.[1]);
  if (version > FORMAT) return { kind: "newer", layout: LAYOUTS[2], at: file.length };
  if (version === 1) return { kind: "ours", layout: LAYOUTS[1], at: text.indexOf("\n") + 1 };
  // Version 1 kept refused runs in files without a head.
  if (text.startsWith("LSBR")) return { kind: "ours", layout: LAYOUTS[1], at: 0 };
  const [, hex = "", check] = / ([0-9a-f]{32}) ([0-9a-f]{8})\n$/.exec(text) ?? [];
  const key = Buffer.from(hex, "hex");
  const isSound = version === FORMAT && checkOf(key) === check;
  return { kind: isSound ? "ours" : "unknown", layout: LAYOUTS[2], at: HEADER_BYTES, ...(isSound && { key }) };
}

/** Magic, index, length, checksum and check, then the payload: a line of JSON that says what the bytes behind it are. */
export function encodeRecord({ key }: FileHead, index: number, entry: Entry): Buffer {
  const { core, fields, attachments } = entry.parts;
  const meta = JSON.stringify({
    verb: entry.verb,
    pending: entry.pending,
    run: entry.runId,
    trace: entry.traceId,
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
  const head = Buffer.alloc(HEAD_BYTES);
  LAYOUTS[2].magic.copy(head);
  head.writeUInt32BE(index, 4);
  head.writeUInt32BE(payload.byteLength, 8);
  head.writeUInt32BE(crc32(payload, index), 12);
  return Buffer.concat([head, tagOf(key, head), payload]);
}

function tagOf(key: Buffer, head: Buffer): Buffer {
  return createHash("sha256").update(key).update(head).digest().subarray(0, TAG_BYTES);
}

export interface Decoded {
  readonly kind: Opened["kind"];
  /** The whole records, each index once. */
  readonly records: Recorded[];
  /** Places where the file is damaged. */
  readonly damaged: number;
  /** The file ends in damage, so nobody knows how many records stood there. */
  readonly isTailDamaged: boolean;
}

/**
 * What a spool file holds. A record is read where the one before it ends; after damage, only where the check by the
 * file's key fits, since an attachment may hold bytes that look like a record.
 */
export function decodeRecords(file: Buffer): Decoded {
  const { kind, layout, key, at: first } = openFile(file);
  const records = new Map<number, Recorded>();
  let damaged = kind === "unknown" ? 1 : 0;
  let at = first;
  let isTailDamaged = kind === "unknown";
  if (kind === "newer") return { kind, records: [], damaged: 0, isTailDamaged: false };
  while (at < file.length) {
    const read = readRecord(file, at, layout, key);
    if (read) {
      if (!records.has(read.record.index)) records.set(read.record.index, read.record);
      at = read.end;
      isTailDamaged = false;
      continue;
    }
    damaged += 1;
    isTailDamaged = true;
    const next = key ? nextRecord(file, at + 1, layout, key) : -1;
    if (next < 0) break;
    at = next;
  }
  return { kind, records: [...records.values()], damaged, isTailDamaged };
}

function readRecord(file: Buffer, at: number, layout: Layout, key: Buffer | undefined) {
  const begin = at + layout.headBytes;
  if (begin > file.length || !isHead(file, at, layout, key)) return undefined;
  const length = file.readUInt32BE(at + 8);
  const end = begin + length;
  if (length > LONGEST_BYTES || end > file.length) return undefined;
  const index = file.readUInt32BE(at + 4);
  const payload = file.subarray(begin, end);
  const record = crc32(payload, index) === file.readUInt32BE(at + 12) ? readPayload(index, payload) : undefined;
  return record && { record, end };
}

function isHead(file: Buffer, at: number, { magic, headBytes }: Layout, key: Buffer | undefined): boolean {
  if (!file.subarray(at, at + magic.length).equals(magic)) return false;
  if (!key || headBytes === HEAD_BYTES) return true;
  const tag = file.subarray(at + HEAD_BYTES, at + headBytes);
  return tag.equals(tagOf(key, file.subarray(at, at + HEAD_BYTES)));
}

function nextRecord(file: Buffer, from: number, layout: Layout, key: Buffer): number {
  for (let at = file.indexOf(layout.magic, from); at >= 0; at = file.indexOf(layout.magic, at + 1)) {
    if (isHead(file, at, layout, key)) return at;
  }
  return -1;
}

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
    const size = typeof length === "number" && length > 0 ? length : 0;
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
