// The threads of a trace: what a span names reaches the runs below it, and, where nobody differs, those above it.

import { type MappableSpan, threadIdOf, type Vocabulary } from "../mapping/index.js";
import { callUser } from "../user-callbacks.js";
import { threadOf } from "../wire/thread.js";
import { contentOf, viewOf } from "./live.js";
import { mappable, type SourceSpan, scopeOf } from "./source-span.js";
import type { Tracked } from "./tracked.js";

/** So many of the spans that are open while a root ends are looked at for a thread. */
const MAX_OPEN_LOOKED_AT = 1_000;

export type Threads = ReturnType<typeof createThreads>;

/**
 * @param vocabularies the user's, where there are any
 * @param openSpans the spans that are open now
 */
export function createThreads(vocabularies: readonly Vocabulary[] | undefined, openSpans: () => Iterable<Tracked>) {
  /** LangSmith's own SDK names a thread at the end, on every span of its own: nothing is taken from it before. */
  function statedBy(scope: string, attributes: MappableSpan["attributes"], view: () => MappableSpan) {
    if (scope === "langsmith") return undefined;
    const read = () => threadIdOf(attributes, vocabularies, view);
    return vocabularies ? callUser(read) : read();
  }

  /** The thread that a span names at its start. */
  function atStart(span: SourceSpan): string | undefined {
    return statedBy(scopeOf(span).name, span.attributes, () => mappable(span));
  }

  /** The thread that a span which is not sent yet names so far, by attributes, the authoring API or `tracingContext`. */
  function soFar(tracked: Tracked): string | undefined {
    if (tracked.threadId !== undefined || tracked.settledAs) return tracked.threadId;
    const view = viewOf(tracked);
    tracked.threadId = view && statedBy(tracked.scopeName, view.attributes, () => view);
    return tracked.threadId;
  }

  /** A span names a thread: those above it learn of it, and of whether it is the only one below them. */
  function tell(tracked: Tracked, thread: string | undefined): void {
    if (thread !== undefined) tellFrom(tracked.keptParent, thread);
  }

  /** The same from this run upwards: something that hangs under it names a thread. */
  function tellFrom(lowest: Tracked | undefined, thread: string): void {
    for (let at = lowest; at; at = at.keptParent) {
      // Whoever is above has been told already.
      if (at.hasThreadsBelow || at.threadBelow === thread) return;
      if (at.threadBelow === undefined) at.threadBelow = thread;
      else at.hasThreadsBelow = true;
    }
  }

  /** What the spans below that are still open name: they may end after the root was sent. */
  function tellOpenBelow(tracked: Tracked): void {
    let left = MAX_OPEN_LOOKED_AT;
    for (const open of openSpans()) {
      if (left-- === 0) return;
      if (open.trace !== tracked.trace || open === tracked) continue;
      const { metadata } = contentOf(open) ?? {};
      tell(open, threadOf(metadata) ?? threadOf(open.inherited?.metadata) ?? soFar(open));
    }
  }

  /**
   * The thread of a run that names none: that of the nearest run above that names one, else the only one that shows
   * itself below it, or below the nearest run above that has some below. Where they differ, none.
   */
  function of(tracked: Tracked): string | undefined {
    for (let at: Tracked | undefined = tracked; at; at = at.keptParent) {
      const thread = soFar(at);
      if (thread !== undefined) return thread;
    }
    if (tracked.keptParent === undefined && tracked.threadBelow === undefined && tracked.trace.openSpans > 0) {
      tellOpenBelow(tracked);
    }
    for (let at: Tracked | undefined = tracked; at; at = at.keptParent) {
      if (at.hasThreadsBelow) return undefined;
      if (at.threadBelow !== undefined) return at.threadBelow;
    }
    return undefined;
  }

  return { atStart, tell, tellFrom, of };
}
