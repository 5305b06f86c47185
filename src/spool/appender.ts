// Writes records to the end of a lane's segments: everything that waits goes out in one write, one write at a time.
import { closeSync, existsSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Item } from "./item.js";
import { encodeRecord } from "./record.js";
import { type Copy, newSegment, type Segment, type SpoolRecord, segmentName } from "./segment.js";

/** What comes while more than this waits to be written is written at once: whoever outruns the disk waits for it. */
const WAITING_MAX_BYTES = 32 * 1_048_576;

/** How often a record is written anew because its lane was lost. */
const MOVES_MAX = 3;

interface Entry {
  readonly item: Item;
  readonly record: SpoolRecord;
  data: Buffer;
  moves: number;
  readonly done: (isWritten: boolean) => void;
}

interface OpenFile {
  readonly segment: Segment;
  position: number;
}

export interface Appended {
  readonly record: SpoolRecord;
  /** Whether it was written. */
  readonly written: Promise<boolean>;
}

export interface AppenderOptions {
  dir: string;
  /** The lane to begin segments in; it changes when another process has taken the one before. */
  lane: () => string;
  segmentBytes: number;
  /**
   * Writes when the code that handed a record in has run, without waiting for another turn of the event loop: for a
   * journal, which must not be behind when the process is killed.
   */
  isSync: boolean;
  /** A segment has begun: time to look at the bound. */
  onRotate: () => void;
  onError: (error: unknown) => void;
  /** Asked after each write: whoever takes the lane over from then on reads what was written. */
  isOurs: (lane: string) => boolean;
  /** It is not: makes another, or this one anew. */
  onLost: () => void;
}

export class Appender {
  readonly segments: Segment[] = [];
  readonly #options: AppenderOptions;
  #current: Segment | undefined;
  /** Takes what is written at once, while a write of the others' is under way. */
  #direct: Segment | undefined;
  #number = 0;
  #file: (OpenFile & { readonly handle: FileHandle }) | undefined;
  #fileHere: (OpenFile & { readonly descriptor: number }) | undefined;
  #waiting: Entry[] = [];
  #waitingBytes = 0;
  #writing: Entry[] = [];
  #loop: Promise<void> | undefined;
  #isEnding = false;

  constructor(options: AppenderOptions) {
    this.#options = options;
  }

  /** Gives the item its record at once; undefined when it cannot be written. */
  append(item: Item, copy: Copy): Appended | undefined {
    if (this.#waitingBytes > WAITING_MAX_BYTES && !this.#options.isSync) return this.#appendNow(item, copy);
    const appended = this.#enter(item, copy);
    if (this.#isEnding || this.#waitingBytes > WAITING_MAX_BYTES) this.#writeWaitingNow();
    else {
      this.#loop ??= (this.#options.isSync ? this.#writeAllNow() : this.#writeAll()).finally(() => {
        this.#loop = undefined;
      });
    }
    return appended;
  }

  /** Everything is written, or failed. */
  async drained(): Promise<void> {
    while (this.#loop) await this.#loop;
  }

  async close(): Promise<void> {
    await this.drained();
    this.letGo();
    this.#closeHere();
    await this.#file?.handle.close().catch(() => {});
    this.#file = undefined;
  }

  /** Nothing more is added to the segments that there are. */
  letGo(): void {
    for (const segment of [this.#current, this.#direct]) if (segment) segment.isGrowing = false;
    this.#current = undefined;
    this.#direct = undefined;
  }

  /** The process ends now: writes what waits, and from now on each record at once, without the event loop. */
  end(): void {
    this.#isEnding = true;
    const written = this.#writing;
    this.#writing = [];
    this.letGo();
    if (!this.#writeAgain(written)) {
      // Their file is only being opened, and may be emptied yet: they go into another.
      for (const entry of written) this.#move(entry, takeMark(entry.record) ?? "live");
    }
    this.#writeWaitingNow();
  }

  /** A write that is under way puts the same bytes at the same place: which comes first does not matter. */
  #writeAgain(entries: readonly Entry[]): boolean {
    const file = this.#file;
    if (entries.length === 0) return true;
    if (!file || file.segment !== entries[0]?.record.segment) return false;
    try {
      this.#closeHere();
      const descriptor = openSync(file.segment.path, "r+", 0o600);
      this.#fileHere = { segment: file.segment, descriptor, position: file.position };
    } catch {
      return false;
    }
    this.#writeEntriesNow(file.segment, entries);
    return true;
  }

  #enter(item: Item, copy: Copy): Appended {
    const segment = this.#segmentFor(item.bytes);
    const { record, data } = this.#recordIn(segment, item, copy);
    const written = new Promise<boolean>((done) => {
      this.#push({ item, record, data, moves: 0, done });
    });
    return { record, written };
  }

  #push(entry: Entry): void {
    entry.record.segment.unwritten += 1;
    this.#waitingBytes += entry.data.byteLength;
    this.#waiting.push(entry);
  }

  #recordIn(segment: Segment, item: Item, copy: Copy): { record: SpoolRecord; data: Buffer } {
    const index = segment.count;
    const data = encodeRecord(segment.head, index, item);
    segment.count += 1;
    segment.bytes += data.byteLength;
    segment.open.set(index, copy);
    return { record: { segment, index }, data };
  }

  #segmentFor(bytes: number): Segment {
    const { dir, segmentBytes, lane, onRotate } = this.#options;
    let segment = this.#current;
    if (segment?.isGone) segment = undefined;
    if (segment && segment.count > 0 && segment.bytes + bytes > segmentBytes) {
      segment.isGrowing = false;
      segment = undefined;
    }
    if (!segment) {
      this.#number += 1;
      segment = newSegment(lane(), this.#number, join(dir, segmentName(lane(), this.#number)));
      segment.bytes = segment.head.bytes.byteLength;
      this.segments.push(segment);
      onRotate();
    }
    this.#current = segment;
    return segment;
  }

  /** Into a segment of its own, since a write of the others' may be under way. */
  #appendNow(item: Item, copy: Copy): Appended | undefined {
    const others = this.#current;
    this.#current = this.#direct;
    const segment = this.#segmentFor(item.bytes);
    this.#direct = segment;
    this.#current = others;
    const { record, data } = this.#recordIn(segment, item, copy);
    try {
      this.#writeHere(segment, data);
    } catch (error) {
      this.#options.onError(error);
      segment.open.delete(record.index);
      segment.bytes -= data.byteLength;
      return undefined;
    }
    if (this.#options.isOurs(segment.lane)) return { record, written: Promise.resolve(true) };
    takeMark(record);
    this.#options.onLost();
    return this.#enter(item, copy);
  }

  async #writeAll(): Promise<void> {
    // What is handed in during this turn of the event loop goes into the first write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const segment = this.#takeWaiting();
      if (segment) await this.#writeEntries(segment, this.#writing);
      this.#writing = [];
    }
  }

  /** Those of the oldest segment. */
  #takeWaiting(): Segment | undefined {
    const segment = this.#waiting[0]?.record.segment;
    this.#writing = this.#waiting.filter((entry) => entry.record.segment === segment);
    this.#waiting = this.#waiting.filter((entry) => entry.record.segment !== segment);
    return segment;
  }

  /** On a disk that is nearly full, half of them may still fit. */
  async #writeEntries(segment: Segment, entries: readonly Entry[]): Promise<void> {
    try {
      const isWritten = await this.#write(segment, Buffer.concat(entries.map((entry) => entry.data)));
      // Written meanwhile, by the end of the process.
      if (!this.#isEnding) this.#finish(segment, entries, isWritten);
    } catch (error) {
      this.#options.onError(error);
      if (entries.length === 1) return this.#finish(segment, entries, false);
      await this.#writeEntries(segment, entries.slice(0, entries.length >> 1));
      await this.#writeEntries(segment, entries.slice(entries.length >> 1));
    }
  }

  async #writeAllNow(): Promise<void> {
    // What is handed in by one stretch of code goes into one write; another turn of a busy event loop may be far away.
    await Promise.resolve();
    this.#writeWaitingNow();
  }

  #writeWaitingNow(): void {
    while (this.#waiting.length > 0) {
      const underWay = this.#writing;
      const segment = this.#takeWaiting();
      const entries = this.#writing;
      this.#writing = underWay;
      if (segment) this.#writeEntriesNow(segment, entries);
    }
  }

  #writeEntriesNow(segment: Segment, entries: readonly Entry[]): void {
    try {
      const isWritten = !segment.isGone && this.#writeHere(segment, Buffer.concat(entries.map((entry) => entry.data)));
      this.#finish(segment, entries, isWritten);
    } catch (error) {
      this.#options.onError(error);
      const half = entries.length >> 1;
      if (half === 0) this.#finish(segment, entries, false);
      else for (const part of [entries.slice(0, half), entries.slice(half)]) this.#writeEntriesNow(segment, part);
    }
  }

  #finish(segment: Segment, entries: readonly Entry[], isWritten: boolean): void {
    for (const entry of entries) {
      this.#waitingBytes -= entry.data.byteLength;
      segment.unwritten -= 1;
    }
    if (isWritten && this.#options.isOurs(segment.lane)) {
      for (const entry of entries) entry.done(true);
      return;
    }
    // What is gone with the lane is counted: these are not.
    const marks = entries.map(({ record }) => takeMark(record));
    if (isWritten && !segment.isGone) this.#options.onLost();
    const isKept = isWritten && !segment.isGone && existsSync(segment.path);
    entries.forEach((entry, at) => {
      const mark = marks[at];
      if (!isKept) segment.bytes -= entry.data.byteLength;
      // Settled meanwhile: nobody needs it.
      if (mark === undefined) entry.done(true);
      else if (isKept) {
        segment.open.set(entry.record.index, mark);
        entry.done(true);
      } else if (segment.isGone && entry.moves < MOVES_MAX) this.#move(entry, mark);
      else entry.done(false);
    });
  }

  /** Nobody has read this where it was written, or will: it is written anew. */
  #move(entry: Entry, copy: Copy): void {
    const { record, data } = this.#recordIn(this.#segmentFor(entry.item.bytes), entry.item, copy);
    Object.assign(entry.record, record);
    entry.data = data;
    entry.moves += 1;
    this.#push(entry);
  }

  #writeHere(segment: Segment, data: Buffer): boolean {
    if (this.#fileHere?.segment !== segment) {
      this.#closeHere();
      this.#fileHere = { segment, descriptor: openSync(segment.path, "w", 0o600), position: 0 };
    }
    const bytes = this.#fileHere.position === 0 ? Buffer.concat([segment.head.bytes, data]) : data;
    const { descriptor, position } = this.#fileHere;
    try {
      for (let at = 0; at < bytes.byteLength; )
        at += writeSync(descriptor, bytes, at, bytes.byteLength - at, position + at);
    } catch (error) {
      // Half a record must not stand before whole ones.
      ftruncateSync(descriptor, position);
      throw error;
    }
    this.#fileHere.position += bytes.byteLength;
    return true;
  }

  #closeHere(): void {
    if (this.#fileHere) closeSync(this.#fileHere.descriptor);
    this.#fileHere = undefined;
  }

  async #write(segment: Segment, data: Buffer): Promise<boolean> {
    if (segment.isGone) return false;
    if (this.#file?.segment !== segment) {
      await this.#file?.handle.close();
      this.#file = undefined;
      const handle = await open(segment.path, "w", 0o600);
      try {
        await writeFully(handle, segment.head.bytes, 0);
      } catch (error) {
        await handle.close();
        await rm(segment.path, { force: true });
        throw error;
      }
      this.#file = { segment, handle, position: segment.head.bytes.byteLength };
    }
    const file = this.#file;
    try {
      await writeFully(file.handle, data, file.position);
    } catch (error) {
      // Half a record must not stand before whole ones.
      await file.handle.truncate(file.position).catch(() => {});
      throw error;
    }
    file.position += data.byteLength;
    return true;
  }
}

function takeMark({ segment, index }: SpoolRecord): Copy | undefined {
  const mark = segment.open.get(index);
  segment.open.delete(index);
  return mark;
}

async function writeFully(file: FileHandle, data: Buffer, position: number): Promise<void> {
  let at = 0;
  while (at < data.byteLength) {
    const { bytesWritten } = await file.write(data, at, data.byteLength - at, position + at);
    at += bytesWritten;
  }
}
