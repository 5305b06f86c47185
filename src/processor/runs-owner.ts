// What looks after the runs of its spans: a processor or an exporter, possibly of another copy of the package.
import type { ReferencedRun } from "../bridges.js";
import type { EntryOwner, SpanEntry } from "../identity/node.js";
import type { MappableLogRecord } from "../mapping/span.js";
import type { SourceSpan } from "./source-span.js";
import type { Target } from "./tracked.js";

/** What became of a span that an exporter handed in. */
export type Taken = "queued" | "held" | "no run" | "dropped" | "refused";

/** The owner of entries, as far as an exporter behind it may ask it. */
export interface RunsOwner extends EntryOwner {
  takeReference(entry: SpanEntry): ReferencedRun | undefined;
  openTrace(entry: SpanEntry): void;
  isUnsampled(entry: SpanEntry): boolean;
  /** A run that another library sends hangs under the entry's run and names a thread: it is the trace's too. */
  nameThread(entry: SpanEntry, thread: string): void;
  addLogRecord(entry: SpanEntry, record: MappableLogRecord): boolean;
  /** Sends the span's run to the exporter's sink too, when its trace is open and it is decided. */
  exportTo(entry: SpanEntry, span: SourceSpan, to: Target): Taken;
  /** Makes and sends what waits. */
  settle(): Promise<void>;
  /** As `settle`, but at once, since the process ends: at most for so long; answers how many are left. */
  endProcess?(millis: number): number;
}

/** Whether an entry's owner is one. */
export function isRunsOwner(owner: EntryOwner): owner is RunsOwner {
  return "exportTo" in owner && "settle" in owner;
}
