// Runs read back, by the v1 calls; where a deployment answers them no longer, by the v2 query.
import { LangSmithRequestError } from "../errors.js";
import type { KeyValues } from "../wire/run.js";
import { isNewStoreOnly, listInNewStore, readInNewStore } from "./new-store.js";
import { field, projectByName, projectNameOf } from "./projects.js";
import type { Rest } from "./rest.js";
import { idsOf, type ListRunsParams, listed, type StoredRun, withoutUndefined } from "./stored-run.js";

const DEFAULT_SELECT = [
  "app_path",
  "completion_cost",
  "completion_tokens",
  "dotted_order",
  "end_time",
  "error",
  "events",
  "extra",
  "feedback_stats",
  "first_token_time",
  "id",
  "inputs",
  "name",
  "outputs",
  "parent_run_id",
  "parent_run_ids",
  "prompt_cost",
  "prompt_tokens",
  "reference_example_id",
  "run_type",
  "session_id",
  "start_time",
  "status",
  "tags",
  "total_cost",
  "total_tokens",
  "trace_id",
];

/** The most that the service gives a page. */
const PAGE = 100;

/** A run by its id. @throws LangSmithRequestError */
export async function readRun(rest: Rest, id: string, projectName?: string): Promise<StoredRun> {
  try {
    const answer = await rest.call({ method: "GET", path: `/runs/${id}`, subject: `run ${id}` });
    return await named(rest, storedRun(answer, `run ${id}`));
  } catch (error) {
    if (!isNewStoreOnly(error)) throw error;
    return readInNewStore(rest, id, projectName, DEFAULT_SELECT);
  }
}

/** Runs, a page at a time as they are consumed. @throws LangSmithRequestError */
export async function* listRuns(rest: Rest, params: ListRunsParams): AsyncGenerator<StoredRun, void, undefined> {
  const projects = [...listed(params.projectId)];
  for (const name of listed(params.projectName)) projects.push((await projectByName(rest, name)).id);
  const body = bodyOf(params, projects);
  let left = params.limit ?? Number.POSITIVE_INFINITY;
  let cursor: string | undefined;
  while (left > 0) {
    const limit = params.limit === undefined ? undefined : Math.min(PAGE, left);
    let answer: unknown;
    try {
      answer = await rest.call({
        method: "POST",
        path: "/runs/query",
        subject: "runs",
        isRepeatable: true,
        body: { ...body, ...(limit !== undefined && { limit }), ...(cursor !== undefined && { cursor }) },
      });
    } catch (error) {
      if (cursor !== undefined || !isNewStoreOnly(error)) throw error;
      yield* listInNewStore(rest, { ...params, select: params.select ?? DEFAULT_SELECT }, projects);
      return;
    }
    const runs = field(answer, "runs");
    for (const run of Array.isArray(runs) ? runs : []) {
      if (left <= 0) return;
      left -= 1;
      yield await named(rest, storedRun(run, "a run"));
    }
    const next = field(field(answer, "cursors"), "next");
    if (typeof next !== "string" || next === "") return;
    cursor = next;
  }
}

function bodyOf(params: ListRunsParams, projects: readonly string[]): KeyValues {
  const ids = idsOf(params);
  return withoutUndefined({
    session: projects.length > 0 ? projects : undefined,
    run_type: params.runType,
    reference_example: params.referenceExampleId === undefined ? undefined : [params.referenceExampleId],
    query: params.query,
    filter: params.filter,
    trace_filter: params.traceFilter,
    tree_filter: params.treeFilter,
    execution_order: params.executionOrder,
    parent_run: params.parentRunId,
    start_time: params.startTime?.toISOString(),
    end_time: params.endTime?.toISOString(),
    error: params.error,
    id: ids.length > 0 ? ids : undefined,
    trace: params.traceId,
    select: params.select ?? DEFAULT_SELECT,
    is_root: params.isRoot,
    order: params.order,
  });
}

// With its project's name it is a reference, whatever project it is of.
async function named(rest: Rest, run: StoredRun): Promise<StoredRun> {
  if (run.session_name !== undefined) return run;
  const name = await projectNameOf(rest, run);
  return name === undefined ? run : { ...run, session_name: name };
}

function storedRun(value: unknown, subject: string): StoredRun {
  // What is not selected is not there, the id included.
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as StoredRun;
  throw new LangSmithRequestError("LSB_ERR_REQUEST", `the answer for ${subject} is no run`);
}
