// Link: tries again what may pass later, the same bytes each time, with exponential backoff and full jitter.
import { DeliveryError, toDeliveryError } from "./errors.js";
import type { Answer, Batch, Sender } from "./item.js";
import type { Timers } from "./timers.js";

export interface RetryOptions {
  timers: Timers;
  now: () => number;
  initialDelayMillis: number;
  maxDelayMillis: number;
  /** How long an item may be tried before it is given up as `expired`. */
  maxAgeMillis: number;
  random?: () => number;
  onRetry?: (error: DeliveryError, delayMillis: number) => void;
}

/** What may pass by itself, however long it takes; an age does not end it. */
const WAITS_FOR_PEOPLE = new Set(["unauthorized", "misconfigured"]);

export function createRetry(next: Sender, options: RetryOptions): Sender {
  const random = options.random ?? Math.random;

  async function send(batch: Batch, signal: AbortSignal): Promise<Answer> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await next.send(batch, signal);
      } catch (thrown) {
        const error = toDeliveryError(thrown);
        // 409 on the very bytes that may have been taken: they were.
        if (error.kind === "conflict" && batch.isOutcomeUnknown) return "taken_before";
        if (error.reach === "unknown") markUnknown(batch);
        if (!isWorthRetrying(error, batch)) throw error;
        if (
          !WAITS_FOR_PEOPLE.has(error.kind) &&
          !error.isQuota &&
          options.now() - oldest(batch) >= options.maxAgeMillis
        ) {
          throw new DeliveryError("expired", `given up after ${options.maxAgeMillis} ms: ${error.message}`, {
            reach: batch.isOutcomeUnknown ? "unknown" : error.reach,
            cause: error,
          });
        }
        const delay = delayMillis(error, attempt);
        options.onRetry?.(error, delay);
        await options.timers.sleep(delay, signal);
        if (signal.aborted) {
          throw new DeliveryError("stopped", `stopped while waiting to try again: ${error.message}`, {
            reach: batch.isOutcomeUnknown ? "unknown" : error.reach,
            cause: error,
          });
        }
      }
    }
  }

  function delayMillis(error: DeliveryError, attempt: number): number {
    const ceiling = Math.min(options.maxDelayMillis, options.initialDelayMillis * 2 ** Math.min(attempt, 30));
    const jittered = random() * ceiling;
    // Never earlier than asked, and not all at the same instant.
    if (error.retryAfterMillis !== undefined) return error.retryAfterMillis + Math.min(jittered, 1_000);
    return jittered;
  }

  return {
    send,
    hurry() {
      next.hurry?.();
    },
  };
}

function isWorthRetrying(error: DeliveryError, batch: Batch): boolean {
  switch (error.kind) {
    case "unavailable":
    case "throttled":
    case "unauthorized":
      return true;
    case "misconfigured":
      // 404 has its own answer above: another endpoint. Once that was tried, it is for people to set right.
      return error.status !== 404 || batch.body?.path === "/runs/batch";
    default:
      return false;
  }
}

function markUnknown(batch: Batch): void {
  batch.isOutcomeUnknown = true;
  for (const item of batch.items) item.mayHaveArrived = true;
}

function oldest(batch: Batch): number {
  return batch.items.reduce((least, item) => Math.min(least, item.receivedAt), Number.POSITIVE_INFINITY);
}
