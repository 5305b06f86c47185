// Local traces: what hangs under one local root, held until its first GenAI span shows itself, then open.
import type { LocalTrace, LocalTraceState, Tracked } from "./tracked.js";

/** A trace's project, and whether anybody has said so or it is only the default. */
export interface ProjectOfTrace {
  readonly name: string;
  readonly isFixed: boolean;
}

export interface HeldBounds {
  readonly maxTraces: number;
  readonly maxBytes: number;
}

/** Why a held trace was dropped. */
export type DropReason = "no_genai" | "bounds";

/** The local traces of one processor. */
export interface LocalTraces {
  begin(otelTraceId: string, state: LocalTraceState, shiftMicros: number, project: ProjectOfTrace): LocalTrace;
  /** Opens a held trace; what was held of it is returned to be sent. Nothing where it is not held. */
  open(trace: LocalTrace): Iterable<Tracked>;
  spanStarted(trace: LocalTrace): void;
  /** A span ended: where it was the last one of a held trace, the trace is dropped. */
  spanEnded(trace: LocalTrace): void;
  hold(trace: LocalTrace, tracked: Tracked, bytes: number): void;
  /**
   * The one live local trace with this OpenTelemetry trace id, or undefined when there is none or more than one. An
   * exporter, to which every span has ended already, counts those that it remembers as live.
   */
  onlyLive(otelTraceId: string): LocalTrace | undefined;
  /** Every held trace, the oldest first. */
  allHeld(): Iterable<LocalTrace>;
  readonly heldCount: number;
  readonly heldBytes: number;
}

export function createLocalTraces(
  bounds: HeldBounds,
  /** How many local traces stay known after their last span ended; 0 for a processor. */
  remembered: number,
  onDrop: (trace: LocalTrace, reason: DropReason) => void,
): LocalTraces {
  const heldTraces = new Set<LocalTrace>();
  const live = new Map<string, Set<LocalTrace>>();
  const ended = new Set<LocalTrace>();
  let heldBytes = 0;

  function forget(trace: LocalTrace): void {
    if (!heldTraces.delete(trace)) return;
    heldBytes -= trace.heldBytes;
    trace.heldBytes = 0;
  }

  function forgetLive(trace: LocalTrace): void {
    if (trace.openSpans > 0) return;
    const traces = live.get(trace.otelTraceId);
    traces?.delete(trace);
    if (traces?.size === 0) live.delete(trace.otelTraceId);
  }

  function drop(trace: LocalTrace, reason: DropReason): void {
    forget(trace);
    trace.state = "dropped";
    trace.undecided.clear();
    onDrop(trace, reason);
    trace.held = new Set();
  }

  function enforce(): void {
    for (const oldest of heldTraces) {
      if (heldTraces.size <= bounds.maxTraces && heldBytes <= bounds.maxBytes) return;
      drop(oldest, "bounds");
    }
  }

  return {
    begin(otelTraceId, state, shiftMicros, project) {
      const trace: LocalTrace = {
        state,
        otelTraceId,
        root: undefined,
        name: "",
        touchedAt: 0,
        openSpans: 0,
        undecided: new Set(),
        held: new Set(),
        heldBytes: 0,
        project: project.name,
        isProjectFixed: project.isFixed,
        shiftMicros,
      };
      if (state === "held") {
        heldTraces.add(trace);
        enforce();
      }
      return trace;
    },
    open(trace) {
      if (trace.state !== "held") return [];
      forget(trace);
      trace.state = "open";
      trace.undecided.clear();
      const { held } = trace;
      trace.held = new Set();
      return held;
    },
    spanStarted(trace) {
      trace.openSpans += 1;
      if (trace.openSpans > 1) return;
      const traces = live.get(trace.otelTraceId);
      if (traces) traces.add(trace);
      else live.set(trace.otelTraceId, new Set([trace]));
    },
    spanEnded(trace) {
      trace.openSpans -= 1;
      if (trace.openSpans > 0) return;
      if (remembered === 0) forgetLive(trace);
      else {
        ended.add(trace);
        for (const oldest of ended) {
          if (ended.size <= remembered) break;
          ended.delete(oldest);
          forgetLive(oldest);
        }
      }
      if (trace.state === "held") drop(trace, "no_genai");
    },
    hold(trace, tracked, bytes) {
      trace.held.add(tracked);
      trace.heldBytes += bytes;
      heldBytes += bytes;
      enforce();
    },
    onlyLive(otelTraceId) {
      const traces = live.get(otelTraceId);
      if (traces?.size !== 1) return undefined;
      for (const trace of traces) return trace;
      return undefined;
    },
    allHeld: () => [...heldTraces],
    get heldCount() {
      return heldTraces.size;
    },
    get heldBytes() {
      return heldBytes;
    },
  };
}
