// Spans on their way to being runs: placed at start, held or queued at end, made later, sent once.

import { type Context, diag, ROOT_CONTEXT } from "@opentelemetry/api";
import type { ReferencedRun } from "../bridges.js";
import { hasContextManager, warnOfNoContextManager } from "../context-manager.js";
import { addEntry, type EntryOwner, entriesById, retireEntries, type SpanEntry } from "../identity/node.js";
import type { MappableLogRecord } from "../mapping/span.js";
import type { ResolvedOptions } from "../options/options.js";
import { RUN } from "../shared.js";
import { placeOfThrown } from "../thrown.js";
import { isInUserCallback } from "../user-callbacks.js";
import { warnWhenDoubled } from "./doubled.js";
import { createDrops } from "./drops.js";
import { createGenAi } from "./genai.js";
import { LateEnds } from "./late-ends.js";
import { createLocalTraces, type DropReason } from "./local-traces.js";
import { createMaking } from "./making.js";
import { createOpenSpans } from "./open-spans.js";
import { Orphans } from "./orphans.js";
import { createPlacing } from "./placing.js";
import { noteRoute } from "./route-below.js";
import type { Taken } from "./runs-owner.js";
import { createSending } from "./sending.js";
import { estimateBytes, isReadable, type SourceSpan } from "./source-span.js";
import { createThreads } from "./threads.js";
import type { LocalTrace, Target, Tracked } from "./tracked.js";

export interface RunsOptions {
  readonly owner: EntryOwner;
  readonly options: ResolvedOptions;
  /** Where every run goes by itself; undefined where exporters ask for them. */
  readonly target?: Target;
  /** Whether an exporter may yet ask for runs that were sent; default false. */
  readonly keepsForExporters?: () => boolean;
  /** How long one of two model calls waits for the other; default `pendingAfterMillis`. */
  readonly modelCallWaitMillis?: number;
  /** How many local traces stay known after their last span ended, for children whose parent never comes; default 0. */
  readonly rememberedTraces?: number;
}

/**
 * A journal promises that what ended 100 ms before a kill is on disk: there no model call waits longer than this for the
 * other, and what both have shown by then decides.
 */
const JOURNAL_WAIT_MILLIS = 20;

export type Runs = ReturnType<typeof createRuns>;

export function createRuns({
  owner,
  options,
  target,
  keepsForExporters,
  modelCallWaitMillis,
  rememberedTraces,
}: RunsOptions) {
  const now = () => performance.now();
  const drops = createDrops(options);
  const lateEnds = new LateEnds();
  let lateLogRecords = 0;
  let faults = 0;
  let activity = 0;
  let isContextChecked = false;

  const genAi = createGenAi(options.given.mapping?.vocabularies);
  const threads = createThreads(options.given.mapping?.vocabularies, () => open);
  const making = createMaking(options, threads);
  const traces = createLocalTraces(
    { maxTraces: options.heldMaxTraces, maxBytes: options.heldMaxBytes },
    rememberedTraces ?? 0,
    drop,
  );
  const place = createPlacing({ owner, options, traces, isOwn, genAi, threads });
  const isJournal = options.spool?.mode === "always";
  const { pendingAfterMillis } = options;
  const waitMillis =
    modelCallWaitMillis ?? (isJournal ? Math.min(JOURNAL_WAIT_MILLIS, pendingAfterMillis) : pendingAfterMillis);
  let isExpiring = false;
  const sending = createSending({
    keepsForExporters,
    target,
    options,
    making,
    genAi,
    threads,
    fault,
    waitMillis,
    openSpans: () => open,
    onWait: () => (isJournal ? expireSoon() : open.keepTicking()),
  });
  const open = createOpenSpans({
    pendingAfterMillis: options.pendingAfterMillis,
    abandonedAfterMillis: options.abandonedAfterMillis,
    // On a timer: what a span's getter throws there would end the process, and with it every other span's run.
    onWeaken: (tracked) => guarded("an open span could not be read", () => making.takeView(tracked)),
    onPending: pend,
    onClose: (tracked, reason) => guarded("an open span could not be closed", () => closeSpan(tracked, reason)),
    onTick(at) {
      guarded("what is late could not be sent", () => sending.expire(at));
      guarded("orphans could not be closed", () => orphans.check(at));
    },
    now,
  });
  const orphans = new Orphans({
    orphanedAfterMillis: options.orphanedAfterMillis,
    openSpans: () => open,
    close: (tracked, reason, micros) => closeSpan(tracked, reason, Math.max(micros, tracked.node?.startMicros ?? 0)),
  });

  /** The ticks of the open spans are too far apart for a journal. */
  function expireSoon(): void {
    if (isExpiring) return;
    isExpiring = true;
    setTimeout(() => {
      isExpiring = false;
      sending.expire(now());
    }, waitMillis).unref();
  }

  function isOwn(entry: unknown): entry is Tracked {
    return typeof entry === "object" && entry !== null && (entry as SpanEntry).owner === owner;
  }

  function fault(what: string, error: unknown): void {
    faults += 1;
    diag.error(`otel-langsmith: ${what} (${placeOfThrown(error)})`);
  }

  function guarded(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      fault(what, error);
    }
  }

  // ---- a span comes in

  function start(span: SourceSpan, context: Context): void {
    if (isInUserCallback()) return;
    activity += 1;
    try {
      // Its getters may throw.
      if (!isReadable(span)) return;
      const { tracked, opensTrace } = place(span, context);
      const entries = addEntry(span, tracked.spanId, tracked);
      if (entries.length > 1) warnWhenDoubled(entries);
      // Roots that are open at once, and no context by which one could be the other's parent.
      if (tracked === tracked.trace.root && open.size > 0 && context === ROOT_CONTEXT) checkContextManager();
      traces.spanStarted(tracked.trace);
      tracked.trace.touchedAt = tracked.seenAt;
      if (tracked.isKept && tracked.keptParent) tracked.keptParent.openChildren += 1;
      if (opensTrace) openTrace(tracked.trace);
      else if (tracked.isKept && tracked.trace.state === "held") tracked.trace.undecided.add(tracked);
      open.add(tracked);
    } catch (error) {
      fault("a span could not be placed", error);
    }
  }

  function end(span: SourceSpan): void {
    activity += 1;
    try {
      const tracked = trackedOf(span);
      if (!tracked || tracked.hasEnded) {
        if (tracked?.closed) lateEnds.add(tracked);
        return;
      }
      tracked.span = span;
      finish(tracked);
    } catch (error) {
      fault("a span's end was not taken", error);
    }
  }

  function checkContextManager(): void {
    if (isContextChecked) return;
    isContextChecked = true;
    if (!hasContextManager()) warnOfNoContextManager();
  }

  function trackedOf(span: SourceSpan): Tracked | undefined {
    const entries = (span as { [RUN]?: readonly SpanEntry[] })[RUN] ?? entriesById(span.spanContext().spanId);
    for (const entry of entries) if (isOwn(entry)) return entry;
    return undefined;
  }

  function finish(tracked: Tracked): void {
    tracked.hasEnded = true;
    open.remove(tracked);
    retireEntries(tracked.spanId);
    const { trace } = tracked;
    trace.undecided.delete(tracked);
    noteRoute(tracked);
    if (!tracked.isKept) sending.letGo(tracked);
    else {
      if (trace.state === "held" && showsGenAi(tracked)) openTrace(trace);
      if (trace.state === "open") sending.queueEnded(tracked);
      else if (trace.state === "held") traces.hold(trace, tracked, tracked.span ? estimateBytes(tracked.span) : 512);
      else sending.letGo(tracked);
    }
    traces.spanEnded(trace);
    orphans.ended(tracked, now());
  }

  // ---- traces open or are dropped

  function openTrace(trace: LocalTrace): void {
    for (const tracked of traces.open(trace)) {
      if (tracked.hasEnded) sending.queueEnded(tracked);
      else queuePending(tracked);
    }
  }

  function showsGenAi(tracked: Tracked): boolean {
    if (!tracked.isKept) return false;
    const attributes = (tracked.span ?? tracked.weak?.deref() ?? tracked.view)?.attributes;
    return attributes !== undefined && genAi.isMarked(attributes);
  }

  /** Looks at every span of a held trace that is still open: some libraries set their attributes after the start. */
  function lookForGenAi(trace: LocalTrace): boolean {
    if (trace.state === "held") {
      for (const tracked of trace.undecided) {
        if (showsGenAi(tracked)) {
          openTrace(trace);
          break;
        }
      }
    }
    return trace.state === "open";
  }

  function drop(trace: LocalTrace, reason: DropReason): void {
    for (const tracked of trace.held) sending.letGo(tracked);
    drops.add(trace, reason);
  }

  // ---- runs that are open for long

  function queuePending(tracked: Tracked): void {
    if (!target || !tracked.isKept || tracked.hasEnded) return;
    const { trace } = tracked;
    if (trace.state === "held" && showsGenAi(tracked)) openTrace(trace);
    // It is due when the trace opens.
    if (trace.state === "held") traces.hold(trace, tracked, 0);
    if (trace.state !== "open") return;
    sending.queuePending(tracked);
  }

  // ---- spans that never end

  function closeSpan(tracked: Tracked, reason: string, micros = Date.now() * 1000): void {
    if (tracked.hasEnded) return;
    try {
      if (tracked.isReferenced) leavePending(tracked);
      else {
        tracked.closed = { reason, micros };
        finish(tracked);
      }
    } catch (error) {
      fault("a span could not be closed", error);
    }
  }

  /** A run of which a reference was taken is whoever resumes it to end. */
  function leavePending(tracked: Tracked): void {
    tracked.hasEnded = true;
    open.remove(tracked);
    retireEntries(tracked.spanId);
    traces.spanEnded(tracked.trace);
    sending.letGo(tracked);
  }

  /** One span that cannot be read keeps back no other. */
  function pend(tracked: Tracked): void {
    guarded("a pending run could not be queued", () => queuePending(tracked));
  }

  async function flush(): Promise<void> {
    if (Number.isFinite(options.pendingAfterMillis)) {
      for (const tracked of open) if (tracked.trace.state === "open") pend(tracked);
    }
    await sending.drain();
  }

  async function close(): Promise<void> {
    for (const trace of traces.allHeld()) guarded("a held trace could not be read", () => lookForGenAi(trace));
    for (const tracked of [...open]) {
      if (tracked.isReferenced) pend(tracked);
      else closeSpan(tracked, "the span was still open at shutdown");
    }
    await flush();
    for (const tracked of [...open]) guarded("an open span could not be left", () => leavePending(tracked));
    open.stop();
  }

  return {
    start,
    end,
    exportTo: (entry: SpanEntry, span: SourceSpan, to: Target): Taken =>
      isOwn(entry) ? sending.exportTo(entry, span, to) : "no run",
    flush,
    close,
    endProcess: sending.endProcess,
    /** Spans that started, and that ended, so far. */
    activity: () => activity,
    isOpen(entry: SpanEntry): boolean {
      if (!isOwn(entry) || !lookForGenAi(entry.trace)) return false;
      // Whoever asks passes the place on, and the project with it.
      entry.trace.isProjectFixed = true;
      return true;
    },
    /** Opens the trace and posts the run and its unsent ancestors, so that what is referenced exists. */
    takeReference(entry: SpanEntry): ReferencedRun | undefined {
      if (!isOwn(entry)) return undefined;
      openTrace(entry.trace);
      const run = entry.isKept ? entry : entry.keptParent;
      if (!run) return undefined;
      entry.trace.isProjectFixed = true;
      run.isReferenced = true;
      for (let at: Tracked | undefined = run; at; at = at.keptParent) queuePending(at);
      const content = making.look(run)?.content;
      return content && { name: content.name, runType: content.run_type };
    },
    /** A run that another library sends hangs under this one and names a thread. */
    nameThread(entry: SpanEntry, thread: string): void {
      if (isOwn(entry)) threads.tellFrom(entry.isKept ? entry : entry.keptParent, thread);
    },
    isDropped: (entry: SpanEntry) => isOwn(entry) && entry.trace.state === "dropped",
    openTrace(entry: SpanEntry): void {
      if (isOwn(entry)) openTrace(entry.trace);
    },
    onlyRoot(otelTraceId: string): SpanEntry | undefined {
      const local = traces.onlyLive(otelTraceId);
      return local?.state === "dropped" ? undefined : local?.root;
    },
    isUnsampled: (entry: SpanEntry) => isOwn(entry) && entry.trace.state === "unsampled",
    addLogRecord(entry: SpanEntry, record: MappableLogRecord): boolean {
      if (!isOwn(entry) || !entry.isKept || entry.sent === "complete" || entry.trace.state === "dropped") {
        lateLogRecords += 1;
        return false;
      }
      entry.logs ??= [];
      entry.logs.push(record);
      openTrace(entry.trace);
      return true;
    },
    stats: () => ({
      open: open.size,
      heldTraces: traces.heldCount,
      heldBytes: traces.heldBytes,
      waiting: sending.waiting,
      droppedTraces: drops.counts(),
      lateLogRecords,
      lateEnds: lateEnds.count,
      faults,
    }),
  };
}
