// What delivery is asked to do: one operation on one run.
import type { LossCause } from "../options/loss.js";
import type { Run } from "../wire/run.js";

export type { Loss, LossCause } from "../options/loss.js";

/**
 * `post`: a run the service has not seen; pending while it has no `end_time`, else complete.
 * `end`: the same run, complete, after a pending post of it was handed in. Delivery decides what that takes: when the
 * pending post was never written (or was certainly refused) one complete post replaces it, else a patch follows once
 * the post is answered. `run` always carries every field; the patch leaves out `inputs` where the post had the same.
 */
export interface Operation {
  readonly kind: "post" | "end";
  readonly run: Run;
}

/** Where runs go and how. One instance a destination. */
export interface Delivery {
  /**
   * Takes an operation, serializes it now and queues it; false when it was refused (and counted).
   * Never throws.
   */
  send(operation: Operation): boolean;
  /** Resolves when everything handed in before the call was answered, given up or spooled; never rejects. */
  flush(timeoutMillis: number): Promise<void>;
  /** `flush`, then stop for good. Safe to call twice and at once. */
  shutdown(timeoutMillis: number): Promise<void>;
  /** Counters since start. */
  stats(): DeliveryStats;
  /** Whether the service is known to answer nothing within so many milliseconds. */
  isOutOfReach(millis: number): boolean;
  /** Bytes held in memory. */
  heldBytes(): number;
}

export interface DeliveryStats {
  /** Operations in the queue now, and their bytes. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** Operations handed to a request that has no answer yet. */
  readonly inFlight: number;
  /** Operations answered with 202, and runs that the service already had. */
  readonly sent: number;
  readonly repeated: number;
  readonly requests: number;
  readonly spooled: number;
  /** Operations that wait on disk now. */
  readonly onDisk?: number;
  /** Files of the spool that could not be read, or that a newer version wrote; they are kept. */
  readonly unreadableFiles?: number;
  /** Files lost of runs that arrived: `/runs/batch` has no place for them. */
  readonly lostAttachments?: number;
  /** Runs lost, by cause. */
  readonly lost: Readonly<Partial<Record<LossCause, number>>>;
}
