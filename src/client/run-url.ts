// The address of a run's page, for a log line.

import { primaryBridge } from "../bridges.js";
import { addressForLog } from "../credentials.js";
import { RunReferenceError } from "../errors.js";
import type { RunReference } from "../identity/reference.js";
import { isLocalAddress, type LangSmithDestination } from "../options/options.js";
import { withoutSlashesAtEnd } from "../wire/address.js";
import { isUuid } from "../wire/ids.js";
import { findRun } from "./find-run.js";
import { type Project, projectById, projectByName } from "./projects.js";
import { createRest, ownDestination } from "./rest.js";

const MAX_PROJECTS = 100;
const known = new Map<string, Project>();

/**
 * The address of a run's page. LangSmith's pages are found by the project's id, which is asked for once a project.
 *
 * @param reference a reference, or any run that LangSmith returned
 * @throws LangSmithRequestError where the project cannot be resolved; RunReferenceError where it is no run
 * @example
 * ```ts
 * const run = getRunReference();
 * if (run) logger.info(`trace: ${await getRunUrl(run)}`);
 * ```
 */
export async function getRunUrl(
  reference: Pick<RunReference, "id"> &
    Partial<Pick<RunReference, "trace_id" | "session_name">> & { readonly session_id?: string },
  destination: LangSmithDestination & { readonly webUrl?: string | undefined } = ownDestination(),
): Promise<string> {
  const { apiUrl } = destination;
  // From JavaScript anything may come, a bare id first of all.
  if (!isUuid((reference as typeof reference | undefined)?.id)) {
    throw new RunReferenceError(
      "LSB_ERR_RUN_REFERENCE",
      `getRunUrl takes a run's reference or a run that LangSmith returned, not ${JSON.stringify(reference)}.`,
    );
  }
  // The local server's pages are addressed by trace and need no project.
  if (isLocalAddress(apiUrl)) {
    const base = addressForLog(apiUrl).replace(/(?:\/api)?(?:\/v1)?$/, "");
    return `${base}/traces/${reference.trace_id ?? reference.id}?run=${reference.id}`;
  }
  const { session_name, session_id } = reference;
  const name = session_name ?? primaryBridge()?.projectName ?? "default";
  // A run that LangSmith returned says its project by id.
  const isById = session_name === undefined && session_id !== undefined;
  const key = `${apiUrl} ${destination.workspaceId ?? ""} ${isById ? `id ${session_id}` : `name ${name}`}`;
  const rest = createRest(destination);
  const project = known.get(key) ?? (await (isById ? projectById(rest, session_id) : projectByName(rest, name)));
  if (known.size < MAX_PROJECTS) known.set(key, project);
  const organisation = project.tenantId ?? destination.workspaceId;
  const place = organisation === undefined ? "" : `/o/${organisation}`;
  const web = destination.webUrl === undefined ? webUrlOf(apiUrl) : withoutSlashesAtEnd(destination.webUrl);
  return `${web}${place}/projects/p/${project.id}/r/${reference.id}?poll=true`;
}

/** What the langsmith package's `client.getRunUrl` takes. */
export interface PackageRunUrlParams {
  readonly runId?: string;
  readonly run?: { readonly id: string; readonly session_id?: string; readonly session_name?: string };
  readonly projectOpts?: { readonly projectName?: string; readonly projectId?: string };
}

/** The address of a run's page, as the langsmith package's client is asked for it. */
export async function runUrlOf(
  { runId, run, projectOpts }: PackageRunUrlParams,
  destination: LangSmithDestination & { readonly webUrl?: string | undefined },
): Promise<string> {
  const { projectName, projectId } = projectOpts ?? {};
  const place = {
    ...(projectName !== undefined && { session_name: projectName }),
    ...(projectName === undefined && projectId !== undefined && { session_id: projectId }),
  };
  if (run) return getRunUrl(run.session_id === undefined ? { ...run, ...place } : run, destination);
  // Without an id it is no run, and the error says so.
  const found = isUuid(runId) ? await findRun(runId, { destination, ...(projectName && { projectName }) }) : undefined;
  return getRunUrl(found ?? { id: String(runId) }, destination);
}

/** Where the pages of an API address are. Source: `Client.getHostUrl` of the `langsmith` package. */
export function webUrlOf(apiUrl: string): string {
  const url = new URL(apiUrl);
  if (url.hostname.endsWith("smith.langchain.com")) {
    return `https://${url.hostname.replace(/(^|\.)api\./, "$1")}`;
  }
  return `${url.origin}${url.pathname.replace(/\/api(?:\/v1)?\/?$/, "").replace(/\/$/, "")}`;
}
