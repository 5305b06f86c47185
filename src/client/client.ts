// A client for what tracing programs use of LangSmith's: flush, write and read runs, score them, look up projects.

import { bridges, flushDirect } from "../bridges.js";
import { RunIdError } from "../errors.js";
import { type HideOption, resolveOptions } from "../options/options.js";
import { sharedSlot } from "../shared.js";
import { allEnded } from "../waiting-ends.js";
import { isUuid } from "../wire/ids.js";
import type { KeyValues } from "../wire/run.js";
import { type ClientOptions, checkClientOptions } from "./client-options.js";
import { differenceOf } from "./difference.js";
import { createFeedback, type Feedback, type FeedbackInput } from "./feedback.js";
import {
  deleteFeedback,
  type FeedbackChanges,
  type ListFeedbackParams,
  listFeedback,
  updateFeedback,
} from "./feedback-list.js";
import {
  hasProject,
  type ListProjectsParams,
  listProjects,
  type ProjectChoice,
  type ReadProjectParams,
  readProject,
  type TracerSession,
} from "./project-list.js";
import { createResources, type Resources } from "./resources.js";
import { createRest, ownDestination, type Rest, type RestOptions } from "./rest.js";
import { type RunStatsParams, runStats } from "./run-stats.js";
import { type PackageRunUrlParams, runUrlOf } from "./run-url.js";
import { listRuns, readRun } from "./runs.js";
import type { ListRunsParams, StoredRun } from "./stored-run.js";
import { withChildren } from "./with-children.js";
import { type CreateRunParams, createRun, type UpdateRunParams, updateRun } from "./write-runs.js";

export type { ClientOptions } from "./client-options.js";
export type { ListRunsParams, StoredRun } from "./stored-run.js";

/**
 * Speaks to LangSmith. `new Client()` speaks of the process's processor: it flushes it, and reads with its address and
 * key. A client with another address or key reads and scores there; runs do not go through clients, so a run that is
 * given such a client is sent by the processor all the same, and that is said once (`LSB_WARN_CLIENT`). What a client was
 * told to hide, to mask or to sample holds for every run that is made with it, and for all below those.
 *
 * @example
 * ```ts
 * const client = new Client();
 * for await (const run of client.listRuns({ projectName: "weather", isRoot: true })) console.log(run.name);
 * ```
 */
export class Client implements Resources {
  readonly #given: ClientOptions;
  readonly #resources = createResources(() => this.#rest());
  /** As in the langsmith package, a client shows what it was told: a run reads it there. */
  readonly hideInputs: HideOption | undefined;
  readonly hideOutputs: HideOption | undefined;
  readonly hideMetadata: HideOption | undefined;
  readonly anonymizer: ClientOptions["anonymizer"];
  readonly tracingSampleRate: number | undefined;
  readonly omitTracedRuntimeInfo: boolean;

  /**
   * @throws LangSmithOptionError for an option that makes no sense, by its name; for one that asks for hiding, masking or
   * sampling that is not done here
   */
  constructor(options: ClientOptions = {}) {
    checkClientOptions(options);
    this.#given = options;
    this.hideInputs = options.hideInputs ?? options.anonymizer;
    this.hideOutputs = options.hideOutputs ?? options.anonymizer;
    this.hideMetadata = options.hideMetadata ?? options.anonymizer;
    this.anonymizer = options.anonymizer;
    this.tracingSampleRate = options.tracingSamplingRate;
    this.omitTracedRuntimeInfo = options.omitTracedRuntimeInfo === true;
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
    return differenceOf(this.#given);
  }

  /** The newer calls on runs: `runs.query`, `runs.retrieve`, `runs.getURL`. */
  get runs(): Resources["runs"] {
    return this.#resources.runs;
  }
  /** `traces.query`, `traces.listRuns`. */
  get traces(): Resources["traces"] {
    return this.#resources.traces;
  }
  /** `threads.query`, `threads.listTraces`, `threads.stats`. */
  get threads(): Resources["threads"] {
    return this.#resources.threads;
  }
  /** `sessions.resolve`, `sessions.retrieve`. */
  get sessions(): Resources["sessions"] {
    return this.#resources.sessions;
  }

  /**
   * Posts a run that no span and no RunTree stands for; the processor sends it. Without a processor nothing is sent, and a
   * warning says so once.
   *
   * @throws RunIdError for an id that is no UUID; LangSmithOptionError for a time that is none; LangSmithRequestError
   * where only the id of the parent is known and it is not found
   */
  async createRun(run: CreateRunParams): Promise<void> {
    await createRun(run, this);
  }

  /**
   * Changes a run. A run is patched once: what comes without `end_time` is kept until the call that ends the run.
   *
   * @throws as {@link Client.createRun}
   */
  async updateRun(runId: string, run: UpdateRunParams): Promise<void> {
    await updateRun(runId, run, this);
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
    return loadChildRuns ? withChildren(run, (params) => this.listRuns(params)) : run;
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
   * The address of a run's page, by its id or for a run that was read.
   *
   * @throws LangSmithRequestError where the run or its project cannot be read; RunReferenceError where it is no run
   */
  async getRunUrl(params: PackageRunUrlParams): Promise<string> {
    return runUrlOf(params, { ...this.#destination(), webUrl: this.#given.webUrl });
  }

  /** Counts, costs and latencies of runs. @throws LangSmithOptionError where no project is named */
  async getRunStats(params: RunStatsParams): Promise<KeyValues> {
    return runStats(this.#rest(), params);
  }

  /**
   * Scores a run; in the langsmith package's two spellings.
   *
   * @throws LangSmithRequestError whose `code` says what is wrong
   */
  createFeedback(params: FeedbackInput): Promise<Feedback>;
  createFeedback(
    runId: string | null,
    key: string,
    options?: Omit<FeedbackInput, "runId" | "run" | "key">,
  ): Promise<Feedback>;
  async createFeedback(
    params: FeedbackInput | string | null,
    key = "",
    options: Omit<FeedbackInput, "runId" | "run" | "key"> = {},
  ): Promise<Feedback> {
    const input: FeedbackInput =
      typeof params === "object" && params !== null ? params : { ...options, ...(params && { runId: params }), key };
    return createFeedback(input, this.#destination());
  }

  /** Feedback, a page at a time as it is consumed. @throws RunIdError for an id that is no UUID */
  listFeedback(params: ListFeedbackParams = {}): AsyncGenerator<Feedback, void, undefined> {
    return listFeedback(this.#rest(), params);
  }

  /** @throws RunIdError for an id that is no UUID; LangSmithRequestError */
  async updateFeedback(feedbackId: string, changes: FeedbackChanges): Promise<void> {
    await updateFeedback(this.#rest(), feedbackId, changes);
  }

  /** @throws RunIdError for an id that is no UUID; LangSmithRequestError */
  async deleteFeedback(feedbackId: string): Promise<void> {
    await deleteFeedback(this.#rest(), feedbackId);
  }

  /** A project by its id or name. @throws LangSmithRequestError `LSB_ERR_NOT_FOUND` where there is none */
  async readProject(params: ReadProjectParams): Promise<TracerSession> {
    return readProject(this.#rest(), params);
  }

  /** Projects, a page at a time as they are consumed. */
  listProjects(params: ListProjectsParams = {}): AsyncGenerator<TracerSession, void, undefined> {
    return listProjects(this.#rest(), params);
  }

  /** Whether there is a project of this id or name. @throws LangSmithRequestError where nobody can say */
  async hasProject(params: ProjectChoice): Promise<boolean> {
    return hasProject(this.#rest(), params);
  }

  #destination(): RestOptions {
    const own = ownDestination();
    const { apiUrl = own.apiUrl, apiKey, workspaceId, timeout_ms } = this.#given;
    // The processor's key is for its own host; elsewhere it is the environment's, as with the langsmith package.
    const key = apiKey ?? (hostOf(apiUrl) === hostOf(own.apiUrl) ? own.apiKey : resolveOptions().apiKey);
    return {
      ...own,
      apiUrl,
      apiKey: key,
      workspaceId: workspaceId ?? own.workspaceId,
      ...(timeout_ms !== undefined && { timeoutMillis: timeout_ms }),
    };
  }

  #rest(): Rest {
    return createRest(this.#destination());
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "no address at all";
}

/** The process's client, which `RunTree.getSharedClient()` and runs without a client of their own have. */
export function sharedClient(): Client {
  const shared = sharedSlot<Client>("client");
  shared.value ??= new Client();
  return shared.value;
}
