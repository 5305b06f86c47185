// LANGSMITH_RUNS_ENDPOINTS: several destinations, named in one environment variable.

import { withoutSlashesAtEnd } from "../wire/address.js";

/** One destination of several. */
export interface ReplicaOptions {
  /** The project there, by name. Default: the project of the run. */
  project?: string;
  /** Default: the address of the first destination. */
  apiUrl?: string;
  apiKey?: string;
  workspaceId?: string;
  /** Keeps the run ids as they are; every other destination remaps them. At most one. Default: the first. */
  primary?: boolean;
  /** Fields that this destination gets in place of the run's own. */
  updates?: Record<string, unknown>;
}

/** What a value of `LANGSMITH_RUNS_ENDPOINTS` says, and what in it could not be used. */
export interface ParsedEndpoints {
  readonly replicas: ReplicaOptions[];
  /** One sentence for each thing that was left out; no keys in them. */
  readonly problems: string[];
}

/**
 * Reads `LANGSMITH_RUNS_ENDPOINTS` as the `langsmith` SDK does: a JSON array of
 * `{ api_url, api_key, project_name?, workspace_id?, primary? }`, or an object of URL to key. Never throws.
 *
 * @example
 * ```ts
 * parseRunsEndpoints('{"https://api.smith.langchain.com": "key"}');
 * // [{ apiUrl: "https://api.smith.langchain.com", apiKey: "key" }]
 * ```
 */
export function parseRunsEndpoints(value: string | undefined, onProblem?: (problem: string) => void): ReplicaOptions[] {
  const { replicas, problems } = readRunsEndpoints(value);
  for (const problem of problems) onProblem?.(problem);
  return replicas;
}

/** As `parseRunsEndpoints`, with the problems beside the replicas. */
export function readRunsEndpoints(value: string | undefined): ParsedEndpoints {
  if (value === undefined || value.trim() === "") return { replicas: [], problems: [] };
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return { replicas: [], problems: ["it is not JSON"] };
  }
  if (Array.isArray(parsed)) return readArray(parsed);
  if (typeof parsed === "object" && parsed !== null) return readObject(parsed);
  return { replicas: [], problems: ["it is neither an array of destinations nor an object of URL to key"] };
}

function readArray(entries: unknown[]): ParsedEndpoints {
  const replicas: ReplicaOptions[] = [];
  const problems: string[] = [];
  entries.forEach((entry, at) => {
    const replica = readEntry(entry);
    if (typeof replica === "string") problems.push(`entry ${at}: ${replica}`);
    else if (replica.primary && replicas.some((other) => other.primary)) problems.push(`entry ${at}: a second primary`);
    else replicas.push(replica);
  });
  return { replicas, problems };
}

function readEntry(entry: unknown): ReplicaOptions | string {
  if (typeof entry !== "object" || entry === null) return "not an object";
  const text = (key: string): unknown => Reflect.get(entry, key) ?? undefined;
  const apiUrl = text("api_url");
  const apiKey = text("api_key");
  const project = text("project_name");
  const workspaceId = text("workspace_id");
  const primary = text("primary");
  if (!isUrl(apiUrl)) return "api_url is not a URL";
  if (typeof apiKey !== "string") return "api_key is not a string";
  if (project !== undefined && typeof project !== "string") return "project_name is not a string";
  if (primary !== undefined && typeof primary !== "boolean") return "primary is not a boolean";
  return {
    apiUrl: withoutSlashesAtEnd(apiUrl),
    apiKey,
    ...(project ? { project } : {}),
    ...(typeof workspaceId === "string" && workspaceId.trim() !== "" ? { workspaceId: workspaceId.trim() } : {}),
    ...(primary === undefined ? {} : { primary }),
  };
}

function readObject(endpoints: object): ParsedEndpoints {
  const replicas: ReplicaOptions[] = [];
  const problems: string[] = [];
  Object.entries(endpoints).forEach(([apiUrl, apiKey], at) => {
    if (!isUrl(apiUrl)) problems.push(`entry ${at}: the name is not a URL`);
    else if (typeof apiKey !== "string") problems.push(`entry ${at}: the key is not a string`);
    else replicas.push({ apiUrl: withoutSlashesAtEnd(apiUrl), apiKey });
  });
  return { replicas, problems };
}

function isUrl(value: unknown): value is string {
  if (typeof value !== "string") return false;
  try {
    return /^https?:$/.test(new URL(value).protocol);
  } catch {
    return false;
  }
}
