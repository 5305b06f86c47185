// Traces without end: the service takes 25,000 runs a trace, and what comes after goes on in a continuation trace.

import { replicaRunId } from "../identity/replica-ids.js";
import { makeRoom } from "../wire/newest.js";
import type { KeyValues, Run } from "../wire/run.js";
import { threadKeysOf } from "../wire/thread.js";
import { microseconds } from "./check.js";
import type { Operation } from "./operation.js";

export interface Continuations {
  /**
   * The operation at its place: its own, or one in a continuation trace. `opening` is that trace's root, which is to be
   * posted first.
   */
  place(operation: Operation): { operation: Operation; opening?: Run };
}

export interface ContinuationOptions {
  /** Runs a trace takes before it is continued. Default 24,000: those that started before go on to their own trace. */
  softLimit?: number;
  /** Runs a trace takes at all. Default 24,990. Source: 25,000 in the wire reference, less a margin. */
  hardLimit?: number;
  /** Traces remembered. Default 10,000; of a forgotten one the count begins again. */
  maxTraces?: number;
  onContinued: (traceId: string, chapter: number) => void;
}

/** One trace of the service; the first is the run's own, the others continue it. */
interface Chapter {
  /** Runs of it start after this; the empty string before all. */
  readonly after: string;
  readonly root: { readonly id: string; readonly segment: string } | undefined;
  count: number;
}

interface Trace {
  chapters: Chapter[];
  /** The latest start of all runs posted. */
  latest: string;
  /** Pending runs that stand in a later chapter than their start says. */
  displaced: Map<string, Chapter>;
}

/**
 * Counts the runs of each trace. When one is full a chapter begins: runs that start later than every run posted so far
 * hang, with those of their ancestors that started as late, under the continuation's root. So a run's chapter follows
 * from its own start time, and its ancestors' from theirs, with nothing to be remembered for each run.
 */
export function createContinuations(options: ContinuationOptions): Continuations {
  const softLimit = options.softLimit ?? 24_000;
  const hardLimit = options.hardLimit ?? 24_990;
  const maxTraces = options.maxTraces ?? 10_000;
  const traces = new Map<string, Trace>();

  function traceOf(traceId: string): Trace {
    const known = traces.get(traceId);
    // The order of a Map is that of insertion: the trace just used becomes the youngest.
    if (known) traces.delete(traceId);
    const trace = known ?? { chapters: [{ after: "", root: undefined, count: 0 }], latest: "", displaced: new Map() };
    makeRoom(traces, maxTraces);
    traces.set(traceId, trace);
    return trace;
  }

  function place(operation: Operation): { operation: Operation; opening?: Run } {
    const { run } = operation;
    if (operation.kind === "end") {
      const known = traces.get(run.trace_id);
      if (!known) return { operation };
      const displaced = known.displaced.get(run.id);
      known.displaced.delete(run.id);
      return at(operation, displaced ?? chapterOf(known, ownStamp(run)));
    }
    const trace = traceOf(run.trace_id);
    const stamp = ownStamp(run);
    let chapter = chapterOf(trace, stamp);
    let opening: Run | undefined;
    const isLast = chapter === trace.chapters.at(-1);
    if (chapter.count >= hardLimit || (isLast && chapter.count >= softLimit && stamp > trace.latest)) {
      if (isLast) opening = open(trace, run);
      chapter = trace.chapters.at(-1) ?? chapter;
      if (stamp <= chapter.after && run.end_time === undefined) trace.displaced.set(run.id, chapter);
    }
    chapter.count += 1;
    if (stamp > trace.latest) trace.latest = stamp;
    return { ...at(operation, chapter), ...(opening ? { opening } : {}) };
  }

  function open(trace: Trace, run: Run): Run {
    const number = trace.chapters.length;
    const [first = ""] = run.dotted_order.split(".");
    // The same in every process that continues this trace, and no later than any run in it.
    const stamp = first.slice(0, -36);
    const id = replicaRunId(run.trace_id, `continuation ${number}`, Date.parse(isoOf(stamp)));
    const root = { id, segment: stamp + id };
    trace.chapters.push({ after: trace.latest, root, count: 1 });
    options.onContinued(run.trace_id, number);
    return rootRun(run, root, isoOf(stamp), number);
  }

  return { place };
}

function chapterOf(trace: Trace, stamp: string): Chapter {
  for (let i = trace.chapters.length - 1; i > 0; i -= 1) {
    const chapter = trace.chapters[i];
    if (chapter && stamp > chapter.after) return chapter;
  }
  return trace.chapters[0] ?? { after: "", root: undefined, count: 0 };
}

function at(operation: Operation, chapter: Chapter): { operation: Operation } {
  if (!chapter.root) return { operation };
  const { run } = operation;
  const segments = run.dotted_order.split(".");
  const own = segments.pop() ?? "";
  const ancestors = segments.filter((segment) => segment.slice(0, -36) > chapter.after);
  const parent = ancestors.at(-1) ?? chapter.root.segment;
  const placed = {
    ...run,
    trace_id: chapter.root.id,
    parent_run_id: parent.slice(-36),
    dotted_order: [chapter.root.segment, ...ancestors, own].join("."),
  };
  return { operation: { kind: operation.kind, run: placed } };
}

function rootRun(run: Run, root: { id: string; segment: string }, time: string, number: number): Run {
  // A thread is complete only when its key is on every run.
  const threads = threadKeysOf(run.extra.metadata);
  const metadata: KeyValues = { continues_trace_id: run.trace_id, continuation: number, ...threads };
  return {
    id: root.id,
    trace_id: root.id,
    dotted_order: root.segment,
    start_time: time,
    end_time: time,
    name: `continuation ${number} of ${run.trace_id}`,
    run_type: "chain",
    inputs: {},
    outputs: {},
    extra: { metadata },
    ...(run.session_name === undefined ? {} : { session_name: run.session_name }),
    ...(run.session_id === undefined ? {} : { session_id: run.session_id }),
  };
}

function ownStamp(run: Run): string {
  return microseconds(run.start_time) ?? "";
}

/** `YYYYMMDDTHHMMSSffffffZ` as ISO 8601 with six digits. */
function isoOf(stamp: string): string {
  const part = (from: number, to: number) => stamp.slice(from, to);
  return `${part(0, 4)}-${part(4, 6)}-${part(6, 11)}:${part(11, 13)}:${part(13, 15)}.${part(15, 21)}Z`;
}
