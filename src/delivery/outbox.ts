// The life of operations: taken in, merged or held where a post and its end meet, batched, handed to the chain, settled.
import { cutParts } from "./cut.js";
import { DeliveryError, toDeliveryError } from "./errors.js";
import { batchOf, ITEM_OVERHEAD_BYTES, type Item, partsBytes, type RunParts, type Sender } from "./item.js";
import type { LossCause, Operation } from "./operation.js";
import type { Settings } from "./options.js";
import { createPendingRuns, type PendingRun, patchParts } from "./pending.js";
import { createFairQueue } from "./queue.js";
import type { Reporter } from "./reporter.js";
import type { Fate } from "./split.js";
import type { Spool } from "./spool/spool.js";
import type { Timers } from "./timers.js";

/** What the outbox needs of the chain. */
export interface Chain extends Sender {
  /** Resolves when the server's limits are known, or will not be. */
  ready(signal: AbortSignal): Promise<void>;
  limits(): { maxCount: number; maxBytes: number };
  /** Nothing else is under way. */
  conclude(): void;
}

/** Where items go that memory cannot hold; absent without a spool. */
export type Shelf = Pick<Spool, "park" | "journal" | "done" | "quarantine" | "isJournal">;

export interface OutboxOptions {
  settings: Settings;
  timers: Timers;
  reporter: Reporter;
  shelf: Shelf | undefined;
  onSettled?: (item: Item, fate: Fate) => void;
}

export interface Outbox {
  /** Set once, when the chain has been built around `settle` and `requeue`. */
  connect(chain: Chain): void;
  take(operation: Operation, parts: RunParts): boolean;
  settle(item: Item, fate: Fate): void;
  requeue(items: readonly Item[]): void;
  sendParked(items: readonly Item[]): Promise<void>;
  batchLimits(): { maxCount: number; maxBytes: number };
  /** Makes an item that alone was too large smaller; false when it cannot be. */
  cut(item: Item): boolean;
  flush(timeoutMillis: number): Promise<void>;
  shutdown(timeoutMillis: number): Promise<void>;
  counts(): { queued: number; queuedBytes: number; inFlight: number; sent: number; repeated: number };
  readonly stopSignal: AbortSignal;
  readonly isClosed: boolean;
}

/** Smaller runs are not cut because the queue is getting full. */
const LARGE_RUN_BYTES = 1_048_576;

/** A single run that is refused as too large is cut no further than this. */
const SMALLEST_RUN_BYTES = 16_384;

export function createOutbox({ settings, timers, reporter, shelf, onSettled }: OutboxOptions): Outbox {
  const queue = createFairQueue();
  const pending = createPendingRuns();
  // In order of arrival: a flush waits until its oldest is younger than the flush.
  const outstanding = new Map<number, Item>();
  const flying = new Set<Item>();
  const waiters = new Set<{ seq: number; done: () => void }>();
  const stop = new AbortController();
  let chain: Chain | undefined;
  let heldBytes = 0;
  let seq = 0;
  let sent = 0;
  let repeated = 0;
  let workers = 0;
  let isDue = false;
  let cancelDelay: (() => void) | undefined;
  let isClosed = false;
  let closing: Promise<void> | undefined;

  function newItem(operation: Operation, parts: RunParts): Item {
    seq += 1;
    return {
      seq,
      runId: operation.run.id,
      traceId: operation.run.trace_id,
      verb: "post",
      pending: operation.kind === "post" && operation.run.end_time === undefined,
      parts,
      bytes: partsBytes(parts) + ITEM_OVERHEAD_BYTES,
      receivedAt: settings.now(),
      isSettled: false,
      mayHaveArrived: false,
    };
  }

  function take(operation: Operation, parts: RunParts): boolean {
    if (isClosed) return refuse("shutdown", operation.run.id, "it came after shutdown");
    const item = newItem(operation, parts);
    if (item.bytes > runLimit()) cutTo(item, runLimit());
    return operation.kind === "post" ? takePost(item) : takeEnd(item);
  }

  function refuse(cause: LossCause, runId: string, message: string): false {
    reporter.lose(cause, 1, message, runId);
    return false;
  }

  /** Charges the item to the bound; beyond it the item goes to disk, or is refused. */
  function admit(item: Item): "memory" | "disk" | "refused" {
    if (heldBytes + item.bytes > settings.queueMaxBytes) {
      if (shelf?.park(item)) return "disk";
      refuse(
        shelf ? "spool_full" : "queue_full",
        item.runId,
        shelf ? "memory and spool are full" : `the queue holds its ${settings.queueMaxBytes} bytes`,
      );
      return "refused";
    }
    hold(item);
    return "memory";
  }

  function hold(item: Item): void {
    heldBytes += item.bytes;
    outstanding.set(item.seq, item);
    if (shelf?.isJournal) shelf.journal(item);
  }

  function takePost(item: Item): boolean {
    const where = admit(item);
    if (item.pending) {
      pending.posted(item, where === "memory" ? "queued" : where === "disk" ? "parked" : "absent");
      const run = pending.get(item.runId);
      if (run && where !== "memory") run.post = undefined;
    }
    if (where === "memory") enqueue(item);
    return where !== "refused";
  }

  function takeEnd(item: Item): boolean {
    const run = pending.get(item.runId);
    if (run?.phase === "queued" && run.post && queue.remove(run.post)) return replace(run.post, item);
    if (run?.phase === "flying" && run.post) {
      // It must stay beside its post, whose answer decides what it becomes: there are never more of these than requests
      // under way can carry, so they may go beyond the bound.
      item.verb = "patch";
      hold(item);
      run.end = item;
      return true;
    }
    pending.forget(item.runId);
    if (run?.phase === "parked") {
      // After its post, in the same order, on the same disk.
      item.verb = "patch";
      if (shelf?.park(item)) return true;
      return refuse("spool_full", item.runId, "its post is in the spool, which is full");
    }
    if (run?.phase !== "absent") becomePatch(item, run);
    const where = admit(item);
    if (where === "memory") enqueue(item);
    return where !== "refused";
  }

  /** The pending post was never written: one complete post takes its place. */
  function replace(post: Item, end: Item): boolean {
    pending.forget(post.runId);
    release(post);
    const where = admit(end);
    if (where === "memory") enqueue(end);
    succeed(post, end);
    return where !== "refused";
  }

  /** On disk too, one record takes the other's place, but not before it is there. */
  function succeed(before: Pick<Item, "record">, after: Item): void {
    const { record } = before;
    if (!record || !shelf) return;
    const done = () => shelf.done({ ...after, record });
    if (after.written) void after.written.then(done);
    else done();
  }

  function becomePatch(item: Item, run: PendingRun | undefined): void {
    item.verb = "patch";
    if (!run) return;
    const parts = patchParts(item.parts, run);
    if (partsBytes(parts) !== partsBytes(item.parts)) resize(item, parts);
  }

  function enqueue(item: Item, isFirst = false): void {
    if (isFirst) queue.pushFirst(item);
    else queue.push(item);
    if (isHurried() || queue.count >= batchLimits().maxCount || queue.bytes >= batchLimits().maxBytes) isDue = true;
    if (isDue) pump();
    else cancelDelay ??= timers.after(settings.batchDelayMillis, onDelay);
  }

  function onDelay(): void {
    cancelDelay = undefined;
    isDue = true;
    pump();
  }

  function isHurried(): boolean {
    return waiters.size > 0;
  }

  function batchLimits(): { maxCount: number; maxBytes: number } {
    const limits = chain?.limits();
    return {
      maxCount: Math.min(settings.maxBatchCount, limits?.maxCount ?? settings.maxBatchCount),
      // Headers and boundaries of the parts take their share.
      maxBytes: Math.min(settings.maxBatchBytes, limits?.maxBytes ?? settings.maxBatchBytes) * 0.9,
    };
  }

  /**
   * What one run may have: the server's limit. Without a disk also half of what the queue has left, since a run that
   * is cut says more than one that is refused.
   */
  function runLimit(): number {
    const limit = Math.min((chain?.limits().maxBytes ?? Number.POSITIVE_INFINITY) * 0.95, settings.queueMaxBytes / 2);
    if (shelf) return limit;
    return Math.min(limit, Math.max((settings.queueMaxBytes - heldBytes) / 2, LARGE_RUN_BYTES));
  }

  function cutTo(item: Item, maxBytes: number): boolean {
    const parts = cutParts(item.parts, maxBytes - ITEM_OVERHEAD_BYTES);
    if (!parts) return false;
    reporter.say(
      "warn",
      "LSB_WARN_CUT",
      `run ${item.runId} of ${item.bytes} bytes is too large; its largest fields were cut`,
    );
    resize(item, parts);
    return true;
  }

  function resize(item: Item, parts: RunParts): void {
    item.parts = parts;
    const bytes = partsBytes(parts) + ITEM_OVERHEAD_BYTES;
    if (outstanding.has(item.seq)) heldBytes += bytes - item.bytes;
    item.bytes = bytes;
  }

  function pump(): void {
    while (isDue && chain && queue.count > 0 && workers < settings.maxConcurrentRequests && !stop.signal.aborted) {
      const { maxCount } = batchLimits();
      // The next worker would find nothing: those at work have not taken theirs yet.
      if (workers > 0 && starting * maxCount >= queue.count) return;
      void work(chain);
    }
    if (queue.count === 0) isDue = isHurried();
  }

  // Workers that wait for the server's limits before they take their batch.
  let starting = 0;

  async function work(through: Chain): Promise<void> {
    workers += 1;
    starting += 1;
    try {
      await through.ready(stop.signal);
    } finally {
      starting -= 1;
    }
    const { maxCount, maxBytes } = batchLimits();
    const items = stop.signal.aborted ? [] : queue.take(maxCount, maxBytes);
    if (queue.count === 0) isDue = isHurried();
    for (const item of items) {
      // The server's limit may have become known only now.
      const limit = through.limits().maxBytes * 0.95;
      if (item.bytes > limit) cutTo(item, limit);
      flying.add(item);
      const run = pending.get(item.runId);
      if (item.pending && run?.post === item) run.phase = "flying";
    }
    try {
      if (shelf?.isJournal) await Promise.all(items.map((item) => item.written));
      if (items.length > 0) await through.send(batchOf(items), stop.signal);
    } catch (error) {
      // At shutdown whoever closes gives everything up, in the order in which it came.
      const left = stop.signal.aborted ? [] : items.filter((item) => flying.has(item));
      giveUp(left, toDeliveryError(error));
    } finally {
      workers -= 1;
      pump();
      if (workers === 0 && queue.count === 0) through.conclude();
    }
  }

  /** Items whose request came to nothing: to disk, or lost. */
  function giveUp(items: readonly Item[], error: DeliveryError): void {
    const unparked = items.filter((item) => {
      if (item.isSettled) return false;
      if (!shelf?.park(item)) return true;
      settleItem(item, { kind: "parked" });
      return false;
    });
    const [first] = unparked;
    if (!first) return;
    const cause = error.kind === "stopped" ? "shutdown" : error.kind === "expired" ? "expired" : "refused";
    // A post and the end that waits for it are one run.
    const runs = new Set(unparked.map((item) => item.runId)).size;
    reporter.lose(cause, runs, error.message, runs === 1 ? first.runId : undefined);
    for (const item of unparked) settleItem(item, { kind: "lost", cause, message: error.message });
  }

  function settle(item: Item, fate: Fate): void {
    if (item.isSettled) return;
    if (fate.kind === "lost") {
      reporter.lose(fate.cause, 1, fate.message, item.runId);
      shelf?.quarantine(item);
    }
    settleItem(item, fate);
  }

  function settleItem(item: Item, fate: Fate): void {
    if (item.isSettled) return;
    release(item);
    if (fate.kind === "sent" || fate.kind === "repeated") sent += 1;
    if (fate.kind === "repeated") repeated += 1;
    if (fate.kind !== "parked") shelf?.done(item);
    onSettled?.(item, fate);
    settlePending(item, fate);
    wakeWaiters();
  }

  function release(item: Item): void {
    item.isSettled = true;
    flying.delete(item);
    if (outstanding.delete(item.seq)) heldBytes -= item.bytes;
  }

  /** The post was answered, parked or lost: its end, when it waits, goes its way. */
  function settlePending(item: Item, fate: Fate): void {
    const run = item.pending ? pending.get(item.runId) : undefined;
    const isFromSpool = run?.phase === "parked" && run.post === undefined && fate.kind !== "parked";
    if (!run || (run.post !== item && !isFromSpool)) return;
    const isAbsent = fate.kind === "lost" && !item.mayHaveArrived;
    run.phase = fate.kind === "parked" ? "parked" : isAbsent ? "absent" : "answered";
    run.post = undefined;
    const { end } = run;
    if (!end) return;
    pending.forget(item.runId);
    if (run.phase === "parked") {
      giveUp([end], new DeliveryError("stopped", "its post is in the spool", { reach: "never_written" }));
      return;
    }
    const before = { ...end };
    if (run.phase === "answered") becomePatch(end, run);
    else end.verb = "post";
    if (shelf?.isJournal && (end.verb !== before.verb || end.parts !== before.parts)) {
      // What is repeated after a crash must be what was sent.
      shelf.journal(end);
      succeed(before, end);
    }
    if (!stop.signal.aborted) enqueue(end, true);
  }

  function wakeWaiters(): void {
    if (waiters.size === 0) return;
    const oldest = outstanding.keys().next().value ?? Number.POSITIVE_INFINITY;
    for (const waiter of [...waiters]) if (oldest > waiter.seq) waiter.done();
  }

  async function flush(timeoutMillis: number): Promise<void> {
    if (outstanding.size === 0) return;
    const letGo = timers.hold();
    const ended = new Promise<void>((resolve) => {
      const waiter = {
        seq,
        done: () => {
          waiters.delete(waiter);
          cancel();
          resolve();
        },
      };
      const cancel = timers.after(timeoutMillis, waiter.done);
      waiters.add(waiter);
    });
    isDue = true;
    pump();
    if (workers === 0 && queue.count === 0) chain?.conclude();
    timers.wakeAll();
    chain?.hurry?.();
    wakeWaiters();
    await ended;
    letGo();
  }

  async function close(timeoutMillis: number): Promise<void> {
    isClosed = true;
    const letGo = timers.hold();
    await flush(timeoutMillis);
    stop.abort();
    cancelDelay?.();
    chain?.conclude();
    // Requests under way end with the signal; one that hangs all the same is not waited for.
    await Promise.race([
      new Promise<void>((resolve) => {
        const poll = () => (workers === 0 ? resolve() : void setImmediate(poll));
        poll();
      }),
      new Promise<void>((resolve) => void timers.after(500, resolve)),
    ]);
    const rest = [...outstanding.values()].sort((a, b) => a.seq - b.seq);
    giveUp(
      rest,
      new DeliveryError("stopped", `not sent within ${timeoutMillis} ms of shutdown`, { reach: "never_written" }),
    );
    letGo();
  }

  /** Items from the spool, through the same chain; what comes to nothing stays there. */
  async function sendParked(items: readonly Item[]): Promise<void> {
    if (!chain || stop.signal.aborted) return;
    try {
      await chain.ready(stop.signal);
      await chain.send(batchOf(items), stop.signal);
    } catch (error) {
      reporter.say("info", "LSB_INFO_SPOOL_WAITS", `the spool waits: ${toDeliveryError(error).message}`);
    }
    if (workers === 0 && queue.count === 0) chain.conclude();
  }

  return {
    connect(built) {
      chain = built;
    },
    take,
    settle,
    requeue(items) {
      for (const item of [...items].reverse()) {
        if (item.isSettled || !flying.delete(item)) continue;
        const run = pending.get(item.runId);
        // It was refused: what was never taken may be replaced again.
        if (item.pending && run?.post === item && !item.mayHaveArrived && !run.end) run.phase = "queued";
        enqueue(item, true);
      }
    },
    // Half of what was refused, as far down as a run that still says something.
    cut: (item) => item.bytes > SMALLEST_RUN_BYTES && cutTo(item, Math.max(item.bytes / 2, SMALLEST_RUN_BYTES)),
    sendParked,
    batchLimits,
    flush,
    shutdown(timeoutMillis) {
      closing ??= close(timeoutMillis);
      return closing;
    },
    counts: () => ({
      queued: outstanding.size - flying.size,
      queuedBytes: heldBytes,
      inFlight: flying.size,
      sent,
      repeated,
    }),
    stopSignal: stop.signal,
    get isClosed() {
      return isClosed;
    },
  };
}
