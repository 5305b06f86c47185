// Traces that are not sent: counted, and said once with what would send them.
import { hasContextManager, warnOfNoContextManager } from "../context-manager.js";
import type { ResolvedOptions } from "../options/options.js";
import { blindCopies, describeCopies } from "../project/api-copies.js";
import { loadedTooEarly, warnOfLateRegister } from "../project/too-early.js";
import { warnOnce } from "../warnings.js";
import type { DropReason } from "./local-traces.js";
import type { LocalTrace } from "./tracked.js";

export interface Drops {
  add(trace: LocalTrace, reason: DropReason): void;
  /** How many so far, by reason. */
  counts(): { noGenAi: number; bounds: number };
}

/** Says once that traces are passed over, or what keeps their GenAI spans away. */
function explain(trace: LocalTrace): void {
  if (!hasContextManager()) {
    warnOfNoContextManager();
    return;
  }
  const copies = blindCopies();
  if (copies.length > 0) {
    warnOnce("LSB_WARN_API_COPIES", describeCopies(copies));
    return;
  }
  const late = loadedTooEarly();
  if (late.length > 0) {
    warnOfLateRegister(late);
    return;
  }
  warnOnce(
    "LSB_WARN_TRACE_DROPPED",
    `Traces in which no span is a GenAI library's are not sent to LangSmith, by default; the first was ${JSON.stringify(trace.name)}. Nothing is wrong if that is a health check, a static page or the like. Set LANGSMITH_OTEL_TRACES=all (or \`traces: "all"\`) to send every trace; if a model was called in it, see LSB_WARN_TRACE_DROPPED in docs/warnings.md.`,
  );
}

/** What Next.js does when it starts, and before a request has come, is nobody's trace. */
function isNextStartUp({ root, name }: LocalTrace): boolean {
  return root?.scopeName === "next.js" && !/^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /.test(name);
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
      if (!isNextStartUp(trace)) explain(trace);
    },
    counts: () => ({ ...dropped }),
  };
}
