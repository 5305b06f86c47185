// Runs that fail alone while others are taken: each is tried by itself beside the others, until there is a verdict.
import { mayBeItsOwn, type ServiceError, toServiceError } from "../service/errors.js";
import type { Evidence } from "./evidence.js";
import type { Answer, Item } from "./item.js";
import { type Fate, lostBy } from "./split.js";
import type { Timers } from "./timers.js";

export interface SuspectsOptions {
  evidence: Evidence;
  timers: Timers;
  now: () => number;
  /** One request with this item alone, one attempt. */
  attempt: (item: Item) => Promise<Answer>;
  settle: (item: Item, fate: Fate) => void;
  /** Keeps the item on disk until another process or a replay tries it; false where there is no disk. */
  keep: (item: Item) => boolean;
  /** Others do not wait for this item any more. */
  setAside: (item: Item) => void;
  /** It was refused with 403 for so long without anything being taken: that speaks of the key. */
  onKeyDoubted: (error: ServiceError) => void;
  /** How long an item may be tried at all. */
  maxAgeMillis: number;
}

/** Failures alone, each after others were taken, and the time alone, after which a run is at fault. */
const ALONE_FAILURES = 5;
export const ALONE_MILLIS = 60_000;

/** More runs than this that fail alone at once: the fault is not theirs, and they are kept for as long as any. */
const MANY = 20;

const FIRST_DELAY_MILLIS = 500;
const MAX_DELAY_MILLIS = 30_000;
const KEY_DELAY_MILLIS = 60_000;

interface Suspect {
  readonly item: Item;
  error: ServiceError;
  readonly since: number;
  /** When it failed last, as a mark of the evidence. */
  failedAt: number;
  passedBy: number;
  dueAt: number;
  delayMillis: number;
}

export class Suspects {
  readonly #options: SuspectsOptions;
  readonly #held = new Map<Item, Suspect>();
  #round: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(options: SuspectsOptions) {
    this.#options = options;
    options.evidence.onTaken(() => this.#onTaken());
  }

  get count(): number {
    return this.#held.size;
  }

  hold(item: Item, error: ServiceError): void {
    const { evidence, now, setAside } = this.#options;
    const isRefused = error.kind === "forbidden";
    this.#held.set(item, {
      item,
      error,
      since: now(),
      failedAt: evidence.mark(),
      passedBy: 0,
      dueAt: now() + (isRefused ? KEY_DELAY_MILLIS : FIRST_DELAY_MILLIS),
      delayMillis: isRefused ? KEY_DELAY_MILLIS : FIRST_DELAY_MILLIS,
    });
    setAside(item);
    this.#schedule();
  }

  /** Tries each of them now, once; resolves when that is done. */
  async hurry(): Promise<void> {
    await this.#round;
    for (const suspect of this.#held.values()) suspect.dueAt = this.#options.now();
    this.#schedule();
    await this.#round;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  /** A run that was refused is tried a second time when another was taken: twice refused, it is at fault. */
  #onTaken(): void {
    for (const suspect of this.#held.values()) {
      if (suspect.error.kind === "forbidden") suspect.dueAt = this.#options.now();
    }
    if (this.#held.size > 0) this.#schedule();
  }

  #schedule(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#isStopped || this.#round || this.#held.size === 0) return;
    const { now, timers } = this.#options;
    const dueAt = Math.min(...[...this.#held.values()].map((suspect) => suspect.dueAt));
    if (dueAt > now()) {
      this.#cancel = timers.after(dueAt - now(), () => this.#schedule());
      return;
    }
    this.#round = this.#tryDue().finally(() => {
      this.#round = undefined;
      this.#schedule();
    });
  }

  async #tryDue(): Promise<void> {
    for (const suspect of [...this.#held.values()]) {
      if (this.#isStopped) return;
      if (suspect.item.isSettled) this.#held.delete(suspect.item);
      else if (suspect.dueAt <= this.#options.now()) await this.#try(suspect);
    }
  }

  async #try(suspect: Suspect): Promise<void> {
    const { item } = suspect;
    try {
      const answer = await this.#options.attempt(item);
      this.#end(item, { kind: answer === "taken" ? "sent" : "repeated" });
    } catch (thrown) {
      const error = toServiceError(thrown);
      if (error.kind === "stopped") return;
      if (error.reach === "unknown") item.mayHaveArrived = true;
      const fate = this.#verdict(suspect, error);
      if (fate) return this.#end(item, fate);
      suspect.delayMillis = Math.min(suspect.delayMillis * 2, MAX_DELAY_MILLIS);
      if (error.kind === "forbidden") suspect.delayMillis = KEY_DELAY_MILLIS;
      suspect.dueAt = this.#options.now() + suspect.delayMillis;
    }
  }

  #verdict(suspect: Suspect, error: ServiceError): Fate | undefined {
    const { evidence, now, maxAgeMillis } = this.#options;
    const isPassedBy = evidence.isTakenSince(suspect.failedAt);
    const lost = lostBy(error, "refused");
    switch (error.kind) {
      case "conflict":
        // Alone, it was there already.
        return { kind: "repeated" };
      case "malformed":
      case "too_large":
        return lost;
      case "forbidden":
        if (isPassedBy && suspect.error.kind === "forbidden") return lost;
        if (!isPassedBy) this.#options.onKeyDoubted(error);
        suspect.error = error;
        break;
      default:
        if (!mayBeItsOwn(error)) return undefined;
        suspect.error = error;
        if (isPassedBy) suspect.passedBy += 1;
    }
    suspect.failedAt = evidence.mark();
    const isOld = now() - suspect.item.receivedAt >= maxAgeMillis;
    if (isOld && error.kind !== "forbidden") {
      return this.#options.keep(suspect.item) ? KEPT : lostBy(error, "expired");
    }
    if (suspect.passedBy < ALONE_FAILURES || this.#held.size > MANY) return undefined;
    if (this.#options.keep(suspect.item)) return KEPT;
    return now() - suspect.since >= ALONE_MILLIS ? lost : undefined;
  }

  #end(item: Item, fate: Fate): void {
    this.#held.delete(item);
    if (fate !== KEPT) this.#options.settle(item, fate);
  }
}

/** `keep` has settled it. */
const KEPT: Fate = { kind: "parked" };
