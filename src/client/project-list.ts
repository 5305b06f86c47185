// Projects read and listed as the service has them, with the langsmith package's signatures.

import { LangSmithOptionError, LangSmithRequestError, RunIdError } from "../errors.js";
import { isUuid } from "../wire/ids.js";
import type { KeyValues } from "../wire/run.js";
import { asQuery, listByOffset, recordOf } from "./resources.js";
import type { Rest } from "./rest.js";

/** A project as the service holds it. */
export interface TracerSession {
  readonly id: string;
  readonly name?: string;
  readonly tenant_id: string;
  readonly start_time: number;
  readonly [field: string]: unknown;
}

/** One project: by its id or by its name. */
export interface ProjectChoice {
  readonly projectId?: string;
  readonly projectName?: string;
}

export interface ReadProjectParams extends ProjectChoice {
  readonly includeStats?: boolean;
}

/** Which projects {@link Client.listProjects} asks for. */
export interface ListProjectsParams {
  readonly projectIds?: readonly string[];
  readonly name?: string;
  readonly nameContains?: string;
  readonly referenceDatasetId?: string;
  readonly includeStats?: boolean;
  readonly datasetVersion?: string;
  readonly referenceFree?: boolean;
  readonly metadata?: KeyValues;
}

export async function readProject(rest: Rest, params: ReadProjectParams): Promise<TracerSession> {
  const { path, subject, query } = callOf(params);
  const { includeStats: include_stats } = params;
  const answer = await rest.call({ method: "GET", path, subject, query: asQuery({ ...query, include_stats }) });
  const project: unknown = Array.isArray(answer) ? answer[0] : answer;
  if (project === undefined) {
    const host = new URL(rest.apiUrl).host;
    throw new LangSmithRequestError(
      "LSB_ERR_NOT_FOUND",
      `${host} knows no ${subject}. Check LANGSMITH_PROJECT and the workspace; a project exists from its first run on.`,
    );
  }
  return sessionOf(recordOf(project, subject));
}

export async function hasProject(rest: Rest, params: ProjectChoice): Promise<boolean> {
  try {
    await readProject(rest, params);
    return true;
  } catch (error) {
    if (error instanceof LangSmithRequestError && error.code === "LSB_ERR_NOT_FOUND") return false;
    throw error;
  }
}

export async function* listProjects(
  rest: Rest,
  params: ListProjectsParams,
): AsyncGenerator<TracerSession, void, undefined> {
  const query = {
    id: params.projectIds,
    name: params.name,
    name_contains: params.nameContains,
    reference_dataset: params.referenceDatasetId,
    include_stats: params.includeStats,
    dataset_version: params.datasetVersion,
    reference_free: params.referenceFree,
    metadata: params.metadata && JSON.stringify(params.metadata),
  };
  for await (const project of listByOffset(rest, "/sessions", "projects", query)) yield sessionOf(project);
}

function callOf({ projectId, projectName }: ProjectChoice): { path: string; subject: string; query: KeyValues } {
  if ((projectId === undefined) === (projectName === undefined)) {
    throw new LangSmithOptionError("projectName or projectId", "given, and not both", projectName ?? projectId);
  }
  if (projectId === undefined) {
    return { path: "/sessions", subject: `project ${JSON.stringify(projectName)}`, query: { name: projectName } };
  }
  if (!isUuid(projectId)) throw new RunIdError(projectId, "A project's id");
  return { path: `/sessions/${projectId}`, subject: `project ${projectId}`, query: {} };
}

// What the service answers with is what it describes.
function sessionOf(project: KeyValues): TracerSession {
  return project as unknown as TracerSession;
}
