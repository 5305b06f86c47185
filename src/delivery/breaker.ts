// Link: a circuit breaker. A dead service, a refused key or an exhausted quota costs one probe now and then, no more.

import { backoffMillis } from "../service/backoff.js";
import { mayBeItsOwn, ServiceError, toServiceError } from "../service/errors.js";
import type { Answer, Batch, Sender } from "./item.js";
import type { Timers } from "./timers.js";

export interface BreakerOptions {
  timers: Timers;
  now: () => number;
  /** Failures in a row after which the circuit opens. Default 5. */
  failures?: number;
  /** First and longest pause between probes. Defaults 1,000 and 30,000. */
  initialPauseMillis?: number;
  maxPauseMillis?: number;
  /** Pause after a refused key, a wrong address. Default 60,000. */
  refusedPauseMillis?: number;
  random?: () => number;
}

/** Requests that try after one pause where the service answers: the first may be refused for what it says. */
const PROBES = 3;

export interface Breaker extends Sender {
  /** Whether requests pass now. */
  readonly isClosed: boolean;
  /** Whether no request passes within so many milliseconds. A time that the service itself named is believed. */
  isOpenFor(millis: number): boolean;
}

export function createBreaker(next: Sender, options: BreakerOptions): Breaker {
  const { timers, now, random = Math.random } = options;
  const threshold = options.failures ?? 5;
  const initialPause = options.initialPauseMillis ?? 1_000;
  const maxPause = options.maxPauseMillis ?? 30_000;
  let failuresInARow = 0;
  let pauses = 0;
  let probes = 0;
  let openUntil: number | undefined;
  // The service itself named the time: not even a flush goes before it.
  let isAsked = false;
  let isProbing = false;
  const waiting = new Map<() => void, Batch>();

  function wakeAll(): void {
    // What has failed least probes first: it is least likely to fail for a reason of its own.
    const inTurn = [...waiting].sort(([, a], [, b]) => a.failures - b.failures);
    for (const [wake] of inTurn) wake();
  }

  function open(millis: number, asked = false): void {
    openUntil = Math.max(openUntil ?? 0, now() + millis);
    isAsked ||= asked;
  }

  /** Resolves when this request may go: at once, when the circuit closes, or as the probe. */
  async function pass(batch: Batch, signal: AbortSignal): Promise<"free" | "probe"> {
    while (openUntil !== undefined) {
      if (signal.aborted) {
        throw new ServiceError("stopped", "stopped while the service was out of reach", { reach: "never_written" });
      }
      const wait = openUntil - now();
      if (wait <= 0 && !isProbing) {
        isProbing = true;
        return "probe";
      }
      await new Promise<void>((resolve) => {
        const done = () => {
          cancel();
          waiting.delete(done);
          signal.removeEventListener("abort", done);
          resolve();
        };
        // Behind a probe: whoever probes wakes the others.
        const cancel = isProbing ? () => {} : timers.after(wait, wakeAll);
        waiting.set(done, batch);
        signal.addEventListener("abort", done);
      });
    }
    return "free";
  }

  function succeeded(): void {
    failuresInARow = 0;
    pauses = 0;
    openUntil = undefined;
    isAsked = false;
  }

  function failed(error: ServiceError, batch: Batch, isProbe: boolean): void {
    switch (error.kind) {
      case "unauthorized":
      case "misconfigured":
        // A 404 on multipart only says that the other endpoint is to be used.
        if (error.status !== 404 || batch.body?.path === "/runs/batch") open(options.refusedPauseMillis ?? 60_000);
        return;
      case "throttled":
        if (error.retryAfterMillis !== undefined) open(error.retryAfterMillis, true);
        else open(error.quotaPauseMillis ?? backoff());
        return;
      case "unavailable":
        // Others are taken, and it is not: the service is alive.
        if (batch.passedBy > 0) return;
        failuresInARow += 1;
        if (error.retryAfterMillis !== undefined) open(error.retryAfterMillis, true);
        else if (failuresInARow >= threshold) open(isProbe && isAnotherWorthIt(error) ? 0 : backoff());
        return;
      case "stopped":
        return;
      default:
        // Any other answer is one: the service is alive.
        succeeded();
    }
  }

  /** What was answered may be the probe's own fault: another one tells. */
  function isAnotherWorthIt(error: ServiceError): boolean {
    probes = mayBeItsOwn(error) ? (probes + 1) % PROBES : 0;
    return probes > 0;
  }

  function backoff(): number {
    pauses += 1;
    return backoffMillis(pauses - 1, { initialMillis: initialPause, maxMillis: maxPause }, { random });
  }

  return {
    async send(batch: Batch, signal: AbortSignal): Promise<Answer> {
      const isProbe = (await pass(batch, signal)) === "probe";
      try {
        const answer = await next.send(batch, signal);
        succeeded();
        return answer;
      } catch (thrown) {
        const error = toServiceError(thrown);
        if (isProbe) {
          openUntil = undefined;
          isAsked = false;
        }
        failed(error, batch, isProbe);
        throw error;
      } finally {
        if (isProbe) isProbing = false;
        wakeAll();
      }
    },
    hurry() {
      // Whoever awaits a flush gets one probe now.
      if (openUntil !== undefined && !isAsked) openUntil = now();
      wakeAll();
    },
    get isClosed() {
      return openUntil === undefined;
    },
    isOpenFor(millis) {
      return openUntil !== undefined && !(isAsked && openUntil - now() < millis);
    },
  };
}
