// What a RunTree is made from: the config names of the langsmith package, and what they come down to.

import { LangSmithOptionError } from "../errors.js";
import { snapshot, snapshotOf } from "../snapshot/snapshot.js";
import { warnOnce } from "../warnings.js";
import { addressOf } from "../wire/agent-address.js";
import { isUuid } from "../wire/ids.js";
import { type Attachment, isRunType, type KVMap, RUN_TYPES, type RunEvent, type RunType } from "../wire/run.js";
import { microsOfIso } from "../wire/time.js";
import type { ClientLike } from "./clients.js";
import { isKeyValues, textOfError } from "./values.js";

/** A file beside a run: `[mimeType, bytes]`, or named. */
export type AttachmentLike =
  | readonly [string, Uint8Array | ArrayBuffer]
  | { readonly mimeType: string; readonly data: Uint8Array | ArrayBuffer };

/** Files by name. */
export type Attachments = Record<string, AttachmentLike>;

/** Where else a run should go, see {@link OwnConfig.replicas}. */
export interface ReplicaLike {
  readonly projectName?: string;
  readonly apiUrl?: string;
  readonly apiKey?: string;
  readonly updates?: KVMap;
}

/** What a run tree's own config says, besides the trees around it; every name is the langsmith package's. */
export interface OwnConfig {
  /** Default `"<lambda>"`. */
  name: string;
  /** One of the seven run types. Default `"chain"`. */
  run_type?: RunType | (string & {});
  /** A UUID, v7 by preference. Default: a v7 of the start. */
  id?: string;
  /** The project of a root; a child lives in its trace's. Default: the processor's. */
  project_name?: string;
  /** The agent under which a root stands instead of in a project; never together with `project_name`. */
  address?: AgentAddressLike;
  /** With `dotted_order` the run above; alone it is looked up, here and then at LangSmith, when the run is posted. */
  parent_run_id?: string;
  /** The run's own order, or that of `parent_run_id`. */
  dotted_order?: string;
  /** Ignored: it is the first segment of the order. */
  trace_id?: string;
  /** Milliseconds since the epoch, or ISO 8601. Default: now. */
  start_time?: number | string;
  /** As `start_time`: a run that is over already. */
  end_time?: number | string;
  /** `metadata`, `invocation_params`, `runtime`, and what else belongs beside the run. */
  extra?: KVMap;
  metadata?: KVMap;
  tags?: string[];
  error?: string;
  /** Each gets the time of now where it has none. */
  events?: (RunEvent | KVMap)[];
  serialized?: object;
  inputs?: KVMap;
  outputs?: KVMap;
  reference_example_id?: string;
  /**
   * A client, of this package or of langsmith. What it was told to hide, to mask or to sample holds for this run and for
   * all below it. Runs go to the process's processor; a client of another address or key is said so, once.
   */
  client?: ClientLike;
  /** False: never posted. True: also where tracing is switched off around it. */
  tracingEnabled?: boolean;
  attachments?: Attachments;
  /** An error, unless it is empty: replicas are the processor's option, since the processor sends the runs. */
  replicas?: readonly (ReplicaLike | readonly [string, KVMap | undefined])[];
  execution_order?: number;
  child_execution_order?: number;
  /** Also writes inputs and outputs as span attributes. Default: see `configureAuthoring`. */
  contentAsAttributes?: boolean;
}

/** Options of a run tree, and the kind of tree that may stand above it. */
export interface TreeConfig<Tree> extends OwnConfig {
  /** The run above, of this process or read from headers. */
  parent_run?: Tree;
  /** Children that were made before; `postRun(false)` posts them too. */
  child_runs?: Tree[];
  /** Called with the tree when its run has ended. */
  on_end?: (runTree: Tree) => void;
}

/** A name that can be read; undefined for others: LangSmith refuses a run without one. */
export function nameOf(name: unknown): string | undefined {
  if (typeof name === "number") return String(name);
  return typeof name === "string" && name.trim() !== "" ? name : undefined;
}

/** An agent's address, as the langsmith package's `AgentAddress` is one. */
export interface AgentAddressLike {
  readonly kind?: string;
  readonly id: string;
  /** `local`, `development`, `staging` or `production`, in any case. */
  readonly environment: string;
}

/**
 * The project that a config names, or the agent's address in its stead.
 *
 * @throws LangSmithOptionError for both at once, and for an address that is none, as the langsmith package does
 */
export function projectOf(config: Pick<OwnConfig, "address" | "project_name">): string | undefined {
  const { address, project_name } = config;
  if (address === undefined || address === null) return project_name || undefined;
  const found = addressOf(address.id, address.environment);
  if (found !== undefined && !project_name && (address.kind ?? "AGENT") === "AGENT") return found;
  const message = project_name
    ? `a run is sent to a project (${JSON.stringify(project_name)}) or to an address, not both`
    : "address must be an agent's: { id, environment }, the environment local, development, staging or production";
  throw LangSmithOptionError.refused("address", message);
}

/** A run type, or chain (said once) for a word the service would refuse. */
export function runTypeOf(type: unknown): RunType {
  if (type === undefined) return "chain";
  if (isRunType(type)) return type;
  warnOnce(
    "LSB_WARN_RUN_TYPE",
    `LangSmith knows no run_type ${JSON.stringify(snapshot(type, 80))}; the run becomes a chain. It knows ${RUN_TYPES.join(", ")}.`,
    String(type),
  );
  return "chain";
}

/** Microseconds of a time as users give it, or undefined (said once) where it is none. */
export function microsOfTime(time: unknown): number | undefined {
  if (time === undefined || time === null) return undefined;
  const micros =
    typeof time === "number"
      ? Math.round(time * 1000)
      : typeof time === "string"
        ? (microsOfIso(time) ?? Date.parse(time) * 1000)
        : time instanceof Date
          ? time.getTime() * 1000
          : Number.NaN;
  if (micros >= 0 && micros <= Number.MAX_SAFE_INTEGER) return micros;
  warnOnce(
    "LSB_WARN_TIME",
    `A run was given ${JSON.stringify(snapshot(time, 80))} as a time; times are milliseconds since the epoch or ISO 8601. Now is taken instead.`,
  );
  return undefined;
}

/** Metadata as the langsmith package merges it: `extra.metadata` over `metadata`. */
export function metadataOf(config: Pick<OwnConfig, "metadata" | "extra">): KVMap {
  const inner: unknown = config.extra?.metadata;
  const outer: unknown = config.metadata;
  if (outer !== undefined && outer !== null && (typeof outer !== "object" || Array.isArray(outer))) {
    warnOnce("LSB_WARN_METADATA", "A run was given metadata that is no object; it is left out.");
    return { ...(typeof inner === "object" ? inner : {}) };
  }
  return { ...outer, ...(typeof inner === "object" && inner !== null ? inner : {}) };
}

/** What a run's error says: a text as it is, an error with its stack and causes, anything else as JSON. */
export function errorOf(error: unknown): string | undefined {
  if (error === undefined || error === null) return undefined;
  if (typeof error === "string") return error;
  if (error instanceof Error) return textOfError(error);
  const copy = snapshot(error);
  return typeof copy === "string" ? copy : JSON.stringify(copy);
}

/** Files as they travel: bytes copied, names without a dot. */
export function attachmentsOf(attachments: Attachments | undefined): Record<string, Attachment> | undefined {
  if (!attachments) return undefined;
  const copies: Record<string, Attachment> = {};
  for (const [name, attachment] of Object.entries<unknown>(attachments)) {
    const [mimeType, data] = Array.isArray(attachment)
      ? attachment
      : isKeyValues(attachment)
        ? [attachment.mimeType, attachment.data]
        : [];
    if (typeof mimeType !== "string" || !(data instanceof Uint8Array || data instanceof ArrayBuffer)) {
      warnOnce(
        "LSB_WARN_ATTACHMENT",
        `The attachment ${JSON.stringify(name)} is neither [mimeType, bytes] nor { mimeType, data }; it is left out.`,
      );
      continue;
    }
    copies[name.replaceAll(".", "_")] = { mimeType, data: new Uint8Array(data).slice() };
  }
  return Object.keys(copies).length > 0 ? copies : undefined;
}

/** Events as they travel: each has a name and a time, and a `new_token` no token, which langsmith does not send either. */
export function eventsOf(events: unknown): RunEvent[] | undefined {
  const list = eventList(events);
  if (!list?.length) return undefined;
  return list.map((event) => {
    const copy = snapshotOf(isKeyValues(event) ? event : { message: event });
    const { name, time, kwargs, ...rest } = copy;
    return {
      ...rest,
      ...(kwargs !== undefined && name !== "new_token" && { kwargs }),
      name: typeof name === "string" ? name : "event",
      time: typeof time === "string" ? time : new Date().toISOString(),
    };
  });
}

/** A copy of a list of events; anything else is said once. */
export function eventList(events: unknown): KVMap[] | undefined {
  if (events === undefined || events === null) return undefined;
  if (Array.isArray(events)) return [...events];
  warnOnce(
    "LSB_WARN_FIELD",
    "A run was given events that are no list; they are left out. Give a list of objects.",
    "events",
  );
  return undefined;
}

/** Tags as they travel: texts, each once. One text is one tag; what is no tag is said once. */
export function tagsOf(tags: unknown): string[] | undefined {
  if (tags === undefined || tags === null) return undefined;
  const list: unknown[] = Array.isArray(tags) ? tags : tags instanceof Set ? [...tags] : [tags];
  const texts = list.flatMap((tag) => (typeof tag === "string" ? [tag] : isNumberLike(tag) ? [String(tag)] : []));
  if (texts.length < list.length) {
    warnOnce("LSB_WARN_TAGS", "A run was given tags that are no texts; those are left out. Give a list of strings.");
  }
  return texts.length > 0 ? [...new Set(texts)] : undefined;
}

function isNumberLike(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
}

/** The UUID of the last segment of an order, where it ends in one. */
export function lastIdOf(dottedOrder: string): string | undefined {
  const id = dottedOrder.slice(-36).toLowerCase();
  return isUuid(id) ? id : undefined;
}
