// The current run of a context or a span, for who asks: its id for a log line, its reference to save.

import { type Context, context, type Span, trace } from "@opentelemetry/api";
import { primaryBridge } from "../bridges.js";
import { getPlace, winningPlace } from "../identity/context.js";
import { entriesOf, type SpanEntry } from "../identity/node.js";
import { type RunReference, referenceOfPlace } from "../identity/reference.js";
import { currentOf, entryHere } from "./current.js";

/**
 * The id of the run that is current in a context, or that a span is: the nearest kept one; undefined where there is
 * none. It neither sends anything nor opens a held trace: whether the run is sent is decided by the trace (see `traces`).
 *
 * @param at a span or a context; default: the active context
 * @example
 * ```ts
 * logger.info({ runId: getRunId() }, "asked the model");
 * ```
 */
export function getRunId(at: Span | Context = context.active()): string | undefined {
  const set = isSpan(at) ? undefined : winningPlace(at);
  if (set) return set.place.runId;
  const span = isSpan(at) ? at : trace.getSpan(at);
  if (!span) return undefined;
  const entries = entriesOf(span);
  const primary = primaryBridge();
  return (entries.find((entry) => entry.owner === primary) ?? entries[0])?.anchor?.runId;
}

/**
 * The reference of the run that is current in a context, or that a span is: the nearest kept one; undefined where there
 * is none. Taking it opens a held trace and queues the pending posts of the run and its unsent ancestors, so that what
 * is saved exists even when the process dies a moment later (`await processor.forceFlush()` to be sure of it). Such a
 * run is left pending at shutdown, for whoever resumes it.
 *
 * @param at a span or a context; default: the active context
 * @example
 * ```ts
 * await queue.add("summarize", { url, run: getRunReference() });
 * ```
 */
export function getRunReference(at: Span | Context = context.active()): RunReference | undefined {
  if (isSpan(at)) {
    const entry = entryHere(at, primaryBridge());
    return entry?.node ? take(entry) : undefined;
  }
  const current = currentOf(at);
  if (!current) return undefined;
  if (current.entry?.node) return take(current.entry);
  // A place from elsewhere, or passed-over spans alone under one.
  const { place, project } = current;
  const set = current.set ?? getPlace(at);
  return referenceOfPlace(place, { project, name: set?.name, runType: set?.runType });
}

function isSpan(at: Span | Context): at is Span {
  return "spanContext" in at;
}

function take(entry: SpanEntry): RunReference | undefined {
  const bridge = primaryBridge();
  const { node } = entry;
  if (!bridge || !node) return undefined;
  const seen = bridge.takeReference(entry);
  // Sampled out, or dropped: what never is sent must not be hung under.
  if (!bridge.isOpen(entry)) return undefined;
  return referenceOfPlace(node, { project: node.project, name: seen?.name, runType: seen?.runType });
}
