// Those who wait for what is queued: until it is settled, until their time is up, or until waiting is in vain.
import type { Ledger } from "./ledger.js";
import type { Timers } from "./timers.js";

export interface Flushes {
  /** Waits until everything that is held now was settled, at most so long. */
  wait(timeoutMillis: number): Promise<void>;
  /** What stands in the way does not pass by itself: everyone who waits is told to go on. */
  waitNoMore(): void;
}

/** `hurry` sends what else would wait for a fuller batch. */
export function createFlushes(ledger: Ledger, timers: Timers, hurry: () => void): Flushes {
  const waiting = new Set<() => void>();
  return {
    async wait(timeoutMillis) {
      if (ledger.count === 0) return;
      const letGo = timers.hold();
      const ended = ledger.whenReleased(timeoutMillis);
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
        void ended.then(resolve);
        hurry();
        void ended.then(() => waiting.delete(resolve));
      });
      letGo();
    },
    waitNoMore() {
      for (const resolve of waiting) resolve();
      waiting.clear();
    },
  };
}
