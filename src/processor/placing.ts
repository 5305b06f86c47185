// Where a starting span stands: its parent, its trace, whether it becomes a run. All of it is decided here, at start.

import { type Context, type Span, trace } from "@opentelemetry/api";
import {
  type ContextPlace,
  getSettings,
  getStatedPlace,
  type StatedPlace,
  type TracingSettings,
  winningPlace,
} from "../identity/context.js";
import { type EntryOwner, entryOf, type Inherited } from "../identity/node.js";
import {
  childPlace,
  MAX_AHEAD_MICROS,
  type ParentPlace,
  placeOfDottedOrder,
  rootPlace,
  shiftUnder,
} from "../identity/place.js";
import { rememberCustomId, runIdAt } from "../identity/run-ids.js";
import { isSampledById } from "../identity/sampling.js";
import type { ResolvedOptions } from "../options/options.js";
import { isSampledByClients, together } from "../privacy/client-rules.js";
import { isUnawaited } from "../unawaited.js";
import { callUser, kindOfThrown } from "../user-callbacks.js";
import { warnOnce } from "../warnings.js";
import { isUuid } from "../wire/ids.js";
import type { KeyValues } from "../wire/run.js";
import { microsOf } from "../wire/time.js";
import type { GenAi } from "./genai.js";
import { clientsOf } from "./live.js";
import type { LocalTraces, ProjectOfTrace } from "./local-traces.js";
import { isInfrastructureScope } from "./selection/infrastructure.js";
import { type SourceSpan, scopeOf } from "./source-span.js";
import type { Threads } from "./threads.js";
import { sayWhenTracedTwice } from "./traced-twice.js";
import { type LocalTrace, TracedNode, Tracked } from "./tracked.js";

export interface PlacingOptions {
  readonly owner: EntryOwner;
  readonly options: Pick<ResolvedOptions, "spans" | "traces" | "projectName" | "samplingRate">;
  readonly traces: LocalTraces;
  readonly isOwn: (entry: unknown) => entry is Tracked;
  readonly genAi: GenAi;
  readonly threads: Threads;
}

/** What stands above a starting span. */
interface Above {
  /** The span above, kept or not, where this processor knows it. */
  readonly parent: Tracked | undefined;
  /** A place from a header or a reference. */
  readonly place: ContextPlace | undefined;
  /** A parent in another process that brought no run. */
  readonly remoteSpanId: string | undefined;
  /** A parent in this process that was never seen: sampled out, or lost on its way to an exporter. */
  readonly missingSpanId?: string;
  /** The span has a parent whose trace was dropped: it roots its own, but is no request's first span. */
  readonly isUnderDropped?: boolean;
}

export interface Placed {
  readonly tracked: Tracked;
  /** The span shows at its start that its trace is GenAI, or its user wants the trace. */
  readonly opensTrace: boolean;
}

/** Makes the function that places a span at its start. */
export function createPlacing({ owner, options, traces, isOwn, genAi, threads }: PlacingOptions) {
  function aboveOf(context: Context, settings: TracingSettings | undefined): Above {
    if (settings?.newTrace && !isInsideNewTrace(context, settings)) return ROOT;
    const place = winningPlace(context);
    if (place && place.place.startMicros - Date.now() * 1000 <= MAX_AHEAD_MICROS) {
      return { parent: undefined, place, remoteSpanId: undefined };
    }
    const active = trace.getSpan(context);
    if (!active) return ROOT;
    const entry = entryOf(active, owner);
    if (isOwn(entry)) return entry.trace.state === "dropped" ? UNDER_DROPPED : { ...ROOT, parent: entry };
    return aboveUnknown(active);
  }

  /** The span that began the new trace is itself below the settings that asked for it. */
  function isInsideNewTrace(context: Context, settings: TracingSettings): boolean {
    const active = trace.getSpan(context);
    const entry = active && entryOf(active, owner);
    return isOwn(entry) && entry.settings === settings;
  }

  function aboveUnknown(active: Span): Above {
    const spanContext = active.spanContext();
    if (spanContext.isRemote) return { ...ROOT, remoteSpanId: spanContext.spanId };
    // A sampled-out span between: the one open local root of its OpenTelemetry trace is above it, where there is one.
    const local = traces.onlyLive(spanContext.traceId);
    return { ...ROOT, parent: local?.state === "dropped" ? undefined : local?.root, missingSpanId: spanContext.spanId };
  }

  function isKept(span: SourceSpan, scope: string, isLocalRoot: boolean): boolean {
    const { spans } = options;
    if (spans === "all") return true;
    const byDefault = isLocalRoot || !isInfrastructureScope(scope) || genAi.isMarked(span.attributes);
    if (spans === "application") return byDefault;
    try {
      const shown = { name: span.name, kind: span.kind, scope, attributes: span.attributes };
      const answer: unknown = callUser(() => spans(shown, byDefault));
      if (isUnawaited(answer)) throw new TypeError("it answered with a promise");
      return answer === true;
    } catch (error) {
      warnOnce(
        "LSB_WARN_SPANS_OPTION",
        `The spans function threw (${kindOfThrown(error)}); the default decides for that span.`,
      );
      return byDefault;
    }
  }

  function projectOf(above: Above, settings: TracingSettings | undefined, span: SourceSpan): ProjectOfTrace {
    const wish = settings?.projectName ?? textAt(span, "langsmith.trace.session_name");
    const { parent } = above;
    if (!parent && above.place?.project === undefined) {
      return { name: wish ?? options.projectName, isFixed: wish !== undefined };
    }
    const name = parent?.project ?? above.place?.project ?? options.projectName;
    if (wish !== undefined && wish !== name && (!settings || parent?.settings !== settings)) {
      warnOnce(
        "LSB_WARN_NESTED_PROJECT",
        `A span inside a trace of project ${JSON.stringify(name)} asks for project ${JSON.stringify(wish)}; a trace lives in one project, so it stays. Start a trace of its own for it (startTrace).`,
        wish,
      );
    }
    return { name, isFixed: true };
  }

  return function place(source: SourceSpan, context: Context): Placed {
    const settings = getSettings(context);
    const above = aboveOf(context, settings);
    const { parent } = above;
    const spanContext = source.spanContext();
    const scope = scopeOf(source).name;
    sayWhenTracedTwice(scope);
    const micros = microsOf(source.startTime);
    const isLocalRoot = !parent && !above.place && !above.isUnderDropped;
    const clients = together(settings?.clients, parent && clientsOf(parent));
    const parentPlace = parent ? parent.anchor : above.place?.place;
    const isLeftOut = parentPlace !== undefined && !isSampledByClients(clients, parentPlace.traceId);
    const kept = settings?.enabled !== false && !isLeftOut && isKept(source, scope, isLocalRoot);
    const isGenAi = kept && (genAi.isScope(scope) || genAi.isMarked(source.attributes));
    const opensTrace = isGenAi || (settings !== undefined && settings.enabled !== false);
    const shiftMicros = parent ? parent.trace.shiftMicros : parentPlace ? shiftUnder(parentPlace, micros) : 0;
    const own = kept ? ownPlace(source, statedIn(source, context), parentPlace, micros, shiftMicros) : undefined;
    const project = projectOf(above, settings, source);
    const local = parent?.trace ?? beginTrace({ source, own, above, shiftMicros, opensTrace, project, clients });
    const inherited = inheritedOf(above, settings, source);
    const node = own && new TracedNode(own, spanContext.traceId, spanContext.spanId, local, inherited);
    const keptParent = parent?.isKept ? parent : parent?.keptParent;
    const tracked = new Tracked({
      owner,
      node: node ?? parent?.node,
      isKept: kept,
      anchor: node ?? parentPlace,
      inherited,
      settings,
      trace: local,
      keptParent,
      spanId: spanContext.spanId,
      scopeName: scope,
      notes: notesOf(above, settings, shiftMicros),
      threadId: threads.atStart(source),
      clients,
      span: source,
    });
    threads.tell(tracked, tracked.threadId);
    local.root ??= tracked;
    local.name ||= source.name;
    return { tracked, opensTrace };
  };

  function beginTrace({ source, own, above, shiftMicros, opensTrace, project, clients }: Beginning): LocalTrace {
    const { traceId: otelTraceId, spanId } = source.spanContext();
    if (above.place) {
      // Under a reference it is open, since the application took it. A header may be a stranger's: its trace's id
      // decides, by the function that decided where the trace began.
      const { place, isFromHeader } = above.place;
      const isOut = isFromHeader === true && !isSampledById(place.traceId, options.samplingRate);
      return traces.begin(otelTraceId, isOut ? "unsampled" : "open", shiftMicros, project);
    }
    // Where the root itself is passed over, the id that its run would have decides for all that is kept below it.
    const rootId = () => own?.traceId ?? runIdAt(otelTraceId, spanId, Math.floor(microsOf(source.startTime) / 1000));
    if (options.samplingRate < 1 && !isSampledById(rootId(), options.samplingRate))
      return traces.begin(otelTraceId, "unsampled", shiftMicros, project);
    if (clients && !isSampledByClients(clients, rootId()))
      return traces.begin(otelTraceId, "unsampled", shiftMicros, project);
    const state = options.traces === "all" || opensTrace ? "open" : "held";
    return traces.begin(otelTraceId, state, shiftMicros, project);
  }
}

/** What is known of a local trace when it begins. */
interface Beginning {
  readonly source: SourceSpan;
  readonly own: ParentPlace | undefined;
  readonly above: Above;
  readonly shiftMicros: number;
  readonly opensTrace: boolean;
  readonly project: ProjectOfTrace;
  readonly clients: readonly object[] | undefined;
}

const ROOT: Above = { parent: undefined, place: undefined, remoteSpanId: undefined };
const UNDER_DROPPED: Above = { ...ROOT, isUnderDropped: true };

/** What somebody says of a span's place, not checked yet. */
type Stated = { readonly [Name in keyof StatedPlace]: unknown };

/** What a span says of its own place: beside its attributes, which may have been cut, or in them. */
function statedIn({ attributes }: SourceSpan, context: Context): Stated {
  return (
    getStatedPlace(context) ?? {
      id: attributes["langsmith.span.id"],
      dottedOrder: attributes["langsmith.span.dotted_order"],
    }
  );
}

/** The span's own place: as it says itself where it says it whole, else under its parent's. */
function ownPlace(
  source: SourceSpan,
  stated: Stated,
  parent: ParentPlace | undefined,
  micros: number,
  shiftMicros: number,
): ParentPlace {
  const { traceId, spanId } = source.spanContext();
  const customId = customIdOf(stated.id, parent);
  const runId = customId ?? runIdAt(traceId, spanId, Math.floor(micros / 1000));
  if (stated.dottedOrder !== undefined) {
    const place = placeOfDottedOrder(stated.dottedOrder);
    if (place && place.runId === runId) return place;
    warnOnce(
      "LSB_WARN_DOTTED_ORDER",
      "A span carries a langsmith.span.dotted_order that is malformed or does not end in its own run id (langsmith.span.id); it is ignored and the span stands under its OpenTelemetry parent.",
    );
  }
  return parent ? childPlace(parent, runId, micros, shiftMicros) : rootPlace(runId, micros);
}

function customIdOf(wanted: unknown, parent: ParentPlace | undefined): string | undefined {
  if (wanted === undefined) return undefined;
  if (!isUuid(wanted)) {
    warnOnce(
      "LSB_WARN_SPAN_ID",
      `A span carries langsmith.span.id ${JSON.stringify(wanted)}, which is no UUID; it is ignored and the run id is made from the span. Use uuid7() from otel-langsmith.`,
    );
    return undefined;
  }
  const runId = wanted.toLowerCase();
  if (parent?.dottedOrder.includes(runId)) return undefined;
  rememberCustomId(runId);
  return runId;
}

function inheritedOf(above: Above, settings: TracingSettings | undefined, _source: SourceSpan): Inherited | undefined {
  const { parent, place } = above;
  const outer: Inherited | undefined =
    parent?.inherited ??
    (place?.metadata || place?.tags ? { metadata: place.metadata ?? {}, tags: place.tags ?? [] } : undefined);
  // Children mostly live under the very settings their parent had.
  if (!settings || settings === parent?.settings || (!settings.metadata && !settings.tags)) return outer;
  return {
    metadata: { ...outer?.metadata, ...settings.metadata },
    tags: [...new Set([...(outer?.tags ?? []), ...(settings.tags ?? [])])],
  };
}

function notesOf(above: Above, settings: TracingSettings | undefined, shiftMicros: number): KeyValues | undefined {
  let notes: KeyValues | undefined;
  if (above.remoteSpanId !== undefined) notes = { OTEL_REMOTE_PARENT_SPAN_ID: above.remoteSpanId };
  if (above.missingSpanId !== undefined) notes = { OTEL_MISSING_PARENT_SPAN_ID: above.missingSpanId };
  if (above.place && shiftMicros > 0) notes = { ...notes, OTEL_CLOCK_SHIFT_MICROS: shiftMicros };
  if (above === ROOT && settings?.newTrace && settings.continues) notes = { ...notes, ...settings.continues };
  return notes;
}

function textAt(source: SourceSpan, key: string): string | undefined {
  const value = source.attributes[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}
