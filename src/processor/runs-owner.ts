// A processor whose runs an exporter may ask for.
import type { EntryOwner, SpanEntry } from "../identity/node.js";
import type { SourceSpan } from "./source-span.js";
import type { Target } from "./tracked.js";

/** What became of a span that an exporter handed in. */
export type Taken = "queued" | "held" | "no run" | "dropped" | "refused";

/** The part of a processor that an exporter behind it speaks to, possibly across two copies of the package. */
export interface RunsOwner extends EntryOwner {
  /** Sends the span's run to the exporter's sink too, when its trace is open and it is decided. */
  exportTo(entry: SpanEntry, span: SourceSpan, to: Target): Taken;
  /** Makes and sends what waits. */
  settle(): Promise<void>;
}

/** Whether an entry's owner is one. */
export function isRunsOwner(owner: EntryOwner): owner is RunsOwner {
  return "exportTo" in owner && "settle" in owner;
}
