// Link: a circuit breaker. A dead service, a refused key or an exhausted quota costs one probe now and then, no more.
import { DeliveryError, toDeliveryError } from "./errors.js";
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
  /** Pause after a quota that does not pass soon. Default 600,000. */
  quotaPauseMillis?: number;
  random?: () => number;
}

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
  let openUntil: number | undefined;
  // The service itself named the time: not even a flush goes before it.
  let isAsked = false;
  let isProbing = false;
  const waiting = new Set<() => void>();

  function wakeAll(): void {
    for (const wake of [...waiting]) wake();
  }

  function open(millis: number, asked = false): void {
    openUntil = Math.max(openUntil ?? 0, now() + millis);
    isAsked ||= asked;
  }

  /** Resolves when this request may go: at once, when the circuit closes, or as the probe. */
  async function pass(signal: AbortSignal): Promise<"free" | "probe"> {
    while (openUntil !== undefined) {
      if (signal.aborted) {
        throw new DeliveryError("stopped", "stopped while the service was out of reach", { reach: "never_written" });
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
        const cancel = isProbing ? () => {} : timers.after(wait, done);
        waiting.add(done);
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

  function failed(error: DeliveryError, batch: Batch): void {
    switch (error.kind) {
      case "unauthorized":
      case "misconfigured":
        // A 404 on multipart only says that the other endpoint is to be used.
        if (error.status !== 404 || batch.body?.path === "/runs/batch") open(options.refusedPauseMillis ?? 60_000);
        return;
      case "throttled":
        if (error.isQuota) open(options.quotaPauseMillis ?? 600_000);
        else open(error.retryAfterMillis ?? backoff(), error.retryAfterMillis !== undefined);
        return;
      case "unavailable":
        failuresInARow += 1;
        if (error.retryAfterMillis !== undefined) open(error.retryAfterMillis, true);
        else if (failuresInARow >= threshold) open(backoff());
        return;
      case "stopped":
        return;
      default:
        // Any other answer is one: the service is alive.
        succeeded();
    }
  }

  function backoff(): number {
    const ceiling = Math.min(maxPause, initialPause * 2 ** Math.min(pauses, 30));
    pauses += 1;
    return ceiling / 2 + (random() * ceiling) / 2;
  }

  return {
    async send(batch: Batch, signal: AbortSignal): Promise<Answer> {
      const isProbe = (await pass(signal)) === "probe";
      try {
        const answer = await next.send(batch, signal);
        succeeded();
        return answer;
      } catch (thrown) {
        const error = toDeliveryError(thrown);
        if (isProbe) {
          openUntil = undefined;
          isAsked = false;
        }
        failed(error, batch);
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
