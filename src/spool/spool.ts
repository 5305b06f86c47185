// The spool: runs on disk, shared by several processes, bounded, and sent when the service takes them again.
import { existsSync } from "node:fs";
import { appendFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Item } from "../delivery/item.js";
import type { SpoolOptions } from "../delivery/options.js";
import type { Reporter } from "../delivery/reporter.js";
import type { Timers } from "../delivery/timers.js";
import { createAppender } from "./appender.js";
import { Asides } from "./asides.js";
import { drain } from "./drain.js";
import { createLanes } from "./lanes.js";
import { createOwners } from "./owners.js";
import { encodeRecord } from "./record.js";
import type { Segment } from "./segment.js";

export interface Spool {
  /** Keeps the item on disk for later; false when it cannot. */
  park(item: Item): boolean;
  /** Writes a copy of an item that stays in memory. */
  journal(item: Item): void;
  /** The item was settled: its copy is not needed any more. */
  done(item: Item): void;
  /** Keeps a refused item beside the spool, for whoever wants to know why. */
  quarantine(item: Item): void;
  /** It fails alone: it stays on disk, and this process tries it no more. */
  setAside(item: Item): void;
  /**
   * Sends what is on disk, now: what this process has parked (`own`), or lanes of processes that are gone, too. Resolves
   * when that is done, when the time is over or when the signal aborts.
   */
  sendNow(what: "own" | "all", timeoutMillis: number, signal: AbortSignal): Promise<void>;
  readonly isJournal: boolean;
  /** Begins to send what is there. */
  start(sending: SpoolSending): void;
  /** Resolves when the lanes found at start are known. */
  read(): Promise<void>;
  /** Stops sending and writes what waits to be written. */
  close(): Promise<void>;
  /** Parked since start, and on disk now. */
  counts(): { spooled: number; onDisk: number };
}

export interface SpoolSending {
  /** The process ends now: parks what is in memory, without the event loop. */
  parkAll?: () => void;
  send: (items: readonly Item[]) => Promise<void>;
  limits: () => { maxCount: number; maxBytes: number };
  /** Requests at once while somebody waits. */
  concurrency: number;
}

export interface SpoolSettings {
  options: Required<SpoolOptions>;
  instance: string;
  timers: Timers;
  reporter: Reporter;
  now: () => number;
}

/** How soon a round is tried again after one that came to nothing, and how often lanes of others are looked for. */
const AGAIN_MILLIS = 1_000;
const ADOPT_MILLIS = 15_000;
/** While somebody waits: how soon after a round that came to nothing, and how often it is looked at the whole. */
const IN_THE_WAY_MILLIS = 250;
const AWAITED_MILLIS = 1_000;

export function createSpool({ options, instance, timers, reporter, now }: SpoolSettings): Spool {
  const { dir, maxBytes, mode } = options;
  const owners = createOwners(dir, instance);
  let spooled = 0;
  let isBroken = false;
  let isClosed = false;
  let sending: SpoolSending | undefined;
  let round: Promise<void> | undefined;
  let roundEnd = new AbortController();
  let firstRead: Promise<void> = Promise.resolve();
  let cancelRound: (() => void) | undefined;
  const asides = new Asides();
  // Who waits for what is on disk, and whether for this process's own alone.
  const awaited: { isOwn: boolean }[] = [];
  let isInTheWay = false;
  const refusedPath = join(dir, `${instance}.refused`);

  const appender = createAppender({
    dir,
    lane: instance,
    segmentBytes: Math.max(65_536, Math.min(4 * 1_048_576, Math.floor(maxBytes / 8))),
    isSync: mode === "always",
    onRotate: () => void lanes.keepBound(),
    onError: (error) => broken("could not be written to", error),
  });
  const lanes = createLanes({
    dir,
    maxBytes,
    own: instance,
    owners,
    appender,
    onEvicted: (parked) =>
      reporter.lose("spool_full", parked, `the spool holds its ${maxBytes} bytes; the oldest went`),
    onDamaged: (path, places) =>
      reporter.say(
        "warn",
        "LSB_WARN_SPOOL_DAMAGED",
        `${path} is damaged in ${places} place(s); those records are skipped`,
      ),
    onVanished: (path, parked) => {
      broken("lost a file", `somebody removed ${path}`);
      if (parked > 0) reporter.lose("spool_full", parked, "their file was removed from the spool");
      // With the directory went the note of who owns the lane: what comes next makes both anew.
      if (!existsSync(dir)) enter();
    },
  });

  function broken(what: string, error: unknown): void {
    reporter.say(
      "error",
      "LSB_ERR_SPOOL",
      `the spool ${dir} ${what}: ${error instanceof Error ? error.message : error}`,
    );
  }

  function enter(): void {
    try {
      owners.enter();
    } catch (error) {
      isBroken = true;
      broken("cannot be used", error);
    }
  }

  enter();
  const cancelBeat = repeat(owners.heartbeatMillis, () => {
    lanes.lookForAll();
    return owners.beat();
  });
  const cancelAdopt = repeat(ADOPT_MILLIS, adopt);
  const onExit = () => {
    sending?.parkAll?.();
    appender.closeSync();
    lanes.settleSync();
  };
  process.once("exit", onExit);

  function repeat(millis: number, work: () => Promise<void>): () => void {
    let cancel = timers.after(millis, again);
    function again(): void {
      cancel = timers.after(millis, again);
      void work().catch(() => {});
    }
    return () => cancel();
  }

  async function adopt(): Promise<void> {
    if (isBroken || isClosed) return;
    for (;;) {
      const lane = await owners.adopt();
      if (lane === undefined) break;
      const found = await lanes.read(lane);
      if (found > 0)
        reporter.say("info", "LSB_INFO_SPOOL_FOUND", `${found} operation(s) of an earlier process are being sent`);
    }
    if (lanes.waiting(false).length > 0) schedule(0);
  }

  function schedule(millis: number): void {
    if (!sending || round || isClosed) return;
    cancelRound?.();
    cancelRound = timers.after(millis, () => {
      cancelRound = undefined;
      round = drainRound().finally(() => {
        round = undefined;
        roundEnd.abort();
        roundEnd = new AbortController();
        if (lanes.waiting(false).length > 0) schedule(AGAIN_MILLIS);
      });
    });
  }

  async function drainRound(): Promise<void> {
    if (!sending) return;
    await appender.drained();
    const { send, limits, concurrency } = sending;
    const isDone = await drain({
      lanes,
      asides,
      next,
      limits,
      concurrency: () => (awaited.length > 0 ? concurrency : 1),
      send,
      onUnreadable: (path, count) => reporter.lose("spool_full", count, `${path} is damaged where they were`),
      now,
      isStopped: () => isClosed,
    }).catch((error: unknown) => {
      broken("could not be read", error);
      return false;
    });
    isInTheWay = !isDone;
    await lanes.settled();
  }

  /** The oldest; after a round that came to nothing another, since something in that one may be the reason. */
  function next(): Segment | undefined {
    const isOwn = awaited.length > 0 && awaited.every((one) => one.isOwn);
    const waiting = lanes.waiting(isOwn);
    const at = isInTheWay ? Math.floor(Math.random() * waiting.length) : 0;
    isInTheWay = false;
    return waiting[at];
  }

  async function sendNow(what: "own" | "all", timeoutMillis: number, signal: AbortSignal): Promise<void> {
    const isOwn = what === "own";
    const until = now() + timeoutMillis;
    const one = { isOwn };
    awaited.push(one);
    try {
      await firstRead;
      if (!isOwn) await adopt();
      while (lanes.waiting(isOwn).length > 0 && now() < until && !signal.aborted && !isClosed) {
        if (!round) schedule(isInTheWay ? IN_THE_WAY_MILLIS : 0);
        await timers.sleep(Math.min(AWAITED_MILLIS, until - now()), AbortSignal.any([signal, roundEnd.signal]));
      }
    } finally {
      awaited.splice(awaited.indexOf(one), 1);
    }
  }

  function append(item: Item, copy: "live" | "parked"): boolean {
    const record = isBroken ? undefined : appender.append(item, copy);
    if (!record) return false;
    item.record = record;
    item.written = record.written;
    return true;
  }

  return {
    isJournal: mode === "always",
    park(item) {
      if (item.record && lanes.isThere(item.record.segment) && item.record.segment.open.has(item.record.index)) {
        if (item.record.segment.open.get(item.record.index) !== "live") return true;
        item.record.segment.open.set(item.record.index, "parked");
      } else {
        if (!append(item, "parked")) return false;
        void item.written?.then((isWritten) => {
          // What went with its segment was counted with it.
          if (!isWritten && !item.record?.segment.isGone)
            reporter.lose("spool_full", 1, "it could not be written to the spool", { runId: item.runId });
        });
      }
      spooled += 1;
      schedule(AGAIN_MILLIS);
      return true;
    },
    journal(item) {
      append(item, "live");
    },
    done(item) {
      if (item.record) lanes.done(item.record);
      if (item.isAside) asides.free(item.runId);
    },
    setAside(item) {
      if (item.record) asides.hold(item.runId, item.record);
    },
    sendNow,
    quarantine(item) {
      void (async () => {
        const size = (await stat(refusedPath).catch(() => undefined))?.size ?? 0;
        if (isBroken || size + item.bytes > maxBytes / 10) return;
        await appendFile(refusedPath, encodeRecord(0, item), { mode: 0o600 });
      })().catch((error: unknown) => broken("could not keep a refused run", error));
    },
    start(through) {
      sending = through;
      firstRead = adopt().catch((error: unknown) => broken("could not be read", error));
    },
    read: () => firstRead,
    async close() {
      isClosed = true;
      lanes.lookForAll();
      cancelRound?.();
      cancelBeat();
      cancelAdopt();
      await round;
      await appender.close();
      await lanes.settled();
      const isLeft = await lanes.close();
      if (!isLeft) await owners.release(instance);
      await owners.leave();
      process.removeListener("exit", onExit);
    },
    counts: () => ({ spooled, onDisk: lanes.parked() }),
  };
}
