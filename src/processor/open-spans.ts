// Open spans, by age: held for a second, then weakly, posted as pending when their time has come, closed when they can
// never end.
import type { Tracked } from "./tracked.js";

export interface OpenSpansOptions {
  readonly pendingAfterMillis: number;
  readonly abandonedAfterMillis: number;
  /** A span is held weakly from now on: its view is to be taken. */
  onWeaken(tracked: Tracked): void;
  /** A span is open for `pendingAfterMillis`. */
  onPending(tracked: Tracked): void;
  /** A span was garbage-collected, or is open for `abandonedAfterMillis`. */
  onClose(tracked: Tracked, reason: string): void;
  /** Called at every look, for whoever waits by time. */
  onTick(now: number): void;
  readonly now: () => number;
}

export interface OpenSpans extends Iterable<Tracked> {
  add(tracked: Tracked): void;
  /** The span ended, or was closed. */
  remove(tracked: Tracked): void;
  /** Keeps the clock running while something else waits by time. */
  keepTicking(): void;
  stop(): void;
  readonly size: number;
}

/** An intrusive doubly linked list, the oldest first. */
interface List {
  head: Tracked | undefined;
  tail: Tracked | undefined;
}

const MAX_HOLD_MILLIS = 1000;

const COLLECTED = "the span was garbage-collected before it ended: its call was rejected, broken off or never awaited";

export function createOpenSpans(options: OpenSpansOptions): OpenSpans {
  const { now } = options;
  const young: List = { head: undefined, tail: undefined };
  const aging: List = { head: undefined, tail: undefined };
  const old: List = { head: undefined, tail: undefined };
  const collected = new FinalizationRegistry<Tracked>((tracked) => {
    if (tracked.list) options.onClose(tracked, COLLECTED);
  });
  // Held for as long as it may yet be posted at its end without a pending post, a second at the most.
  const holdMillis =
    options.pendingAfterMillis > 0 ? Math.min(MAX_HOLD_MILLIS, options.pendingAfterMillis) : MAX_HOLD_MILLIS;
  const tickMillis = Math.min(250, Math.max(10, holdMillis / 4));
  let timer: NodeJS.Timeout | undefined;
  let size = 0;
  let isKept = false;

  function push(list: List, tracked: Tracked): void {
    tracked.list = list;
    tracked.previous = list.tail;
    tracked.next = undefined;
    if (list.tail) list.tail.next = tracked;
    else list.head = tracked;
    list.tail = tracked;
  }

  function unlink(tracked: Tracked): void {
    const list = tracked.list as List | undefined;
    if (!list) return;
    if (tracked.previous) tracked.previous.next = tracked.next;
    else list.head = tracked.next;
    if (tracked.next) tracked.next.previous = tracked.previous;
    else list.tail = tracked.previous;
    tracked.list = undefined;
    tracked.previous = undefined;
    tracked.next = undefined;
  }

  function weaken(tracked: Tracked): void {
    const { span } = tracked;
    if (!span) return;
    options.onWeaken(tracked);
    tracked.weak = new WeakRef(span);
    collected.register(span, tracked, tracked);
    tracked.span = undefined;
  }

  /** Moves what is old enough from the head of one list on; the list is in the order of age, so it stops early. */
  function advance(list: List, olderThan: number, at: number, move: (tracked: Tracked) => void): void {
    for (let tracked = list.head; tracked && at - tracked.seenAt >= olderThan; tracked = list.head) {
      unlink(tracked);
      move(tracked);
    }
  }

  function tick(): void {
    timer = undefined;
    isKept = false;
    const at = now();
    advance(young, holdMillis, at, (tracked) => {
      push(aging, tracked);
      weaken(tracked);
    });
    advance(aging, options.pendingAfterMillis, at, (tracked) => {
      push(old, tracked);
      options.onPending(tracked);
    });
    for (const list of [old, aging]) {
      for (
        let tracked = list.head;
        tracked && at - tracked.seenAt >= options.abandonedAfterMillis;
        tracked = list.head
      ) {
        options.onClose(tracked, `the span was still open after ${options.abandonedAfterMillis} ms`);
        if (list.head === tracked) break;
      }
    }
    options.onTick(at);
    schedule();
  }

  function schedule(): void {
    if (timer !== undefined || (size === 0 && !isKept)) return;
    timer = setTimeout(tick, tickMillis);
    timer.unref();
  }

  return {
    add(tracked) {
      size += 1;
      push(young, tracked);
      if (options.pendingAfterMillis === 0) options.onPending(tracked);
      schedule();
    },
    remove(tracked) {
      if (!tracked.list) return;
      size -= 1;
      unlink(tracked);
      if (tracked.weak) collected.unregister(tracked);
    },
    keepTicking() {
      isKept = true;
      schedule();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
    get size() {
      return size;
    },
    *[Symbol.iterator]() {
      for (const list of [old, aging, young]) {
        for (let tracked = list.head; tracked; ) {
          const following: Tracked | undefined = tracked.next;
          yield tracked;
          tracked = following;
        }
      }
    },
  };
}
