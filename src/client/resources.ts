// The newer calls of LangSmith's API, in the forms that stay: the service's own names in and out.
// Source: `resources/runs`, `traces`, `threads` and `sessions` of the langsmith package, and the service's description.
import { LangSmithRequestError } from "../errors.js";
import type { KeyValues } from "../wire/run.js";
import { type PagePromise, pages } from "./pages.js";
import { field } from "./projects.js";
import type { Rest } from "./rest.js";
import { withoutUndefined } from "./stored-run.js";

/** `client.runs` */
export interface RunsResource {
  /** Runs of projects, newest first: `project_ids`, `filter`, `selects`, `min_start_time`, `page_size`, … */
  query(params: KeyValues): PagePromise<KeyValues>;
  /** One run: `project_id`, `selects`, `start_time`. */
  retrieve(runId: string, params: KeyValues): Promise<KeyValues>;
  /** The address of a run's page. */
  getURL(
    runId: string,
    query: { project_id: string; trace_id: string; start_time?: string },
  ): Promise<{ url?: string }>;
}

/** `client.traces` */
export interface TracesResource {
  query(params: KeyValues): PagePromise<KeyValues>;
  listRuns(traceId: string, params: KeyValues): Promise<{ items?: KeyValues[] }>;
}

/** `client.threads` */
export interface ThreadsResource {
  query(params: KeyValues): PagePromise<KeyValues>;
  listTraces(threadId: string, query: KeyValues): PagePromise<KeyValues>;
  stats(threadId: string, query: KeyValues): Promise<KeyValues>;
}

/** `client.sessions` */
export interface SessionsResource {
  /** The project that an address names: `{ kind: "AGENT", id, environment }`. */
  resolve(query: { kind: string; id?: string; environment?: string }): Promise<{ session_id?: string }>;
  retrieve(projectId: string, query?: KeyValues): Promise<KeyValues>;
}

/** What a client has of the newer calls. `rest` is asked for at each call: the processor may come later. */
export interface Resources {
  readonly runs: RunsResource;
  readonly traces: TracesResource;
  readonly threads: ThreadsResource;
  readonly sessions: SessionsResource;
}

export function createResources(rest: () => Rest): Resources {
  const get = (path: string, subject: string, query: KeyValues) =>
    rest().call({ method: "GET", path, subject, query: asQuery(query) });
  const postPages = (path: string, subject: string, params: KeyValues): PagePromise<KeyValues> =>
    pages((cursor) =>
      rest().call({
        method: "POST",
        path,
        subject,
        isRepeatable: true,
        body: { ...withoutAccept(params), ...(cursor !== undefined && { cursor }) },
      }),
    );
  const one = async (answer: Promise<unknown>, subject: string) => recordOf(await answer, subject);

  return {
    runs: {
      query: (params) => postPages("/api/v2/runs/query", "runs", params),
      retrieve: (runId, params) =>
        one(get(`/api/v2/runs/${encodeURIComponent(runId)}`, `run ${runId}`, params), `run ${runId}`),
      getURL: (runId, query) =>
        one(get(`/api/v2/runs/${encodeURIComponent(runId)}/url`, `run ${runId}`, { ...query }), `run ${runId}`),
    },
    traces: {
      query: (params) => postPages("/api/v2/traces/query", "traces", params),
      listRuns: (traceId, params) =>
        one(get(`/api/v2/traces/${encodeURIComponent(traceId)}/runs`, `trace ${traceId}`, params), `trace ${traceId}`),
    },
    threads: {
      query: (params) => postPages("/api/v2/threads/query", "threads", params),
      listTraces: (threadId, query) =>
        pages((cursor) =>
          get(`/api/v2/threads/${encodeURIComponent(threadId)}/traces`, `thread ${threadId}`, {
            ...query,
            ...(cursor !== undefined && { cursor }),
          }),
        ),
      stats: (threadId, query) =>
        one(get(`/api/v2/threads/${encodeURIComponent(threadId)}/stats`, `thread ${threadId}`, query), "its stats"),
    },
    sessions: {
      resolve: (query) => one(get("/sessions/resolutions", `the project of ${query.kind}`, { ...query }), "a project"),
      retrieve: (projectId, query = {}) =>
        one(get(`/sessions/${encodeURIComponent(projectId)}`, `project ${projectId}`, query), `project ${projectId}`),
    },
  };
}

/** `Accept` is a header there, for streams; here every answer is JSON. */
function withoutAccept({ Accept: _, ...params }: KeyValues): KeyValues {
  return withoutUndefined(params);
}

type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

/** Values as a query has them: lists repeat their name. */
export function asQuery(values: KeyValues): Query {
  const query: Query = {};
  for (const [name, value] of Object.entries(withoutAccept(values))) {
    if (Array.isArray(value)) query[name] = value.map(String);
    else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") query[name] = value;
    else if (value instanceof Date) query[name] = value.toISOString();
    else if (value !== null) query[name] = JSON.stringify(value);
  }
  return query;
}

export function recordOf(answer: unknown, subject: string): KeyValues {
  if (typeof answer === "object" && answer !== null && !Array.isArray(answer)) return { ...answer };
  throw new LangSmithRequestError("LSB_ERR_REQUEST", `the answer for ${subject} is no object`);
}

const PAGE = 100;

/** A v1 list by offset, a page at a time as it is consumed. */
export async function* listByOffset(
  rest: Rest,
  path: string,
  subject: string,
  query: KeyValues,
): AsyncGenerator<KeyValues, void, undefined> {
  for (let offset = 0; ; offset += PAGE) {
    const answer = await rest.call({ method: "GET", path, subject, query: asQuery({ ...query, offset, limit: PAGE }) });
    const items: unknown[] = Array.isArray(answer) ? answer : [];
    for (const item of items) if (field(item, "id") !== undefined) yield recordOf(item, subject);
    if (items.length < PAGE) return;
  }
}
