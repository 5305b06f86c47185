// A clock that goes when it is told: timers for the links that wait.
import type { Timers } from "../../src/delivery/timers.js";

export interface ManualClock {
  readonly timers: Timers;
  now: () => number;
  /** Lets time pass until nothing waits, at most this long; resolves when what was woken has run. */
  run(millis: number): Promise<void>;
  /** How long each sleep was to be. */
  readonly sleeps: number[];
}

export function createManualClock(): ManualClock {
  let time = 0;
  const waiting = new Set<{ at: number; callback: () => void }>();
  const sleepers = new Set<() => void>();
  const sleeps: number[] = [];

  function after(millis: number, callback: () => void): () => void {
    const entry = { at: time + Math.max(0, millis), callback };
    waiting.add(entry);
    return () => {
      waiting.delete(entry);
    };
  }

  return {
    sleeps,
    now: () => time,
    timers: {
      after,
      sleep(millis, signal) {
        sleeps.push(millis);
        return new Promise((resolve) => {
          if (signal.aborted) return resolve();
          const done = () => {
            cancel();
            sleepers.delete(done);
            signal.removeEventListener("abort", done);
            resolve();
          };
          const cancel = after(millis, done);
          sleepers.add(done);
          signal.addEventListener("abort", done);
        });
      },
      wakeAll() {
        for (const wake of [...sleepers]) wake();
      },
      hold: () => () => {},
    },
    async run(millis) {
      const end = time + millis;
      for (;;) {
        // What the last callback set off runs first.
        await new Promise((resolve) => setImmediate(resolve));
        const next = [...waiting].sort((a, b) => a.at - b.at)[0];
        if (!next || next.at > end) break;
        waiting.delete(next);
        time = Math.max(time, next.at);
        next.callback();
      }
      time = end;
    },
  };
}
