// Spans on their way to being runs: placed at start, held or queued at end, mapped later, sent once.
import { type Context, diag } from "@opentelemetry/api";
import { addEntry, type EntryOwner, entriesById, RUN, retireEntries, type SpanEntry } from "../identity/node.js";
import type { AuthoredContent } from "../mapping/authored.js";
import { asAgent, hasGenAiMarker, type Mapped, mapSpan } from "../mapping/index.js";
import type { MappableLogRecord, MappableSpan } from "../mapping/span.js";
import type { ResolvedOptions } from "../options.js";
import { warnOnce } from "../warnings.js";
import { createLocalTraces, type DropReason, type LocalTrace } from "./local-traces.js";
import { createModelCalls, kindOf } from "./model-calls.js";
import { createOpenSpans } from "./open-spans.js";
import { createOutbox } from "./outbox.js";
import { AUTHORING_SCOPE, createPlacing } from "./placing.js";
import { runOf } from "./run-of.js";
import type { Sink } from "./sink.js";
import { estimateBytes, mappable, type SourceSpan } from "./source-span.js";
import type { Tracked } from "./tracked.js";

/** Where the authoring API leaves content on a span. */
const CONTENT = Symbol.for("otel-langsmith.content");
/** Beyond this many waiting spans their memory is counted; below, they are too few to matter. */
const UNCOUNTED = 1024;
const DEFAULT_QUEUE_BYTES = 64 * 1024 * 1024;

export interface RunsOptions {
  readonly owner: EntryOwner;
  readonly options: ResolvedOptions;
  readonly sink: Sink;
  readonly isPrimary: () => boolean;
}

export type Runs = ReturnType<typeof createRuns>;

type Job = { readonly tracked: Tracked; readonly kind: "pending" | "ended"; readonly bytes: number };

export function createRuns({ owner, options, sink, isPrimary }: RunsOptions) {
  const now = () => performance.now();
  const dropped = { noGenAi: 0, bounds: 0 };
  let lateLogRecords = 0;
  let faults = 0;
  let waitingBytes = 0;

  const traces = createLocalTraces({ maxTraces: options.heldMaxTraces, maxBytes: options.heldMaxBytes }, sayDropped);
  const place = createPlacing({ owner, options, traces, isOwn, now });
  const outbox = createOutbox<Job>(work, (job, error) =>
    fault(`a run could not be made (${job.tracked.spanId})`, error),
  );
  const calls = createModelCalls({
    waitMillis: options.pendingAfterMillis,
    now,
    look,
    isAuthored: (tracked) => tracked.scopeName === AUTHORING_SCOPE,
    emit: sendEnded,
    onWait: () => open.keepTicking(),
  });
  const open = createOpenSpans({
    holdMillis: options.pendingAfterMillis > 0 ? Math.min(1000, options.pendingAfterMillis) : 1000,
    pendingAfterMillis: options.pendingAfterMillis,
    abandonedAfterMillis: options.abandonedAfterMillis,
    onWeaken: takeView,
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
    if (tracked.isKept) {
      if (trace.state === "held" && showsGenAi(tracked)) openTrace(trace);
      if (trace.state === "open") queueEnded(tracked);
      else if (trace.state === "held") traces.hold(trace, tracked, tracked.span ? estimateBytes(tracked.span) : 512);
      else letGo(tracked);
    } else letGo(tracked);
    traces.spanEnded(trace);
  }

  // ---- traces open or are dropped

  function openTrace(trace: LocalTrace): void {
    const held = traces.open(trace);
    for (const tracked of held) {
      if (tracked.hasEnded) queueEnded(tracked);
      else queuePending(tracked);
    }
  }

  function showsGenAi(tracked: Tracked): boolean {
    if (!tracked.isKept) return false;
    const attributes = (tracked.span ?? tracked.weak?.deref() ?? tracked.view)?.attributes;
    return attributes !== undefined && hasGenAiMarker(attributes);
  }

  /** Looks at every span of a held trace that is still open: some libraries set their attributes after the start. */
  function lookAgain(trace: LocalTrace): boolean {
    if (trace.state === "held") {
      for (const tracked of open) {
        if (tracked.trace === trace && showsGenAi(tracked)) {
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
      `A trace without a GenAI span (${JSON.stringify(trace.root?.span?.name ?? trace.root?.scopeName ?? "")}) is not sent to LangSmith, and neither are others like it. Set LANGSMITH_OTEL_TRACES=all (or \`traces: "all"\`) to send every trace.`,
    );
  }

  function letGo(tracked: Tracked): void {
    tracked.span = undefined;
    tracked.view = undefined;
    tracked.content = undefined;
    tracked.logs = undefined;
    tracked.mapped = undefined;
    tracked.settledAs ??= "plain";
  }

  // ---- runs are queued and made

  function queuePending(tracked: Tracked): void {
    if (!tracked.isKept || tracked.isPendingQueued || tracked.hasEnded) return;
    const { trace } = tracked;
    if (trace.state === "held" && showsGenAi(tracked)) openTrace(trace);
    if (trace.state === "held") {
      // It is due when the trace opens.
      if (!trace.held.has(tracked)) traces.hold(trace, tracked, 0);
      return;
    }
    if (trace.state !== "open") return;
    tracked.isPendingQueued = true;
    outbox.push({ tracked, kind: "pending", bytes: 0 });
  }

  function queueEnded(tracked: Tracked): void {
    const bytes = outbox.size >= UNCOUNTED && tracked.span ? estimateBytes(tracked.span) : 0;
    if (waitingBytes + bytes > (options.given.queue?.maxBytes ?? DEFAULT_QUEUE_BYTES)) {
      sink.lose("queue_full", 1, "more spans ended than could be mapped; the newest are refused");
      warnOnce(
        "LSB_WARN_QUEUE_FULL",
        "Spans end faster than they can be mapped and sent; the newest runs are refused and counted in stats().lost.queue_full. Raise queue.maxBytes, sample (samplingRate), or give the event loop room.",
      );
      letGo(tracked);
      return;
    }
    waitingBytes += bytes;
    outbox.push({ tracked, kind: "ended", bytes });
  }

  function work({ tracked, kind, bytes }: Job): void {
    waitingBytes -= bytes;
    if (kind === "pending") sendPending(tracked);
    else {
      tracked.mapped = look(tracked);
      if (tracked.mapped?.threadId !== undefined) tracked.threadId = tracked.mapped.threadId;
      calls.offer(tracked);
    }
  }

  function contentOf(tracked: Tracked): AuthoredContent | undefined {
    const span = tracked.span ?? tracked.weak?.deref();
    return (span as { [CONTENT]?: AuthoredContent } | undefined)?.[CONTENT] ?? tracked.content;
  }

  function viewOf(tracked: Tracked): MappableSpan | undefined {
    const span = tracked.span ?? tracked.weak?.deref();
    return span ? mappable(span) : tracked.view;
  }

  /** What a span shows of itself now; undefined where its run was sent or refused. */
  function look(tracked: Tracked): Mapped | undefined {
    const view = viewOf(tracked);
    if (!view) return undefined;
    const content = contentOf(tracked);
    const { vocabularies } = options.given.mapping ?? {};
    return mapSpan(view, {
      ...(tracked.logs && { logs: tracked.logs }),
      ...(content && { content }),
      ...(vocabularies && { vocabularies }),
    });
  }

  function takeView(tracked: Tracked): void {
    tracked.content ??= contentOf(tracked);
    tracked.view = viewOf(tracked);
  }

  function sendPending(tracked: Tracked): void {
    if (tracked.hasEnded || tracked.sent !== "nothing") return;
    const seen = look(tracked);
    // A pending post that was refused leaves nothing to patch: the end posts the run whole.
    if (seen && send("post", tracked, seen)) tracked.sent = "pending";
  }

  function sendEnded(tracked: Tracked): void {
    const { mapped } = tracked;
    if (!mapped) return;
    send(tracked.sent === "pending" ? "end" : "post", tracked, mapped);
    tracked.sent = "complete";
    tracked.settledAs = kindOf(mapped);
    tracked.isAgent = mapped.isAgent;
    letGo(tracked);
  }

  function send(kind: "post" | "end", tracked: Tracked, seen: Mapped): boolean {
    const { node } = tracked;
    const view = viewOf(tracked);
    if (!node || !view) return false;
    if (tracked.hasEnded) sayWhatWasSeen(seen, node.project);
    const run = runOf({
      node,
      mapped: seen.isAgent ? asAgent(seen, isInsideAgent(tracked)) : seen,
      endTime: tracked.hasEnded && !tracked.closed ? view.endTime : undefined,
      closed: tracked.closed,
      shiftMicros: tracked.trace.shiftMicros,
      notes: tracked.notes,
      threadId: threadAbove(tracked),
    });
    return sink.send(kind, run, view, isPrimary());
  }

  function sayWhatWasSeen(seen: Mapped, project: string): void {
    for (const { code, message } of seen.warnings ?? [])
      warnOnce(`LSB_WARN_${code.replace(/^LSB_WARN_/, "")}`, message, message);
    if (seen.project?.name !== undefined && seen.project.name !== project) sayLateProject(seen.project.name);
  }

  function isInsideAgent(tracked: Tracked): boolean {
    for (let above = tracked.keptParent; above; above = above.keptParent) {
      if (above.isAgent || above.mapped?.isAgent) return true;
      if (!above.settledAs && !above.mapped && look(above)?.isAgent) return true;
    }
    return false;
  }

  function threadAbove(tracked: Tracked): string | undefined {
    for (let at: Tracked | undefined = tracked; at; at = at.keptParent)
      if (at.threadId !== undefined) return at.threadId;
    return undefined;
  }

  function sayLateProject(project: string): void {
    warnOnce(
      "LSB_WARN_LATE_PROJECT",
      `A span asks for project ${JSON.stringify(project)} after its start, or inside a trace of another project; a trace's project is fixed when its first span starts. Set projectName, or langsmith.trace.session_name among the attributes that the root span starts with.`,
      project,
    );
  }

  // ---- spans that never end

  function closeSpan(tracked: Tracked, reason: string): void {
    if (tracked.hasEnded) return;
    try {
      if (tracked.isReferenced) {
        // Left pending for whoever resumes it.
        tracked.hasEnded = true;
        open.remove(tracked);
        retireEntries(tracked.spanId);
        traces.spanEnded(tracked.trace);
        letGo(tracked);
        return;
      }
      tracked.closed = { reason, micros: Math.floor(Date.now() * 1000) };
      finish(tracked);
    } catch (error) {
      fault("a span could not be closed", error);
    }
  }

  async function flush(): Promise<void> {
    for (const tracked of open) {
      if (tracked.trace.state === "open" && Number.isFinite(options.pendingAfterMillis)) queuePending(tracked);
    }
    await outbox.drain();
    calls.expire(Number.POSITIVE_INFINITY);
    await outbox.drain();
  }

  async function close(): Promise<void> {
    for (const trace of traces.allHeld()) lookAgain(trace);
    for (const tracked of [...open]) {
      if (tracked.isReferenced) queuePending(tracked);
      else closeSpan(tracked, "the span was still open at shutdown");
    }
    await flush();
    open.stop();
  }

  return {
    start,
    end,
    flush,
    close,
    isOpen: (entry: SpanEntry) => isOwn(entry) && lookAgain(entry.trace),
    /** Opens the trace and posts the run and its unsent ancestors, so that what is referenced exists. */
    takeReference(entry: SpanEntry): void {
      if (!isOwn(entry)) return;
      openTrace(entry.trace);
      const run = entry.isKept ? entry : entry.keptParent;
      if (run) run.isReferenced = true;
      for (let at = run; at; at = at.keptParent) queuePending(at);
    },
    addLogRecord(entry: SpanEntry, record: MappableLogRecord): boolean {
      if (!isOwn(entry) || !entry.isKept || entry.sent === "complete") {
        lateLogRecords += 1;
        return false;
      }
      entry.logs ??= [];
      entry.logs.push(record);
      if (entry.trace.state === "held") openTrace(entry.trace);
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
