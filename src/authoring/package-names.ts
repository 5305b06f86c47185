// Small things that tracing programs take from the langsmith package's entries.
import { bridges, defaultProjectName } from "../bridges.js";
import { NotHereError } from "../errors.js";
import { segmentTimeOf } from "../wire/time.js";
import { getCurrentRunTree } from "./current.js";

/**
 * Whether a traced call made here would be sent: as the current run says, else whether a processor or exporter of the
 * bridge runs, which one that is switched off does not.
 */
export function isTracingEnabled(): boolean {
  return getCurrentRunTree(true)?.tracingEnabled ?? bridges().length > 0;
}

/** The project of runs that name none. */
export function getDefaultProjectName(): string {
  return defaultProjectName();
}

/**
 * A run's segment of a dotted order, and its time with microseconds.
 *
 * @param epoch milliseconds since the epoch
 * @param executionOrder the microsecond digits, 0 to 999; default 1
 */
export function convertToDottedOrderFormat(
  epoch: number,
  runId: string,
  executionOrder = 1,
): { dottedOrder: string; microsecondPrecisionDatestring: string } {
  const micros = Math.floor(epoch) * 1000 + Math.min(999, Math.max(0, Math.floor(executionOrder)));
  const date = new Date(epoch).toISOString().slice(0, -1);
  return {
    dottedOrder: `${segmentTimeOf(micros)}${runId}`,
    microsecondPrecisionDatestring: `${date}${String(micros % 1000).padStart(3, "0")}Z`,
  };
}

/** Metadata of this key leaves a run out of LangSmith's view of messages. */
export const LS_MESSAGE_VIEW_EXCLUDE = "ls_message_view_exclude";

/** The langsmith package's way to another `fetch`; this package sends by undici. @throws NotHereError always */
export function overrideFetchImplementation(): never {
  throw new NotHereError(
    "overrideFetchImplementation",
    "Requests go by undici: pass a dispatcher of undici's to LangSmithSpanProcessor or register (dispatcher).",
  );
}
