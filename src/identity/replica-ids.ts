// Run ids of secondary replicas: a run id exists once a workspace, so every destination but the primary one remaps them.

import type { Run } from "../wire/run.js";
import { millisOfSegmentTime } from "../wire/time.js";
import { xxh3 } from "./xxh3.js";

/**
 * The id of a run in a secondary replica: the same as the `langsmith` SDK's `computeRunIdForSecondaryReplica`, so that
 * runs of both land in one tree. The time of a v7 id is kept; any other id takes `startMillis`, the time of its segment
 * in the dotted order, and without one its hash.
 *
 * @param project The replica's project, by name.
 *
 * @example
 * ```ts
 * replicaRunId("0198c5f0-7b1e-7abc-8def-0123456789ab", "second-project");
 * ```
 */
export function replicaRunId(runId: string, project: string, startMillis?: number): string {
  const id = runId.toLowerCase();
  const hash = xxh3(Buffer.from(`${id}:${project}`, "utf8"));
  const bytes = Buffer.alloc(16);
  if (id[14] === "7") bytes.write(id.replaceAll("-", "").slice(0, 12), 0, "hex");
  else if (startMillis !== undefined) bytes.writeUIntBE(Math.max(0, Math.floor(startMillis)), 0, 6);
  else hash.copy(bytes, 0, 10, 16);
  bytes[6] = 0x70 | ((hash[0] ?? 0) & 0x0f);
  bytes[7] = hash[1] ?? 0;
  bytes[8] = 0x80 | ((hash[2] ?? 0) & 0x3f);
  hash.copy(bytes, 9, 3, 10);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The run as a secondary replica gets it: id, trace id, parent and every segment of the dotted order remapped, and the
 * replica's project named.
 */
export function remapRun(run: Run, project: string): Run {
  const segments = run.dotted_order.split(".").map((segment) => {
    const stamp = segment.slice(0, -36);
    return { stamp, id: replicaRunId(segment.slice(-36), project, millisOfSegmentTime(stamp)) };
  });
  const own = segments[segments.length - 1];
  const root = segments[0];
  const parent = segments[segments.length - 2];
  const { parent_run_id, session_id, ...rest } = run;
  return {
    ...rest,
    id: own?.id ?? run.id,
    trace_id: root?.id ?? run.trace_id,
    ...(parent ? { parent_run_id: parent.id } : {}),
    dotted_order: segments.map((segment) => segment.stamp + segment.id).join("."),
    session_name: project,
  };
}
