// A segment's file as it is found on disk, with the notes of what was settled.
import { lstat, readFile } from "node:fs/promises";
import { type Decoded, decodeDone, decodeRecords } from "./record.js";
import { donePath } from "./segment.js";

export interface SegmentFile extends Decoded {
  readonly settled: ReadonlySet<number>;
  readonly bytes: number;
  /** Records that were written, cannot be read, and were not settled: at least so many. */
  readonly missing: number;
}

/** `unreadable`: no plain file, or one that this process may not read. A pipe or a device would never end. */
export async function readSegment(path: string): Promise<SegmentFile | "unreadable"> {
  const file = await readPlainFile(path);
  if (!file) return "unreadable";
  const settled = decodeDone((await readPlainFile(donePath({ path }))) ?? Buffer.alloc(0));
  const decoded = decodeRecords(file);
  return { ...decoded, settled, bytes: file.byteLength, missing: missingOf(decoded, settled) };
}

export async function readPlainFile(path: string): Promise<Buffer | undefined> {
  try {
    if (!(await lstat(path)).isFile()) return undefined;
    return await readFile(path);
  } catch {
    return undefined;
  }
}

/** More are not counted one by one. */
const MOST_MISSING = 1_000_000;

/** Records are numbered without gaps, but for those that could not be written, which were counted then. */
function missingOf({ records, damaged, isTailDamaged }: Decoded, settled: ReadonlySet<number>): number {
  if (damaged === 0) return 0;
  const found = new Set(records.map((record) => record.index));
  const last = records.reduce((most, record) => Math.max(most, record.index), -1);
  let missing = isTailDamaged ? 1 : 0;
  for (let index = 0; index < Math.min(last, MOST_MISSING); index += 1)
    if (!found.has(index) && !settled.has(index)) missing += 1;
  return missing;
}
