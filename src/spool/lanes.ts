// The files of a spool that this process answers for: settled records are noted, empty segments removed, the bound kept.
import { appendFileSync, statSync } from "node:fs";
import { appendFile, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Appender } from "./appender.js";
import type { Owners } from "./owners.js";
import { tagOf } from "./owners.js";
import { readSegment, type SegmentFile } from "./read-segment.js";
import { encodeDone } from "./record.js";
import {
  donePath,
  isNewerName,
  isWaiting,
  newSegment,
  parkedCount,
  parseSegmentName,
  type Segment,
  type SpoolRecord,
  unreadablePath,
} from "./segment.js";

export interface LanesOptions {
  dir: string;
  maxBytes: number;
  /** Of this destination's lanes. */
  tag: string;
  owners: Owners;
  appender: Appender;
  onEvicted: (parked: number) => void;
  /** Records cannot be read; their file is kept. How many they were may not be known. */
  onDamaged: (path: string, places: number, runs: number) => void;
  /** A file stays where it is: it cannot be read, or a newer version wrote it. */
  onLeftAlone: (path: string, why: "newer" | "unreadable") => void;
  /** Somebody removed a segment, and with it what was on disk alone. */
  onVanished: (path: string, parked: number) => void;
}

export class Lanes {
  readonly #options: LanesOptions;
  readonly #adopted: Segment[] = [];
  readonly #leftAlone = new Set<string>();
  #notes = new Map<Segment, number[]>();
  #noting: Promise<void> | undefined;
  #bounding: Promise<void> | undefined;
  #isBoundDue = false;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Files that stay where they are, and those that were set aside, since start. */
  unreadableFiles = 0;

  /** Oldest first: what was found before what this process wrote itself. */
  #all(): Segment[] {
    return [...this.#adopted, ...this.#options.appender.segments];
  }

  /** Notes that a record is settled. */
  done({ segment, index }: SpoolRecord): void {
    if (segment.isGone || !segment.open.delete(index)) return;
    const list = this.#notes.get(segment);
    if (list) list.push(index);
    else this.#notes.set(segment, [index]);
    this.#noting ??= this.#note().finally(() => {
      this.#noting = undefined;
    });
  }

  async #note(): Promise<void> {
    while (this.#notes.size > 0) {
      // Several in one write.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#notes;
      this.#notes = new Map();
      for (const [segment, indexes] of batch) {
        if (isFinished(segment)) await this.#remove(segment);
        else if (!segment.isGone) {
          // Without the note the record is sent once more after a crash, which changes nothing.
          await appendFile(donePath(segment), encodeDone(indexes), { mode: 0o600 }).catch(() => {});
        }
      }
    }
  }

  /** Whether a segment's file is still where it was written; what somebody removed is let go of, and reported. */
  isThere(segment: Segment): boolean {
    if (segment.isGone) return false;
    // Its first record may still be on its way to the disk.
    if (segment.count === segment.unwritten || !isRemoved(segment.path)) return true;
    const parked = parkedCount(segment);
    segment.open.clear();
    this.#forget(segment);
    this.#options.onVanished(segment.path, parked);
    return false;
  }

  /** Looks at all of them. */
  lookForAll(): void {
    for (const segment of this.#all()) this.isThere(segment);
  }

  /** Another process answers for all of them now. */
  letGo(): void {
    this.#options.appender.letGo();
    for (const segment of this.#all()) {
      segment.open.clear();
      this.#forget(segment);
    }
  }

  #forget(segment: Segment): void {
    segment.isGone = true;
    for (const list of [this.#adopted, this.#options.appender.segments]) {
      const at = list.indexOf(segment);
      if (at >= 0) list.splice(at, 1);
    }
  }

  async #remove(segment: Segment): Promise<void> {
    const { owners } = this.#options;
    this.#forget(segment);
    // Its next owner may be reading it.
    if (!owners.owns(segment.lane)) return;
    if (segment.isDamaged) await rename(segment.path, unreadablePath(segment)).catch(() => {});
    else await rm(segment.path, { force: true }).catch(() => {});
    await rm(donePath(segment), { force: true }).catch(() => {});
    await this.#leaveLane(segment.lane);
  }

  async #leaveLane(lane: string): Promise<void> {
    const { owners, dir } = this.#options;
    if (lane === owners.instance || this.#adopted.some((other) => other.lane === lane)) return;
    const names = await readdir(dir).catch(() => []);
    if (names.some((name) => parseSegmentName(name)?.lane === lane)) await owners.handBack(lane);
    else await owners.release(lane);
  }

  /** Whether a lane has segments that were not left alone before. */
  async isReadable(lane: string): Promise<boolean> {
    const names = await this.#namesOf(lane);
    return names.length === 0 || names.some((name) => !this.#leftAlone.has(join(this.#options.dir, name)));
  }

  async #namesOf(lane: string): Promise<string[]> {
    return (await readdir(this.#options.dir)).filter((name) => parseSegmentName(name)?.lane === lane).sort();
  }

  /** Reads an adopted lane: every record of it that is not settled is parked. Resolves to their number. */
  async read(lane: string): Promise<number> {
    // What a complete post replaced, since it was never sent or certainly refused, is not sent any more.
    const replaceable = new Map<string, SpoolRecord[]>();
    const replaced: SpoolRecord[] = [];
    const found: Segment[] = [];
    for (const name of await this.#namesOf(lane)) {
      const path = join(this.#options.dir, name);
      const file = await readSegment(path);
      if (file === "unreadable" || file.kind === "newer") {
        this.#leaveAlone(path, file === "unreadable" ? file : "newer");
        continue;
      }
      const segment = newSegment(lane, parseSegmentName(name)?.number ?? 0, path);
      segment.isGrowing = false;
      segment.bytes = file.bytes;
      segment.count = file.records.length;
      if (file.damaged > 0) this.#setAside(segment, file);
      for (const record of file.records) {
        if (file.settled.has(record.index)) continue;
        segment.open.set(record.index, "parked");
        const before = replaceable.get(record.runId) ?? [];
        if (record.verb === "post" && !record.pending) replaced.push(...before);
        else replaceable.set(record.runId, [...before, { segment, index: record.index }]);
      }
      found.push(segment);
    }
    this.#adopted.push(...found);
    for (const record of replaced) this.done(record);
    for (const segment of found) if (isFinished(segment)) await this.#remove(segment);
    if (found.length === 0) await this.#leaveLane(lane);
    return found.reduce((sum, segment) => sum + parkedCount(segment), 0);
  }

  /** Lanes of versions after this one. */
  async lookForNewer(): Promise<void> {
    const { dir } = this.#options;
    for (const name of await readdir(dir).catch(() => [])) {
      if (isNewerName(name)) this.#leaveAlone(join(dir, name), "newer");
    }
  }

  #leaveAlone(path: string, why: "newer" | "unreadable"): void {
    if (this.#leftAlone.has(path)) return;
    this.#leftAlone.add(path);
    this.unreadableFiles += 1;
    this.#options.onLeftAlone(path, why);
  }

  #setAside(segment: Segment, { damaged, missing }: Pick<SegmentFile, "damaged" | "missing">): void {
    if (segment.isDamaged) return;
    segment.isDamaged = true;
    this.unreadableFiles += 1;
    this.#options.onDamaged(unreadablePath(segment), damaged, missing);
  }

  /** Records that were there are not any more: whoever reads the file finds it damaged, or cannot read it. */
  lose(segment: Segment, indexes: readonly number[]): void {
    this.#setAside(segment, { damaged: 1, missing: indexes.length });
    for (const index of indexes) this.done({ segment, index });
  }

  /** Segments with records to be sent, oldest first; of this process's own lane alone where that is asked. */
  waiting(isOwn: boolean): Segment[] {
    return (isOwn ? this.#options.appender.segments : this.#all()).filter(isWaiting);
  }

  /** Removes the oldest until the directory is within its bound. One at a time: two would each let go of enough. */
  keepBound(): Promise<void> {
    this.#isBoundDue = true;
    this.#bounding ??= (async () => {
      while (this.#isBoundDue) {
        this.#isBoundDue = false;
        await this.#evict();
      }
      this.#bounding = undefined;
    })();
    return this.#bounding;
  }

  /**
   * The bound is one for all lanes of this destination. Of several processes each may fill its share, and none removes
   * what another answers for.
   */
  async #evict(): Promise<void> {
    const { dir, maxBytes, tag, owners } = this.#options;
    const mine = new Set(this.#all().map((segment) => segment.path));
    let others = 0;
    for (const name of await readdir(dir).catch(() => [])) {
      const lane = parseSegmentName(name)?.lane;
      const path = join(dir, name);
      if (lane === undefined || tagOf(lane) !== tag || mine.has(path) || this.#leftAlone.has(path)) continue;
      others += (await stat(path).catch(() => undefined))?.size ?? 0;
    }
    const segments = this.#all();
    let own = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    const share = others > 0 ? maxBytes / (await owners.ownerCount()) : maxBytes;
    for (const segment of segments) {
      if (own + others <= maxBytes || own <= share) return;
      if (segment.isGrowing) continue;
      own -= segment.bytes;
      if (segment.isGone) continue;
      const parked = parkedCount(segment);
      segment.open.clear();
      await this.#remove(segment);
      if (parked > 0) this.#options.onEvicted(parked);
    }
  }

  parked(): number {
    return this.#all().reduce((sum, segment) => sum + parkedCount(segment), 0);
  }

  /** Notes what waits to be noted. */
  async settled(): Promise<void> {
    while (this.#noting ?? this.#bounding) await (this.#noting ?? this.#bounding);
  }

  settleSync(): void {
    for (const [segment, indexes] of this.#notes) {
      if (segment.isGone) continue;
      try {
        appendFileSync(donePath(segment), encodeDone(indexes), { mode: 0o600 });
      } catch {
        // The process is ending; the records are sent once more, which changes nothing.
      }
    }
  }

  /** Whether segments are left. */
  async close(): Promise<boolean> {
    await this.settled();
    for (const segment of this.#all()) if (isFinished(segment)) await this.#remove(segment);
    return this.#all().length > 0;
  }
}

function isFinished(segment: Segment): boolean {
  return !segment.isGrowing && segment.open.size === 0;
}

/** A disk that cannot be asked just now has not lost its files. */
function isRemoved(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}
