// Spans on their way to being runs: placed at start, held or queued at end, made later, sent once.
import { type Context, diag } from "@opentelemetry/api";
import type { ReferencedRun } from "../bridges.js";
import { addEntry, type EntryOwner, entriesById, RUN, retireEntries, type SpanEntry } from "../identity/node.js";
import type { MappableLogRecord } from "../mapping/span.js";
import type { ResolvedOptions } from "../options.js";
import { warnOnce } from "../warnings.js";
import { AUTHORING_SCOPE, createGenAi } from "./genai.js";
import { createLocalTraces, type DropReason, type LocalTrace } from "./local-traces.js";
import { createMaking, takeProjectWish } from "./making.js";
import { createModelCalls, kindOf } from "./model-calls.js";
import { createOpenSpans } from "./open-spans.js";
import { createOutbox } from "./outbox.js";
import { createPlacing } from "./placing.js";
import type { Taken } from "./runs-owner.js";
import { estimateBytes, type SourceSpan } from "./source-span.js";
import type { Target, Tracked } from "./tracked.js";

/** Beyond this many waiting spans their memory is counted; below, they are too few to matter. */
const UNCOUNTED = 1024;
const DEFAULT_QUEUE_BYTES = 64 * 1024 * 1024;

export interface RunsOptions {
  readonly owner: EntryOwner;
  readonly options: ResolvedOptions;
  /** Where every run goes by itself; undefined where exporters ask for them. */
  readonly target?: Target;
  /** How long one of two model calls waits for the other; default `pendingAfterMillis`. */
  readonly modelCallWaitMillis?: number;
  /** How many local traces stay known after their last span ended, for children whose parent never comes; default 0. */
  readonly rememberedTraces?: number;
}

export type Runs = ReturnType<typeof createRuns>;

interface Job {
  readonly tracked: Tracked;
  readonly kind: "pending" | "ended";
  readonly bytes: number;
}

export function createRuns({ owner, options, target, modelCallWaitMillis, rememberedTraces }: RunsOptions) {
  const now = () => performance.now();
  const dropped = { noGenAi: 0, bounds: 0 };
  let lateLogRecords = 0;
  let faults = 0;
  let waitingBytes = 0;

  const genAi = createGenAi(options.given.mapping?.vocabularies);
  const making = createMaking(options.given.mapping?.vocabularies);
  const traces = createLocalTraces(
    { maxTraces: options.heldMaxTraces, maxBytes: options.heldMaxBytes },
    rememberedTraces ?? 0,
    sayDropped,
  );
  const place = createPlacing({ owner, options, traces, isOwn, genAi });
  const outbox = createOutbox<Job>(work, (job, error) => {
    fault(`the run of span ${job.tracked.spanId} could not be made`, error);
    letGo(job.tracked);
  });
  const calls = createModelCalls({
    waitMillis: modelCallWaitMillis ?? options.pendingAfterMillis,
    now,
    look: making.look,
    genAi,
    isAuthored: (tracked) => tracked.scopeName === AUTHORING_SCOPE,
    openSpans: () => open,
    emit: sendEnded,
    onWait: () => open.keepTicking(),
  });
  const open = createOpenSpans({
    pendingAfterMillis: options.pendingAfterMillis,
    abandonedAfterMillis: options.abandonedAfterMillis,
    onWeaken: making.takeView,
    onPending: queuePending,
    onClose: closeSpan,
    onTick: (at) => calls.expire(at),
    now,
  });

  function isOwn(entry: unknown): entry is Tracked {
    return typeof entry === "object" && entry !== null && (entry as SpanEntry).owner === owner;
  }

  function fault(what: string, error: unknown): void {
    faults += 1;
    diag.error(`otel-langsmith: ${what}`, error);
  }

  // ---- a span comes in

  function start(span: SourceSpan, context: Context): void {
    try {
      const { tracked, opensTrace } = place(span, context);
      addEntry(span, tracked.spanId, tracked);
      traces.spanStarted(tracked.trace);
      if (tracked.isKept && tracked.keptParent) tracked.keptParent.openChildren += 1;
      if (opensTrace) openTrace(tracked.trace);
      else if (tracked.isKept && tracked.trace.state === "held") tracked.trace.undecided.add(tracked);
      open.add(tracked);
    } catch (error) {
      fault("a span could not be placed", error);
    }
  }

  function end(span: SourceSpan): void {
    try {
      const tracked = trackedOf(span);
      if (!tracked || tracked.hasEnded) return;
      tracked.span = span;
      finish(tracked);
    } catch (error) {
      fault("a span's end was not taken", error);
    }
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
    if (!tracked.isKept) letGo(tracked);
    else {
      if (trace.state === "held" && showsGenAi(tracked)) openTrace(trace);
      if (trace.state === "open") queueEnded(tracked);
      else if (trace.state === "held") traces.hold(trace, tracked, tracked.span ? estimateBytes(tracked.span) : 512);
      else letGo(tracked);
    }
    traces.spanEnded(trace);
  }

  // ---- traces open or are dropped

  function openTrace(trace: LocalTrace): void {
    for (const tracked of traces.open(trace)) {
      if (tracked.hasEnded) queueEnded(tracked);
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

  function sayDropped(trace: LocalTrace, reason: DropReason): void {
    for (const tracked of trace.held) letGo(tracked);
    if (reason === "bounds") {
      dropped.bounds += 1;
      warnOnce(
        "LSB_WARN_HELD_BOUNDS",
        `More traces without a GenAI span are open than are held (${options.heldMaxTraces} traces, ${options.heldMaxBytes} bytes); the oldest are dropped and counted in stats().droppedTraces. Raise \`held\`, or set LANGSMITH_OTEL_TRACES=all.`,
      );
      return;
    }
    dropped.noGenAi += 1;
    warnOnce(
      "LSB_WARN_TRACE_DROPPED",
      `A trace without a GenAI span (its first span: ${JSON.stringify(trace.name)}) is not sent to LangSmith, and neither are others like it. Set LANGSMITH_OTEL_TRACES=all (or \`traces: "all"\`) to send every trace.`,
    );
  }

  function letGo(tracked: Tracked): void {
    release(tracked);
    tracked.errorsBelow = undefined;
    tracked.content = undefined;
    tracked.logs = undefined;
    tracked.settledAs ??= "plain";
  }

  function release(tracked: Tracked): void {
    tracked.span = undefined;
    tracked.view = undefined;
    tracked.mapped = undefined;
  }

  // ---- runs are queued, made and sent

  function queuePending(tracked: Tracked): void {
    if (!target || !tracked.isKept || tracked.isPendingQueued || tracked.hasEnded) return;
    const { trace } = tracked;
    if (trace.state === "held" && showsGenAi(tracked)) openTrace(trace);
    // It is due when the trace opens.
    if (trace.state === "held") traces.hold(trace, tracked, 0);
    if (trace.state !== "open") return;
    tracked.isPendingQueued = true;
    outbox.push({ tracked, kind: "pending", bytes: 0 });
  }

  function queueEnded(tracked: Tracked): boolean {
    if (!target && !tracked.exports) {
      // An exporter will bring the span.
      release(tracked);
      return true;
    }
    const bytes = outbox.size >= UNCOUNTED && tracked.span ? estimateBytes(tracked.span) : 0;
    if (waitingBytes + bytes > (options.given.queue?.maxBytes ?? DEFAULT_QUEUE_BYTES)) {
      refuse(tracked);
      return false;
    }
    waitingBytes += bytes;
    outbox.push({ tracked, kind: "ended", bytes });
    return true;
  }

  function refuse(tracked: Tracked): void {
    for (const { sink } of targetsOf(tracked)) {
      sink.lose("queue_full", 1, "more spans ended than could be mapped; the newest are refused");
    }
    warnOnce(
      "LSB_WARN_QUEUE_FULL",
      "Spans end faster than they can be mapped and sent; the newest runs are refused and counted in stats().lost.queue_full. Raise queue.maxBytes, sample (samplingRate), or give the event loop room.",
    );
    letGo(tracked);
  }

  function targetsOf(tracked: Tracked): readonly Target[] {
    if (!tracked.exports) return target ? [target] : [];
    return target ? [target, ...tracked.exports] : tracked.exports;
  }

  function work({ tracked, kind, bytes }: Job): void {
    waitingBytes -= bytes;
    if (kind === "pending") {
      sendPending(tracked);
      return;
    }
    tracked.mapped = making.look(tracked);
    if (tracked.mapped?.threadId !== undefined) tracked.threadId = tracked.mapped.threadId;
    if (tracked.mapped) takeProjectWish(tracked.trace, tracked.mapped);
    calls.offer(tracked);
  }

  function sendPending(tracked: Tracked): void {
    if (tracked.hasEnded || tracked.sent !== "nothing") return;
    const seen = making.look(tracked);
    const made = seen && making.make(tracked, seen);
    // A pending post that was refused leaves nothing to patch: the end posts the run whole.
    if (made && target?.sink.send("post", made.run, made.view, target.isPrimary())) tracked.sent = "pending";
  }

  function sendEnded(tracked: Tracked): void {
    const { mapped } = tracked;
    const made = mapped && making.make(tracked, mapped);
    if (!made) return;
    for (const to of targetsOf(tracked)) {
      const kind = to === target && tracked.sent === "pending" ? "end" : "post";
      to.sink.send(kind, made.run, made.view, to.isPrimary());
    }
    passErrorUp(tracked, made.run.error);
    tracked.sent = "complete";
    tracked.settledAs = kindOf(mapped);
    tracked.settledUsage = mapped.content.extra.metadata.usage_metadata;
    tracked.isAgent = mapped.isAgent;
    tracked.exports = undefined;
    letGo(tracked);
  }

  function passErrorUp({ keptParent }: Tracked, error: string | undefined): void {
    if (error === undefined || !keptParent || keptParent.sent === "complete") return;
    keptParent.errorsBelow ??= [];
    if (keptParent.errorsBelow.length < 100) keptParent.errorsBelow.push(error);
  }

  /** A span of this owner that an exporter got: its run goes to that exporter's sink too. */
  function exportTo(entry: SpanEntry, span: SourceSpan, to: Target): Taken {
    if (!isOwn(entry) || !entry.isKept) return "no run";
    const { trace } = entry;
    if (trace.state === "dropped" || trace.state === "unsampled") return "dropped";
    if (entry.sent === "complete") {
      entry.span = span;
      const seen = making.lookAgain(entry);
      const made = seen && making.make(entry, seen);
      letGo(entry);
      return made && to.sink.send("post", made.run, made.view, to.isPrimary()) ? "queued" : "refused";
    }
    entry.span = span;
    entry.exports ??= [];
    entry.exports.push(to);
    if (trace.state === "held") return "held";
    return target || queueEnded(entry) ? "queued" : "refused";
  }

  // ---- spans that never end

  function closeSpan(tracked: Tracked, reason: string): void {
    if (tracked.hasEnded) return;
    try {
      if (tracked.isReferenced) leavePending(tracked);
      else {
        tracked.closed = { reason, micros: Date.now() * 1000 };
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
    letGo(tracked);
  }

  async function flush(): Promise<void> {
    if (Number.isFinite(options.pendingAfterMillis)) {
      for (const tracked of open) if (tracked.trace.state === "open") queuePending(tracked);
    }
    await outbox.drain();
    calls.expire(Number.POSITIVE_INFINITY);
    await outbox.drain();
  }

  async function close(): Promise<void> {
    for (const trace of traces.allHeld()) lookForGenAi(trace);
    for (const tracked of [...open]) {
      if (tracked.isReferenced) queuePending(tracked);
      else closeSpan(tracked, "the span was still open at shutdown");
    }
    await flush();
    for (const tracked of [...open]) leavePending(tracked);
    open.stop();
  }

  return {
    start,
    end,
    exportTo,
    flush,
    close,
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
    openTrace(entry: SpanEntry): void {
      if (isOwn(entry)) openTrace(entry.trace);
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
      waiting: outbox.size + calls.waiting,
      droppedTraces: { ...dropped },
      lateLogRecords,
      faults,
    }),
  };
}
