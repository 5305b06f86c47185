// Counts, costs and latencies of runs: `POST /runs/stats`.
import { LangSmithOptionError } from "../errors.js";
import type { KeyValues } from "../wire/run.js";
import { projectByName } from "./projects.js";
import { recordOf } from "./resources.js";
import type { Rest } from "./rest.js";
import { withoutUndefined } from "./stored-run.js";

/** What {@link Client.getRunStats} takes; the names are the langsmith package's. */
export interface RunStatsParams {
  readonly id?: readonly string[];
  readonly trace?: string;
  readonly parentRun?: string;
  readonly runType?: string;
  readonly projectNames?: readonly string[];
  readonly projectIds?: readonly string[];
  readonly referenceExampleIds?: readonly string[];
  readonly startTime?: string;
  readonly endTime?: string;
  readonly error?: boolean;
  readonly query?: string;
  readonly filter?: string;
  readonly traceFilter?: string;
  readonly treeFilter?: string;
  readonly isRoot?: boolean;
  readonly dataSourceType?: string;
}

export async function runStats(rest: Rest, params: RunStatsParams): Promise<KeyValues> {
  const named = await Promise.all((params.projectNames ?? []).map((name) => projectByName(rest, name)));
  const session = [...(params.projectIds ?? []), ...named.map(({ id }) => id)];
  if (session.length === 0) throw new LangSmithOptionError("projectNames or projectIds", "given", undefined);
  const body = withoutUndefined({
    id: params.id,
    trace: params.trace,
    parent_run: params.parentRun,
    run_type: params.runType,
    session,
    reference_example: params.referenceExampleIds,
    start_time: params.startTime,
    end_time: params.endTime,
    error: params.error,
    query: params.query,
    filter: params.filter,
    trace_filter: params.traceFilter,
    tree_filter: params.treeFilter,
    is_root: params.isRoot,
    data_source_type: params.dataSourceType,
  });
  const subject = "statistics of runs";
  return recordOf(await rest.call({ method: "POST", path: "/runs/stats", subject, isRepeatable: true, body }), subject);
}
