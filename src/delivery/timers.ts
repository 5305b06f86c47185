// Timers that never keep a process alive, except while somebody awaits a flush.

export interface Timers {
  /** Resolves after `millis`, or at once when the signal aborts; `wakeAll` ends every sleep early. */
  sleep(millis: number, signal: AbortSignal): Promise<void>;
  /** Calls back after `millis`; the returned function cancels. */
  after(millis: number, callback: () => void): () => void;
  /** Ends the sleeps that go on now. */
  wakeAll(): void;
  /** Keeps the process alive until the returned function is called. */
  hold(): () => void;
}

// Beyond this, setTimeout fires at once.
const LONGEST_MILLIS = 2 ** 31 - 1;

export function createTimers(): Timers {
  const active = new Set<NodeJS.Timeout>();
  const sleepers = new Set<() => void>();
  let holds = 0;

  function after(millis: number, callback: () => void): () => void {
    const timer = setTimeout(
      () => {
        active.delete(timer);
        callback();
      },
      Math.min(Math.max(0, millis), LONGEST_MILLIS),
    );
    if (holds === 0) timer.unref();
    active.add(timer);
    return () => {
      clearTimeout(timer);
      active.delete(timer);
    };
  }

  return {
    after,
    sleep(millis, signal) {
      if (signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
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
    hold() {
      holds += 1;
      for (const timer of active) timer.ref();
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        holds -= 1;
        if (holds === 0) for (const timer of active) timer.unref();
      };
    },
  };
}
