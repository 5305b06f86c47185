// A run with the runs below it, as `readRun(id, { loadChildRuns: true })` returns it.
import type { ListRunsParams, StoredRun } from "./stored-run.js";

/** The run with its `child_runs`, and theirs, by start. */
export async function withChildren(
  run: StoredRun,
  listRuns: (params: ListRunsParams) => AsyncIterable<StoredRun>,
): Promise<StoredRun> {
  const byId = new Map<string, StoredRun>([[run.id, { ...run, child_runs: [] }]]);
  const project = typeof run.session_id === "string" ? { projectId: run.session_id } : {};
  const found: StoredRun[] = [];
  for await (const child of listRuns({ ...project, traceId: run.trace_id })) found.push(child);
  found.sort((a, b) => ((a.dotted_order ?? "") < (b.dotted_order ?? "") ? -1 : 1));
  for (const child of found) if (!byId.has(child.id)) byId.set(child.id, { ...child, child_runs: [] });
  for (const child of byId.values()) {
    if (child.id !== run.id && child.parent_run_id) byId.get(child.parent_run_id)?.child_runs?.push(child);
  }
  return byId.get(run.id) ?? run;
}
