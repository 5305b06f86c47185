// Spans below a local root that has ended, in a trace in which nothing happens any more: they will never end.
import type { LocalTrace, Tracked } from "./tracked.js";

export interface OrphansOptions {
  /** How long nothing must have started or ended in such a trace; milliseconds. */
  readonly orphanedAfterMillis: number;
  /** The spans that are open now. */
  openSpans(): Iterable<Tracked>;
  close(tracked: Tracked, reason: string, micros: number): void;
}

/** How often is looked, as a part of the time that must have passed. */
const LOOKS = 10;

/** The traces of one processor whose root has ended while something below it is open. */
export class Orphans {
  readonly #options: OrphansOptions;
  readonly #rootless = new Set<LocalTrace>();
  #lookedAt = 0;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /** A span ended, at this monotonic time. */
  ended(tracked: Tracked, now: number): void {
    const { trace } = tracked;
    trace.touchedAt = now;
    if (trace.openSpans === 0) this.#rootless.delete(trace);
    else if (tracked === trace.root) this.#rootless.add(trace);
  }

  /** Closes what is open in traces in which nothing has happened for long enough. */
  check(now: number): void {
    const { orphanedAfterMillis, openSpans, close } = this.#options;
    if (this.#rootless.size === 0 || now - this.#lookedAt < orphanedAfterMillis / LOOKS) return;
    this.#lookedAt = now;
    /** Each with the moment when something last happened in it: its spans end then, which is itself no event. */
    const due = new Map<LocalTrace, number>();
    for (const trace of this.#rootless) {
      const quietMillis = now - trace.touchedAt;
      if (quietMillis >= orphanedAfterMillis) due.set(trace, Math.round((Date.now() - quietMillis) * 1000));
    }
    if (due.size === 0) return;
    for (const tracked of [...openSpans()]) {
      const micros = due.get(tracked.trace);
      // A run of which a reference was taken is whoever resumes it to end.
      if (micros === undefined || tracked.isReferenced) continue;
      close(
        tracked,
        `aborted: its trace's root has ended, and nothing has happened below it for ${orphanedAfterMillis} ms`,
        micros,
      );
    }
    // What is left there is referenced.
    for (const trace of due.keys()) this.#rootless.delete(trace);
  }
}
