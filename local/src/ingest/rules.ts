// The service's rules for a run, as pure checks: what LangSmith answers 400 or 422 to, nobody else should send either.
import { isObject, isUuid, type JsonObject, uuidFrom } from "../json.js";
import { parseSegmentTime, parseTime } from "../time.js";

/** The seven run types. Source: `RunTypeEnum` in LangSmith's OpenAPI description. */
export const RUN_TYPES = ["tool", "chain", "llm", "retriever", "embedding", "prompt", "parser"] as const;

/** One broken rule. `status` is what the service answers: 400 for a run's place, 422 for its shape. */
export interface Violation {
  readonly status: 400 | 422;
  /** The run's field. */
  readonly field: string;
  readonly message: string;
}

/** An operation as the protocol knows it: a run posted, or a posted run patched. */
export interface WireOperation {
  readonly kind: "post" | "patch";
  readonly run: unknown;
}

/**
 * Checks one run against the service's rules for a run's place and shape (`docs/wire.md`, "Where a run stands"). Pure; an
 * empty list means that the service takes the run.
 *
 * @example
 * ```ts
 * import { checkRun } from "otel-langsmith-local";
 *
 * const broken = checkRun({ id: "not a uuid" });
 * console.log(broken.map((violation) => `${violation.field}: ${violation.message}`));
 * ```
 */
export function checkRun(run: unknown): Violation[] {
  return validateOperation({ kind: "post", run });
}

/** Checks one operation: the fields that its kind must carry, their types, and the run's place. Pure. */
export function validateOperation(operation: WireOperation): Violation[] {
  const { kind, run } = operation;
  if (!isObject(run)) return [shape("run", "a run is a JSON object")];
  return kind === "patch" ? checkPatch(run) : [...checkShape(run), ...checkPlace(run)];
}

// A patch names its run; what it repeats of the post (place, name, type, start) may be missing, and is checked if not.
function checkPatch(run: JsonObject): Violation[] {
  const found: Violation[] = [];
  if (!isUuid(run["id"])) found.push(shape("id", `id must be a UUID, not ${show(run["id"])}`));
  return [...found, ...checkOptional(run), ...(run["dotted_order"] == null ? [] : checkPlace(run))];
}

function shape(field: string, message: string): Violation {
  return { status: 422, field, message };
}

function place(field: string, message: string): Violation {
  return { status: 400, field, message };
}

// `session_name` may be missing: the service then takes the project `default`.
function checkShape(run: JsonObject): Violation[] {
  const found: Violation[] = [];
  for (const field of ["id", "trace_id"]) {
    if (!isUuid(run[field])) found.push(shape(field, `${field} must be a UUID, not ${show(run[field])}`));
  }
  if (typeof run["dotted_order"] !== "string") found.push(shape("dotted_order", "dotted_order is missing"));
  if (run["start_time"] == null) found.push(shape("start_time", "start_time is missing"));
  if (typeof run["name"] !== "string" || run["name"] === "") found.push(shape("name", "name is missing"));
  if (run["run_type"] == null) found.push(shape("run_type", "run_type is missing"));
  return [...found, ...checkOptional(run)];
}

/** Checks the fields that a run may leave out, and the form of those that a patch may. */
export function checkOptional(run: JsonObject): Violation[] {
  const found: Violation[] = [];
  for (const field of ["parent_run_id", "session_id", "reference_example_id"]) {
    const value = run[field];
    if (value != null && !isUuid(value)) found.push(shape(field, `${field} must be a UUID, not ${show(value)}`));
  }
  for (const field of ["start_time", "end_time"]) {
    const value = run[field];
    if (value != null && parseTime(value) === undefined) {
      found.push(shape(field, `${field} must be a time (ISO 8601, or a number since 1970), not ${show(value)}`));
    }
  }
  if (run["run_type"] != null && !isRunType(run["run_type"])) {
    found.push(shape("run_type", `run_type must be one of ${RUN_TYPES.join(", ")}, not ${show(run["run_type"])}`));
  }
  for (const field of ["inputs", "outputs", "extra", "serialized"]) {
    const value = run[field];
    if (value != null && !isObject(value)) found.push(shape(field, `${field} must be an object, not ${show(value)}`));
  }
  const { extra, error, events, tags, session_name } = run;
  if (isObject(extra) && extra["metadata"] != null && !isObject(extra["metadata"])) {
    found.push(shape("extra", "extra.metadata must be an object"));
  }
  if (error != null && typeof error !== "string") found.push(shape("error", `error must be a string`));
  if (session_name != null && typeof session_name !== "string") {
    found.push(shape("session_name", "session_name must be a string"));
  }
  if (events != null && !(Array.isArray(events) && events.every(isObject))) {
    found.push(shape("events", "events must be a list of objects"));
  }
  if (tags != null && !(Array.isArray(tags) && tags.every((tag) => typeof tag === "string"))) {
    found.push(shape("tags", "tags must be a list of strings"));
  }
  return found;
}

export function isRunType(value: unknown): value is (typeof RUN_TYPES)[number] {
  return RUN_TYPES.some((type) => type === value);
}

/** One step of a dotted order. */
export interface Segment {
  readonly timeMicros: number;
  readonly id: string;
}

const SEGMENT_TIME_CHARS = "YYYYMMDDTHHMMSSffffffZ".length;

function parseSegment(text: string): Segment | undefined {
  const timeMicros = parseSegmentTime(text.slice(0, SEGMENT_TIME_CHARS));
  const id = uuidFrom(text.slice(SEGMENT_TIME_CHARS));
  return timeMicros === undefined || id === undefined ? undefined : { timeMicros, id };
}

/** The segments of a dotted order from the root down; undefined where one is not a time and a run id. */
export function segmentsOf(order: string): Segment[] | undefined {
  const segments: Segment[] = [];
  for (const text of order.split(".")) {
    const segment = parseSegment(text);
    if (!segment) return undefined;
    segments.push(segment);
  }
  return segments;
}

/** The run ids along a dotted order, from the root down to the run itself. */
export function idsOf(dottedOrder: string): string[] {
  return dottedOrder.split(".").map((segment) => segment.slice(-36).toLowerCase());
}

function checkPlace(run: JsonObject): Violation[] {
  const { dotted_order: order, id, trace_id: traceId, parent_run_id: parentId } = run;
  if (typeof order !== "string") return [];
  const segments = segmentsOf(order);
  if (!segments) {
    const wrong = order.split(".").find((text) => !parseSegment(text));
    return [place("dotted_order", `segment ${show(wrong)} is not YYYYMMDDTHHMMSSffffffZ and a run id`)];
  }
  const found: Violation[] = [];
  const [first, last, secondLast] = [segments[0], segments.at(-1), segments.at(-2)];
  if (!first || !last) return [place("dotted_order", "dotted_order is empty")];
  if (!sameId(last.id, id)) found.push(place("dotted_order", `the last segment's id ${last.id} is not the run's id`));
  if (!sameId(first.id, traceId)) found.push(place("trace_id", `trace_id is not the first segment's id ${first.id}`));
  if (parentId == null) {
    if (secondLast) found.push(place("parent_run_id", "a run without parent_run_id has exactly one segment"));
  } else if (!secondLast) {
    found.push(place("parent_run_id", "a run with parent_run_id has more than one segment"));
  } else if (!sameId(secondLast.id, parentId)) {
    found.push(place("parent_run_id", `parent_run_id is not the second last segment's id ${secondLast.id}`));
  }
  for (const [index, segment] of segments.entries()) {
    const parent = segments[index - 1];
    if (parent && segment.timeMicros < parent.timeMicros) {
      found.push(place("dotted_order", `segment ${index + 1} is earlier than its parent's`));
    }
  }
  // A start that differs from the last segment's is no fault: the langsmith package's own programs send decades.
  return found;
}

function sameId(id: string, other: unknown): boolean {
  return other === id || uuidFrom(other) === id;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
