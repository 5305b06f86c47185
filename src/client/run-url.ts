// The address of a run's page, for a log line.
import { primaryBridge } from "../bridges.js";
import { isLocalAddress, type LangSmithDestination } from "../options.js";
import type { RunReference } from "../propagation/reference.js";
import { type Project, projectByName } from "./projects.js";
import { createRest, ownDestination } from "./rest.js";

const MAX_PROJECTS = 100;
const known = new Map<string, Project>();

/**
 * The address of a run's page. LangSmith's pages are found by the project's id, which is asked for once a project.
 *
 * @throws LangSmithRequestError where the project cannot be resolved
 * @example
 * ```ts
 * const run = getRunReference();
 * if (run) logger.info(`trace: ${await getRunUrl(run)}`);
 * ```
 */
export async function getRunUrl(
  reference: Pick<RunReference, "id"> & Partial<Pick<RunReference, "trace_id" | "session_name">>,
  destination: LangSmithDestination = ownDestination(),
): Promise<string> {
  const { apiUrl } = destination;
  // The local server's pages are addressed by trace and need no project.
  if (isLocalAddress(apiUrl)) {
    const base = apiUrl.replace(/(?:\/api)?(?:\/v1)?$/, "");
    return `${base}/traces/${reference.trace_id ?? reference.id}?run=${reference.id}`;
  }
  const name = reference.session_name ?? primaryBridge()?.projectName ?? "default";
  const key = `${apiUrl} ${destination.workspaceId ?? ""} ${name}`;
  const project = known.get(key) ?? (await projectByName(createRest(destination), name));
  if (known.size < MAX_PROJECTS) known.set(key, project);
  const organisation = project.tenantId ?? destination.workspaceId;
  const place = organisation === undefined ? "" : `/o/${organisation}`;
  return `${webUrlOf(apiUrl)}${place}/projects/p/${project.id}/r/${reference.id}?poll=true`;
}

/** Where the pages of an API address are. Source: `Client.getHostUrl` of the `langsmith` package. */
export function webUrlOf(apiUrl: string): string {
  const url = new URL(apiUrl);
  if (url.hostname.endsWith("smith.langchain.com")) {
    return `https://${url.hostname.replace(/(^|\.)api\./, "$1")}`;
  }
  return `${url.origin}${url.pathname.replace(/\/api(?:\/v1)?\/?$/, "").replace(/\/$/, "")}`;
}
