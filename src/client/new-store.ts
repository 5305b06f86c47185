// Runs read by the v2 query, for deployments that answer v1's calls no longer: asked in v1's words, answered in them.
// Source: `query.QueryRunsRequestBody` and `query.RunResponse` of the service's OpenAPI description.
import { defaultProjectName } from "../bridges.js";
import { LangSmithRequestError } from "../errors.js";
import { referenceOf } from "../identity/reference.js";
import { millisOfUuid7 } from "../wire/ids.js";
import type { KeyValues } from "../wire/run.js";
import { field, projectByName } from "./projects.js";
import type { Rest } from "./rest.js";
import { idsOf, type ListRunsParams, type StoredRun, withoutUndefined } from "./stored-run.js";

/** Whether a refusal means that the call itself is gone, not what it asked for: 501, 410, or a 404 that names nothing. */
export function isNewStoreOnly(error: unknown): boolean {
  if (!(error instanceof LangSmithRequestError)) return false;
  if (error.code === "LSB_ERR_GONE") return true;
  return error.status === 404 && /^(?:not found\.?)?$/i.test(error.reason ?? "");
}

const DAY = 86_400_000;
const PAGE = 100;

/** A run by its id, found in its project. @throws LangSmithRequestError */
export async function readInNewStore(
  rest: Rest,
  id: string,
  projectName: string | undefined,
  select: readonly string[],
): Promise<StoredRun & { session_id: string; session_name: string }> {
  const name = projectName ?? defaultProjectName();
  const project = await projectByName(rest, name);
  for await (const run of listInNewStore(rest, { id, select }, [project.id], `run ${id}`)) {
    return { ...run, session_id: project.id, session_name: name };
  }
  const isDated = millisOfUuid7(id) !== undefined;
  const hint = isDated ? "" : "; its id says no time, so that the service may not have looked everywhere";
  throw new LangSmithRequestError(
    "LSB_ERR_NOT_FOUND",
    `${new URL(rest.apiUrl).host} knows no run ${id} in project ${JSON.stringify(name)}${hint}. Pass { projectName } where it lives in another.`,
  );
}

/** Runs, a page at a time as they are consumed. @throws LangSmithRequestError, also for what v2 has no word for */
export async function* listInNewStore(
  rest: Rest,
  params: ListRunsParams,
  projects: readonly string[],
  subject = "runs",
): AsyncGenerator<StoredRun, void, undefined> {
  // v2 looks nowhere without a project.
  const projectIds = projects.length > 0 ? projects : [(await projectByName(rest, defaultProjectName())).id];
  const body = bodyOf(params, projectIds);
  let left = params.limit ?? Number.POSITIVE_INFINITY;
  let cursor: string | undefined;
  while (left > 0) {
    const answer = await rest.call({
      method: "POST",
      path: "/api/v2/runs/query",
      subject,
      isRepeatable: true,
      body: { ...body, page_size: Math.min(PAGE, left), ...(cursor !== undefined && { cursor }) },
    });
    const items = field(answer, "items");
    for (const item of Array.isArray(items) ? items : []) {
      if (left <= 0) return;
      left -= 1;
      yield runOf(item);
    }
    const next = field(answer, "next_cursor");
    if (typeof next !== "string" || next === "") return;
    cursor = next;
  }
}

function bodyOf(params: ListRunsParams, projectIds: readonly string[]): KeyValues {
  const { executionOrder, select = ["id"] } = params;
  const ids = idsOf(params);
  if (executionOrder !== undefined && executionOrder !== 1) {
    throw new LangSmithRequestError(
      "LSB_ERR_REQUEST",
      "this deployment has LangSmith's v2 query alone, which knows no executionOrder. Leave it out; for roots say isRoot.",
    );
  }
  const common = {
    project_ids: projectIds,
    selects: selectsOf(select),
    sort_order: params.order?.toUpperCase(),
    ...timesOf(params, ids),
  };
  // As with v1: of runs that are named nothing else is asked.
  if (ids.length > 0) return withoutUndefined({ ...common, ids });
  return withoutUndefined({
    ...common,
    run_type: params.runType?.toUpperCase(),
    reference_examples: params.referenceExampleId === undefined ? undefined : [params.referenceExampleId],
    filter: filterOf(params),
    trace_filter: params.traceFilter,
    tree_filter: params.treeFilter,
    has_error: params.error,
    trace_id: params.traceId,
    is_root: executionOrder === 1 ? true : params.isRoot,
  });
}

/** v2 looks at one day where it is told nothing; v1 looks everywhere. Ids of v7 say where to look. */
function timesOf({ startTime, endTime, traceId }: ListRunsParams, ids: readonly string[]): KeyValues {
  const made = (ids.length > 0 ? ids : traceId === undefined ? [] : [traceId]).map(millisOfUuid7);
  const known = made.filter((millis) => millis !== undefined);
  const isKnown = known.length > 0 && known.length === made.length;
  // A custom id may be older than its run, and a run may be moved up under a parent whose clock is ahead.
  const from = isKnown ? Math.min(...known) - DAY : 0;
  const to = isKnown && ids.length > 0 ? Math.max(...known) + DAY : Date.now() + DAY;
  const isNamed = ids.length > 0;
  return {
    min_start_time: (isNamed ? undefined : startTime)?.toISOString() ?? new Date(from).toISOString(),
    max_start_time: (isNamed ? undefined : endTime)?.toISOString() ?? new Date(to).toISOString(),
  };
}

/** What v1 has arguments of its own for, in the filter language. */
function filterOf({ filter, parentRunId, query }: ListRunsParams): string | undefined {
  const parts = [
    parentRunId === undefined ? [] : [`eq(parent_run_id, ${JSON.stringify(parentRunId)})`],
    query === undefined ? [] : [`search(${JSON.stringify(query)})`],
    filter === undefined ? [] : [filter],
  ].flat();
  return parts.length > 1 ? `and(${parts.join(", ")})` : parts[0];
}

/** v1's names of fields that v2 has under another. */
const RENAMED: Readonly<Record<string, readonly string[]>> = {
  session_id: ["PROJECT_ID"],
  parent_run_id: ["PARENT_RUN_IDS"],
  extra: ["EXTRA", "METADATA"],
  serialized: ["MANIFEST"],
  latency: ["LATENCY_SECONDS"],
  in_dataset: ["IS_IN_DATASET"],
};

// biome-ignore format: a list of words
const SELECTS = new Set([
  "ID", "NAME", "RUN_TYPE", "STATUS", "START_TIME", "END_TIME", "FIRST_TOKEN_TIME", "ERROR", "EVENTS", "INPUTS",
  "INPUTS_PREVIEW", "OUTPUTS", "OUTPUTS_PREVIEW", "PARENT_RUN_IDS", "TRACE_ID", "THREAD_ID", "DOTTED_ORDER", "IS_ROOT",
  "REFERENCE_EXAMPLE_ID", "REFERENCE_DATASET_ID", "TOTAL_TOKENS", "PROMPT_TOKENS", "COMPLETION_TOKENS", "TOTAL_COST",
  "PROMPT_COST", "COMPLETION_COST", "PROMPT_TOKEN_DETAILS", "COMPLETION_TOKEN_DETAILS", "PROMPT_COST_DETAILS",
  "COMPLETION_COST_DETAILS", "PRICE_MODEL_ID", "TAGS", "APP_PATH", "SHARE_URL", "FEEDBACK_STATS",
]);

function selectsOf(select: readonly string[]): string[] {
  const unknown: string[] = [];
  const selects = select.flatMap((name) => {
    const known = RENAMED[name] ?? (SELECTS.has(name.toUpperCase()) ? [name.toUpperCase()] : undefined);
    if (!known) unknown.push(name);
    return known ?? [];
  });
  if (unknown.length > 0) {
    throw new LangSmithRequestError(
      "LSB_ERR_REQUEST",
      `this deployment has LangSmith's v2 query alone, which cannot select ${unknown.join(", ")}. Leave it out of select.`,
    );
  }
  return [...new Set(selects)];
}

/** A run of the v2 query as v1 says it. */
function runOf(item: unknown): StoredRun {
  const { project_id, parent_run_ids, metadata, extra, manifest, latency_seconds, run_type, status, ...rest } = {
    ...(typeof item === "object" ? item : undefined),
  } as KeyValues;
  const parents = Array.isArray(parent_run_ids) ? parent_run_ids : undefined;
  const order = referenceOf(rest)?.dotted_order;
  return withoutUndefined({
    ...rest,
    // Without hyphens in v2's description.
    dotted_order: order ?? rest["dotted_order"],
    run_type: lower(run_type),
    status: lower(status),
    session_id: project_id,
    parent_run_ids: parents,
    parent_run_id: parents && (parents.at(-1) ?? null),
    extra: extra === undefined && metadata === undefined ? undefined : { metadata, ...Object(extra) },
    serialized: manifest,
    latency: latency_seconds,
  }) as StoredRun;
}

function lower(word: unknown): unknown {
  return typeof word === "string" ? word.toLowerCase() : word;
}
