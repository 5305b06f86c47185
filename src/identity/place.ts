// A run's place in its trace, computed at the span's start from the parent's place alone.
import { parseDottedOrder, segmentOf } from "../wire/dotted-order.js";

/** Where a run stands. */
export interface Place {
  readonly runId: string;
  readonly traceId: string;
  readonly parentRunId: string | undefined;
  readonly dottedOrder: string;
  /** Start in the tree, microseconds since the epoch: never before the parent's. */
  readonly startMicros: number;
  /** By how much this process's clock is moved under a remote run whose time is ahead; microseconds, usually 0. */
  readonly shiftMicros: number;
}

/** A place under which children are put; it remembers the last child so that ties keep their order. */
export interface ParentPlace extends Place {
  lastChildMillis: number;
  lastChildDigits: number;
}

/** A remote time more than this ahead is not believed. */
export const MAX_AHEAD_MICROS = 5 * 60 * 1_000_000;

/** A place read from a dotted order (a header, a saved reference, a native run), or undefined where it breaks a rule. */
export function placeOfDottedOrder(dottedOrder: unknown): ParentPlace | undefined {
  const segments = parseDottedOrder(dottedOrder);
  const first = segments?.[0];
  const last = segments?.[segments.length - 1];
  if (!segments || !first || !last) return undefined;
  return {
    runId: last.runId,
    traceId: first.runId,
    parentRunId: segments[segments.length - 2]?.runId,
    dottedOrder: segments.map((segment) => segmentOf(segment.micros, segment.runId)).join("."),
    startMicros: last.micros,
    shiftMicros: 0,
    lastChildMillis: -1,
    lastChildDigits: 0,
  };
}

/** The place of a trace's root. Its trace id is its own id, as the service demands. */
export function rootPlace(runId: string, micros: number): ParentPlace {
  return {
    runId,
    traceId: runId,
    parentRunId: undefined,
    dottedOrder: segmentOf(micros, runId),
    startMicros: micros,
    shiftMicros: 0,
    lastChildMillis: -1,
    lastChildDigits: 0,
  };
}

/**
 * The place of a child.
 *
 * @param micros the child's own start
 * @param shiftMicros by how much the local subtree is moved, see {@link shiftUnder}; default the parent's
 */
export function childPlace(
  parent: ParentPlace,
  runId: string,
  micros: number,
  shiftMicros = parent.shiftMicros,
): ParentPlace {
  const startMicros = nextChildMicros(parent, micros + shiftMicros);
  return {
    runId,
    traceId: parent.traceId,
    parentRunId: parent.runId,
    dottedOrder: `${parent.dottedOrder}.${segmentOf(startMicros, runId)}`,
    startMicros,
    shiftMicros,
    lastChildMillis: -1,
    lastChildDigits: 0,
  };
}

/**
 * By how much a local subtree is moved under a place of another clock that is ahead, so that durations stay true: the
 * difference at the subtree's first start, or 0 where both are in one millisecond. Inside one process nothing is
 * shifted: only a start that lies before its parent's is moved up.
 */
export function shiftUnder(remote: Place, micros: number): number {
  const ahead = remote.startMicros - micros;
  return ahead >= 1000 ? ahead : 0;
}

/**
 * The time at which the next child stands: never before the parent's, and behind the sibling that started before it in
 * the same millisecond. JavaScript spans start on whole milliseconds, so the microsecond digits are free to say the
 * order: they begin at the parent's own digits and saturate at 999. A start that has microseconds of its own keeps them.
 */
function nextChildMicros(parent: ParentPlace, micros: number): number {
  const isMoved = micros < parent.startMicros;
  const at = isMoved ? parent.startMicros : micros;
  const millis = Math.floor(at / 1000);
  const isTie = millis === parent.lastChildMillis;
  let digits = at % 1000;
  if (isMoved || micros % 1000 === 0) {
    digits = isTie ? Math.min(999, parent.lastChildDigits + 1) : parent.startMicros % 1000;
  } else if (isTie && digits === parent.lastChildDigits) {
    digits = Math.min(999, digits + 1);
  }
  parent.lastChildMillis = millis;
  parent.lastChildDigits = digits;
  return millis * 1000 + digits;
}
