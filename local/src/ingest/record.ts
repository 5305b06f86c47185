// One run as it is stored: its fields read once, and everything derived from them.
import { idText, isObject, type JsonObject, objectOf, stringOf } from "../json.js";
import { parseTime } from "../time.js";
import { agentProject } from "./address.js";
import { type Pairs, pairsOf } from "./pairs.js";
import { type Usage, usageOf } from "./usage.js";

/** A run read from the wire, in the types that its columns have. */
export interface RunRecord {
  id: string;
  traceId: string;
  parentId: string | null;
  dottedOrder: string;
  name: string;
  runType: string;
  startMicros: number;
  endMicros: number | null;
  projectName: string | null;
  projectId: string | null;
  referenceExampleId: string | null;
  tags: string[] | null;
  error: string | null;
  inputs: JsonObject | null;
  outputs: JsonObject | null;
  extra: JsonObject | null;
  events: JsonObject[] | null;
  serialized: JsonObject | null;
  /** What clients send and nothing here is made of: kept, and given back. */
  kept: JsonObject | null;
}

const KEPT_FIELDS = ["address", "extend_trace_retention"];

/** Reads a run that has passed `validateOperation`. */
export function recordOf(run: JsonObject): RunRecord {
  return {
    id: idOf(run["id"]) ?? "",
    traceId: idOf(run["trace_id"]) ?? "",
    parentId: idOf(run["parent_run_id"]),
    dottedOrder: stringOf(run["dotted_order"]) ?? "",
    name: stringOf(run["name"]) ?? "",
    // A patch that came before its post may leave it out.
    runType: stringOf(run["run_type"]) ?? "chain",
    startMicros: parseTime(run["start_time"]) ?? 0,
    projectName: stringOf(run["session_name"]) || agentProject(run["address"]) || null,
    projectId: idOf(run["session_id"]),
    ...changesOf(run, null),
  };
}

type Changes = Pick<
  RunRecord,
  | "endMicros" | "referenceExampleId" | "tags" | "error" | "inputs" | "outputs" | "extra" | "events" | "serialized"
  | "kept"
>; // biome-ignore format: a list

/** The fields that a patch may change: those it carries, over those posted. A null says nothing: Python sends them. */
export function changesOf(run: JsonObject, posted: Changes | null): Changes {
  const has = (field: string): boolean => run[field] != null || posted === null;
  return {
    endMicros: has("end_time") ? (parseTime(run["end_time"]) ?? null) : (posted?.endMicros ?? null),
    referenceExampleId: has("reference_example_id")
      ? idOf(run["reference_example_id"])
      : (posted?.referenceExampleId ?? null),
    tags: has("tags") ? stringsOf(run["tags"]) : (posted?.tags ?? null),
    error: has("error") ? stringOf(run["error"]) || null : (posted?.error ?? null),
    inputs: has("inputs") ? (objectOf(run["inputs"]) ?? null) : (posted?.inputs ?? null),
    outputs: has("outputs") ? (objectOf(run["outputs"]) ?? null) : (posted?.outputs ?? null),
    extra: has("extra") ? (objectOf(run["extra"]) ?? null) : (posted?.extra ?? null),
    events: has("events") ? eventsOf(run["events"]) : (posted?.events ?? null),
    serialized: has("serialized") ? (objectOf(run["serialized"]) ?? null) : (posted?.serialized ?? null),
    kept: keptOf(run, posted?.kept ?? null),
  };
}

function keptOf(run: JsonObject, before: JsonObject | null): JsonObject | null {
  let kept = before;
  for (const field of KEPT_FIELDS) if (run[field] != null) kept = { ...kept, [field]: run[field] };
  return kept;
}

function idOf(value: unknown): string | null {
  return typeof value === "string" ? idText(value) : null;
}

function stringsOf(value: unknown): string[] | null {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : null;
}

function eventsOf(value: unknown): JsonObject[] | null {
  return Array.isArray(value) ? value.filter(isObject) : null;
}

/** What is computed from a run's fields. */
export interface Derived {
  status: "pending" | "error" | "success" | "interrupted";
  /** Whether there is an error that is no pause. */
  hasFailed: boolean;
  firstTokenMicros: number | null;
  threadId: string | null;
  usage: Usage | undefined;
  pairs: Pairs;
}

// The order in which the service looks for a thread's key: the first that is there names the thread.
const THREAD_KEYS = ["session_id", "conversation_id", "thread_id"];

export function derive(run: RunRecord): Derived {
  const metadata = objectOf(run.extra?.["metadata"]);
  return {
    status: statusOf(run, metadata),
    hasFailed: Boolean(run.error) && !isInterrupt(metadata),
    firstTokenMicros: firstToken(run.events),
    threadId: threadOf(metadata),
    usage: usageOf(run.outputs, run.extra),
    pairs: { m: pairsOf(metadata), i: pairsOf(run.inputs), o: pairsOf(run.outputs) },
  };
}

function statusOf(run: RunRecord, metadata: JsonObject | undefined): Derived["status"] {
  if (run.endMicros === null) return "pending";
  if (!run.error) return "success";
  return isInterrupt(metadata) ? "interrupted" : "error";
}

/** An error that is a pause. Source: `ls_is_error_interrupt` in the wire reference. */
function isInterrupt(metadata: JsonObject | undefined): boolean {
  return metadata?.["ls_is_error_interrupt"] === true;
}

function firstToken(events: JsonObject[] | null): number | null {
  for (const event of events ?? []) if (event["name"] === "new_token") return parseTime(event["time"]) ?? null;
  return null;
}

function threadOf(metadata: JsonObject | undefined): string | null {
  for (const key of THREAD_KEYS) {
    const value = metadata?.[key];
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number") return String(value);
  }
  return null;
}
