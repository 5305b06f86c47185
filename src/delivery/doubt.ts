// Whether the key is refused: while nothing was taken, 403 keeps everything back, and one run at a time is tried.
import type { ServiceError } from "../service/errors.js";
import type { Timers } from "./timers.js";

/** First and longest pause between two runs that are tried; milliseconds. */
const FIRST_PAUSE_MILLIS = 1_000;
export const DOUBT_MAX_PAUSE_MILLIS = 60_000;

/** Runs refused with a body that is not the service's, one by one, after which it is said to be the key. */
const REFUSALS = 3;

export class Doubt {
  readonly #timers: Timers;
  readonly #onRefused: (error: ServiceError) => void;
  #isOpen = false;
  #isProbing = false;
  #refusals = 0;
  #pauseMillis = FIRST_PAUSE_MILLIS;
  #wake = new AbortController();

  /** @param onRefused it looks like the key; told once for each run that was refused */
  constructor(timers: Timers, onRefused: (error: ServiceError) => void) {
    this.#timers = timers;
    this.#onRefused = onRefused;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** A request was refused with 403, and nothing was taken that would show that the key is good. */
  open(error: ServiceError): void {
    this.#isOpen = true;
    if (error.isOfService || this.#refusals >= REFUSALS) this.#onRefused(error);
  }

  /** Resolves with true when the caller may try one run, with false when there is no doubt any more. */
  async turn(signal: AbortSignal): Promise<boolean> {
    while (this.#isOpen && !signal.aborted) {
      const wake = this.#wake.signal;
      await this.#timers.sleep(this.#pauseMillis, AbortSignal.any([signal, wake]));
      if (!this.#isOpen || signal.aborted) break;
      if (this.#isProbing) continue;
      this.#isProbing = true;
      return true;
    }
    return false;
  }

  /** The run that was tried was refused. */
  refused(error: ServiceError): void {
    this.#refusals += 1;
    this.#pauseMillis = Math.min(this.#pauseMillis * 2, DOUBT_MAX_PAUSE_MILLIS);
    this.#isProbing = false;
    this.open(error);
  }

  /** What was tried says nothing of the key. */
  unclear(): void {
    this.#isProbing = false;
  }

  /** Something was taken, or refused for what it says. */
  end(): void {
    this.#isOpen = false;
    this.#isProbing = false;
    this.#refusals = 0;
    this.#pauseMillis = FIRST_PAUSE_MILLIS;
    this.hurry();
  }

  /** Somebody awaits the result: one run is tried now. */
  hurry(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }
}
