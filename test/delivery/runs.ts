// Runs for delivery's tests: valid, small, and as many as wanted.
import { randomBytes } from "node:crypto";
import type { Run } from "../../src/wire/run.js";

/** A v7 id at a time. */
export function newId(millis: number): string {
  const hex = millis.toString(16).padStart(12, "0") + randomBytes(10).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A time as a segment writes it, and as a field does. */
export function stamp(millis: number): string {
  return `${new Date(millis).toISOString().replace(/[-:.]/g, "").slice(0, -1)}000Z`;
}

export function iso(millis: number): string {
  return `${new Date(millis).toISOString().slice(0, -1)}000Z`;
}

let clock = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A complete run, a root unless it has a parent. */
export function newRun(changes: Partial<Run> = {}, parent?: Run): Run {
  clock += 1;
  const id = newId(clock);
  const segment = stamp(clock) + id;
  return {
    id,
    trace_id: parent?.trace_id ?? id,
    ...(parent ? { parent_run_id: parent.id } : {}),
    dotted_order: parent ? `${parent.dotted_order}.${segment}` : segment,
    start_time: iso(clock),
    end_time: iso(clock + 5),
    name: "a run",
    run_type: "chain",
    session_name: "tests",
    inputs: { question: "why" },
    outputs: { answer: "because" },
    extra: { metadata: { n: clock } },
    ...changes,
  };
}

/** The run as it is posted before its end. */
export function pendingOf(run: Run): Run {
  const { end_time, outputs, ...rest } = run;
  return rest;
}
