// What is in delivery's hands: every unsettled item, its bytes, and whoever waits for those of before a moment.

import type { RunParts } from "../wire/parts.js";
import { ITEM_OVERHEAD_BYTES, type Item, partsBytes } from "./item.js";
import type { Timers } from "./timers.js";

export interface Ledger {
  /** The number of the next item; items are numbered in order of arrival. */
  next(): number;
  hold(item: Item): void;
  /** Settled, one way or another. */
  release(item: Item): void;
  /** The item says something else now. */
  resize(item: Item, parts: RunParts): void;
  /** Handed to a request, or taken back from it. */
  fly(item: Item): void;
  /** False when it was in no request. */
  land(item: Item): boolean;
  isFlying(item: Item): boolean;
  /** Nobody waits for this item any more. */
  setAside(item: Item): void;
  /** Resolves when all that is held now is released or set aside, or the time is over. */
  whenReleased(timeoutMillis: number): Promise<void>;
  /** Whether there is something that is worth waiting for. */
  hasAwaited(): boolean;
  /** Unsettled items, oldest first. */
  items(): Item[];
  /** Somebody waits. */
  readonly isAwaited: boolean;
  readonly count: number;
  readonly bytes: number;
  readonly flying: number;
}

export function createLedger(timers: Timers): Ledger {
  // A Map keeps the order of arrival: its first key is the oldest.
  const held = new Map<number, Item>();
  const flying = new Set<Item>();
  const waiters = new Set<{ seq: number; done: () => void }>();
  let seq = 0;
  let bytes = 0;

  function wake(): void {
    if (waiters.size === 0) return;
    const oldest = oldestAwaited();
    for (const waiter of [...waiters]) if (oldest > waiter.seq) waiter.done();
  }

  function oldestAwaited(): number {
    for (const item of held.values()) if (!item.isAside) return item.seq;
    return Number.POSITIVE_INFINITY;
  }

  return {
    next() {
      seq += 1;
      return seq;
    },
    hold(item) {
      held.set(item.seq, item);
      bytes += item.bytes;
    },
    release(item) {
      item.isSettled = true;
      flying.delete(item);
      if (held.delete(item.seq)) bytes -= item.bytes;
      wake();
    },
    resize(item, parts) {
      const before = item.bytes;
      item.parts = parts;
      item.bytes = partsBytes(parts) + ITEM_OVERHEAD_BYTES;
      if (held.has(item.seq)) bytes += item.bytes - before;
    },
    setAside(item) {
      item.isAside = true;
      wake();
    },
    fly: (item) => void flying.add(item),
    land: (item) => flying.delete(item),
    isFlying: (item) => flying.has(item),
    whenReleased(timeoutMillis) {
      const ended = new Promise<void>((resolve) => {
        const waiter = {
          seq,
          done: () => {
            waiters.delete(waiter);
            cancel();
            resolve();
          },
        };
        const cancel = timers.after(timeoutMillis, waiter.done);
        waiters.add(waiter);
      });
      wake();
      return ended;
    },
    hasAwaited: () => oldestAwaited() < Number.POSITIVE_INFINITY,
    items: () => [...held.values()],
    get isAwaited() {
      return waiters.size > 0;
    },
    get count() {
      return held.size;
    },
    get bytes() {
      return bytes;
    },
    get flying() {
      return flying.size;
    },
  };
}
