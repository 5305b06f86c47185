// Sends what lies in the spool, oldest first, one request at a time under the live ones.
import { readFile } from "node:fs/promises";
import { ITEM_OVERHEAD_BYTES, type Item, partsBytes } from "../item.js";
import type { Lanes } from "./lanes.js";
import { decodeRecords, type Recorded } from "./record.js";
import type { Segment } from "./segment.js";

export interface DrainOptions {
  lanes: Lanes;
  limits: () => { maxCount: number; maxBytes: number };
  /** Through the chain; items that come to nothing stay unsettled. */
  send: (items: readonly Item[]) => Promise<void>;
  /** Records are on disk no more, or not to be read. */
  onUnreadable: (path: string, count: number) => void;
  now: () => number;
  isStopped: () => boolean;
}

/**
 * One round: until nothing is parked (true), or something stands in the way (false): sending fails, or items came back
 * unsettled.
 */
export async function drain(options: DrainOptions): Promise<boolean> {
  for (;;) {
    const segment = options.lanes.next();
    if (!segment) return true;
    if (options.isStopped() || !(await drainSegment(segment, options))) return false;
  }
}

async function drainSegment(segment: Segment, options: DrainOptions): Promise<boolean> {
  if (!options.lanes.isThere(segment)) return true;
  const file = await readFile(segment.path).catch(() => undefined);
  const { records } = file ? decodeRecords(file) : { records: [] };
  const parked = records.filter((record) => segment.open.get(record.index) === "parked");
  if (parked.length === 0) {
    if (segment.isGrowing || segment.unwritten > 0) return false;
    // What cannot be read is not there: waiting for it would wait for ever.
    const gone = [...segment.open].filter(([, copy]) => copy === "parked");
    for (const [index] of gone) options.lanes.done({ segment, index });
    if (gone.length > 0) options.onUnreadable(segment.path, gone.length);
    return true;
  }
  for (const batch of batches(parked, options.limits())) {
    if (options.isStopped()) return false;
    const items = batch
      .filter((record) => segment.open.has(record.index))
      .map((record) => itemOf(record, segment, options.now()));
    if (items.length === 0) continue;
    await options.send(items);
    if (items.some((item) => !item.isSettled)) return false;
  }
  return true;
}

/** Within the limits, and never a patch beside or before its post. */
function* batches(records: readonly Recorded[], limits: { maxCount: number; maxBytes: number }): Generator<Recorded[]> {
  let batch: Recorded[] = [];
  let bytes = 0;
  let posts = new Set<string>();
  for (const record of records) {
    const size = partsBytes(record.parts) + ITEM_OVERHEAD_BYTES;
    const isFull = batch.length >= limits.maxCount || bytes + size > limits.maxBytes;
    if (batch.length > 0 && (isFull || posts.has(record.runId))) {
      yield batch;
      batch = [];
      bytes = 0;
      posts = new Set();
    }
    batch.push(record);
    bytes += size;
    posts.add(record.runId);
  }
  if (batch.length > 0) yield batch;
}

function itemOf(record: Recorded, segment: Segment, receivedAt: number): Item {
  return {
    seq: -1,
    runId: record.runId,
    traceId: record.traceId,
    verb: record.verb,
    pending: record.pending,
    parts: record.parts,
    bytes: partsBytes(record.parts) + ITEM_OVERHEAD_BYTES,
    receivedAt,
    isSettled: false,
    mayHaveArrived: true,
    record: { segment, index: record.index },
  };
}
