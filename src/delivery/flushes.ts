// Those who wait for what is held: until it is settled, until their time is up, or until waiting is in vain.

import type { Spool } from "../spool/spool.js";
import type { Ledger } from "./ledger.js";
import type { Timers } from "./timers.js";

export interface FlushesOptions {
  ledger: Ledger;
  timers: Timers;
  now: () => number;
  /** Sends what else would wait for a fuller batch, or for a pause of our own. */
  hurry: () => void;
  /** Tries what fails alone once more. */
  tryAside: () => Promise<void>;
  spool: Pick<Spool, "sendNow"> | undefined;
}

/** While somebody waits, no pause of our own lasts longer than this; milliseconds. */
export const HURRY_MILLIS = 1_000;

export class Flushes {
  readonly #options: FlushesOptions;
  readonly #waiting = new Set<AbortController>();

  constructor(options: FlushesOptions) {
    this.#options = options;
  }

  /**
   * Waits until everything that is held now was settled, then until what lies on disk was sent: what this process
   * parked (`own`), or what it may send at all; at most so long. False when it was in vain.
   */
  async wait(timeoutMillis: number, what: "own" | "all"): Promise<boolean> {
    const { timers, now } = this.#options;
    const until = now() + timeoutMillis;
    const letGo = timers.hold();
    const over = new AbortController();
    this.#waiting.add(over);
    const stopHurrying = this.#hurry();
    try {
      await this.#memory(timeoutMillis, over.signal);
      if (!over.signal.aborted) await this.#options.spool?.sendNow(what, until - now(), over.signal);
      return !over.signal.aborted;
    } finally {
      stopHurrying();
      this.#waiting.delete(over);
      letGo();
    }
  }

  async #memory(timeoutMillis: number, over: AbortSignal): Promise<void> {
    const { ledger, hurry, tryAside, timers } = this.#options;
    if (ledger.count === 0) return;
    const ended = ledger.whenReleased(timeoutMillis);
    hurry();
    await Promise.race([ended, aborted(over)]);
    // Each of those that fail alone has one attempt more; nobody waits for what comes of the next.
    if (ledger.count > 0 && !over.aborted) {
      await Promise.race([tryAside(), aborted(over), timers.sleep(Math.min(timeoutMillis, HURRY_MILLIS), over)]);
    }
  }

  /** A pause of our own is not waited for, however often it comes. */
  #hurry(): () => void {
    const { timers, hurry } = this.#options;
    let cancel = timers.after(HURRY_MILLIS, again);
    function again(): void {
      cancel = timers.after(HURRY_MILLIS, again);
      hurry();
    }
    return () => cancel();
  }

  /** What stands in the way does not pass by itself: everyone who waits is told to go on. */
  waitNoMore(): void {
    for (const over of this.#waiting) over.abort();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
