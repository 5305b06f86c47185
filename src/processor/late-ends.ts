// Real ends of spans that were closed before: counted and said once, never a third payload.
import { warnOnce } from "../warnings.js";
import type { Tracked } from "./tracked.js";

export class LateEnds {
  #counted = new WeakSet<Tracked>();
  #count = 0;

  /** How many spans ended after their run was sent as closed. */
  get count(): number {
    return this.#count;
  }

  add(tracked: Tracked): void {
    // An SDK says an end once; a wrapper may say it again.
    if (this.#counted.has(tracked)) return;
    this.#counted.add(tracked);
    this.#count += 1;
    warnOnce(
      "LSB_WARN_LATE_END",
      `A span ended after its run had been sent as one that never would (${tracked.closed?.reason}); what it brought is not sent, and counted in stats().lateEnds. Raise orphanedAfterMillis or abandonedAfterMillis where spans live that long.`,
    );
  }
}
