// The current run's id, for a log line.
import { context, type Span, trace } from "@opentelemetry/api";
import { primaryBridge } from "./bridges.js";
import { winningPlace } from "./identity/context.js";
import { entriesOf } from "./identity/node.js";

/**
 * The id of the run that a span is, or of the nearest kept run above it; undefined where there is none. It neither
 * sends anything nor opens a held trace: whether the run is sent is decided by the trace (see `traces`).
 *
 * @param span default: the active span
 * @example
 * ```ts
 * logger.info({ runId: getRunId() }, "asked the model");
 * ```
 */
export function getRunId(span?: Span): string | undefined {
  const active = span ?? trace.getActiveSpan();
  const place = span ? undefined : winningPlace(context.active());
  if (place) return place.place.runId;
  if (!active) return undefined;
  const entries = entriesOf(active);
  const primary = primaryBridge();
  return (entries.find((entry) => entry.owner === primary) ?? entries[0])?.anchor?.runId;
}
