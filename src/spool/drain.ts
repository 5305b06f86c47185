// Sends what lies in the spool, oldest first: one request at a time under the live ones, more while somebody waits.

import type { Asides } from "./asides.js";
import { ITEM_OVERHEAD_BYTES, type Item, partsBytes } from "./item.js";
import type { Lanes } from "./lanes.js";
import { readPlainFile } from "./read-segment.js";
import { decodeRecords, type Recorded } from "./record.js";
import type { Segment } from "./segment.js";

export interface DrainOptions {
  lanes: Lanes;
  asides: Asides;
  /** The segment to begin with; undefined when nothing waits. */
  next: () => Segment | undefined;
  limits: () => { maxCount: number; maxBytes: number };
  /** Requests at once. */
  concurrency: () => number;
  /** Through the chain; items that come to nothing stay unsettled. */
  send: (items: readonly Item[]) => Promise<void>;
  now: () => number;
  isStopped: () => boolean;
}

/**
 * One round: until nothing is parked (true), or something stands in the way (false): sending fails, or items came back
 * unsettled.
 */
export async function drain(options: DrainOptions): Promise<boolean> {
  for (;;) {
    const segment = options.next();
    if (!segment) return true;
    if (options.isStopped() || !(await drainSegment(segment, options))) return false;
  }
}

async function drainSegment(segment: Segment, options: DrainOptions): Promise<boolean> {
  if (!options.lanes.isThere(segment)) return true;
  const file = await readPlainFile(segment.path);
  // It was there a moment ago: another time it may be read.
  if (!file) return false;
  const { records } = decodeRecords(file);
  const parked = records.filter((record) => segment.open.get(record.index) === "parked");
  if (parked.length === 0) {
    if (segment.isGrowing || segment.unwritten > 0) return false;
    // Waiting for what cannot be read would wait for ever.
    const gone = [...segment.open].filter(([, copy]) => copy === "parked").map(([index]) => index);
    if (gone.length > 0) options.lanes.lose(segment, gone);
    return true;
  }
  const waiting = batches(parked, options.limits());
  for (let wave = takeWave(waiting, options.concurrency()); wave.length > 0; ) {
    if (options.isStopped()) return false;
    const outcomes = await Promise.all(wave.map((batch) => sendBatch(batch, segment, options)));
    if (outcomes.includes(false)) return false;
    wave = takeWave(waiting, options.concurrency());
  }
  return true;
}

/** Whether every item was settled, or set aside. */
async function sendBatch(batch: readonly Recorded[], segment: Segment, options: DrainOptions): Promise<boolean> {
  const { asides } = options;
  const items = batch
    .filter(({ index, runId }) => segment.open.has(index) && !asides.holdsBack(runId, { segment, index }))
    .map((record) => itemOf(record, segment, options.now()));
  if (items.length === 0) return true;
  await options.send(items);
  for (const item of items) if (item.isAside && !item.isSettled && item.record) asides.hold(item.runId, item.record);
  return items.every((item) => item.isSettled || item.isAside);
}

interface Waiting {
  readonly records: Recorded[];
  /** Not beside the one before: it has another operation of a run in that one. */
  readonly isAfter: boolean;
}

/** As many batches as may be under way at once. */
function takeWave(waiting: Waiting[], most: number): Recorded[][] {
  const wave: Recorded[][] = [];
  for (let next = waiting[0]; next && wave.length < most; next = waiting[0]) {
    if (next.isAfter && wave.length > 0) break;
    wave.push(next.records);
    waiting.shift();
  }
  return wave;
}

/** Within the limits, and never a patch beside or before its post. */
function batches(records: readonly Recorded[], limits: { maxCount: number; maxBytes: number }): Waiting[] {
  const made: Waiting[] = [];
  let batch: Recorded[] = [];
  let bytes = 0;
  let isAfter = false;
  // Runs of the batches that may be under way together.
  let posts = new Set<string>();
  for (const record of records) {
    const size = partsBytes(record.parts) + ITEM_OVERHEAD_BYTES;
    const isFull = batch.length >= limits.maxCount || bytes + size > limits.maxBytes;
    const isRepeated = posts.has(record.runId);
    if (batch.length > 0 && (isFull || isRepeated)) {
      made.push({ records: batch, isAfter });
      batch = [];
      bytes = 0;
      isAfter = isRepeated;
      if (isRepeated) posts = new Set();
    }
    batch.push(record);
    bytes += size;
    posts.add(record.runId);
  }
  if (batch.length > 0) made.push({ records: batch, isAfter });
  return made;
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
