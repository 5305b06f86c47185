// What a processor knows of one span from its start until its run is sent, and of the local trace that it is in.

import type { TracingSettings } from "../identity/context.js";
import type { EntryOwner, Inherited, RunNode, SpanEntry } from "../identity/node.js";
import type { ParentPlace } from "../identity/place.js";
import type { AuthoredContent } from "../mapping/authored.js";
import type { Mapped } from "../mapping/index.js";
import type { MappableLogRecord, MappableSpan } from "../mapping/span.js";
import type { KeyValues } from "../wire/run.js";
import type { Sink } from "./sink.js";
import type { SourceSpan } from "./source-span.js";

/** Where a run goes: a sink, and whether it keeps the run ids there. */
export interface Target {
  readonly sink: Sink;
  readonly isPrimary: () => boolean;
}

/** How far a run has come. */
export type Sent = "nothing" | "pending" | "complete";

/** What a run is to a model call below it: the same call perhaps, an end to the search, or neither. */
export type Above = "model" | "barrier" | "plain" | "unknown";

/** A model call as one library's span told it: another library's may stand beside it. */
export interface ToldCall {
  readonly call: string;
  /** How much of the call it told. */
  readonly told: number;
  /** What it was answered, in short. */
  readonly answer: string | undefined;
  readonly scopeName: string;
  /** When it was known to have ended; monotonic milliseconds. */
  readonly toldAt: number;
  /** It was sent though it does not tell the whole call, after waiting for one that does. */
  readonly isPoor: boolean;
}

/** A run's node. Its project is its trace's, which the trace's first sent run may still move. */
export class TracedNode implements RunNode {
  readonly runId: string;
  readonly traceId: string;
  readonly parentRunId: string | undefined;
  readonly dottedOrder: string;
  readonly startMicros: number;
  readonly shiftMicros: number;
  lastChildMillis = -1;
  lastChildDigits = 0;

  constructor(
    place: ParentPlace,
    readonly otelTraceId: string,
    readonly spanId: string,
    private readonly trace: LocalTrace,
    readonly inherited: Inherited | undefined,
  ) {
    this.runId = place.runId;
    this.traceId = place.traceId;
    this.parentRunId = place.parentRunId;
    this.dottedOrder = place.dottedOrder;
    this.startMicros = place.startMicros;
    this.shiftMicros = place.shiftMicros;
  }

  get project(): string {
    return this.trace.project;
  }
}

/**
 * `held`: nothing is sent yet. `open`: everything is sent. `dropped`: no span was open any more and none was GenAI, or
 * the bounds of what is held were reached. `unsampled`: sampled out at its root.
 */
export type LocalTraceState = "held" | "open" | "dropped" | "unsampled";

/** All that hangs under one local root, whatever its OpenTelemetry trace id. */
export interface LocalTrace {
  state: LocalTraceState;
  readonly otelTraceId: string;
  root: Tracked | undefined;
  /** The first span's name when it started, for whoever must be told of the trace. */
  name: string;
  /** When a span last started or ended here; monotonic milliseconds. */
  touchedAt: number;
  /** Spans that have started here and not ended. */
  openSpans: number;
  /** Kept spans that are open, while the trace is held: any of them may yet show itself as GenAI. */
  undecided: Set<Tracked>;
  /** Ended and referenced runs, and pending posts due, until the trace opens. */
  held: Set<Tracked>;
  heldBytes: number;
  /** A trace lives in one project. Until something of it was sent, a span that wishes for another one moves it. */
  project: string;
  isProjectFixed: boolean;
  /** By how much this trace's times are moved under a remote place that is ahead. */
  readonly shiftMicros: number;
}

/** What is decided of a span at its start. */
export interface TrackedStart {
  readonly owner: EntryOwner;
  /** The nearest kept run: its own node when it is kept. Undefined where nothing above it is kept. */
  readonly node: RunNode | undefined;
  readonly isKept: boolean;
  /** The place under which children hang: the node, or the place that came from outside. */
  readonly anchor: ParentPlace | undefined;
  readonly inherited: Inherited | undefined;
  readonly settings: TracingSettings | undefined;
  readonly trace: LocalTrace;
  /** The nearest kept span above it in this local trace. */
  readonly keptParent: Tracked | undefined;
  readonly spanId: string;
  readonly scopeName: string;
  /** Notes on the place for the run's metadata. */
  readonly notes: KeyValues | undefined;
  readonly threadId: string | undefined;
  /** The clients whose rules its run obeys. */
  readonly clients: readonly object[] | undefined;
  readonly span: SourceSpan;
}

/** One span of one processor. A class, since there is one for every span that starts. */
export class Tracked implements SpanEntry {
  readonly owner: EntryOwner;
  readonly node: RunNode | undefined;
  readonly isKept: boolean;
  readonly anchor: ParentPlace | undefined;
  readonly inherited: Inherited | undefined;
  readonly settings: TracingSettings | undefined;
  readonly trace: LocalTrace;
  readonly keptParent: Tracked | undefined;
  readonly spanId: string;
  readonly scopeName: string;
  readonly notes: KeyValues | undefined;
  readonly clients: readonly object[] | undefined;
  /** When its start was seen; monotonic milliseconds. */
  readonly seenAt = performance.now();
  threadId: string | undefined;
  /** The first thread that a span below names, and whether others name another. */
  threadBelow: string | undefined = undefined;
  hasThreadsBelow = false;
  /** Held while young or until its run is made; else only `weak` leads to it. */
  span: SourceSpan | undefined;
  weak: WeakRef<SourceSpan> | undefined = undefined;
  /** What is known of a span that is held weakly. */
  view: MappableSpan | undefined = undefined;
  /** Left beside the span by the authoring API where the span itself was not at hand. */
  content: AuthoredContent | undefined = undefined;
  logs: MappableLogRecord[] | undefined = undefined;
  hasEnded = false;
  /** Set where the span was closed for it: why, and when (microseconds). */
  closed: { readonly reason: string; readonly micros: number } | undefined = undefined;
  sent: Sent = "nothing";
  isPendingQueued = false;
  isReferenced = false;
  mapped: Mapped | undefined = undefined;
  /** Kept children that have not been handed on yet. */
  openChildren = 0;
  /** Released: its run is decided. Closed: nothing below it is undecided either. */
  branch: "open" | "released" | "closed" = "open";
  /** Calls above or below that gave way to this one before it ended. */
  owedCalls: Mapped[] | undefined = undefined;
  /** The calls right below this that were told whole lately. */
  toldCalls: ToldCall[] | undefined = undefined;
  /** Calls beside it that ended and told less: they wait for it. */
  waitingBeside: Tracked[] | undefined = undefined;
  isWaitingForBeside = false;
  /** Its run was put behind what had ended by then: once. */
  isPostponed = false;
  /** Inner model calls that wait for this one, and whether one of those below was sent as the model call. */
  waitingInner: Tracked[] | undefined = undefined;
  isWaitingForOuter = false;
  hasSettledInner = false;
  /** Whether a model call below it, with no agent, tool or retriever between them, was sent. */
  hasCallBelow = false;
  /** What its run was sent as, once it was: `mapped` is let go then. */
  settledAs: Above | undefined = undefined;
  /** The usage it was sent with. */
  settledUsage: unknown = undefined;
  /** A run below it has usage: LangSmith sums that up. */
  hasUsageBelow = false;
  isAgent = false;
  /** The route of the request that it is, as a span below knew it that was passed over. */
  routeBelow: unknown = undefined;
  /** Errors of the runs below it, as they were sent. */
  errorsBelow: string[] | undefined = undefined;
  /** What the ended span counts for while it waits to be sent; bytes. */
  countedBytes = 0;
  /** Exporters that asked for this run. */
  exports: Target[] | undefined = undefined;
  /** Neighbours in the list of open spans. */
  previous: Tracked | undefined = undefined;
  next: Tracked | undefined = undefined;
  list: object | undefined = undefined;

  constructor(start: TrackedStart) {
    this.owner = start.owner;
    this.node = start.node;
    this.isKept = start.isKept;
    this.anchor = start.anchor;
    this.inherited = start.inherited;
    this.settings = start.settings;
    this.trace = start.trace;
    this.keptParent = start.keptParent;
    this.spanId = start.spanId;
    this.scopeName = start.scopeName;
    this.notes = start.notes;
    this.clients = start.clients;
    this.threadId = start.threadId;
    this.span = start.span;
  }

  get project(): string {
    return this.trace.project;
  }
}
