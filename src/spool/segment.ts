// One file of a spool as its process knows it: which of its records are still open.
import { type FileHead, newFileHead } from "./record.js";

/** `live`: a copy of what is in memory too. `parked`: only here. `aside`: only here, and not tried again for now. */
export type Copy = "live" | "parked" | "aside";

export interface Segment {
  readonly lane: string;
  readonly number: number;
  readonly path: string;
  readonly head: FileHead;
  /** Records that were not settled yet. */
  readonly open: Map<number, Copy>;
  /** Records ever given out. */
  count: number;
  /** Records that are not in the file yet. */
  unwritten: number;
  bytes: number;
  /** Whether records may still be added. */
  isGrowing: boolean;
  /** Records of it cannot be read: the file is set aside, not removed. */
  isDamaged: boolean;
  /** It is gone, or another process's: what is settled now needs no note. */
  isGone: boolean;
}

/** A copy of an operation on disk: which record of which segment. Both change when it has to be written anew. */
export interface SpoolRecord {
  segment: Segment;
  index: number;
}

export function newSegment(lane: string, number: number, path: string): Segment {
  return {
    lane,
    number,
    path,
    head: newFileHead(),
    open: new Map(),
    count: 0,
    unwritten: 0,
    bytes: 0,
    isGrowing: true,
    isDamaged: false,
    isGone: false,
  };
}

/** `<lane>.<number>.spool`, numbers padded so that names sort by age. */
export function segmentName(lane: string, number: number): string {
  return `${lane}.${String(number).padStart(8, "0")}.spool`;
}

/** `ls-` is version 1, `ls2-` this one: older versions do not see the lanes of newer ones, and leave them alone. */
export function parseSegmentName(name: string): { lane: string; number: number } | undefined {
  const parsed = /^(ls2?-[a-z0-9-]+)\.(\d{8})\.spool$/.exec(name);
  return parsed?.[1] && parsed[2] ? { lane: parsed[1], number: Number(parsed[2]) } : undefined;
}

/** A segment of a version after this one. */
export function isNewerName(name: string): boolean {
  return /^ls(?:[3-9]|\d{2,})-.*\.spool$/.test(name);
}

/** The file that lists a segment's settled records. */
export function donePath(segment: Pick<Segment, "path">): string {
  return segment.path.replace(/\.spool$/, ".done");
}

/** Where a damaged segment is kept, for whoever wants to look at it. */
export function unreadablePath(segment: Pick<Segment, "path">): string {
  return segment.path.replace(/\.spool$/, ".unreadable");
}

/** Records that are on disk alone. */
export function parkedCount(segment: Segment): number {
  let parked = 0;
  for (const copy of segment.open.values()) if (copy !== "live") parked += 1;
  return parked;
}

/** Whether there are records to be sent. */
export function isWaiting(segment: Segment): boolean {
  for (const copy of segment.open.values()) if (copy === "parked") return true;
  return false;
}
