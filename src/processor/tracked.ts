// What a processor knows of one span from its start until its run is sent.

import type { TracingSettings } from "../identity/context.js";
import type { EntryOwner, Inherited, RunNode, SpanEntry } from "../identity/node.js";
import type { ParentPlace } from "../identity/place.js";
import type { AuthoredContent } from "../mapping/authored.js";
import type { Mapped } from "../mapping/index.js";
import type { MappableLogRecord, MappableSpan } from "../mapping/span.js";
import type { KeyValues } from "../run.js";
import type { LocalTrace } from "./local-traces.js";
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

/** One span of one processor. */
export interface Tracked extends SpanEntry {
  readonly owner: EntryOwner;
  /** The nearest kept run: its own node when it is kept. Undefined where nothing above it is kept. */
  readonly node: RunNode | undefined;
  readonly isKept: boolean;
  /** The place under which children hang: the node, or the place that came from outside. */
  readonly anchor: ParentPlace | undefined;
  readonly project: string;
  readonly inherited: Inherited | undefined;
  readonly settings: TracingSettings | undefined;
  readonly trace: LocalTrace;
  /** The nearest kept span above it in this local trace. */
  readonly keptParent: Tracked | undefined;
  readonly spanId: string;
  readonly scopeName: string;
  /** When its start was seen; monotonic milliseconds. */
  readonly seenAt: number;
  /** Notes on the place for the run's metadata. */
  readonly notes: KeyValues | undefined;
  /** Held while young or until its run is made; else only `weak` leads to it. */
  span: SourceSpan | undefined;
  weak: WeakRef<SourceSpan> | undefined;
  /** What is known of a span that is held weakly. */
  view: MappableSpan | undefined;
  /** Left beside the span by the authoring API where the span itself was not at hand. */
  content: AuthoredContent | undefined;
  logs: MappableLogRecord[] | undefined;
  hasEnded: boolean;
  /** Set where the span was closed for it: why, and when (microseconds). */
  closed: { readonly reason: string; readonly micros: number } | undefined;
  sent: Sent;
  isPendingQueued: boolean;
  isReferenced: boolean;
  threadId: string | undefined;
  mapped: Mapped | undefined;
  /** Kept children that have not been handed on yet. */
  openChildren: number;
  /** Inner model calls that wait for this one, and those that were sent as model calls already. */
  waitingInner: Tracked[] | undefined;
  isWaitingForOuter: boolean;
  hasSettledInner: boolean;
  /** What its run was sent as, once it was: `mapped` is let go then. */
  settledAs: Above | undefined;
  /** The usage it was sent with. */
  settledUsage: unknown;
  isAgent: boolean;
  /** Errors of the runs below it, as they were sent. */
  errorsBelow: string[] | undefined;
  /** Exporters that asked for this run. */
  exports: Target[] | undefined;
  /** Neighbours in the list of open spans. */
  previous: Tracked | undefined;
  next: Tracked | undefined;
  list: object | undefined;
}
