// From an ended, or long open, span to its run: queued, made in slices, decided, sent once to every target.
import { DEFAULT_QUEUE_BYTES } from "../delivery/index.js";
import { type Mapped, TOLD_WHOLE, toldOf } from "../mapping/index.js";
import type { ResolvedOptions } from "../options/options.js";
import { threadOf } from "../wire/thread.js";
import { AUTHORING_SCOPE, type GenAi } from "./genai.js";
import { clientsOf, contentOf } from "./live.js";
import { type Making, takeProjectWish } from "./making.js";
import { createModelCalls, kindOf, type ModelCallsOptions } from "./model-calls.js";
import { createOutbox } from "./outbox.js";
import { ResourceGate } from "./resource-gate.js";
import type { Taken } from "./runs-owner.js";
import { estimateBytes, type SourceSpan } from "./source-span.js";
import type { Threads } from "./threads.js";
import type { Target, Tracked } from "./tracked.js";
import { createUsageCount } from "./usage-count.js";

/** Beyond this many waiting spans their memory is counted; below, they are too few to matter. */
const UNCOUNTED = 64;

/** With a journal a span that ended is made into its run within this, however much there is to do. */
const JOURNAL_LATE_MILLIS = 20;

export interface SendingOptions extends Pick<ModelCallsOptions, "waitMillis" | "openSpans" | "onWait"> {
  /** Where every run goes by itself; undefined where exporters ask for them. */
  readonly target: Target | undefined;
  readonly options: ResolvedOptions;
  /** Whether an exporter may yet ask for runs that were sent. */
  readonly keepsForExporters: (() => boolean) | undefined;
  readonly making: Making;
  readonly genAi: GenAi;
  readonly threads: Threads;
  /** Told of an exception, which costs one span. */
  fault(what: string, error: unknown): void;
}

interface Job {
  readonly tracked: Tracked;
  readonly kind: "pending" | "ended";
}

/** The runs of one bridge on their way out. */
export interface Sending {
  /** Queues the pending post of an open span of an open trace; once. */
  queuePending(tracked: Tracked): void;
  /** Queues an ended span of an open trace. */
  queueEnded(tracked: Tracked): void;
  /** A span that an exporter got: its run goes to that exporter's sink too. */
  exportTo(tracked: Tracked, span: SourceSpan, to: Target): Taken;
  /** Lets go of everything that a span's run would have been made of. */
  letGo(tracked: Tracked): void;
  /** Decides the model calls that have waited long enough. */
  expire(now: number): void;
  /** Makes and sends all that waits. */
  drain(): Promise<void>;
  /**
   * The process ends: makes and sends at once what waits, at most for so long, and from now on each span as it ends.
   * Answers how many are left.
   */
  endProcess(millis: number): number;
  readonly waiting: number;
}

export function createSending(sending: SendingOptions): Sending {
  const { target, options, keepsForExporters, making, genAi, threads, fault, ...callOptions } = sending;
  const maxBytes = options.given.queue?.maxBytes ?? DEFAULT_QUEUE_BYTES;
  let waitingBytes = 0;
  let isPaying = false;
  let isEnding = false;
  /** Exporters that have brought spans. */
  const exporters = new Set<Target>();
  const onError = (job: Job, error: unknown) => {
    fault(`the run of span ${job.tracked.spanId} could not be made`, error);
    letGo(job.tracked);
  };
  target?.sink.alsoHolds(() => waitingBytes);
  // What a journal has promised goes before the event loop's other turns.
  const isJournal = options.spool?.mode === "always";
  const outbox = createOutbox(work, onError, isJournal ? JOURNAL_LATE_MILLIS : undefined);
  const gate = new ResourceGate<Job>(outbox.push, options.shutdownTimeoutMillis);
  const calls = createModelCalls({
    ...callOptions,
    now: () => performance.now(),
    look: making.look,
    genAi,
    isAuthored: (tracked) => tracked.scopeName === AUTHORING_SCOPE,
    emit: sendEnded,
  });

  function queuePending(tracked: Tracked): void {
    if (!target || tracked.isPendingQueued) return;
    tracked.isPendingQueued = true;
    push({ tracked, kind: "pending" });
  }

  function push(job: Job): void {
    // A journal has promised to be on disk at once: there runs take what is known of their resource by then.
    if (isJournal || isEnding) outbox.push(job);
    else gate.push(job, (job.tracked.span ?? job.tracked.weak?.deref())?.resource);
  }

  function queueEnded(tracked: Tracked): void {
    // No exporter will ever bring a span that never ended; whoever got its neighbours gets it too.
    if (!target && tracked.closed && exporters.size > 0) tracked.exports = [...exporters];
    if (!target && !tracked.exports) {
      // An exporter will bring the span, or a copy of it without what the authoring API left on it.
      tracked.content = contentOf(tracked);
      release(tracked);
      return;
    }
    if (outbox.size + gate.size >= UNCOUNTED && tracked.span) {
      // One span never counts for all: what waits beside it would be refused for it. What it has too much is cut later.
      tracked.countedBytes = Math.min(estimateBytes(tracked.span), maxBytes / 8);
      waitingBytes += tracked.countedBytes;
    }
    push({ tracked, kind: "ended" });
    if (isEnding) makeAll(0);
    else if (waitingBytes > 0) pay();
  }

  /**
   * Above half of the bound whoever ends a span maps one that waits. Above all of it nothing waits any more: delivery
   * has the runs, in memory, on disk, or refused.
   */
  function pay(): void {
    // What is done meanwhile may end spans, too.
    if (isPaying || held() <= maxBytes / 2) return;
    isPaying = true;
    try {
      gate.open();
      outbox.doOne();
      while (held() > maxBytes && outbox.doOne());
    } finally {
      isPaying = false;
    }
  }

  /** Without the event loop. One is made however little time there is. */
  function makeAll(millis: number): void {
    const until = performance.now() + millis;
    while (outbox.doOne() && performance.now() < until);
    calls.expire(Number.POSITIVE_INFINITY);
  }

  function held(): number {
    let most = target?.sink.heldBytes() ?? 0;
    for (const { sink } of exporters) most = Math.max(most, sink.heldBytes());
    return waitingBytes + most;
  }

  function uncount(tracked: Tracked): void {
    waitingBytes -= tracked.countedBytes;
    tracked.countedBytes = 0;
  }

  function targetsOf(tracked: Tracked): readonly Target[] {
    if (!tracked.exports) return target ? [target] : [];
    return target ? [target, ...tracked.exports] : tracked.exports;
  }

  function work({ tracked, kind }: Job): void {
    if (kind === "pending") {
      sendPending(tracked);
      return;
    }
    const mapped = making.look(tracked);
    noteThread(tracked, mapped);
    if (mapped && !tracked.isPostponed && dependsOnOthers(tracked, mapped)) {
      tracked.isPostponed = true;
      outbox.push({ tracked, kind });
      return;
    }
    tracked.mapped = mapped;
    countUsage(tracked);
    if (tracked.mapped) takeProjectWish(tracked.trace, tracked.mapped);
    calls.offer(tracked);
  }

  /** What it is depends on runs below or beside it, which may have ended as well and wait behind it. */
  function dependsOnOthers(tracked: Tracked, mapped: Mapped): boolean {
    if (outbox.size === 0) return false;
    const { openChildren, keptParent } = tracked;
    if (openChildren > 0 && mapped.usageIfAlone !== undefined) return true;
    if (openChildren > 0 && keptParent === undefined && threads.of(tracked) === undefined) return true;
    const siblings = keptParent?.openChildren ?? 0;
    return mapped.isModelCall && siblings > 1 && toldOf(mapped) < TOLD_WHOLE;
  }

  const countUsage = createUsageCount(making.look, callOptions.openSpans, genAi);

  /** The thread that a run names by itself, or that `tracingContext` names for it, reaches the runs around it. */
  function noteThread(tracked: Tracked, seen: Mapped | undefined): void {
    if (seen?.threadId !== undefined) tracked.threadId = seen.threadId;
    const inherited = tracked.inherited?.metadata;
    const isInherited = inherited !== undefined && threadOf(inherited) !== undefined;
    threads.tell(tracked, isInherited ? threadOf({ ...inherited, ...seen?.content.extra.metadata }) : seen?.threadId);
  }

  function sendPending(tracked: Tracked): void {
    if (tracked.hasEnded || tracked.sent !== "nothing") return;
    const seen = making.look(tracked);
    noteThread(tracked, seen);
    const made = seen && making.make(tracked, seen);
    // A pending post that was refused leaves nothing to patch: the end posts the run whole.
    if (made && target?.sink.send("post", made.run, made.view, target.isPrimary(), clientsOf(tracked)))
      tracked.sent = "pending";
  }

  function sendEnded(tracked: Tracked): void {
    uncount(tracked);
    const { mapped } = tracked;
    const made = mapped && making.make(tracked, mapped);
    if (!made) return;
    for (const to of targetsOf(tracked)) {
      const kind = to === target && tracked.sent === "pending" ? "end" : "post";
      to.sink.send(kind, made.run, made.view, to.isPrimary(), clientsOf(tracked));
    }
    passErrorUp(tracked, made.run.error);
    tracked.sent = "complete";
    tracked.settledAs = kindOf(mapped);
    tracked.settledUsage = mapped.content.extra.metadata.usage_metadata;
    tracked.isAgent = mapped.isAgent;
    tracked.exports = undefined;
    const kept = keepsForExporters?.() ? { logs: tracked.logs, content: contentOf(tracked) } : undefined;
    letGo(tracked);
    Object.assign(tracked, kept);
  }

  function passErrorUp({ keptParent }: Tracked, error: string | undefined): void {
    if (error === undefined || !keptParent || keptParent.sent === "complete") return;
    keptParent.errorsBelow ??= [];
    if (keptParent.errorsBelow.length < 100) keptParent.errorsBelow.push(error);
  }

  function exportTo(tracked: Tracked, span: SourceSpan, to: Target): Taken {
    if (!exporters.has(to)) to.sink.alsoHolds(() => waitingBytes);
    exporters.add(to);
    if (!tracked.isKept) return "no run";
    const { trace } = tracked;
    if (trace.state === "dropped" || trace.state === "unsampled") return "dropped";
    if (tracked.sent === "complete") {
      tracked.span = span;
      const seen = making.lookAgain(tracked);
      const made = seen && making.make(tracked, seen);
      letGo(tracked);
      return made && to.sink.send("post", made.run, made.view, to.isPrimary(), clientsOf(tracked))
        ? "queued"
        : "refused";
    }
    tracked.span = span;
    tracked.exports ??= [];
    tracked.exports.push(to);
    if (trace.state === "held") return "held";
    if (!target) queueEnded(tracked);
    return "queued";
  }

  function letGo(tracked: Tracked): void {
    release(tracked);
    tracked.errorsBelow = undefined;
    tracked.content = undefined;
    tracked.logs = undefined;
    tracked.settledAs ??= "plain";
  }

  function release(tracked: Tracked): void {
    uncount(tracked);
    tracked.span = undefined;
    tracked.view = undefined;
    tracked.mapped = undefined;
  }

  return {
    queuePending,
    queueEnded,
    exportTo,
    letGo,
    expire: calls.expire,
    async drain() {
      await gate.opened();
      await outbox.drain();
      calls.expire(Number.POSITIVE_INFINITY);
      await outbox.drain();
    },
    endProcess(millis) {
      isEnding = true;
      gate.open();
      makeAll(millis);
      return outbox.size + calls.waiting;
    },
    get waiting() {
      return gate.size + outbox.size + calls.waiting;
    },
  };
}
