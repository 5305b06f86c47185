// A run's reference from its id alone: read from the service.

import { primaryBridge } from "../bridges.js";
import { isUuid, millisOfUuid7 } from "../identity/ids.js";
import type { LangSmithDestination } from "../options.js";
import { type RunReference, RunReferenceError, referenceOf } from "../propagation/reference.js";
import { field, hasNewStoreAlone, projectById, projectByName } from "./projects.js";
import { createRest, LangSmithRequestError, ownDestination, type Rest } from "./rest.js";

export interface FindRunOptions {
  /** Where the run lives; needed on deployments with the new store. Default: the bridge's project. */
  readonly projectName?: string;
  /** Whom to ask. Default: where the process's bridge sends, else what the environment says. */
  readonly destination?: LangSmithDestination;
}

/**
 * The reference of a run of which only the id was kept. By `GET /runs/{id}`, or, where `/info` or a 501 says so, by the
 * v2 query with time bounds from the id's own time.
 *
 * @throws LangSmithRequestError whose `code` says which: `LSB_ERR_NOT_FOUND` (unknown id, or unknown project),
 * `LSB_ERR_ACCESS` (no access), `LSB_ERR_UNAVAILABLE` (service down); RunReferenceError where the id is no UUID
 * @example
 * ```ts
 * const reference = await findRun(row.runId);
 * await withRun(reference, () => nextStep());
 * ```
 */
export async function findRun(id: string, options: FindRunOptions = {}): Promise<RunReference> {
  if (!isUuid(id)) {
    throw new RunReferenceError("LSB_ERR_RUN_ID", `findRun takes a run's id, a UUID, not ${JSON.stringify(id)}.`);
  }
  const rest = createRest(options.destination ?? ownDestination());
  if (await hasNewStoreAlone(rest)) return findInNewStore(rest, id, options);
  let run: unknown;
  try {
    run = await rest.call({ method: "GET", path: `/runs/${id}`, subject: `run ${id}` });
  } catch (error) {
    if (error instanceof LangSmithRequestError && error.code === "LSB_ERR_GONE") {
      return findInNewStore(rest, id, options);
    }
    throw error;
  }
  return complete(rest, run, id, options);
}

const DAY = 86_400_000;
const SELECTS = ["ID", "NAME", "RUN_TYPE", "START_TIME", "TRACE_ID", "PROJECT_ID", "DOTTED_ORDER", "PARENT_RUN_IDS"];

async function findInNewStore(rest: Rest, id: string, options: FindRunOptions): Promise<RunReference> {
  const name = options.projectName ?? primaryBridge()?.projectName ?? "default";
  const project = await projectByName(rest, name);
  const made = millisOfUuid7(id);
  const answer = await rest.call({
    method: "POST",
    path: "/api/v2/runs/query",
    subject: `run ${id}`,
    isRepeatable: true,
    body: {
      ids: [id],
      project_ids: [project.id],
      // A custom id may be older than its run, and a run may be moved up under a parent whose clock is ahead.
      min_start_time: new Date(made === undefined ? 0 : made - DAY).toISOString(),
      max_start_time: new Date((made ?? Date.now()) + DAY).toISOString(),
      selects: SELECTS,
      page_size: 1,
    },
  });
  const items = field(answer, "items");
  const run: unknown = Array.isArray(items) ? items[0] : undefined;
  if (run === undefined) {
    const hint = made === undefined ? "; its id says no time, so that the service may not have looked everywhere" : "";
    throw new LangSmithRequestError(
      "LSB_ERR_NOT_FOUND",
      `${new URL(rest.apiUrl).host} knows no run ${id} in project ${JSON.stringify(name)}${hint}. Pass { projectName } where it lives in another.`,
    );
  }
  return complete(rest, { ...asObject(run), session_name: name, session_id: project.id }, id, options);
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

async function complete(rest: Rest, run: unknown, id: string, options: FindRunOptions): Promise<RunReference> {
  const reference = referenceOf(run);
  if (!reference) {
    throw new LangSmithRequestError(
      "LSB_ERR_REQUEST",
      `${new URL(rest.apiUrl).host} answered for run ${id} with a run that has no valid dotted_order`,
    );
  }
  if (reference.session_name !== undefined) return reference;
  const session = field(run, "session_id");
  // A run from the service names its project by id; what hangs under it is sent by the project's name.
  const name =
    options.projectName ?? (typeof session === "string" ? (await projectById(rest, session)).name : undefined);
  return { ...reference, ...(name !== undefined && { session_name: name }) };
}
