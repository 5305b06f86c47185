// Takes batches from the queue when they are due, and hands them to the chain, several at once.

import type { ServiceError } from "../service/errors.js";
import { toServiceError } from "../service/errors.js";
import { batchOf, type Item, type Sender } from "./item.js";
import type { Ledger } from "./ledger.js";
import type { Settings } from "./options.js";
import { createFairQueue } from "./queue.js";
import type { Timers } from "./timers.js";

/** What the dispatcher needs of the chain. */
export interface Chain extends Sender {
  /** Resolves when the server's limits are known, or will not be. */
  ready(signal: AbortSignal): Promise<void>;
  limits(): { maxCount: number; maxBytes: number };
  /** Nothing else is under way. */
  conclude(): void;
  /** Tries what fails alone once more; resolves when that is done. */
  tryAside(): Promise<void>;
  /** Whether no request passes within so many milliseconds. */
  isOutOfReach(millis: number): boolean;
}

export interface DispatcherOptions {
  settings: Settings;
  timers: Timers;
  ledger: Ledger;
  stop: AbortSignal;
  /** The item goes into a request now: the last moment to make it smaller. */
  onTaken: (item: Item, maxBytes: number) => void;
  /** The request came to nothing; these items are nobody's. */
  onFailed: (items: readonly Item[], error: ServiceError) => void;
}

export interface Dispatcher {
  connect(chain: Chain): void;
  enqueue(item: Item, isFirst?: boolean): void;
  /** Tries what fails alone once more; resolves when that is done. */
  tryAside(): Promise<void>;
  /** Nothing waits to be sent. */
  isEmpty(): boolean;
  /** Takes any item out of the queue, to be sent by whoever asks. */
  takeAny(): Item | undefined;
  /** Takes an item back out of the queue; false when it is not there. */
  remove(item: Item): boolean;
  /** Somebody awaits the result: nothing waits for others any more. */
  hurry(): void;
  /** Resolves when no request is under way, or the time is over. */
  whenIdle(timeoutMillis: number): Promise<void>;
  /** Items that are not from the queue, through the same chain; rejects when that comes to nothing. */
  sendBeside(items: readonly Item[]): Promise<void>;
  /** A batch's limits. */
  limits(): { maxCount: number; maxBytes: number };
  /** What one run may have at the server. */
  runLimit(): number;
}

/** Headers and boundaries take their share of what the server allows. */
const SHARE_OF_A_BATCH = 0.9;
const SHARE_OF_A_RUN = 0.95;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { settings, timers, ledger, stop } = options;
  const queue = createFairQueue();
  const idle = new Set<() => void>();
  let chain: Chain | undefined;
  let workers = 0;
  // Batches that fail again and again, which go on trying without a place of their own.
  let beside = 0;
  // Workers that wait for the server's limits before they take their batch.
  let starting = 0;
  let isDue = false;
  let cancelDelay: (() => void) | undefined;

  function limits(): { maxCount: number; maxBytes: number } {
    const server = chain?.limits();
    return {
      maxCount: Math.min(settings.maxBatchCount, server?.maxCount ?? settings.maxBatchCount),
      maxBytes: Math.min(settings.maxBatchBytes, server?.maxBytes ?? settings.maxBatchBytes) * SHARE_OF_A_BATCH,
    };
  }

  function runLimit(): number {
    return (chain?.limits().maxBytes ?? Number.POSITIVE_INFINITY) * SHARE_OF_A_RUN;
  }

  function enqueue(item: Item, isFirst = false): void {
    if (isFirst) queue.pushFirst(item);
    else queue.push(item);
    const { maxCount, maxBytes } = limits();
    if (ledger.isAwaited || queue.count >= maxCount || queue.bytes >= maxBytes) isDue = true;
    if (isDue) pump();
    else cancelDelay ??= timers.after(settings.batchDelayMillis, onDelay);
  }

  function onDelay(): void {
    cancelDelay = undefined;
    isDue = true;
    pump();
  }

  function pump(): void {
    while (isDue && chain && queue.count > 0 && workers < settings.maxConcurrentRequests && !stop.aborted) {
      // The next worker would find nothing: those at work have not taken theirs yet.
      if (workers > 0 && starting * limits().maxCount >= queue.count) return;
      void work(chain);
    }
    if (queue.count === 0) isDue = ledger.isAwaited;
  }

  async function work(through: Chain): Promise<void> {
    workers += 1;
    starting += 1;
    await through.ready(stop);
    starting -= 1;
    const items = takeBatch();
    const batch = batchOf(items);
    let hasPlace = true;
    // Its parts may call this, too.
    batch.stepAside = () => {
      if (!hasPlace) return;
      hasPlace = false;
      beside += 1;
      leave();
    };
    try {
      // With a journal nothing is sent that is not on disk.
      await Promise.all(items.map((item) => item.written));
      if (items.length > 0) await through.send(batch, stop);
    } catch (error) {
      // At shutdown whoever closes gives everything up, in the order in which it came.
      if (!stop.aborted) options.onFailed(items.filter(isStillOurs), toServiceError(error));
    } finally {
      if (hasPlace) {
        hasPlace = false;
        leave();
      } else {
        beside -= 1;
        concludeWhenIdle();
      }
    }
  }

  function leave(): void {
    workers -= 1;
    pump();
    concludeWhenIdle();
  }

  function isStillOurs(item: Item): boolean {
    return ledger.isFlying(item) && !item.isAside;
  }

  function takeBatch(): Item[] {
    const { maxCount, maxBytes } = limits();
    const items = stop.aborted ? [] : queue.take(maxCount, maxBytes);
    if (queue.count === 0) isDue = ledger.isAwaited;
    for (const item of items) takeOff(item);
    return items;
  }

  function takeOff(item: Item): void {
    options.onTaken(item, runLimit());
    ledger.fly(item);
  }

  function concludeWhenIdle(): void {
    if (workers > 0) return;
    if (queue.count === 0) chain?.conclude();
    if (beside > 0) return;
    for (const done of [...idle]) done();
  }

  return {
    connect(built) {
      chain = built;
    },
    enqueue,
    tryAside: async () => chain?.tryAside(),
    isEmpty: () => queue.count === 0,
    takeAny() {
      const item = queue.takeAny();
      if (item) takeOff(item);
      return item;
    },
    remove: queue.remove,
    hurry() {
      isDue = true;
      pump();
      concludeWhenIdle();
      timers.wakeAll();
      chain?.hurry?.();
    },
    whenIdle(timeoutMillis) {
      cancelDelay?.();
      chain?.conclude();
      if (workers + beside === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const done = () => {
          cancel();
          idle.delete(done);
          resolve();
        };
        const cancel = timers.after(timeoutMillis, done);
        idle.add(done);
      });
    },
    async sendBeside(items) {
      if (!chain || stop.aborted) return;
      await chain.ready(stop);
      await chain.send(batchOf(items), stop);
      concludeWhenIdle();
    },
    limits,
    runLimit,
  };
}
