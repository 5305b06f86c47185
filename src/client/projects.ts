// Projects by name and by id, as the service's newer calls want them.
import { LangSmithRequestError } from "../errors.js";
import type { Rest } from "./rest.js";

export interface Project {
  readonly id: string;
  readonly name: string | undefined;
  readonly tenantId: string | undefined;
}

/** A project by its name. @throws LangSmithRequestError `LSB_ERR_NOT_FOUND` where there is none */
export async function projectByName(rest: Rest, name: string): Promise<Project> {
  const subject = `project ${JSON.stringify(name)}`;
  const answer = await rest.call({ method: "GET", path: "/sessions", query: { name, limit: 1 }, subject });
  const first: unknown = Array.isArray(answer) ? answer[0] : undefined;
  const project = projectOf(first);
  if (!project) {
    throw new LangSmithRequestError(
      "LSB_ERR_NOT_FOUND",
      `${new URL(rest.apiUrl).host} knows no ${subject}. Check LANGSMITH_PROJECT and the workspace; a project exists from its first run on.`,
    );
  }
  return project;
}

/** A project by its id. @throws LangSmithRequestError `LSB_ERR_NOT_FOUND` where there is none */
export async function projectById(rest: Rest, id: string): Promise<Project> {
  const subject = `project ${id}`;
  const answer = await rest.call({ method: "GET", path: `/sessions/${id}`, subject });
  const project = projectOf(answer);
  if (project) return project;
  throw new LangSmithRequestError("LSB_ERR_REQUEST", `the answer for ${subject} is no project`);
}

const MAX_NAMES = 1000;
const names = new Map<string, string>();

/**
 * The name of the project that a run which LangSmith returned lives in: such a run says its id alone, and what is sent
 * names its project by name. Asked for once a project; undefined where nobody can say.
 */
export async function projectNameOf(rest: Rest, run: unknown): Promise<string | undefined> {
  const id = field(run, "session_id");
  if (typeof id !== "string") return undefined;
  const key = `${rest.apiUrl} ${id}`;
  const known = names.get(key);
  if (known !== undefined) return known;
  try {
    const { name } = await projectById(rest, id);
    if (name !== undefined && names.size < MAX_NAMES) names.set(key, name);
    return name;
  } catch {
    return undefined;
  }
}

function projectOf(value: unknown): Project | undefined {
  const id = field(value, "id");
  const name = field(value, "name");
  const tenant = field(value, "tenant_id");
  if (typeof id !== "string") return undefined;
  return {
    id,
    name: typeof name === "string" ? name : undefined,
    tenantId: typeof tenant === "string" ? tenant : undefined,
  };
}

/** Whether `/info` says that a deployment has the new store alone: then the v1 read calls are gone. */
export async function hasNewStoreAlone(rest: Rest): Promise<boolean> {
  try {
    const info = await rest.call({ method: "GET", path: "/info", subject: "its /info" });
    const flags = field(info, "instance_flags");
    return field(flags, "sdb_query_enabled") === true && field(flags, "ch_query_enabled") === false;
  } catch {
    // Deployments without /info are old ones; if the service is down, the call that matters will say so.
    return false;
  }
}

/** A field of unknown data. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
