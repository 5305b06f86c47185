// Where a context stands: the place that what is started in it, here or elsewhere, hangs under.

import { type Context, type Span, trace } from "@opentelemetry/api";
import { type Bridge, primaryBridge } from "../bridges.js";
import { type ContextPlace, getPlace, getSettings, winningPlace } from "../identity/context.js";
import { entriesOf, type SpanEntry } from "../identity/node.js";
import type { ParentPlace } from "../identity/place.js";
import { isTracingSuppressed } from "../untraced.js";
import type { KeyValues } from "../wire/run.js";

/** The current run of a context, for who goes on with it elsewhere. */
export interface Current {
  readonly place: ParentPlace;
  readonly project: string | undefined;
  readonly metadata: Readonly<KeyValues>;
  readonly tags: readonly string[];
  /** The local span's entry; undefined where the place came from a header or a reference. */
  readonly entry: SpanEntry | undefined;
  /** What was set in the context; undefined where a local span is current. */
  readonly set: ContextPlace | undefined;
}

/** Whether tracing is switched off in a context, by OpenTelemetry or by `tracingContext({ enabled: false })`. */
export function isUntraced(context: Context): boolean {
  return isTracingSuppressed(context) || getSettings(context)?.enabled === false;
}

/** The nearest kept run of a context, whether or not its trace is open. */
export function currentOf(context: Context, bridge: Bridge | undefined = primaryBridge()): Current | undefined {
  const set = winningPlace(context);
  if (set) return ofPlace(context, set);
  const span = trace.getSpan(context);
  const entry = span && entryHere(span, bridge);
  if (!entry?.anchor) return undefined;
  // A span that is passed over, directly under a place that came from elsewhere, has no node of its own.
  const above = entry.node ? undefined : getPlace(context);
  const settings = getSettings(context);
  return {
    place: entry.anchor,
    project: entry.project,
    metadata: { ...above?.metadata, ...entry.node?.inherited?.metadata, ...settings?.metadata },
    tags: [...new Set([...(above?.tags ?? []), ...(entry.node?.inherited?.tags ?? []), ...(settings?.tags ?? [])])],
    entry,
    set: undefined,
  };
}

/** A span's entry: the primary bridge's, else that of who placed the span for it; see `getRunId`. */
export function entryHere(span: Span, bridge: Bridge | undefined): SpanEntry | undefined {
  if (!bridge) return undefined;
  const entries = entriesOf(span);
  const own = entries.find((entry) => entry.owner === bridge) ?? entries[0];
  if (own) return own;
  const { traceId, isRemote } = span.spanContext();
  // A sampled-out span between: what is above it is found as for a span that starts under it.
  return isRemote ? undefined : bridge.onlyRoot(traceId);
}

function ofPlace(context: Context, set: ContextPlace): Current {
  const settings = getSettings(context);
  return {
    place: set.place,
    project: set.project ?? primaryBridge()?.projectName,
    metadata: { ...set.metadata, ...settings?.metadata },
    tags: [...new Set([...(set.tags ?? []), ...(settings?.tags ?? [])])],
    entry: undefined,
    set,
  };
}
