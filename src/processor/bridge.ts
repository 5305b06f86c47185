// One running bridge: the core that the processor and the exporter are faces of.
import { atExit } from "../at-exit.js";
import { addBridge, type Bridge, bridges, primaryBridge, removeBridge } from "../bridges.js";
import type { SpanEntry } from "../identity/node.js";
import type { ResolvedOptions } from "../options/options.js";
import { warnOnce } from "../warnings.js";
import { within } from "./deadline.js";
import { flushWhenIdle, IDLE_FLUSH_MILLIS } from "./idle-flush.js";
import { createRuns, type Runs, type RunsOptions } from "./runs.js";
import { isRunsOwner, type RunsOwner } from "./runs-owner.js";
import { warnOfSilence } from "./silence.js";
import { createSink, type SinkStats } from "./sink.js";
import type { Target } from "./tracked.js";

/** A bridge with what its face needs of it. */
export interface Core extends Bridge, RunsOwner {
  readonly runs: Runs;
  readonly target: Target;
  /** Settles within `shutdownTimeoutMillis`; never rejects; at once and again. */
  shutdown(): Promise<void>;
  readonly isShutdown: boolean;
  sinkStats(): SinkStats;
}

export interface CoreOptions extends Pick<RunsOptions, "modelCallWaitMillis" | "rememberedTraces"> {
  /** Asks other bridges for the runs of their spans. */
  readonly isExporter?: boolean;
  /** What a provider would hold of this bridge: the processor or the exporter. */
  readonly face?: object;
  /** Done before what waits is made and sent: by a flush, and by the shutdown. */
  readonly beforeFlush?: () => Promise<void>;
  readonly beforeShutdown?: () => void;
  /** Done when the process ends without a shutdown, at most for so long. */
  readonly beforeExit?: (millis: number) => void;
  /** Done before a flush of a process that has nothing left to do: brings what waits in front of this bridge. */
  readonly beforeIdleFlush?: () => Promise<void>;
}

/** How long the end of a process may be held up to make runs of spans that wait; milliseconds. */
const EXIT_MILLIS = 5_000;

/** After this a bridge to which no span has come looks for the reason. */
const LISTEN_MILLIS = 30_000;

function warnOfRate(): void {
  warnOnce(
    "LSB_WARN_SAMPLED_OUT",
    "samplingRate (LANGSMITH_TRACING_SAMPLING_RATE) is 0, so no trace is sent. Raise it, or set LANGSMITH_TRACING=false to say that this is meant.",
    "rate",
  );
}

/** Starts a bridge, or gives undefined where nothing may be sent (said once). */
export function createCore(options: ResolvedOptions, extra: CoreOptions = {}): Core | undefined {
  const sink = createSink(options);
  if (!sink) return undefined;
  let isPrimary: boolean | undefined;
  let stopping: Promise<void> | undefined;
  let sentBeside = 0;
  /** While the process only lives for a flush, no other one may keep it longer. */
  let longestFlushMillis = options.shutdownTimeoutMillis;
  // Fixed when the first run is sent: from then on ids are out in the world.
  const target: Target = {
    sink,
    isPrimary() {
      isPrimary ??= primaryBridge() === core || !bridges().includes(core);
      return isPrimary;
    },
  };

  /** Entries of a processor that only places spans are looked after by that processor. */
  function ownerOf(entry: SpanEntry): RunsOwner | undefined {
    return entry.owner !== core && isRunsOwner(entry.owner) ? entry.owner : undefined;
  }

  const flushWithin = (timeoutMillis: number, before?: () => Promise<void>) =>
    within(timeoutMillis, async (left) => {
      await before?.();
      await extra.beforeFlush?.();
      await runs.flush();
      await sink.flush(left());
    });

  async function flushIdle(timeoutMillis: number): Promise<void> {
    longestFlushMillis = Math.min(options.shutdownTimeoutMillis, timeoutMillis);
    await flushWithin(longestFlushMillis, extra.beforeIdleFlush);
    longestFlushMillis = options.shutdownTimeoutMillis;
  }

  /** Whoever set the bridge up where no span comes by has to be told. */
  function listen(): void {
    if (extra.face && runs.activity() + sentBeside === 0) warnOfSilence(extra.face);
  }

  /** The process ends without a shutdown: what waits is made into runs, which the spool keeps. */
  const endProcess = () => {
    const until = performance.now() + EXIT_MILLIS;
    extra.beforeExit?.(EXIT_MILLIS);
    const left = runs.endProcess(until - performance.now());
    if (left > 0) sink.lose("shutdown", left, "the process ended before their spans were made into runs");
  };

  const core: Core = {
    projectName: options.projectName,
    destination: options,
    isExporter: extra.isExporter === true,
    isMarkedPrimary: options.given.primary === true,
    get runs() {
      return runs;
    },
    target,
    get isShutdown() {
      return stopping !== undefined;
    },
    sinkStats: () => sink.stats(),
    isOpen: (entry) => ownerOf(entry)?.isOpen(entry) ?? runs.isOpen(entry),
    takeReference: (entry) => ownerOf(entry)?.takeReference(entry) ?? runs.takeReference(entry),
    openTrace(entry) {
      (ownerOf(entry) ?? runs).openTrace(entry);
    },
    onlyRoot: (otelTraceId) => runs.onlyRoot(otelTraceId),
    isUnsampled: (entry) => ownerOf(entry)?.isUnsampled(entry) ?? runs.isUnsampled(entry),
    nameThread(entry, thread) {
      (ownerOf(entry) ?? runs).nameThread(entry, thread);
    },
    addLogRecord: (entry, record) => (ownerOf(entry) ?? runs).addLogRecord(entry, record),
    exportTo: (entry, span, to) => runs.exportTo(entry, span, to),
    settle: () => runs.flush(),
    endProcess: (millis) => runs.endProcess(millis),
    sendRun(kind, run, clients) {
      sentBeside += 1;
      return sink.send(kind, run, undefined, target.isPrimary(), clients);
    },
    forceFlush: () => stopping ?? flushWithin(longestFlushMillis),
    shutdown() {
      stopWatching?.();
      clearTimeout(listening);
      listen();
      stopping ??= within(options.shutdownTimeoutMillis, async (left) => {
        extra.beforeShutdown?.();
        await extra.beforeFlush?.();
        await runs.close();
        // What is not sent by then is counted, said and spooled in the time that remains.
        await sink.shutdown(left() - Math.min(1000, left() / 4));
        // Not before: an application that exits when the time is over leaves here what was not made yet.
        leaveExit?.();
      }).finally(() => removeBridge(core));
      return stopping;
    },
  };

  const { modelCallWaitMillis, rememberedTraces } = extra;
  const runs = createRuns({
    owner: core,
    options,
    target,
    // Its log records and authored content are not on the span that an exporter will bring.
    keepsForExporters: () => !core.isExporter && bridges().some((bridge) => bridge.isExporter),
    ...(modelCallWaitMillis !== undefined && { modelCallWaitMillis }),
    ...(rememberedTraces !== undefined && { rememberedTraces }),
  });
  addBridge(core);
  if (options.samplingRate === 0) warnOfRate();
  const listening = setTimeout(listen, LISTEN_MILLIS);
  listening.unref();
  const leaveExit = options.spool ? atExit("make", endProcess) : undefined;
  const stopWatching = options.flushBeforeExit
    ? flushWhenIdle({
        // Before an exporter stands a processor with spans of which nobody here knows: it is always asked once.
        activity: () => {
          listen();
          return runs.activity() + sentBeside;
        },
        unsent: () => sink.unsent() + (options.spool ? 0 : runs.stats().waiting),
        isOutOfReach: () => sink.isOutOfReach(IDLE_FLUSH_MILLIS),
        settle: () => runs.flush(),
        flush: flushIdle,
      })
    : undefined;
  return core;
}

/** What `stats()` says of a bridge that does nothing. */
export const NO_SINK_STATS: SinkStats = { destinations: [], lost: {}, withheld: 0 };
