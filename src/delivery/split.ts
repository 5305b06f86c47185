// Link: finds the run that a request came to nothing for, by halves, so that one bad run costs one run.

import { answerOf, ServiceError, toServiceError } from "../service/errors.js";
import type { WarningCode } from "../warnings.js";
import { Doubt } from "./doubt.js";
import type { Evidence } from "./evidence.js";
import { type Answer, type Batch, batchOf, type Item, type Sender } from "./item.js";
import type { LossCause } from "./operation.js";
import { SINGLED_OUT_AFTER } from "./retry.js";
import type { Timers } from "./timers.js";

/** How an item ended. */
export type Fate =
  | { readonly kind: "sent" | "repeated" | "parked" }
  | { readonly kind: "lost"; readonly cause: LossCause; readonly message: string; readonly answer?: string };

/** The end of an item that an answer condemned. */
export function lostBy(error: ServiceError, cause: LossCause): Fate {
  return { kind: "lost", cause, message: error.message, ...answerOf(error) };
}

export interface SplitOptions {
  timers: Timers;
  evidence: Evidence;
  settle: (item: Item, fate: Fate) => void;
  /** Puts items back into the queue: ahead of the others, or behind them. */
  requeue: (items: readonly Item[], isLast?: boolean) => void;
  /** Takes any item out of the queue. */
  takeAny: () => Item | undefined;
  /** Makes a single item that is too large smaller; false when it cannot be made any smaller. */
  cut: (item: Item) => boolean;
  /** A single item that failed while others were taken, or was refused with 403. */
  suspect: (item: Item, error: ServiceError) => void;
  /** 403, and nothing shows that the key is good. */
  onKeyRefused: (error: ServiceError) => void;
  warn: (code: WarningCode, message: string) => void;
  /** Refusals of single runs in a row after which the fault is not the runs'. Default 20. */
  suspectsLimit?: number;
  /** Pause then, before splitting is tried again. Default 60,000. */
  pauseMillis?: number;
}

export interface Split extends Sender {
  /** Nothing else is under way: what was refused alone is refused for good. */
  conclude(): void;
  /** One request with this item alone, one attempt. */
  attempt(item: Item, signal: AbortSignal): Promise<Answer>;
  /** 403 for a long time without anything being taken. */
  doubtKey(error: ServiceError): void;
  /** Refused items that still wait for a verdict. */
  readonly suspects: number;
}

export function createSplit(next: Sender, options: SplitOptions): Split {
  const limit = options.suspectsLimit ?? 20;
  const pauseMillis = options.pauseMillis ?? 60_000;
  const { evidence } = options;
  const doubt = new Doubt(options.timers, options.onKeyRefused);
  evidence.onTaken(() => {
    if (doubt.isOpen) doubt.end();
  });
  // Items refused alone, since something was last accepted. A success shows that they were at fault; too many of them
  // that they were not.
  let suspects: { item: Item; error: ServiceError }[] = [];
  let forbiddenInARow = 0;
  let isPaused = false;
  let isProbing = false;
  let resume = new AbortController();

  function wakeAll(): void {
    resume.abort();
    resume = new AbortController();
  }

  function conclude(): void {
    const condemned = suspects;
    suspects = [];
    for (const { item, error } of condemned) {
      options.settle(item, lostBy(error, "refused"));
    }
  }

  function accepted(items: readonly Item[], answer: Answer): void {
    isPaused = false;
    forbiddenInARow = 0;
    for (const item of items) options.settle(item, { kind: answer === "taken" ? "sent" : "repeated" });
    conclude();
  }

  function suspect(item: Item, error: ServiceError): void {
    suspects.push({ item, error });
    if (suspects.length < limit) return;
    const kept = suspects.map((entry) => entry.item);
    suspects = [];
    isPaused = true;
    options.warn(
      "LSB_WARN_ALL_REFUSED",
      `${limit} runs in a row were refused one by one, so the fault is not theirs; sending pauses and the runs are ` +
        `kept. The service answered ${error.message}`,
    );
    options.requeue(kept);
  }

  /** 403 to one run alone, while the key is or was good. So many in a row speak of the key after all. */
  function forbidden(item: Item, error: ServiceError): void {
    options.suspect(item, error);
    forbiddenInARow += 1;
    if (forbiddenInARow >= limit) doubtKey(error);
  }

  function doubtKey(error: ServiceError): void {
    forbiddenInARow = 0;
    evidence.forget();
    doubt.open(error);
  }

  /** Deals with every item: settled, a suspect, or back in the queue because sending paused. */
  async function deliver(batch: Batch, signal: AbortSignal): Promise<void> {
    const { items } = batch;
    try {
      accepted(items, await next.send(batch, signal));
    } catch (thrown) {
      const error = toServiceError(thrown);
      if (error.kind === "unproven") return deliver(await tryOne(batch, signal), signal);
      const [only] = items;
      if (!only || !isOfTheRuns(error)) throw error;
      if (error.kind === "forbidden" && !evidence.isAnyTaken) {
        doubt.open(error);
        options.requeue(items, true);
      } else if (items.length > 1) {
        if (error.kind === "singled_out") await halveBeside(items, batch, signal);
        else await halve(items, batch, signal);
      } else {
        await judge(only, error, batch, signal);
      }
    }
  }

  async function halve(items: readonly Item[], { stepAside }: Batch, signal: AbortSignal): Promise<void> {
    const middle = items.length >> 1;
    for (const half of [items.slice(0, middle), items.slice(middle)]) {
      if (isPaused || doubt.isOpen) options.requeue(half);
      else await deliver(withAside(batchOf(half), stepAside), signal);
    }
  }

  /** Both at once: the half with the run that nobody takes may be tried for long. */
  async function halveBeside(items: readonly Item[], { stepAside }: Batch, signal: AbortSignal): Promise<void> {
    const middle = items.length >> 1;
    const halves = [items.slice(0, middle), items.slice(middle)].map((half) => {
      const batch = withAside(batchOf(half), stepAside);
      batch.passedBy = SINGLED_OUT_AFTER - 1;
      return deliver(batch, signal);
    });
    for (const outcome of await Promise.allSettled(halves)) if (outcome.status === "rejected") throw outcome.reason;
  }

  /** One run alone, in place of the whole: when it is taken, the service is well and the others are tried again. */
  async function tryOne(batch: Batch, signal: AbortSignal): Promise<Batch> {
    const one = batch.items[(batch.failures / SINGLED_OUT_AFTER) % batch.items.length] ?? batch.items[0];
    if (!one) return batch;
    try {
      accepted([one], await attempt(one, signal));
    } catch (thrown) {
      const error = toServiceError(thrown);
      if (error.kind === "stopped") throw error;
      return batch;
    }
    const others = withAside(batchOf(batch.items.filter((item) => item !== one)), batch.stepAside);
    others.passedBy = SINGLED_OUT_AFTER - 1;
    others.failedAt = 0;
    return others;
  }

  function attempt(item: Item, signal: AbortSignal): Promise<Answer> {
    const batch = batchOf([item], true);
    batch.passedBy = 1;
    return next.send(batch, signal);
  }

  async function judge(only: Item, error: ServiceError, batch: Batch, signal: AbortSignal): Promise<void> {
    switch (error.kind) {
      case "conflict":
        return accepted([only], "taken_before");
      case "malformed":
        return suspect(only, error);
      case "forbidden":
        return forbidden(only, error);
      case "singled_out":
        return options.suspect(only, error);
      default:
        if (options.cut(only)) return deliver(withAside(batchOf([only]), batch.stepAside), signal);
        options.settle(only, lostBy(error, "too_large"));
    }
  }

  /**
   * While the key is doubted: one run, any of all that wait, so that a bad one does not stand in the way for ever.
   */
  async function probeKey(one: Item, signal: AbortSignal): Promise<void> {
    try {
      accepted([one], await attempt(one, signal));
    } catch (thrown) {
      const error = toServiceError(thrown);
      if (error.kind === "forbidden" || error.kind === "unauthorized") doubt.refused(error);
      // Refused for what it says: whoever reads runs has let the key pass.
      else if (isOfTheRuns(error)) doubt.end();
      else doubt.unclear();
      options.requeue([one], true);
      if (error.kind === "stopped") throw error;
    }
  }

  /** Waits until the key is not doubted; what came from the queue waits there meanwhile. */
  async function passDoubt(items: readonly Item[], signal: AbortSignal): Promise<readonly Item[]> {
    const isQueued = items.some((item) => item.seq >= 0);
    if (isQueued) options.requeue(items);
    while (await doubt.turn(signal)) {
      const one = isQueued ? options.takeAny() : items[Math.floor(Math.random() * items.length)];
      if (one) await probeKey(one, signal);
      else doubt.unclear();
      // What is on disk may be sent by another round, with others.
      if (!one || !isQueued) break;
    }
    return isQueued || doubt.isOpen ? [] : items.filter((item) => !item.isSettled);
  }

  async function send(batch: Batch, signal: AbortSignal): Promise<Answer> {
    while (isPaused && !signal.aborted) {
      const wake = resume.signal;
      if (!isProbing) {
        await options.timers.sleep(pauseMillis, AbortSignal.any([signal, wake]));
        if (isProbing) continue;
        isProbing = true;
        try {
          // A probe splits as ever, up to the limit.
          isPaused = false;
          if (!signal.aborted) await deliver(batch, signal);
        } finally {
          isProbing = false;
          if (!isPaused) wakeAll();
        }
        return "taken";
      }
      await options.timers.sleep(pauseMillis, AbortSignal.any([signal, wake]));
    }
    if (!doubt.isOpen) {
      await deliver(batch, signal);
      return "taken";
    }
    const items = await passDoubt(batch.items, signal);
    if (signal.aborted) throw new ServiceError("stopped", "stopped while sending was paused", { reach: "refused" });
    if (items.length > 0) await deliver(withAside(batchOf(items), batch.stepAside), signal);
    return "taken";
  }

  return {
    send,
    conclude,
    attempt,
    doubtKey,
    hurry() {
      wakeAll();
      doubt.hurry();
      next.hurry?.();
    },
    get suspects() {
      return suspects.length;
    },
  };
}

function withAside(batch: Batch, stepAside: Batch["stepAside"]): Batch {
  if (stepAside) batch.stepAside = stepAside;
  return batch;
}

/** Failures that one of the runs may be the reason for. */
function isOfTheRuns({ kind }: ServiceError): boolean {
  return (
    kind === "malformed" ||
    kind === "conflict" ||
    kind === "too_large" ||
    kind === "forbidden" ||
    kind === "singled_out"
  );
}
