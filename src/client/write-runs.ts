// createRun and updateRun: runs told piece by piece, without a RunTree. They go where the processor sends them.

import { primaryBridge } from "../bridges.js";
import { LangSmithOptionError, RunIdError } from "../errors.js";
import { childPlace, type ParentPlace, placeOfDottedOrder, rootPlace } from "../identity/place.js";
import { isSampledByClients } from "../privacy/client-rules.js";
import { snapshotOf } from "../snapshot/snapshot.js";
import { RUNTIME } from "../version.js";
import { warnOnce } from "../warnings.js";
import { isUuid, uuid7FromTime } from "../wire/ids.js";
import { type KVMap, RUN_TYPES, type Run, type RunEvent, type RunType } from "../wire/run.js";
import { isoOf, microsOfIso } from "../wire/time.js";
import { findRun } from "./find-run.js";

/** What {@link Client.createRun} takes; the names are the langsmith package's. */
export interface CreateRunParams extends UpdateRunParams {
  readonly name: string;
  readonly run_type: string;
  readonly inputs: KVMap;
  /** Default: a UUID v7 of the start. */
  readonly id?: string;
  /** Milliseconds since the epoch, or ISO 8601. Default: now, or what `dotted_order` says. */
  readonly start_time?: number | string;
  readonly serialized?: object;
  /** Default: the processor's. */
  readonly project_name?: string;
}

/** What {@link Client.updateRun} takes. */
export interface UpdateRunParams {
  readonly name?: string;
  readonly run_type?: string;
  readonly inputs?: KVMap;
  readonly outputs?: KVMap;
  readonly error?: string;
  /** Milliseconds since the epoch, or ISO 8601: the run is complete. */
  readonly end_time?: number | string;
  readonly extra?: KVMap;
  readonly tags?: string[];
  readonly events?: readonly KVMap[];
  readonly reference_example_id?: string;
  readonly parent_run_id?: string;
  readonly trace_id?: string;
  readonly dotted_order?: string;
  readonly session_name?: string;
}

const MAX_OPEN = 1000;
/** Runs that were created here and have not ended; the oldest is forgotten first. */
const open = new Map<string, Run>();

/** Posts a run. @throws RunIdError; LangSmithRequestError where a parent of which only the id is known is not found */
export async function createRun(given: CreateRunParams, client: object): Promise<void> {
  if (!hasBridge("createRun")) return;
  const place = await placeOf(given);
  const project = given.project_name ?? given.session_name ?? primaryBridge()?.projectName ?? "default";
  const run: Run = {
    ...fieldsOf(given),
    ...placed(place),
    name: given.name || "<lambda>",
    run_type: runTypeOf(given.run_type) ?? "chain",
    inputs: snapshotOf(given.inputs ?? {}, "input"),
    extra: { ...extraOf(given.extra), runtime: RUNTIME },
    ...endOf(given.end_time, place),
    ...(given.serialized && { serialized: snapshotOf(given.serialized) }),
    session_name: project,
  };
  if (run.end_time === undefined) {
    open.set(run.id, run);
    for (const oldest of open.keys()) {
      if (open.size <= MAX_OPEN) break;
      open.delete(oldest);
    }
  }
  send("post", run, client);
}

/**
 * Changes a run. What comes without `end_time` is kept until the one that ends it, where the run was created here: a run
 * is patched once.
 */
export async function updateRun(runId: string, given: UpdateRunParams, client: object): Promise<void> {
  if (!isUuid(runId)) throw new RunIdError(runId);
  if (!hasBridge("updateRun")) return;
  const id = runId.toLowerCase();
  const known = open.get(id) ?? (await elsewhere(id, given));
  const place = placeOfDottedOrder(known.dotted_order);
  // A patch replaces `extra` whole; what was posted there stays only when it is not named at all.
  const extra = given.extra && { extra: { ...known.extra, ...extraOf(given.extra) } };
  const changed: Run = { ...known, ...fieldsOf(given), ...extra, ...(place && endOf(given.end_time, place)) };
  if (changed.end_time === undefined && open.has(id)) {
    open.set(id, changed);
    return;
  }
  open.delete(id);
  send("end", changed, client);
}

function send(kind: "post" | "end", run: Run, client: object): void {
  if (isSampledByClients([client], run.trace_id)) primaryBridge()?.sendRun(kind, run, [client]);
}

function hasBridge(what: string): boolean {
  if (primaryBridge()) return true;
  warnOnce(
    "LSB_WARN_NO_PROCESSOR",
    `client.${what} sends nothing: no LangSmithSpanProcessor is running in this process. Start the program with \`node --import otel-langsmith/register\`, or add the processor to your tracer provider.`,
    "client",
  );
  return false;
}

/** A run that was not created here: its place as it was passed, else as LangSmith knows it. */
async function elsewhere(id: string, { dotted_order, name, run_type, session_name }: UpdateRunParams): Promise<Run> {
  const stated = placeOfDottedOrder(dotted_order);
  const type = runTypeOf(run_type);
  if (stated?.runId === id && name !== undefined && type !== undefined) {
    return withoutExtra({ ...placed(stated), name, run_type: type, ...(session_name && { session_name }) });
  }
  const found = await findRun(id);
  const place = placeOfDottedOrder(found.dotted_order);
  return withoutExtra({
    ...(place ? placed(place) : { ...found, start_time: found.start_time ?? isoOf(0) }),
    name: name ?? found.name ?? "run",
    run_type: type ?? found.run_type ?? "chain",
    ...(found.session_name !== undefined && { session_name: found.session_name }),
  });
}

// A patch that says nothing of `extra` leaves it as it is.
function withoutExtra(run: Omit<Run, "extra">): Run {
  return run as Run;
}

async function placeOf(given: CreateRunParams): Promise<ParentPlace> {
  const stated = placeOfDottedOrder(given.dotted_order);
  if (stated && (given.id === undefined || stated.runId === given.id.toLowerCase())) return stated;
  const micros = microsOf("start_time", given.start_time) ?? Date.now() * 1000;
  if (given.id !== undefined && !isUuid(given.id)) throw new RunIdError(given.id);
  const id = given.id?.toLowerCase() ?? uuid7FromTime(Math.floor(micros / 1000));
  if (given.parent_run_id === undefined) return rootPlace(id, micros);
  const parent = open.get(given.parent_run_id.toLowerCase()) ?? (await findRun(given.parent_run_id));
  const above = placeOfDottedOrder(parent.dotted_order);
  return above ? childPlace(above, id, micros) : rootPlace(id, micros);
}

function placed(place: ParentPlace): Pick<Run, "id" | "trace_id" | "parent_run_id" | "dotted_order" | "start_time"> {
  return {
    id: place.runId,
    trace_id: place.traceId,
    ...(place.parentRunId !== undefined && { parent_run_id: place.parentRunId }),
    dotted_order: place.dottedOrder,
    start_time: isoOf(place.startMicros),
  };
}

function fieldsOf(given: UpdateRunParams): Partial<Run> {
  const { name, inputs, outputs, error, tags, events, reference_example_id } = given;
  const run_type = runTypeOf(given.run_type);
  return {
    ...(name && { name }),
    ...(run_type && { run_type }),
    ...(inputs && { inputs: snapshotOf(inputs, "input") }),
    ...(outputs && { outputs: snapshotOf(outputs, "outputs") }),
    ...(error !== undefined && { error: String(error) }),
    ...(Array.isArray(tags) && { tags: tags.filter((tag) => typeof tag === "string") }),
    ...(events && { events: events.map(eventOf) }),
    ...(reference_example_id !== undefined && { reference_example_id }),
  };
}

function eventOf(event: KVMap): RunEvent {
  const copy = snapshotOf(event);
  const { name, time } = copy;
  return {
    ...copy,
    name: typeof name === "string" ? name : "event",
    time: typeof time === "string" ? time : isoOf(Date.now() * 1000),
  };
}

function extraOf(extra: KVMap | undefined): Run["extra"] {
  const copy = snapshotOf(extra ?? {});
  const { metadata } = copy;
  return { ...copy, metadata: typeof metadata === "object" && metadata !== null ? { ...metadata } : {} };
}

function endOf(end: number | string | undefined, place: ParentPlace): { end_time?: string } {
  const micros = microsOf("end_time", end);
  return micros === undefined ? {} : { end_time: isoOf(Math.max(place.startMicros, micros)) };
}

/** @throws LangSmithOptionError for what is no time */
function microsOf(name: string, time: number | string | undefined): number | undefined {
  if (time === undefined) return undefined;
  const micros = typeof time === "number" ? Math.round(time * 1000) : microsOfIso(time);
  if (micros !== undefined && micros >= 0 && Number.isSafeInteger(micros)) return micros;
  throw new LangSmithOptionError(name, "milliseconds since the epoch, or ISO 8601", time);
}

/** One of LangSmith's types; a chain for another word; undefined for none. */
function runTypeOf(type: unknown): RunType | undefined {
  if (type === undefined) return undefined;
  return RUN_TYPES.find((each) => each === type) ?? "chain";
}
