// A small client for what programs use of LangSmith's: flush, read runs back, score them.
import { bridges, primaryBridge } from "../bridges.js";
import { isUuid } from "../identity/ids.js";
import { type LangSmithDestination, resolveOptions } from "../options.js";
import type { KeyValues } from "../run.js";
import { allEnded } from "../tracing/authored-run.js";
import { RunIdError } from "../tracing/custom-ids.js";
import { flushDirect } from "../tracing/run-tree-direct.js";
import { createFeedback, type Feedback, type FeedbackInput } from "./feedback.js";
import { field, projectByName } from "./projects.js";
import { createRest, LangSmithRequestError, type Rest } from "./rest.js";

/** What a client is given; everything left out is the process's processor's, else the environment's. */
export interface ClientOptions {
  readonly apiUrl?: string;
  readonly apiKey?: string;
  readonly workspaceId?: string;
}

/** A run as LangSmith returns it. */
export interface StoredRun {
  readonly id: string;
  readonly name: string;
  readonly run_type: string;
  readonly trace_id: string;
  readonly dotted_order?: string;
  readonly parent_run_id?: string | null;
  readonly session_id?: string;
  readonly start_time?: string;
  readonly end_time?: string | null;
  readonly status?: string;
  readonly error?: string | null;
  readonly inputs?: KeyValues;
  readonly outputs?: KeyValues | null;
  readonly extra?: KeyValues;
  readonly tags?: string[] | null;
  readonly events?: KeyValues[] | null;
  child_runs?: StoredRun[];
  readonly [field: string]: unknown;
}

/** Which runs {@link Client.listRuns} asks for; every name is the langsmith package's. */
export interface ListRunsParams {
  readonly projectId?: string | readonly string[];
  readonly projectName?: string | readonly string[];
  readonly traceId?: string;
  readonly isRoot?: boolean;
  readonly executionOrder?: number;
  readonly parentRunId?: string;
  /** By start. Default: the newest first. */
  readonly order?: "asc" | "desc";
  readonly referenceExampleId?: string;
  /** Only runs that started later. */
  readonly startTime?: Date;
  /** Only runs that started earlier. */
  readonly endTime?: Date;
  readonly runType?: string;
  readonly error?: boolean;
  /** These runs alone; the service then ignores the rest. */
  readonly id?: string | readonly string[];
  readonly runIds?: readonly string[];
  /** How many runs in all. Default: as many as there are. */
  readonly limit?: number;
  readonly query?: string;
  /** About the run, in the filter language: `eq(name, "extractor")`. */
  readonly filter?: string;
  /** About the root of its trace. */
  readonly traceFilter?: string;
  /** About any run of its trace. */
  readonly treeFilter?: string;
  /** The fields to return. Default: all that the langsmith package asks for. */
  readonly select?: readonly string[];
}

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

/**
 * Speaks to LangSmith. `new Client()` speaks of the process's processor: it flushes it, and reads with its address and
 * key. A client with another address or key reads and scores there; runs do not go through clients, so a run that is
 * given such a client is sent by the processor all the same, and that is said once (`LSB_WARN_CLIENT`).
 *
 * @example
 * ```ts
 * const client = new Client();
 * for await (const run of client.listRuns({ projectName: "weather", isRoot: true })) console.log(run.name);
 * ```
 */
export class Client {
  readonly #given: ClientOptions;

  constructor(options: ClientOptions = {}) {
    this.#given = options;
  }

  /** Sends what has ended, everywhere. Settles within the processor's `shutdownTimeoutMillis`, never rejects. */
  async flush(): Promise<void> {
    await allEnded();
    await Promise.all([flushDirect(), ...bridges().map((bridge) => bridge.forceFlush())]);
  }

  /** {@link Client.flush} under the langsmith package's other name. */
  async awaitPendingTraceBatches(): Promise<void> {
    await this.flush();
  }

  /** In what this client differs from the processor that sends runs; undefined where it does not. */
  differsFromProcessor(): string | undefined {
    const { apiUrl, apiKey, workspaceId } = this.#given;
    const bridge = primaryBridge();
    if (!bridge) return undefined;
    const { destination } = bridge;
    if (apiUrl !== undefined && withoutSlash(apiUrl) !== withoutSlash(destination.apiUrl)) {
      return `another address (${hostOf(apiUrl)})`;
    }
    if (apiKey !== undefined && typeof destination.apiKey === "string" && apiKey !== destination.apiKey) {
      return "another key";
    }
    return workspaceId !== undefined && workspaceId !== destination.workspaceId ? "another workspace" : undefined;
  }

  /**
   * A run by its id.
   *
   * @throws RunIdError for an id that is no UUID; LangSmithRequestError whose `code` says what is wrong
   */
  async readRun(runId: string, { loadChildRuns = false }: { loadChildRuns?: boolean } = {}): Promise<StoredRun> {
    if (!isUuid(runId)) throw new RunIdError(runId);
    const answer = await this.#rest().call({ method: "GET", path: `/runs/${runId}`, subject: `run ${runId}` });
    const run = storedRun(answer, `run ${runId}`);
    return loadChildRuns ? this.#withChildren(run) : run;
  }

  /** Runs, a page at a time as they are consumed: who breaks off asks for no more. */
  async *listRuns(params: ListRunsParams = {}): AsyncGenerator<StoredRun, void, undefined> {
    const rest = this.#rest();
    const body = await this.#bodyOf(rest, params);
    let left = params.limit ?? Number.POSITIVE_INFINITY;
    let cursor: string | undefined;
    while (left > 0) {
      const limit = params.limit === undefined ? undefined : Math.min(PAGE, left);
      const answer = await rest.call({
        method: "POST",
        path: "/runs/query",
        subject: "runs",
        isRepeatable: true,
        body: { ...body, ...(limit !== undefined && { limit }), ...(cursor !== undefined && { cursor }) },
      });
      const runs = field(answer, "runs");
      for (const run of Array.isArray(runs) ? runs : []) {
        if (left <= 0) return;
        left -= 1;
        yield storedRun(run, "a run");
      }
      const next = field(field(answer, "cursors"), "next");
      if (typeof next !== "string" || next === "") return;
      cursor = next;
    }
  }

  /**
   * Scores a run; in the langsmith package's two spellings.
   *
   * @throws LangSmithRequestError whose `code` says what is wrong
   */
  createFeedback(params: FeedbackInput): Promise<Feedback>;
  createFeedback(runId: string, key: string, options?: Omit<FeedbackInput, "runId" | "run" | "key">): Promise<Feedback>;
  async createFeedback(
    params: FeedbackInput | string,
    key = "",
    options: Omit<FeedbackInput, "runId" | "run" | "key"> = {},
  ): Promise<Feedback> {
    const input = typeof params === "string" ? { ...options, runId: params, key } : params;
    return createFeedback(input, this.#destination());
  }

  #destination(): LangSmithDestination {
    const own = primaryBridge()?.destination;
    const { apiUrl, apiKey, workspaceId } = this.#given;
    const from = own ?? resolveOptions();
    return {
      apiUrl: apiUrl ?? from.apiUrl,
      apiKey: apiKey ?? from.apiKey,
      workspaceId: workspaceId ?? from.workspaceId,
    };
  }

  #rest(): Rest {
    return createRest(this.#destination());
  }

  async #bodyOf(rest: Rest, params: ListRunsParams): Promise<KeyValues> {
    const { id, runIds, select = DEFAULT_SELECT } = params;
    const projects = [...listed(params.projectId)];
    for (const name of listed(params.projectName)) projects.push((await projectByName(rest, name)).id);
    const ids = [...listed(id), ...(runIds ?? [])];
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
      select,
      is_root: params.isRoot,
      order: params.order,
    });
  }

  async #withChildren(run: StoredRun): Promise<StoredRun> {
    const byId = new Map<string, StoredRun>([[run.id, { ...run, child_runs: [] }]]);
    const project = typeof run.session_id === "string" ? { projectId: run.session_id } : {};
    const found: StoredRun[] = [];
    for await (const child of this.listRuns({ ...project, traceId: run.trace_id })) found.push(child);
    found.sort((a, b) => ((a.dotted_order ?? "") < (b.dotted_order ?? "") ? -1 : 1));
    for (const child of found) if (!byId.has(child.id)) byId.set(child.id, { ...child, child_runs: [] });
    for (const child of byId.values()) {
      if (child.id !== run.id && child.parent_run_id) byId.get(child.parent_run_id)?.child_runs?.push(child);
    }
    return byId.get(run.id) ?? run;
  }
}

function listed(value: string | readonly string[] | undefined): readonly string[] {
  return typeof value === "string" ? [value] : (value ?? []);
}

function withoutUndefined(values: KeyValues): KeyValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return "no address at all";
  }
}

function storedRun(value: unknown, subject: string): StoredRun {
  // What is not selected is not there, the id included.
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as StoredRun;
  throw new LangSmithRequestError("LSB_ERR_REQUEST", `the answer for ${subject} is no run`);
}
