// Runs that are too large are made to fit: by the service's limit, and without a disk by what the queue has left.
import { cutParts } from "./cut.js";
import { ITEM_OVERHEAD_BYTES, type Item } from "./item.js";
import type { Ledger } from "./ledger.js";
import type { Reporter } from "./reporter.js";

/** Without a disk a run gets this share of the room that is left, so that large ones never fill the queue… */
const SHARE_OF_ROOM = 0.25;

/** …and runs below this are not cut for it. */
const LARGE_RUN_BYTES = 65_536;

/** A single run that is refused as too large is cut no further than this. */
const SMALLEST_RUN_BYTES = 16_384;

export interface FittingOptions {
  ledger: Ledger;
  reporter: Reporter;
  queueMaxBytes: number;
  hasShelf: boolean;
  /** What the service takes of one run, bytes. */
  serviceLimit: () => number;
}

export interface Fitting {
  /** Cuts an item that has just come to what it may have. */
  fit(item: Item): void;
  /** Cuts an item to so many bytes where it has more. */
  cutTo(item: Item, maxBytes: number): void;
  /** Half of what was refused, as far down as a run that still says something; false when it cannot be. */
  halve(item: Item): boolean;
}

export function createFitting({ ledger, reporter, queueMaxBytes, hasShelf, serviceLimit }: FittingOptions): Fitting {
  /** A run that is cut says more than one that is refused, which without a disk is what a full queue comes to. */
  function limit(): number {
    const most = Math.min(serviceLimit(), queueMaxBytes / 2);
    if (hasShelf) return most;
    return Math.min(most, Math.max((queueMaxBytes - ledger.bytes) * SHARE_OF_ROOM, LARGE_RUN_BYTES));
  }

  function cut(item: Item, maxBytes: number): boolean {
    const parts = cutParts(item.parts, maxBytes - ITEM_OVERHEAD_BYTES);
    if (!parts) return false;
    const what = `run ${item.runId} of ${item.bytes} bytes is too large; its largest fields were cut`;
    reporter.say("warn", "LSB_WARN_CUT", what);
    ledger.resize(item, parts);
    return true;
  }

  function cutTo(item: Item, maxBytes: number): void {
    if (item.bytes > maxBytes) cut(item, maxBytes);
  }

  return {
    fit: (item) => cutTo(item, limit()),
    cutTo,
    halve: (item) => item.bytes > SMALLEST_RUN_BYTES && cut(item, Math.max(item.bytes / 2, SMALLEST_RUN_BYTES)),
  };
}
