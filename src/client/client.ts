// A small client for what programs use of LangSmith's: flush, read runs back, score them.
import { bridges, primaryBridge } from "../bridges.js";
import { isUuid } from "../identity/ids.js";
import { resolveOptions, urlOf } from "../options.js";
import { allEnded } from "../tracing/authored-run.js";
import { RunIdError } from "../tracing/custom-ids.js";
import { flushDirect } from "../tracing/run-tree-direct.js";
import { createFeedback, type Feedback, type FeedbackInput } from "./feedback.js";
import { createRest, ownDestination, type Rest, type RestOptions } from "./rest.js";
import { type ListRunsParams, listRuns, readRun, type StoredRun } from "./runs.js";

export type { ListRunsParams, StoredRun } from "./runs.js";

/** What a client is given; everything left out is the process's processor's, else the environment's. */
export interface ClientOptions {
  readonly apiUrl?: string;
  readonly apiKey?: string;
  readonly workspaceId?: string;
}

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

  /** @throws LangSmithOptionError for an `apiUrl` that is no http(s) address */
  constructor(options: ClientOptions = {}) {
    if (options.apiUrl !== undefined) urlOf("apiUrl", options.apiUrl);
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
   * @param options.projectName where it lives, for deployments that find runs in their project alone. Default: the
   * processor's project
   * @throws RunIdError for an id that is no UUID; LangSmithRequestError whose `code` says what is wrong
   */
  async readRun(
    runId: string,
    { loadChildRuns = false, projectName }: { loadChildRuns?: boolean; projectName?: string } = {},
  ): Promise<StoredRun> {
    if (!isUuid(runId)) throw new RunIdError(runId);
    const run = await readRun(this.#rest(), runId, projectName);
    return loadChildRuns ? this.#withChildren(run) : run;
  }

  /**
   * Runs, a page at a time as they are consumed: who breaks off asks for no more. Asked of LangSmith's v2 query where a
   * deployment answers v1's no longer; it wants a project, which is the processor's then, unless one is named.
   *
   * @throws LangSmithRequestError whose `code` says what is wrong; `LSB_ERR_REQUEST` also for what v2 has no word for
   */
  listRuns(params: ListRunsParams = {}): AsyncGenerator<StoredRun, void, undefined> {
    return listRuns(this.#rest(), params);
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

  #destination(): RestOptions {
    const own = ownDestination();
    const { apiUrl = own.apiUrl, apiKey, workspaceId } = this.#given;
    // The processor's key is for its own host; elsewhere it is the environment's, as with the langsmith package.
    const key = apiKey ?? (hostOf(apiUrl) === hostOf(own.apiUrl) ? own.apiKey : resolveOptions().apiKey);
    return { ...own, apiUrl, apiKey: key, workspaceId: workspaceId ?? own.workspaceId };
  }

  #rest(): Rest {
    return createRest(this.#destination());
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
