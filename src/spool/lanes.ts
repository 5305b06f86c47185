// The files of a spool that this process answers for: settled records are noted, empty segments removed, the bound kept.
import { appendFileSync, statSync } from "node:fs";
import { appendFile, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { SpoolRecord } from "../delivery/item.js";
import type { Appender } from "./appender.js";
import type { Owners } from "./owners.js";
import { decodeDone, decodeRecords, encodeDone } from "./record.js";
import { donePath, isWaiting, newSegment, parkedCount, parseSegmentName, type Segment } from "./segment.js";

export interface Lanes {
  /** Notes that a record is settled. */
  done(record: SpoolRecord): void;
  /** Reads an adopted lane: every record of it that is not settled is parked. Resolves to their number. */
  read(lane: string): Promise<number>;
  /** Segments with records to be sent, oldest first; of this process's own lane alone where that is asked. */
  waiting(isOwn: boolean): Segment[];
  /** Whether a segment's file is still where it was written; what somebody removed is let go of, and said. */
  isThere(segment: Segment): boolean;
  /** Looks at all of them. */
  lookForAll(): void;
  /** Removes the oldest until the directory is within its bound. */
  keepBound(): Promise<void>;
  parked(): number;
  /** Notes what waits to be noted. */
  settled(): Promise<void>;
  settleSync(): void;
  /** Whether segments are left. */
  close(): Promise<boolean>;
}

export interface LanesOptions {
  dir: string;
  maxBytes: number;
  own: string;
  owners: Owners;
  appender: Appender;
  onEvicted: (parked: number) => void;
  onDamaged: (path: string, places: number) => void;
  /** Somebody removed a segment, and with it what was on disk alone. */
  onVanished: (path: string, parked: number) => void;
}

export function createLanes(options: LanesOptions): Lanes {
  const adopted: Segment[] = [];
  let notes = new Map<Segment, number[]>();
  let noting: Promise<void> | undefined;
  let bounding: Promise<void> | undefined;
  let isBoundDue = false;

  /** Oldest first: what was found before what this process wrote itself. */
  function all(): Segment[] {
    return [...adopted, ...options.appender.segments];
  }

  function done(record: SpoolRecord): void {
    const { segment, index } = record;
    if (segment.isGone || !segment.open.delete(index)) return;
    const list = notes.get(segment);
    if (list) list.push(index);
    else notes.set(segment, [index]);
    noting ??= note().finally(() => {
      noting = undefined;
    });
  }

  async function note(): Promise<void> {
    while (notes.size > 0) {
      // Several in one write.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = notes;
      notes = new Map();
      for (const [segment, indexes] of batch) {
        if (isFinished(segment)) await remove(segment);
        else if (!segment.isGone) {
          // Without the note the record is sent once more after a crash, which changes nothing.
          await appendFile(donePath(segment), encodeDone(indexes), { mode: 0o600 }).catch(() => {});
        }
      }
    }
  }

  function isThere(segment: Segment): boolean {
    if (segment.isGone) return false;
    // Its first record may still be on its way to the disk.
    if (segment.count === segment.unwritten || !isRemoved(segment.path)) return true;
    const parked = parkedCount(segment);
    segment.open.clear();
    void remove(segment);
    options.onVanished(segment.path, parked);
    return false;
  }

  function isFinished(segment: Segment): boolean {
    return !segment.isGrowing && segment.open.size === 0;
  }

  async function remove(segment: Segment): Promise<void> {
    segment.isGone = true;
    for (const list of [adopted, options.appender.segments]) {
      const at = list.indexOf(segment);
      if (at >= 0) list.splice(at, 1);
    }
    await rm(segment.path, { force: true }).catch(() => {});
    await rm(donePath(segment), { force: true }).catch(() => {});
    if (segment.lane !== options.own && !adopted.some((other) => other.lane === segment.lane)) {
      await options.owners.release(segment.lane).catch(() => {});
    }
  }

  async function read(lane: string): Promise<number> {
    const names = (await readdir(options.dir)).filter((name) => parseSegmentName(name)?.lane === lane).sort();
    // What a complete post replaced, since it was never sent or certainly refused, is not sent any more.
    const replaceable = new Map<string, SpoolRecord[]>();
    const replaced: SpoolRecord[] = [];
    const found: Segment[] = [];
    for (const name of names) {
      const segment = newSegment(lane, parseSegmentName(name)?.number ?? 0, join(options.dir, name));
      const file = await readFile(segment.path).catch(() => undefined);
      if (!file) continue;
      const settled = decodeDone(await readFile(donePath(segment)).catch(() => Buffer.alloc(0)));
      const { records, damaged } = decodeRecords(file);
      if (damaged > 0) options.onDamaged(segment.path, damaged);
      segment.isGrowing = false;
      segment.bytes = file.byteLength;
      segment.count = records.length;
      for (const record of records) {
        if (settled.has(record.index)) continue;
        segment.open.set(record.index, "parked");
        const before = replaceable.get(record.runId) ?? [];
        if (record.verb === "post" && !record.pending) replaced.push(...before);
        else replaceable.set(record.runId, [...before, { segment, index: record.index }]);
      }
      found.push(segment);
    }
    adopted.push(...found);
    for (const record of replaced) done(record);
    for (const segment of found) if (isFinished(segment)) await remove(segment);
    if (found.length === 0) await options.owners.release(lane);
    return found.reduce((sum, segment) => sum + parkedCount(segment), 0);
  }

  /** One at a time: two at once would each let go of what is enough. */
  function keepBound(): Promise<void> {
    isBoundDue = true;
    bounding ??= (async () => {
      while (isBoundDue) {
        isBoundDue = false;
        await evict();
      }
      bounding = undefined;
    })();
    return bounding;
  }

  async function evict(): Promise<void> {
    const mine = new Set(all().map((segment) => segment.path));
    let bytes = 0;
    for (const name of await readdir(options.dir).catch(() => [])) {
      const path = join(options.dir, name);
      if (!mine.has(path)) bytes += (await stat(path).catch(() => undefined))?.size ?? 0;
    }
    const segments = all();
    bytes += segments.reduce((sum, segment) => sum + segment.bytes, 0);
    for (const segment of segments) {
      if (bytes <= options.maxBytes) return;
      if (segment.isGrowing) continue;
      bytes -= segment.bytes;
      if (segment.isGone) continue;
      const parked = parkedCount(segment);
      segment.open.clear();
      await remove(segment);
      if (parked > 0) options.onEvicted(parked);
    }
  }

  return {
    done,
    read,
    isThere,
    lookForAll: () => all().forEach(isThere),
    keepBound,
    waiting: (isOwn) => (isOwn ? options.appender.segments : all()).filter(isWaiting),
    parked: () => all().reduce((sum, segment) => sum + parkedCount(segment), 0),
    async settled() {
      while (noting ?? bounding) await (noting ?? bounding);
    },
    settleSync() {
      for (const [segment, indexes] of notes) {
        if (segment.isGone) continue;
        try {
          appendFileSync(donePath(segment), encodeDone(indexes), { mode: 0o600 });
        } catch {
          // The process is ending; the records are sent once more, which changes nothing.
        }
      }
    },
    async close() {
      while (noting ?? bounding) await (noting ?? bounding);
      for (const segment of all()) if (isFinished(segment)) await remove(segment);
      return all().length > 0;
    },
  };
}

/** A disk that cannot be asked just now has not lost its files. */
function isRemoved(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
