// RunTree: one run, posted and patched by hand. Nothing is sent before postRun, and everything is readable before it.
import { defaultProjectName } from "../bridges.js";
import { type Client, sharedClient } from "../client/client.js";
import { findRun } from "../client/find-run.js";
import { LangSmithOptionError } from "../errors.js";
import { placeOfDottedOrder } from "../identity/place.js";
import { together } from "../privacy/client-rules.js";
import { TREE } from "../shared.js";
import { snapshotOf } from "../snapshot/snapshot.js";
import { warnOnce } from "../warnings.js";
import { partsOf } from "../wire/agent-address.js";
import type { KVMap, RunEvent } from "../wire/run.js";
import { isoOf } from "../wire/time.js";
import { inheritable } from "./authored-run.js";
import { type ClientLike, obeyed, warnOfOtherDestination } from "./clients.js";
import { checkReplicas, checkRunConfig } from "./config-names.js";
import type { TreeRecord, TreeState } from "./record.js";
import {
  type AgentAddressLike,
  type Attachments,
  errorOf,
  eventList,
  eventsOf,
  metadataOf,
  microsOfTime,
  nameOf,
  type ReplicaLike,
  type TreeConfig,
  tagsOf,
} from "./run-tree-config.js";
import { configOfHeaders, configOfRun, type HeadersLike, headersOf, type RunLike } from "./run-tree-origins.js";
import { patchTree, postTree } from "./run-tree-send.js";
import { Adopted, adoptedState, configOf, madeState, obeyAsWell, obeyFromNowOn } from "./run-tree-state.js";
import { parentOfRunnableConfig, type RunnableConfigLike } from "./runnable-config.js";
import { hasMethod } from "./values.js";

/** Options of `new RunTree`; every name is the langsmith package's. */
export interface RunTreeConfig extends TreeConfig<RunTree> {}

/**
 * One run by hand. The span starts at {@link RunTree.postRun}, with the id and the start time the tree was made with,
 * and ends at {@link RunTree.patchRun}; `end` and `postRun` alone make one complete run. Run trees are sent whatever
 * `LANGSMITH_TRACING` says.
 *
 * @throws from the constructor alone: RunIdError for an id that is no UUID; LangSmithOptionError for replicas of its own,
 * and for an option that asks for hiding or masking and is none
 * @example
 * ```ts
 * const pipeline = new RunTree({ name: "pipeline", inputs: { question } });
 * await pipeline.postRun();
 * const call = pipeline.createChild({ name: "call", run_type: "llm" });
 * await call.postRun();
 * call.end({ answer });
 * await call.patchRun();
 * pipeline.end({ answer });
 * await pipeline.patchRun();
 * ```
 */
export class RunTree implements TreeRecord {
  declare readonly [TREE]: TreeState;
  name: string;
  run_type: string;
  parent_run: RunTree | undefined;
  /** Children that were created and not yet posted with this run. */
  child_runs: RunTree[];
  /** Milliseconds since the epoch. */
  start_time: number;
  end_time: number | undefined;
  extra: KVMap;
  tags: string[] | undefined;
  serialized: object;
  events: KVMap[] | undefined;
  reference_example_id: string | undefined;
  attachments: Attachments | undefined;
  tracingEnabled: boolean | undefined;

  constructor(from: RunTreeConfig | RunTree | Adopted<RunTree>) {
    const config: RunTreeConfig = from instanceof Adopted ? from.config : isRunTree(from) ? configOf(from) : from;
    if (!(from instanceof Adopted)) checkRunConfig(config);
    const { on_end: onEnd } = config;
    const state =
      from instanceof Adopted ? adoptedState(from) : madeState(config, config.parent_run, onEnd && (() => onEnd(this)));
    if (!(from instanceof Adopted) && isRunTree(from)) obeyAsWell(state, from);
    Object.defineProperty(this, TREE, { value: state, enumerable: false });
    this.name = nameOf(config.name) ?? "<lambda>";
    this.run_type = config.run_type ?? "chain";
    this.parent_run = from instanceof Adopted ? from.parent : config.parent_run;
    this.child_runs = [...(config.child_runs ?? [])];
    this.start_time = state.place.startMicros / 1000;
    const endMicros = microsOfTime(config.end_time);
    this.end_time = endMicros === undefined ? undefined : endMicros / 1000;
    this.extra = { ...config.extra, metadata: metadataOf(config) };
    this.tags = tagsOf(config.tags);
    this.events = eventList(config.events);
    this.serialized = config.serialized ?? {};
    this.reference_example_id = config.reference_example_id;
    this.attachments = config.attachments;
    this.tracingEnabled = config.tracingEnabled;
    if (config.client && !(from instanceof Adopted)) warnOfOtherDestination(config.client);
  }

  get id(): string {
    return this[TREE].place.runId;
  }
  get trace_id(): string {
    return this[TREE].place.traceId;
  }
  get dotted_order(): string {
    return this[TREE].place.dottedOrder;
  }
  get parent_run_id(): string | undefined {
    return this[TREE].place.parentRunId ?? this[TREE].missingParent;
  }
  /** The client it was made with, or the one above was; else the process's own. */
  get client(): Client {
    // A client of langsmith's has what this one has, and more.
    return (this[TREE].client as Client | undefined) ?? sharedClient();
  }
  /** What it was told holds from then on, after `postRun` too: for what is sent of this run, and for runs made below. */
  set client(client: ClientLike) {
    const state = this[TREE];
    state.client = client;
    state.clients = together(obeyed(client), state.clients);
    obeyFromNowOn(state);
  }
  /** The process's own client, made when it is first asked for. */
  static getSharedClient(): Client {
    return sharedClient();
  }
  /** As {@link RunTree.getSharedClient}. @throws LangSmithOptionError when one is set: runs are the processor's to send */
  static get sharedClient(): Client {
    return sharedClient();
  }
  static set sharedClient(_client: ClientLike) {
    throw new LangSmithOptionError("RunTree.sharedClient", SHARED_CLIENT, _client);
  }
  /** Always undefined: replicas are the processor's option. @throws LangSmithOptionError when some are set */
  get replicas(): readonly (ReplicaLike | readonly [string, KVMap | undefined])[] | undefined {
    return undefined;
  }
  set replicas(replicas: readonly (ReplicaLike | readonly [string, KVMap | undefined])[] | undefined) {
    checkReplicas(replicas);
  }
  /** The agent under which its trace stands; undefined where that is a project. */
  get address(): AgentAddressLike | undefined {
    return partsOf(this.project_name);
  }
  /** What a run tree has that is made with nothing, as the langsmith package's has it; never a key. */
  static getDefaultConfig(): Partial<RunTreeConfig> {
    return { run_type: "chain", child_runs: [], start_time: Date.now(), serialized: {}, inputs: {}, extra: {} };
  }
  /** The project of its trace. */
  get project_name(): string {
    const { run, projectName, above } = this[TREE];
    return run?.project ?? above?.project ?? projectName ?? defaultProjectName();
  }
  /** By the microsecond digits of the start, in which siblings of one millisecond keep their order: from 1 on. */
  get execution_order(): number {
    return (this[TREE].place.startMicros % 1000) + 1;
  }
  get child_execution_order(): number {
    const { place } = this[TREE];
    return Math.max(this.execution_order, place.lastChildDigits + 1);
  }

  get inputs(): KVMap {
    return this[TREE].inputs;
  }
  set inputs(inputs: KVMap) {
    const state = this[TREE];
    state.inputs = inputs;
    state.areInputsSet = true;
    if (state.isPosted) state.content.inputs = snapshotOf(inputs, "input");
  }
  get outputs(): KVMap | undefined {
    return this[TREE].outputs;
  }
  set outputs(outputs: KVMap | undefined) {
    const state = this[TREE];
    state.outputs = outputs;
    if (outputs === undefined) delete state.content.outputs;
    else state.content.outputs = snapshotOf(outputs, "outputs");
  }
  get error(): string | undefined {
    return this[TREE].error;
  }
  set error(error: string | undefined) {
    const state = this[TREE];
    state.error = errorOf(error);
    if (state.error === undefined) delete state.content.error;
    else state.content.error = state.error;
  }
  /** The run's metadata; what is assigned is laid over what there is. Children created later take it over. */
  get metadata(): KVMap {
    const { metadata } = this.extra;
    return typeof metadata === "object" && metadata !== null ? (metadata as KVMap) : {};
  }
  set metadata(metadata: KVMap) {
    this.extra = { ...this.extra, metadata: { ...this.metadata, ...metadata } };
    const state = this[TREE];
    if (state.run) state.run.metadata = this.metadata;
    if (state.isPosted) state.content.metadata = snapshotOf(this.metadata);
  }

  /** A child of this run, in its project; its start is now unless it says otherwise. It may be posted before its parent. */
  createChild(config: RunTreeConfig): RunTree {
    const child = new RunTree({
      ...(this.tracingEnabled !== undefined && { tracingEnabled: this.tracingEnabled }),
      ...config,
      parent_run: this,
      metadata: { ...inheritable(this.metadata), ...metadataOf(config) },
    });
    this.child_runs.push(child);
    return child;
  }

  /** Sets outputs, error and end where they are not set yet; `patchRun` (or a `postRun` that follows) sends them. */
  async end(outputs?: KVMap, error?: string, endTime?: number, metadata?: KVMap): Promise<void> {
    if (this.outputs === undefined && outputs !== undefined && outputs !== null) this.outputs = outputs;
    if (this.error === undefined && error !== undefined && error !== null) this.error = error;
    this.end_time ??= (microsOfTime(endTime) ?? Date.now() * 1000) / 1000;
    if (metadata && Object.keys(metadata).length > 0) this.metadata = metadata;
  }

  /** Starts the run's span. Resolves at once but where the parent has to be looked up; never rejects. */
  async postRun(excludeChildRuns = true): Promise<void> {
    const children = this.child_runs;
    this.child_runs = [];
    await postTree(this);
    if (!excludeChildRuns) for (const child of children) await child.postRun(false);
  }

  /**
   * Ends the run's span, where `end` was called (else what has changed goes with its end). On a run of another process
   * (`fromHeaders`, `fromRun`, `fromRunId`) it sends the one patch that ends it.
   */
  async patchRun(_options?: { excludeInputs?: boolean }): Promise<void> {
    this.child_runs = [];
    await patchTree(this);
  }

  /** Adds an event: a message, or a name with what belongs to it. */
  addEvent(event: RunEvent | (KVMap & { name?: string; time?: string }) | string): void {
    const time = new Date().toISOString();
    const added = typeof event === "string" ? { name: "event", time, message: event } : { time, ...event };
    this.events = [...(eventList(this.events) ?? []), added];
    const { content, isPosted } = this[TREE];
    const events = eventsOf(this.events);
    if (isPosted && events) content.events = events;
  }

  /** The headers under which another process goes on in this run; set on `headers` where they are given. */
  toHeaders(headers?: HeadersLike): { "langsmith-trace": string; baggage: string } {
    const made = headersOf(this);
    if (headers) for (const [name, value] of Object.entries(made)) headers.set(name, value);
    return made;
  }

  /** The run as the langsmith package writes it, with the children that were created and not yet posted. */
  toJSON(): KVMap {
    const { id, trace_id, dotted_order, parent_run_id, name, run_type, inputs, outputs, error } = this;
    const fields = { id, trace_id, dotted_order, parent_run_id, name, run_type, inputs, outputs, error };
    const { end_time, extra, serialized, events, reference_example_id, project_name: session_name, child_runs } = this;
    const start_time = isoOf(this[TREE].place.startMicros);
    const more = { start_time, end_time, extra, serialized, events, reference_example_id, session_name, child_runs };
    return snapshotOf({ ...fields, ...more, tags: tagsOf(this.tags), attachments: this.attachments });
  }

  /** The run that a request's headers name, as a parent; undefined where they name none, or a malformed one. */
  static fromHeaders(
    headers: Readonly<Record<string, string | string[] | undefined>> | HeadersLike,
    inheritArgs?: Partial<RunTreeConfig>,
  ): RunTree | undefined {
    const config = configOfHeaders(headers, inheritArgs);
    return config && new RunTree(config);
  }

  /** The run at the end of a dotted order, as a parent; undefined where it is malformed. */
  static fromDottedOrder(dottedOrder: string): RunTree | undefined {
    return RunTree.fromHeaders({ "langsmith-trace": dottedOrder });
  }

  /** A run that LangSmith returned (or a saved reference) as a tree, to append to or to end. */
  static fromRun(run: RunLike): RunTree {
    if (placeOfDottedOrder(run.dotted_order) === undefined) {
      warnOnce(
        "LSB_WARN_DOTTED_ORDER",
        "RunTree.fromRun was given a run without a valid dotted_order, so its ancestors are not known; what hangs under it starts a trace of its own. Select dotted_order where the run is read.",
      );
    }
    return new RunTree(configOfRun(run));
  }

  /**
   * The tree of a run of which only the id was kept, read from LangSmith.
   *
   * @throws what `findRun` throws (or `client.readRun`, where one is given): its `code` says what is wrong
   */
  static async fromRunId(id: string, client?: { readRun(id: string): Promise<RunLike> }): Promise<RunTree> {
    if (client) return RunTree.fromRun(await client.readRun(id));
    return RunTree.fromRun(await findRun(id));
  }

  /** A child of the LangChain run in a RunnableConfig's callbacks; a root where there is none. */
  static fromRunnableConfig(config: RunnableConfigLike, props: RunTreeConfig): RunTree {
    const { parent, projectName, metadata } = parentOfRunnableConfig(config);
    if (!parent) return new RunTree({ ...(projectName !== undefined && { project_name: projectName }), ...props });
    return new RunTree({ ...configOfRun(parent), metadata }).createChild(props);
  }
}

const SHARED_CLIENT =
  "left as it is: pass client to each traceable or RunTree, or name hideInputs, hideOutputs and samplingRate in the processor's options";

/** Whether a value is a run tree, of this package or of langsmith. */
export function isRunTree(value: unknown): value is RunTree {
  return typeof value === "object" && hasMethod(value, "createChild") && hasMethod(value, "postRun");
}
