// The spool: runs on disk, shared by several processes, bounded, and sent when the service takes them again.
import { existsSync } from "node:fs";
import { atExit } from "../at-exit.js";
import { Appender } from "./appender.js";
import { Asides } from "./asides.js";
import { drain } from "./drain.js";
import type { Item } from "./item.js";
import { Lanes } from "./lanes.js";
import type { SpoolOptions, SpoolReporter, SpoolTimers } from "./needs.js";
import { HEARTBEAT_MILLIS, Owners } from "./owners.js";
import { Refused } from "./refused.js";
import type { Segment } from "./segment.js";

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
  /** Of the destination: only its lanes are sent. */
  tag: string;
  timers: SpoolTimers;
  reporter: SpoolReporter;
  now: () => number;
}

/** How soon a round is tried again after one that came to nothing, and how often lanes of others are looked for. */
const AGAIN_MILLIS = 1_000;
const ADOPT_MILLIS = 2_500;
/** How often the own files are looked for, and the bound kept although nothing is written. */
const LOOK_MILLIS = 5_000;
/** While somebody waits: how soon after a round that came to nothing, and how often it is looked at the whole. */
const IN_THE_WAY_MILLIS = 250;
const AWAITED_MILLIS = 1_000;

export class Spool {
  readonly isJournal: boolean;
  readonly #settings: SpoolSettings;
  readonly #owners: Owners;
  readonly #appender: Appender;
  readonly #lanes: Lanes;
  readonly #asides = new Asides();
  readonly #refused: Refused;
  readonly #cancels: (() => void)[] = [];
  /** Who waits for what is on disk, and whether for this process's own alone. */
  readonly #awaited: { isOwn: boolean }[] = [];
  #spooled = 0;
  #isBroken = false;
  #isClosed = false;
  #isInTheWay = false;
  #sending: SpoolSending | undefined;
  #round: Promise<void> | undefined;
  #roundEnd = new AbortController();
  #firstRead: Promise<void> = Promise.resolve();
  #cancelRound: (() => void) | undefined;

  constructor(settings: SpoolSettings) {
    this.#settings = settings;
    const { dir, maxBytes, mode } = settings.options;
    const { reporter, tag } = settings;
    this.isJournal = mode === "always";
    const owners = new Owners(dir, tag, settings.now);
    this.#owners = owners;
    this.#appender = new Appender({
      dir,
      lane: () => owners.instance,
      segmentBytes: Math.max(65_536, Math.min(4 * 1_048_576, Math.floor(maxBytes / 8))),
      isSync: this.isJournal,
      onRotate: () => void this.#lanes.keepBound(),
      onError: (error) => this.#warnBroken("could not be written to", error),
      isOurs: (lane) => owners.owns(lane),
      onLost: () => this.#regain(),
    });
    this.#lanes = new Lanes({
      dir,
      maxBytes,
      tag,
      owners,
      appender: this.#appender,
      onEvicted: (parked) =>
        reporter.lose("spool_full", parked, `the spool holds its ${maxBytes} bytes; the oldest went`),
      onDamaged: (path, places, runs) => {
        reporter.warnOnce(
          "LSB_WARN_SPOOL_DAMAGED",
          `A file of the spool is damaged in ${places} place(s); what can be read of it is sent, and the file is kept as ${path}`,
        );
        if (runs > 0) reporter.lose("unreadable", runs, `${path} is damaged where they were`);
      },
      onLeftAlone: (path, why) => this.#warnLeftAlone(path, why),
      onVanished: (path, parked) => {
        this.#report("lost a file", `somebody removed ${path}`);
        if (parked > 0) reporter.lose("spool_full", parked, "their file was removed from the spool");
        // With the directory went the note of who owns the lane: what comes next makes both anew.
        if (!existsSync(dir)) this.#enter();
      },
    });
    this.#refused = new Refused(dir, owners.instance, maxBytes / 10);
    this.#enter();
    this.#repeat(HEARTBEAT_MILLIS, () => this.#beat());
    this.#repeat(ADOPT_MILLIS, () => this.#adopt());
    this.#repeat(LOOK_MILLIS, async () => {
      this.#lanes.lookForAll();
      if (this.#lanes.parked() > 0) await this.#lanes.keepBound();
    });
    this.#cancels.push(atExit("write", () => this.#end()));
  }

  #end(): void {
    this.#sending?.parkAll?.();
    this.#appender.end();
    this.#lanes.settleSync();
    // Its lane may be taken over at once, also where this was a thread of a process that lives on.
    this.#owners.leave();
  }

  /** Keeps the item on disk for later; false when it cannot. */
  park(item: Item): boolean {
    const { record } = item;
    if (record && this.#lanes.isThere(record.segment) && record.segment.open.has(record.index)) {
      if (record.segment.open.get(record.index) !== "live") return true;
      record.segment.open.set(record.index, "parked");
    } else {
      if (!this.#append(item, "parked")) return false;
      void item.written?.then((isWritten) => {
        // What went with its segment was counted with it.
        if (!isWritten && !item.record?.segment.isGone)
          this.#settings.reporter.lose("spool_full", 1, "it could not be written to the spool", { runId: item.runId });
      });
    }
    this.#spooled += 1;
    this.#schedule(AGAIN_MILLIS);
    return true;
  }

  /** Writes a copy of an item that stays in memory. */
  journal(item: Item): void {
    this.#append(item, "live");
  }

  /** The item was settled: its copy is not needed any more. */
  done(item: Item): void {
    if (item.record) this.#lanes.done(item.record);
    if (item.isAside) this.#asides.free(item.runId);
  }

  /** It fails alone: it stays on disk, and this process tries it no more. */
  setAside(item: Item): void {
    if (item.record) this.#asides.hold(item.runId, item.record);
  }

  /** Keeps a refused item beside the spool, for whoever wants to know why. */
  quarantine(item: Item): void {
    if (this.#isBroken) return;
    void this.#refused.add(item).catch((error: unknown) => this.#warnBroken("could not keep a refused run", error));
  }

  /** Begins to send what is there. */
  start(sending: SpoolSending): void {
    this.#sending = sending;
    this.#firstRead = this.#adopt().catch((error: unknown) => this.#report("could not be read", error));
  }

  /** Resolves when the lanes found at start are known. */
  read(): Promise<void> {
    return this.#firstRead;
  }

  /** Parked since start, and on disk now; files that could not be read, and are kept. */
  counts(): { spooled: number; onDisk: number; unreadableFiles: number } {
    return { spooled: this.#spooled, onDisk: this.#lanes.parked(), unreadableFiles: this.#lanes.unreadableFiles };
  }

  /**
   * Sends what is on disk, now: what this process has parked (`own`), or lanes of processes that are gone, too. Resolves
   * when that is done, when the time is over or when the signal aborts.
   */
  async sendNow(what: "own" | "all", timeoutMillis: number, signal: AbortSignal): Promise<void> {
    const { now, timers } = this.#settings;
    const isOwn = what === "own";
    const until = now() + timeoutMillis;
    const one = { isOwn };
    this.#awaited.push(one);
    try {
      await this.#firstRead;
      if (!isOwn) await this.#adopt();
      while (this.#lanes.waiting(isOwn).length > 0 && now() < until && !signal.aborted && !this.#isClosed) {
        if (!this.#round) this.#schedule(this.#isInTheWay ? IN_THE_WAY_MILLIS : 0);
        await timers.sleep(Math.min(AWAITED_MILLIS, until - now()), AbortSignal.any([signal, this.#roundEnd.signal]));
      }
    } finally {
      this.#awaited.splice(this.#awaited.indexOf(one), 1);
    }
  }

  /** Stops sending and writes what waits to be written. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#lanes.lookForAll();
    this.#cancelRound?.();
    await this.#round;
    await this.#appender.close();
    await this.#lanes.settled();
    const isLeft = await this.#lanes.close();
    if (!isLeft) await this.#owners.release(this.#owners.instance);
    this.#owners.leave();
    for (const cancel of this.#cancels) cancel();
  }

  #append(item: Item, copy: "live" | "parked"): boolean {
    const appended = this.#isBroken ? undefined : this.#appender.append(item, copy);
    if (!appended) return false;
    item.record = appended.record;
    item.written = appended.written;
    return true;
  }

  #enter(): void {
    try {
      this.#owners.enter();
      this.#isBroken = false;
    } catch (error) {
      this.#isBroken = true;
      this.#warnBroken("cannot be used", error);
    }
  }

  async #beat(): Promise<void> {
    if (this.#isClosed) return;
    // A directory that could not be used may be one day.
    if (this.#isBroken) this.#enter();
    else if (!(await this.#owners.beat()) && !this.#isClosed) this.#regain();
  }

  /** The own lane is another's now, or somebody removed it. */
  #regain(): void {
    if (!this.#owners.isTaken()) {
      this.#lanes.lookForAll();
      this.#enter();
      return;
    }
    this.#report(
      "goes on in another file",
      "another process took this one for gone, since it had not been seen for some seconds, and sends what was there",
    );
    this.#lanes.letGo();
    try {
      this.#owners.renew();
    } catch (error) {
      this.#isBroken = true;
      this.#warnBroken("cannot be used", error);
    }
  }

  #warnBroken(what: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#settings.reporter.warnOnce(
      "LSB_WARN_SPOOL",
      `The spool ${this.#settings.options.dir} ${what} (${reason}). Runs that cannot be sent or held in memory are lost, ` +
        "and counted in stats().lost. Check that the directory exists, has room, and may be written to by this process",
    );
  }

  #warnLeftAlone(path: string, why: "newer" | "unreadable"): void {
    const { reporter } = this.#settings;
    if (why === "newer")
      reporter.warnOnce(
        "LSB_WARN_SPOOL_NEWER",
        `${path} was written by a newer version of otel-langsmith; it is left for a process of that version to send`,
      );
    else {
      reporter.warnOnce(
        "LSB_WARN_SPOOL_UNREADABLE",
        `${path} cannot be read, or is no plain file; it is left where it is. Check who may read it`,
      );
      reporter.lose("unreadable", 1, `${path} cannot be read; how many runs it holds is not known`);
    }
  }

  #report(what: string, why: unknown): void {
    const { reporter, options } = this.#settings;
    reporter.say(
      "error",
      "LSB_ERR_SPOOL",
      `the spool ${options.dir} ${what}: ${why instanceof Error ? why.message : why}`,
    );
  }

  #repeat(millis: number, work: () => Promise<void>): void {
    const { timers } = this.#settings;
    const again = () => {
      cancel = timers.after(millis, again);
      void work().catch(() => {});
    };
    let cancel = timers.after(millis, again);
    this.#cancels.push(() => cancel());
  }

  async #adopt(): Promise<void> {
    if (this.#isBroken || this.#isClosed) return;
    await this.#lanes.lookForNewer();
    for (const orphan of await this.#owners.adoptable()) {
      if (this.#isClosed) return;
      if (!(await this.#lanes.isReadable(orphan.lane)) || !(await this.#owners.adopt(orphan))) continue;
      const found = await this.#lanes.read(orphan.lane);
      if (found > 0)
        this.#settings.reporter.say(
          "info",
          "LSB_INFO_SPOOL_FOUND",
          `${found} operation(s) of an earlier process are being sent`,
        );
    }
    if (this.#lanes.waiting(false).length > 0) this.#schedule(0);
  }

  #schedule(millis: number): void {
    if (!this.#sending || this.#round || this.#isClosed) return;
    this.#cancelRound?.();
    this.#cancelRound = this.#settings.timers.after(millis, () => {
      this.#cancelRound = undefined;
      this.#round = this.#drain().finally(() => {
        this.#round = undefined;
        this.#roundEnd.abort();
        this.#roundEnd = new AbortController();
        if (this.#lanes.waiting(false).length > 0) this.#schedule(AGAIN_MILLIS);
      });
    });
  }

  async #drain(): Promise<void> {
    if (!this.#sending) return;
    await this.#appender.drained();
    const { send, limits, concurrency } = this.#sending;
    const isDone = await drain({
      lanes: this.#lanes,
      asides: this.#asides,
      next: () => this.#next(),
      limits,
      concurrency: () => (this.#awaited.length > 0 ? concurrency : 1),
      send,
      now: this.#settings.now,
      isStopped: () => this.#isClosed,
    }).catch((error: unknown) => {
      this.#report("could not be read", error);
      return false;
    });
    this.#isInTheWay = !isDone;
    await this.#lanes.settled();
  }

  /** The oldest; after a round that came to nothing another, since something in that one may be the reason. */
  #next(): Segment | undefined {
    const isOwn = this.#awaited.length > 0 && this.#awaited.every((one) => one.isOwn);
    const waiting = this.#lanes.waiting(isOwn);
    const at = this.#isInTheWay ? Math.floor(Math.random() * waiting.length) : 0;
    this.#isInTheWay = false;
    return waiting[at];
  }
}
