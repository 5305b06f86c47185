// A run's reference from its id alone: read from the service.

import { LangSmithRequestError, RunReferenceError } from "../errors.js";
import { type RunReference, referenceOf } from "../identity/reference.js";
import type { LangSmithDestination } from "../options/options.js";
import { isUuid } from "../wire/ids.js";
import { isNewStoreOnly, readInNewStore } from "./new-store.js";
import { field, hasNewStoreAlone, projectById } from "./projects.js";
import { createRest, ownDestination, type Rest } from "./rest.js";

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
    if (!isNewStoreOnly(error)) throw error;
    return findInNewStore(rest, id, options);
  }
  return complete(rest, run, id, options);
}

const SELECT = ["id", "name", "run_type", "start_time", "trace_id", "session_id", "dotted_order", "parent_run_id"];

async function findInNewStore(rest: Rest, id: string, options: FindRunOptions): Promise<RunReference> {
  return complete(rest, await readInNewStore(rest, id, options.projectName, SELECT), id, options);
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
