// The queue: bounded by its owner, fair between traces, so that one endless trace does not starve the others.
import type { Item } from "./item.js";

/** How many items one trace may put into a batch before the next trace has its turn. */
const TURN = 16;

export interface FairQueue {
  push(item: Item): void;
  /** Ahead of its trace's others: for what has waited already. */
  pushFirst(item: Item): void;
  /** Up to `maxCount` items and `maxBytes`, always at least one where there is one. */
  take(maxCount: number, maxBytes: number): Item[];
  /** Takes any one item that is the first of its trace; undefined when there is none. */
  takeAny(): Item | undefined;
  /** Takes one item out; false when it is not here. */
  remove(item: Item): boolean;
  readonly count: number;
  readonly bytes: number;
}

export function createFairQueue(): FairQueue {
  // A Map keeps insertion order: the trace at the front has its turn, then goes to the back.
  const traces = new Map<string, Item[]>();
  let count = 0;
  let bytes = 0;

  function lane(traceId: string): Item[] {
    let items = traces.get(traceId);
    if (!items) {
      items = [];
      traces.set(traceId, items);
    }
    return items;
  }

  function took(item: Item): void {
    count -= 1;
    bytes -= item.bytes;
  }

  /** Takes one turn of a trace into `batch`; false when the batch is full. */
  function takeTurn(items: Item[], batch: Item[], room: { count: number; bytes: number }): boolean {
    let taken = 0;
    while (taken < TURN) {
      const item = items[taken];
      if (!item) break;
      const isFull = room.count < 1 || (item.bytes > room.bytes && batch.length > 0);
      if (isFull) {
        items.splice(0, taken);
        return false;
      }
      batch.push(item);
      room.count -= 1;
      room.bytes -= item.bytes;
      took(item);
      taken += 1;
    }
    items.splice(0, taken);
    return true;
  }

  function remove(item: Item): boolean {
    const items = traces.get(item.traceId);
    const at = items?.indexOf(item) ?? -1;
    if (!items || at < 0) return false;
    items.splice(at, 1);
    if (items.length === 0) traces.delete(item.traceId);
    took(item);
    return true;
  }

  return {
    push(item) {
      lane(item.traceId).push(item);
      count += 1;
      bytes += item.bytes;
    },
    pushFirst(item) {
      lane(item.traceId).unshift(item);
      count += 1;
      bytes += item.bytes;
    },
    take(maxCount, maxBytes) {
      const batch: Item[] = [];
      const room = { count: maxCount, bytes: maxBytes };
      for (;;) {
        const next = traces.entries().next();
        if (next.done) return batch;
        const [traceId, items] = next.value;
        const hasRoom = takeTurn(items, batch, room);
        traces.delete(traceId);
        if (items.length > 0) traces.set(traceId, items);
        if (!hasRoom) return batch;
      }
    },
    takeAny() {
      const [item] = [...traces.values()][Math.floor(Math.random() * traces.size)] ?? [];
      return item && remove(item) ? item : undefined;
    },
    remove,
    get count() {
      return count;
    },
    get bytes() {
      return bytes;
    },
  };
}
