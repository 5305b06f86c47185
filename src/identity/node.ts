// Run nodes: a span's place, kept on the span itself, found from any context, shared by two copies of the package.

import { type Context, type Span, trace } from "@opentelemetry/api";
import { isMap, isObject, RUN, sharedPart } from "../shared.js";
import { makeRoom } from "../wire/newest.js";
import type { KeyValues } from "../wire/run.js";
import type { ParentPlace } from "./place.js";

/** What a run hands down to every run below it. */
export interface Inherited {
  readonly metadata: Readonly<KeyValues>;
  readonly tags: readonly string[];
}

/** A run's place with what its children take over. */
export interface RunNode extends ParentPlace {
  readonly otelTraceId: string;
  readonly spanId: string;
  readonly project: string;
  readonly inherited: Inherited | undefined;
}

/** What one processor knows of one span. `node` is its own when it is kept, else its nearest kept ancestor's. */
export interface SpanEntry {
  readonly owner: EntryOwner;
  readonly node: RunNode | undefined;
  /** The place under which children hang: the node, or the place from outside under which only passed-over spans stand. */
  readonly anchor: ParentPlace | undefined;
  /** The trace's project. */
  readonly project: string;
  readonly isKept: boolean;
  /** The clients whose rules its run obeys. */
  readonly clients?: readonly object[] | undefined;
}

/** The processor behind an entry, as far as other rooms may ask it. */
export interface EntryOwner {
  /** Whether runs of this entry's trace are being sent; looks once more whether a live span has become GenAI. */
  isOpen(entry: SpanEntry): boolean;
}

const MAX_RECENT = 4096;

interface SpanIndex {
  /** Every open span's entries, by span id. */
  readonly open: Map<string, SpanEntry[]>;
  /** Entries of spans that ended, the oldest dropped first. */
  readonly recent: Map<string, SpanEntry[]>;
}

type Marked = object & { [RUN]?: SpanEntry[] };

let spans: SpanIndex | undefined;

function index(): SpanIndex {
  spans ??= sharedPart("spans", () => ({ open: new Map(), recent: new Map() }), isSpanIndex);
  return spans;
}

function isSpanIndex(part: unknown): part is SpanIndex {
  return isObject(part) && isMap(Reflect.get(part, "open")) && isMap(Reflect.get(part, "recent"));
}

/** Puts a processor's entry on a span that starts. Copies of one span share its entries. */
export function addEntry(span: object, spanId: string, entry: SpanEntry): readonly SpanEntry[] {
  const marked: Marked = span;
  const { open, recent } = index();
  let entries = marked[RUN];
  if (!entries) {
    const known = open.get(spanId) ?? recent.get(spanId);
    entries = known?.every(({ owner }) => owner !== entry.owner) ? known : [];
    // Not enumerable: spans are printed, spread and compared by others. A frozen one is found by its id alone.
    if (Object.isExtensible(span)) {
      Object.defineProperty(span, RUN, { value: entries, enumerable: false, configurable: true });
    }
  }
  entries.push(entry);
  // A second exporter gets the span when the first has retired it.
  open.set(spanId, entries);
  return entries;
}

/** Moves a span's entries from the open to the recently ended ones. */
export function retireEntries(spanId: string): void {
  const { open, recent } = index();
  const entries = open.get(spanId);
  if (!entries) return;
  open.delete(spanId);
  makeRoom(recent, MAX_RECENT);
  recent.set(spanId, entries);
}

/** All entries of a span: from the span itself, or by its id where it is wrapped, copied or a bare span context. */
export function entriesOf(span: Span | { spanContext(): { spanId: string } }): readonly SpanEntry[] {
  return (span as Marked)[RUN] ?? entriesById(span.spanContext().spanId);
}

/** All entries of an open or recently ended span, by its id. */
export function entriesById(spanId: string): readonly SpanEntry[] {
  const { open, recent } = index();
  return open.get(spanId) ?? recent.get(spanId) ?? NONE;
}

const NONE: readonly SpanEntry[] = [];

/** Whether a span with this id has started here and not ended. */
export function isSpanOpen(spanId: string): boolean {
  return index().open.has(spanId);
}

/** One owner's entry of a span. */
export function entryOf(span: Span, owner: EntryOwner): SpanEntry | undefined {
  for (const entry of entriesOf(span)) if (entry.owner === owner) return entry;
  return undefined;
}

/** How many open and recently ended spans the index holds: for tests and diagnostics. */
export function indexSize(): { open: number; recent: number } {
  const { open, recent } = index();
  return { open: open.size, recent: recent.size };
}

/** Forgets every span: for tests that play one recording twice. */
export function forgetSpans(): void {
  const { open, recent } = index();
  open.clear();
  recent.clear();
}

/** The active span's entries in a context. */
export function entriesIn(context: Context): readonly SpanEntry[] {
  const span = trace.getSpan(context);
  return span ? entriesOf(span) : NONE;
}
