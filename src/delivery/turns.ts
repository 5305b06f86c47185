// Link: so many requests at once, fewer after the service asked for less, and note of what was taken.
import { asOfTheRuns, toServiceError } from "../service/errors.js";
import type { Evidence } from "./evidence.js";
import type { Answer, Batch, Sender } from "./item.js";

export interface TurnsOptions {
  /** Requests at once. */
  most: number;
  evidence: Evidence;
  now: () => number;
}

/** After a 429 without `Retry-After`, one more request at once for every so long without another; milliseconds. */
export const COMES_BACK_MILLIS = 10_000;

export class Turns implements Sender {
  readonly #next: Sender;
  readonly #options: TurnsOptions;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  #allowed: number;
  #changedAt = Number.NEGATIVE_INFINITY;

  constructor(next: Sender, options: TurnsOptions) {
    this.#next = next;
    this.#options = options;
    this.#allowed = options.most;
  }

  /** Requests that may be under way at once now. */
  get allowed(): number {
    return this.#allowed;
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Answer> {
    const { evidence } = this.#options;
    while (this.#underWay >= this.#allowed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#underWay += 1;
    const mark = evidence.mark();
    try {
      const answer = await this.#next.send(batch, signal);
      evidence.taken(mark);
      this.#grow();
      return answer;
    } catch (thrown) {
      const error = toServiceError(thrown);
      // It was there already: the service looked at the key and at the runs.
      if (error.kind === "conflict") evidence.taken(mark);
      if (error.kind === "throttled" && !error.isQuota && error.retryAfterMillis === undefined) this.#shrink();
      throw evidence.isAnyTaken ? asOfTheRuns(error) : error;
    } finally {
      this.#underWay -= 1;
      for (let free = this.#allowed - this.#underWay; free > 0; free -= 1) this.#waiting.shift()?.();
    }
  }

  #shrink(): void {
    const now = this.#options.now();
    // Requests that were under way together are answered alike: they count once.
    if (now - this.#changedAt < 1_000 && this.#allowed < this.#options.most) return;
    this.#allowed = Math.max(1, this.#allowed >> 1);
    this.#changedAt = now;
  }

  #grow(): void {
    const now = this.#options.now();
    if (this.#allowed >= this.#options.most || now - this.#changedAt < COMES_BACK_MILLIS) return;
    this.#allowed += 1;
    this.#changedAt = now;
  }
}
