// From a mapped span and its place to the run that is sent.

import type { HrTime } from "@opentelemetry/api";
import type { RunNode } from "../identity/node.js";
import type { Mapped } from "../mapping/index.js";
import { RUNTIME } from "../version.js";
import type { KeyValues, Run } from "../wire/run.js";
import { threadOf } from "../wire/thread.js";
import { isoOf, microsOf } from "../wire/time.js";

/** What a run is made of. */
export interface RunParts {
  readonly node: RunNode;
  readonly mapped: Mapped;
  /** The span's own end, where it ended. */
  readonly endTime?: HrTime | undefined;
  /** When the span was closed for it, in this process's time, and why. */
  readonly closed?: { readonly reason: string; readonly micros: number } | undefined;
  readonly shiftMicros: number;
  readonly notes?: KeyValues | undefined;
  /** The thread of a run above or below, where the span says none. */
  readonly threadId?: string | undefined;
  /** Of the application, where the run says none. */
  readonly revisionId?: string | undefined;
}

/** A whole run; pending where it neither ended nor was closed. */
export function runOf(parts: RunParts): Run {
  const { node, mapped, closed } = parts;
  const { content } = mapped;
  const tags = node.inherited?.tags.length
    ? [...new Set([...(content.tags ?? []), ...node.inherited.tags])]
    : content.tags;
  const run: Run = {
    ...content,
    extra: { ...content.extra, metadata: metadataOf(parts), runtime: { ...RUNTIME, ...content.extra.runtime } },
    id: node.runId,
    trace_id: node.traceId,
    dotted_order: node.dottedOrder,
    start_time: isoOf(node.startMicros),
    session_name: node.project,
  };
  if (tags) run.tags = tags;
  if (node.parentRunId !== undefined) run.parent_run_id = node.parentRunId;
  const end = endMicros(parts);
  if (end !== undefined) run.end_time = isoOf(Math.max(end, node.startMicros));
  if (closed && !run.error) run.error = `LSB_ERR_NEVER_ENDED: ${closed.reason}`;
  return run;
}

function endMicros({ endTime, closed, shiftMicros }: RunParts): number | undefined {
  if (endTime) return microsOf(endTime) + shiftMicros;
  return closed ? closed.micros + shiftMicros : undefined;
}

function metadataOf({ node, mapped, shiftMicros, notes, threadId, revisionId }: RunParts): KeyValues {
  const metadata: KeyValues = { ...node.inherited?.metadata, ...mapped.content.extra.metadata, ...notes };
  if (threadId !== undefined && threadOf(metadata) === undefined) metadata.thread_id = threadId;
  if (revisionId !== undefined) metadata.revision_id ??= revisionId;
  if (shiftMicros > 0) metadata.OTEL_CLOCK_SHIFT_MICROS = shiftMicros;
  return metadata;
}
