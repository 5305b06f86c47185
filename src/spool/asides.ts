// Records on disk that are not tried for now: runs that fail alone, and what comes after them in the same run.
import type { SpoolRecord } from "./segment.js";

export class Asides {
  /** By run: what waits behind the operation that fails. */
  readonly #behind = new Map<string, SpoolRecord[]>();

  /** Other operations do not wait for this one any more. */
  hold(runId: string, { segment, index }: SpoolRecord): void {
    if (!segment.open.has(index)) return;
    segment.open.set(index, "aside");
    if (!this.#behind.has(runId)) this.#behind.set(runId, []);
  }

  /** A patch never goes before its post: whether this one is held back with it. */
  holdsBack(runId: string, record: SpoolRecord): boolean {
    const behind = this.#behind.get(runId);
    if (!behind || record.segment.open.get(record.index) !== "parked") return false;
    record.segment.open.set(record.index, "aside");
    behind.push(record);
    return true;
  }

  /** The operation that failed was settled: what waited behind it is sent. */
  free(runId: string): void {
    for (const { segment, index } of this.#behind.get(runId) ?? []) {
      if (segment.open.get(index) === "aside") segment.open.set(index, "parked");
    }
    this.#behind.delete(runId);
  }
}
