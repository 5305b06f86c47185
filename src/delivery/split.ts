// Link: finds the run that a request was refused for, by halves, so that one bad run costs one run.
import { DeliveryError, toDeliveryError } from "./errors.js";
import { type Answer, type Batch, batchOf, type Item, type Sender } from "./item.js";
import type { LossCause } from "./operation.js";
import type { Timers } from "./timers.js";

/** How an item ended. */
export type Fate =
  | { readonly kind: "sent" | "repeated" | "parked" }
  | { readonly kind: "lost"; readonly cause: LossCause; readonly message: string };

export interface SplitOptions {
  timers: Timers;
  settle: (item: Item, fate: Fate) => void;
  /** Puts items back into the queue, ahead of the others. */
  requeue: (items: readonly Item[]) => void;
  /** Makes a single item that is too large smaller; false when it cannot be made any smaller. */
  cut: (item: Item) => boolean;
  warn: (code: string, message: string) => void;
  /** Refusals of single runs in a row after which the fault is not the runs'. Default 20. */
  suspectsLimit?: number;
  /** Pause then, before splitting is tried again. Default 60,000. */
  pauseMillis?: number;
}

export interface Split extends Sender {
  /** Nothing else is under way: what was refused alone is refused for good. */
  conclude(): void;
  /** Refused items that still wait for a verdict. */
  readonly suspects: number;
}

export function createSplit(next: Sender, options: SplitOptions): Split {
  const limit = options.suspectsLimit ?? 20;
  const pauseMillis = options.pauseMillis ?? 60_000;
  // Items refused alone, since something was last accepted. A success shows that they were at fault; too many of them
  // that they were not.
  let suspects: { item: Item; error: DeliveryError }[] = [];
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
      options.settle(item, { kind: "lost", cause: "refused", message: error.message });
    }
  }

  function accepted(items: readonly Item[], answer: Answer): void {
    isPaused = false;
    for (const item of items) options.settle(item, { kind: answer === "taken" ? "sent" : "repeated" });
    conclude();
  }

  function suspect(item: Item, error: DeliveryError): void {
    suspects.push({ item, error });
    if (suspects.length < limit) return;
    const kept = suspects.map((entry) => entry.item);
    suspects = [];
    isPaused = true;
    options.warn(
      "LSB_WARN_ALL_REFUSED",
      `${limit} runs in a row were refused one by one, so the fault is not theirs; sending pauses and the runs are ` +
        `kept. The service said: ${error.message}`,
    );
    options.requeue(kept);
  }

  /** Deals with every item: settled, a suspect, or back in the queue because sending paused. */
  async function deliver(items: readonly Item[], signal: AbortSignal): Promise<void> {
    try {
      accepted(items, await next.send(batchOf(items), signal));
      return;
    } catch (thrown) {
      const error = toDeliveryError(thrown);
      const [only] = items;
      if (items.length > 1 && isSplit(error)) {
        const middle = items.length >> 1;
        await deliver(items.slice(0, middle), signal);
        const rest = items.slice(middle);
        if (isPaused) options.requeue(rest);
        else await deliver(rest, signal);
        return;
      }
      if (!only || !isSplit(error)) throw error;
      if (error.kind === "conflict") {
        accepted(items, "taken_before");
      } else if (error.kind === "malformed") {
        suspect(only, error);
      } else if (options.cut(only)) {
        await deliver(items, signal);
      } else {
        options.settle(only, { kind: "lost", cause: "too_large", message: error.message });
      }
    }
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
          if (!signal.aborted) await deliver(batch.items, signal);
        } finally {
          isProbing = false;
          if (!isPaused) wakeAll();
        }
        return "taken";
      }
      await options.timers.sleep(pauseMillis, AbortSignal.any([signal, wake]));
    }
    if (signal.aborted) throw new DeliveryError("stopped", "stopped while sending was paused", { reach: "refused" });
    await deliver(batch.items, signal);
    return "taken";
  }

  return {
    send,
    conclude,
    hurry() {
      wakeAll();
      next.hurry?.();
    },
    get suspects() {
      return suspects.length;
    },
  };
}

function isSplit(error: DeliveryError): boolean {
  return error.kind === "malformed" || error.kind === "conflict" || error.kind === "too_large";
}
