// Traces that are not sent: counted, and said once with what would send them.
import type { ResolvedOptions } from "../options.js";
import { warnOnce } from "../warnings.js";
import type { DropReason, LocalTrace } from "./local-traces.js";

export interface Drops {
  add(trace: LocalTrace, reason: DropReason): void;
  /** How many so far, by reason. */
  counts(): { noGenAi: number; bounds: number };
}

export function createDrops({ heldMaxTraces, heldMaxBytes }: ResolvedOptions): Drops {
  const dropped = { noGenAi: 0, bounds: 0 };
  return {
    add(trace, reason) {
      if (reason === "bounds") {
        dropped.bounds += 1;
        warnOnce(
          "LSB_WARN_HELD_BOUNDS",
          `More traces without a GenAI span are open than are held (${heldMaxTraces} traces, ${heldMaxBytes} bytes); the oldest are dropped and counted in stats().droppedTraces. Raise \`held\`, or set LANGSMITH_OTEL_TRACES=all.`,
        );
        return;
      }
      // Switched off by its user: nobody misses it.
      if (trace.root?.settings?.enabled === false) return;
      dropped.noGenAi += 1;
      warnOnce(
        "LSB_WARN_TRACE_DROPPED",
        `A trace without a GenAI span (its first span: ${JSON.stringify(trace.name)}) is not sent to LangSmith, and neither are others like it. Set LANGSMITH_OTEL_TRACES=all (or \`traces: "all"\`) to send every trace.`,
      );
    },
    counts: () => ({ ...dropped }),
  };
}
