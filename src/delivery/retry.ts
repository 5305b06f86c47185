// Link: tries again what may pass later, the same bytes each time, with a back-off.

import { backoffMillis } from "../service/backoff.js";
import { answerOf, mayBeItsOwn, ServiceError, toServiceError } from "../service/errors.js";
import type { Evidence } from "./evidence.js";
import type { Answer, Batch, Sender } from "./item.js";
import type { Timers } from "./timers.js";

export interface RetryOptions {
  timers: Timers;
  now: () => number;
  evidence: Evidence;
  initialDelayMillis: number;
  maxDelayMillis: number;
  /** How long an item may be tried before it is given up as `expired`. */
  maxAgeMillis: number;
  random?: () => number;
  /** Whether nothing else waits to be sent that would show whose fault a failure is. */
  isNothingElse: () => boolean;
  onRetry?: (error: ServiceError, delayMillis: number) => void;
}

/** What may pass by itself, however long it takes; an age does not end it. */
const WAITS_FOR_PEOPLE = new Set(["unauthorized", "misconfigured"]);

/** Failures after which, while others are taken, a batch is at fault itself. */
export const SINGLED_OUT_AFTER = 3;

export function createRetry(next: Sender, options: RetryOptions): Sender {
  const random = options.random ?? Math.random;
  const { evidence } = options;

  async function send(batch: Batch, signal: AbortSignal): Promise<Answer> {
    batch.failedAt ??= evidence.mark();
    for (let attempt = batch.failures; ; attempt += 1) {
      try {
        return await next.send(batch, signal);
      } catch (thrown) {
        const error = toServiceError(thrown);
        // 409 on the very bytes that may have been taken: they were.
        if (error.kind === "conflict" && batch.isOutcomeUnknown) return "taken_before";
        if (error.reach === "unknown") markUnknown(batch);
        if (batch.isTrial || (batch.isUnproven && error.blamesEncoding) || !isWorthRetrying(error, batch)) throw error;
        giveUpWhenOld(batch, error);
        if (mayBeItsOwn(error)) judge(batch, error);
        await pause(batch, error, attempt, signal);
        // Nothing else was sent that would tell: one run of it is tried alone, in place of the whole.
        if (mayBeItsOwn(error) && batch.items.length > 1 && isUnproven(batch)) {
          throw failed("unproven", `it failed ${batch.failures} times`, error, batch);
        }
      }
    }
  }

  function giveUpWhenOld(batch: Batch, error: ServiceError): void {
    if (WAITS_FOR_PEOPLE.has(error.kind) || error.isQuota) return;
    if (options.now() - oldest(batch) < options.maxAgeMillis) return;
    throw failed("expired", `given up after ${options.maxAgeMillis} ms`, error, batch);
  }

  /** In an outage nothing is taken, and nobody is at fault. */
  function judge(batch: Batch, error: ServiceError): void {
    batch.failures += 1;
    // Others have its place meanwhile: if they are taken, that tells.
    batch.stepAside?.();
    if (batch.failedAt !== undefined && evidence.isTakenSince(batch.failedAt)) batch.passedBy += 1;
    if (batch.failures === 1) batch.failedAt = evidence.mark();
    if (batch.passedBy >= SINGLED_OUT_AFTER) {
      throw failed("singled_out", "it came to nothing again and again while others were taken", error, batch);
    }
  }

  function isUnproven(batch: Batch): boolean {
    const isTurn = batch.failures % SINGLED_OUT_AFTER === 0 && options.isNothingElse();
    return isTurn && batch.failedAt !== undefined && !evidence.isTakenSince(batch.failedAt);
  }

  async function pause(batch: Batch, error: ServiceError, attempt: number, signal: AbortSignal): Promise<void> {
    const delay = delayMillis(error, attempt);
    options.onRetry?.(error, delay);
    await options.timers.sleep(delay, signal);
    if (signal.aborted) throw failed("stopped", "stopped while waiting to try again", error, batch);
  }

  function delayMillis(error: ServiceError, attempt: number): number {
    const policy = { initialMillis: options.initialDelayMillis, maxMillis: options.maxDelayMillis };
    return backoffMillis(attempt, policy, { afterMillis: error.retryAfterMillis, random });
  }

  return {
    send,
    hurry() {
      next.hurry?.();
    },
  };
}

function failed(kind: ServiceError["kind"], why: string, error: ServiceError, batch: Batch): ServiceError {
  return new ServiceError(kind, `${why}: ${error.message}`, {
    reach: batch.isOutcomeUnknown ? "unknown" : error.reach,
    ...answerOf(error),
  });
}

function isWorthRetrying(error: ServiceError, batch: Batch): boolean {
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
