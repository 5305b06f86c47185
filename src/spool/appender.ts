// Writes records to the end of a lane's segments: everything that waits goes out in one write, one write at a time.
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Item } from "../delivery/item.js";
import { encodeRecord, FILE_HEADER } from "./record.js";
import { type Copy, newSegment, type Segment, segmentName } from "./segment.js";

/** What comes while more than this waits to be written is written at once: whoever outruns the disk waits for it. */
const WAITING_MAX_BYTES = 32 * 1_048_576;

interface Entry {
  readonly segment: Segment;
  readonly index: number;
  readonly data: Buffer;
  readonly done: (isWritten: boolean) => void;
}

export interface Appender {
  /** Gives the item its record at once; resolves to whether it was written. */
  append(item: Item, copy: Copy): { segment: Segment; index: number; written: Promise<boolean> } | undefined;
  /** Everything is written, or failed. */
  drained(): Promise<void>;
  close(): Promise<void>;
  /** The process ends now: writes what waits, without the event loop. */
  closeSync(): void;
  readonly segments: Segment[];
}

export interface AppenderOptions {
  dir: string;
  lane: string;
  segmentBytes: number;
  /**
   * Writes when the code that handed a record in has run, without waiting for another turn of the event loop: for a
   * journal, which must not be behind when the process is killed.
   */
  isSync: boolean;
  /** A segment has begun: time to look at the bound. */
  onRotate: () => void;
  onError: (error: unknown) => void;
}

export function createAppender(options: AppenderOptions): Appender {
  const segments: Segment[] = [];
  let current: Segment | undefined;
  let direct: Segment | undefined;
  let number = 0;
  let handle: { segment: Segment; file: FileHandle; position: number } | undefined;
  let descriptor: { segment: Segment; file: number; position: number } | undefined;
  let waiting: Entry[] = [];
  let waitingBytes = 0;
  let writing: Entry[] = [];
  let loop: Promise<void> | undefined;

  function segmentFor(bytes: number): Segment {
    if (current?.isGone) current = undefined;
    if (current && current.bytes > FILE_HEADER.length && current.bytes + bytes > options.segmentBytes) {
      current.isGrowing = false;
      current = undefined;
    }
    if (!current) {
      number += 1;
      current = newSegment(options.lane, number, join(options.dir, segmentName(options.lane, number)));
      current.bytes = FILE_HEADER.length;
      segments.push(current);
      options.onRotate();
    }
    return current;
  }

  function append(item: Item, copy: Copy) {
    if (waitingBytes > WAITING_MAX_BYTES) {
      if (!options.isSync) return appendNow(item, copy);
      writeWaitingNow();
    }
    const segment = segmentFor(item.bytes);
    const { index, data } = enter(segment, item, copy);
    segment.unwritten += 1;
    waitingBytes += data.byteLength;
    const written = new Promise<boolean>((done) => {
      waiting.push({ segment, index, data, done });
    });
    loop ??= (options.isSync ? writeAllNow() : writeAll()).finally(() => {
      loop = undefined;
    });
    return { segment, index, written };
  }

  function enter(segment: Segment, item: Item, copy: Copy): { index: number; data: Buffer } {
    const index = segment.count;
    const data = encodeRecord(index, item);
    segment.count += 1;
    segment.bytes += data.byteLength;
    segment.open.set(index, copy);
    return { index, data };
  }

  /** Into a segment of its own, since a write of the others' may be under way. */
  function appendNow(item: Item, copy: Copy) {
    const written = current;
    current = direct;
    const segment = segmentFor(item.bytes);
    direct = segment;
    current = written;
    const { index, data } = enter(segment, item, copy);
    try {
      writeHere(segment, data);
      return { segment, index, written: Promise.resolve(true) };
    } catch (error) {
      options.onError(error);
      segment.open.delete(index);
      segment.bytes -= data.byteLength;
      return undefined;
    }
  }

  async function writeAll(): Promise<void> {
    // What is handed in during this turn of the event loop goes into the first write.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const segment = waiting[0]?.segment;
      writing = waiting.filter((entry) => entry.segment === segment);
      waiting = waiting.filter((entry) => entry.segment !== segment);
      if (segment) await writeEntries(segment, writing);
      writing = [];
    }
  }

  /** On a disk that is nearly full, half of them may still fit. */
  async function writeEntries(segment: Segment, entries: readonly Entry[]): Promise<void> {
    try {
      finish(entries, await write(segment, Buffer.concat(entries.map((entry) => entry.data))));
    } catch (error) {
      options.onError(error);
      if (entries.length === 1) return finish(entries, false);
      await writeEntries(segment, entries.slice(0, entries.length >> 1));
      await writeEntries(segment, entries.slice(entries.length >> 1));
    }
  }

  async function writeAllNow(): Promise<void> {
    // What is handed in by one stretch of code goes into one write; another turn of a busy event loop may be far away.
    await Promise.resolve();
    writeWaitingNow();
  }

  function writeWaitingNow(): void {
    while (waiting.length > 0) {
      const segment = waiting[0]?.segment;
      const entries = waiting.filter((entry) => entry.segment === segment);
      waiting = waiting.filter((entry) => entry.segment !== segment);
      if (segment) writeEntriesNow(segment, entries);
    }
  }

  function writeEntriesNow(segment: Segment, entries: readonly Entry[]): void {
    try {
      const isWritten = !segment.isGone && writeHere(segment, Buffer.concat(entries.map((entry) => entry.data)));
      finish(entries, isWritten);
    } catch (error) {
      options.onError(error);
      const half = entries.length >> 1;
      if (half === 0) finish(entries, false);
      else for (const part of [entries.slice(0, half), entries.slice(half)]) writeEntriesNow(segment, part);
    }
  }

  function finish(entries: readonly Entry[], isWritten: boolean): void {
    for (const entry of entries) {
      waitingBytes -= entry.data.byteLength;
      entry.segment.unwritten -= 1;
      if (!isWritten) {
        entry.segment.open.delete(entry.index);
        entry.segment.bytes -= entry.data.byteLength;
      }
      entry.done(isWritten);
    }
  }

  function writeHere(segment: Segment, data: Buffer): boolean {
    if (descriptor?.segment !== segment) {
      closeHere();
      descriptor = { segment, file: openSync(segment.path, "w", 0o600), position: 0 };
    }
    const bytes = descriptor.position === 0 ? Buffer.concat([FILE_HEADER, data]) : data;
    const { file, position } = descriptor;
    try {
      for (let at = 0; at < bytes.byteLength; ) at += writeSync(file, bytes, at, bytes.byteLength - at, position + at);
    } catch (error) {
      // Half a record must not stand before whole ones.
      ftruncateSync(file, position);
      throw error;
    }
    descriptor.position += bytes.byteLength;
    return true;
  }

  function closeHere(): void {
    if (descriptor) closeSync(descriptor.file);
    descriptor = undefined;
  }

  async function write(segment: Segment, data: Buffer): Promise<boolean> {
    if (segment.isGone) return false;
    if (handle?.segment !== segment) {
      await handle?.file.close();
      handle = undefined;
      const file = await open(segment.path, "w", 0o600);
      handle = { segment, file, position: 0 };
      try {
        await writeFully(file, FILE_HEADER, 0);
      } catch (error) {
        await file.close();
        handle = undefined;
        await rm(segment.path, { force: true });
        throw error;
      }
      handle.position = FILE_HEADER.length;
    }
    try {
      await writeFully(handle.file, data, handle.position);
    } catch (error) {
      // Half a record must not stand before whole ones.
      await handle.file.truncate(handle.position).catch(() => {});
      throw error;
    }
    handle.position += data.byteLength;
    return true;
  }

  return {
    segments,
    append,
    async drained() {
      while (loop) await loop;
    },
    async close() {
      while (loop) await loop;
      for (const segment of [current, direct]) if (segment) segment.isGrowing = false;
      current = undefined;
      direct = undefined;
      closeHere();
      await handle?.file.close().catch(() => {});
      handle = undefined;
    },
    closeSync() {
      for (const entries of [writing, waiting]) {
        for (const segment of new Set(entries.map((entry) => entry.segment))) {
          const data = Buffer.concat(entries.filter((entry) => entry.segment === segment).map((entry) => entry.data));
          try {
            // A write that is under way puts the same bytes at the same place: which comes first does not matter.
            if (handle?.segment === segment) {
              descriptor = { segment, file: openSync(segment.path, "r+", 0o600), position: handle.position };
              handle.position += data.byteLength;
            }
            writeHere(segment, data);
          } catch {
            // The process is ending; there is nobody left to tell.
          }
        }
      }
    },
  };
}

async function writeFully(file: FileHandle, data: Buffer, position: number): Promise<void> {
  let at = 0;
  while (at < data.byteLength) {
    const { bytesWritten } = await file.write(data, at, data.byteLength - at, position + at);
    at += bytesWritten;
  }
}
