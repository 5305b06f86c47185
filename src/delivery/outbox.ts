// The life of operations: taken in, merged or held where a post and its end meet, sent, and settled.

import { answerOf, ServiceError, toServiceError } from "../service/errors.js";
import type { Spool } from "../spool/spool.js";
import type { RunParts } from "../wire/parts.js";
import { type Chain, createDispatcher } from "./dispatcher.js";
import { createFitting } from "./fitting.js";
import { Flushes } from "./flushes.js";
import { ITEM_OVERHEAD_BYTES, type Item, partsBytes } from "./item.js";
import { createLedger } from "./ledger.js";
import type { LossCause, Operation } from "./operation.js";
import type { Settings } from "./options.js";
import { createPendingRuns, type PendingRun, patchParts } from "./pending.js";
import type { Reporter } from "./reporter.js";
import type { Fate } from "./split.js";
import type { Timers } from "./timers.js";

/** Where items go that memory cannot hold; absent without a spool. */
export type Shelf = Pick<Spool, "park" | "journal" | "done" | "quarantine" | "setAside" | "sendNow" | "isJournal">;

export interface OutboxOptions {
  settings: Settings;
  timers: Timers;
  reporter: Reporter;
  shelf: Shelf | undefined;
  onSettled: (item: Item, fate: Fate) => void;
  /** Why the last attempt failed; undefined since the last success. */
  lastFailure: () => ServiceError | undefined;
}

export interface Outbox {
  /** Called once, when the chain has been built around `settle`, `requeue` and `cut`. */
  connect(chain: Chain): void;
  take(operation: Operation, parts: RunParts): boolean;
  settle(item: Item, fate: Fate): void;
  requeue(items: readonly Item[], isLast?: boolean): void;
  /** Nobody waits for this item any more: it fails alone, and is tried beside the others. */
  setAside(item: Item): void;
  /** Leaves an item that fails alone on disk, for another process or a replay; false where there is no disk. */
  keep(item: Item): boolean;
  /** Takes any item out of the queue, to be tried alone. */
  takeAny(): Item | undefined;
  /** Nothing waits in the queue. */
  isEmpty(): boolean;
  /** Makes an item that alone was too large smaller; false when it cannot be. */
  cut(item: Item): boolean;
  /** Items from the spool, through the same chain; what comes to nothing stays there. */
  sendParked(items: readonly Item[]): Promise<void>;
  /** What stands in the way does not pass by itself: whoever awaits a flush, or a shutdown, waits in vain. */
  waitNoMore(): void;
  /** Everything in memory goes to disk: the process ends without a shutdown, or before it was done. */
  parkAll(): void;
  batchLimits(): { maxCount: number; maxBytes: number };
  /** False when it was in vain. */
  flush(timeoutMillis: number): Promise<boolean>;
  /** Whether something is held that is worth waiting for. */
  isAwaited(): boolean;
  heldBytes(): number;
  shutdown(timeoutMillis: number): Promise<void>;
  counts(): { queued: number; queuedBytes: number; inFlight: number; sent: number; repeated: number };
  readonly stopSignal: AbortSignal;
}

/** How long requests may take to end once they were told to. */
const ABORT_MILLIS = 500;

type Place = "memory" | "disk" | "refused";

export function createOutbox({ settings, timers, reporter, shelf, onSettled, lastFailure }: OutboxOptions): Outbox {
  const pending = createPendingRuns();
  const ledger = createLedger(timers);
  const stop = new AbortController();
  const dispatcher = createDispatcher({
    settings,
    timers,
    ledger,
    stop: stop.signal,
    onTaken(item, maxBytes) {
      // The server's limit may have become known only now.
      fitting.cutTo(item, maxBytes);
      const run = pending.get(item.runId);
      if (item.pending && run?.post === item) run.phase = "flying";
    },
    onFailed: giveUp,
  });
  const fitting = createFitting({
    ledger,
    reporter,
    queueMaxBytes: settings.queueMaxBytes,
    hasShelf: shelf !== undefined,
    serviceLimit: dispatcher.runLimit,
  });
  const flushes = new Flushes({
    ledger,
    timers,
    now: settings.now,
    hurry: dispatcher.hurry,
    tryAside: dispatcher.tryAside,
    spool: shelf,
  });
  const arrived = { sent: 0, repeated: 0 };
  let isClosed = false;
  // The process ends: what still comes goes to disk at once.
  let isEnding = false;
  let closing: Promise<void> | undefined;

  function take(operation: Operation, parts: RunParts): boolean {
    if (isClosed && !isEnding) return refuse("shutdown", operation.run.id, "it came after shutdown");
    const item: Item = {
      seq: ledger.next(),
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
    fitting.fit(item);
    return operation.kind === "post" ? takePost(item) : takeEnd(item);
  }

  function refuse(cause: LossCause, runId: string, message: string): false {
    reporter.lose(cause, 1, message, { runId });
    return false;
  }

  /** Charges the item to the bound; beyond it the item goes to disk, or is refused. */
  function admit(item: Item): Place {
    if (!isEnding && ledger.bytes + item.bytes + settings.alsoHeld() <= settings.queueMaxBytes) {
      hold(item);
      dispatcher.enqueue(item);
      return "memory";
    }
    if (shelf?.park(item)) return "disk";
    if (shelf) refuse("spool_full", item.runId, "memory and spool are full");
    else {
      refuse("queue_full", item.runId, `the queue holds its ${settings.queueMaxBytes} bytes`);
      reporter.warnOnce(
        "LSB_WARN_QUEUE_FULL",
        "More runs come than can be sent or held; the newest are refused and counted in stats().lost.queue_full. " +
          "Set spool, raise queue.maxBytes, or sample (samplingRate).",
      );
    }
    return "refused";
  }

  function hold(item: Item): void {
    ledger.hold(item);
    if (shelf?.isJournal) shelf.journal(item);
  }

  function takePost(item: Item): boolean {
    if (item.pending) pending.posted(item, "queued");
    const place = admit(item);
    const run = item.pending ? pending.get(item.runId) : undefined;
    if (run && place !== "memory") {
      run.phase = place === "disk" ? "parked" : "absent";
      run.post = undefined;
    }
    return place !== "refused";
  }

  function takeEnd(item: Item): boolean {
    const run = pending.get(item.runId);
    if (run?.phase === "queued" && run.post && dispatcher.remove(run.post)) return replace(run.post, item);
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
      return shelf?.park(item) || refuse("spool_full", item.runId, "its post is in the spool, which is full");
    }
    if (run?.phase !== "absent") becomePatch(item, run);
    return admit(item) !== "refused";
  }

  /** The pending post was never written: one complete post takes its place. */
  function replace(post: Item, end: Item): boolean {
    pending.forget(post.runId);
    ledger.release(post);
    const place = admit(end);
    succeed(post, end);
    return place !== "refused";
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
    if (partsBytes(parts) !== partsBytes(item.parts)) ledger.resize(item, parts);
  }

  /** The post is certainly not there. */
  function becomePost(end: Item): void {
    const before = { ...end };
    end.verb = "post";
    if (!shelf?.isJournal) return;
    shelf.journal(end);
    succeed(before, end);
  }

  /** Items whose request came to nothing: to disk, or lost. */
  function giveUp(items: readonly Item[], error: ServiceError): void {
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
    reporter.lose(cause, runs, error.message, { ...(runs === 1 ? { runId: first.runId } : {}), ...answerOf(error) });
    for (const item of unparked) settleItem(item, { kind: "lost", cause, message: error.message });
  }

  function settle(item: Item, fate: Fate): void {
    if (item.isSettled) return;
    if (fate.kind === "lost") {
      reporter.lose(fate.cause, 1, fate.message, { runId: item.runId, ...answerOf(fate) });
      shelf?.quarantine(item);
    }
    settleItem(item, fate);
  }

  function settleItem(item: Item, fate: Fate): void {
    if (item.isSettled) return;
    // Before it is released: an end that waits for it is to be seen by whoever awaits both.
    settlePending(item, fate);
    if (fate.kind === "sent" || fate.kind === "repeated") arrived.sent += 1;
    if (fate.kind === "repeated") arrived.repeated += 1;
    if (fate.kind !== "parked") shelf?.done(item);
    onSettled(item, fate);
    ledger.release(item);
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
      giveUp([end], new ServiceError("stopped", "its post is in the spool", { reach: "never_written" }));
      return;
    }
    // With a journal the patch stays as it was written: what is repeated after a crash must be what was sent.
    if (run.phase === "answered") becomePatch(end, shelf?.isJournal ? undefined : run);
    else becomePost(end);
    if (!stop.signal.aborted) dispatcher.enqueue(end, true);
  }

  async function close(timeoutMillis: number): Promise<void> {
    isClosed = true;
    const letGo = timers.hold();
    await flushes.wait(timeoutMillis, "all");
    stop.abort();
    await dispatcher.whenIdle(ABORT_MILLIS);
    const failed = lastFailure();
    const why = `not sent within ${Math.round(timeoutMillis)} ms of shutdown${failed ? `; the last attempt failed: ${failed.message}` : ""}`;
    giveUp(ledger.items(), new ServiceError("stopped", why, { reach: "never_written", ...answerOf(failed ?? {}) }));
    letGo();
  }

  return {
    connect: dispatcher.connect,
    take,
    settle,
    requeue(items, isLast = false) {
      for (const item of isLast ? items : [...items].reverse()) {
        if (item.isSettled || !ledger.land(item)) continue;
        const run = pending.get(item.runId);
        // It was refused: what was never taken may be replaced again.
        if (item.pending && run?.post === item && !item.mayHaveArrived && !run.end) run.phase = "queued";
        dispatcher.enqueue(item, !isLast);
      }
    },
    setAside: ledger.setAside,
    keep(item) {
      if (!shelf?.park(item)) return false;
      shelf.setAside(item);
      settleItem(item, { kind: "parked" });
      return true;
    },
    takeAny: dispatcher.takeAny,
    isEmpty: dispatcher.isEmpty,
    cut: fitting.halve,
    async sendParked(items) {
      await dispatcher.sendBeside(items).catch((error: unknown) => {
        reporter.say("info", "LSB_INFO_SPOOL_WAITS", `the spool waits: ${toServiceError(error).message}`);
      });
    },
    waitNoMore: () => flushes.waitNoMore(),
    parkAll() {
      isClosed = true;
      isEnding = true;
      stop.abort();
      giveUp(ledger.items(), new ServiceError("stopped", "the process ended", { reach: "never_written" }));
    },
    batchLimits: dispatcher.limits,
    flush: (timeoutMillis) => flushes.wait(timeoutMillis, "own"),
    isAwaited: ledger.hasAwaited,
    heldBytes: () => ledger.bytes,
    shutdown(timeoutMillis) {
      closing ??= close(timeoutMillis);
      return closing;
    },
    counts: () => ({
      queued: ledger.count - ledger.flying,
      queuedBytes: ledger.bytes,
      inFlight: ledger.flying,
      ...arrived,
    }),
    stopSignal: stop.signal,
  };
}
