// `POST /runs/query`, and the arguments that queries share.
import { Refusal } from "../errors.js";
import { isRunType } from "../ingest/rules.js";
import { idText, isObject, isUuid, type JsonObject } from "../json.js";
import type { Db } from "../storage/database.js";
import { parseTime } from "../time.js";
import { pageOfRuns } from "./pages.js";
import { columnsFor, isRunField, type RunField } from "./run-fields.js";
import { DEFAULT_FIELDS, RUN_TABLES, serializeRuns } from "./serialize.js";
import { pageWhereOf, type RunConditions } from "./where.js";

/** Answers `POST /runs/query`. Source: `BodyParamsForRunsQuerySchema` in the OpenAPI description. */
export function queryRuns(db: Db, body: JsonObject): JsonObject {
  const conditions = conditionsOf(body);
  const fields = fieldsOf(body["select"]);
  const limit = conditions.ids ? Math.max(conditions.ids.length, 1) : limitOf(body["limit"], 100, 100);
  const order = body["order"] ?? "desc";
  if (order !== "asc" && order !== "desc") throw new Refusal(422, "order must be asc or desc");
  const cursor = conditions.ids ? undefined : textOf(body, "cursor");
  const page = pageOfRuns(db, pageWhereOf(db, conditions), { order, limit, cursor, fields });
  const previous = body["skip_prev_cursor"] === true ? {} : { prev: page.previous };
  return { runs: serializeRuns(db, page.rows, fields), cursors: { next: page.next, ...previous }, parsed_query: null };
}

/** Reads the arguments that queries and statistics share. @throws Refusal 422 naming the one that is wrong. */
export function conditionsOf(body: JsonObject): RunConditions {
  const runType = textOf(body, "run_type");
  if (runType !== undefined && !isRunType(runType)) throw new Refusal(422, `run_type is not one: ${runType}`);
  const filters = [textOf(body, "filter"), textOf(body, "search_filter")].filter((filter) => filter !== undefined);
  return {
    ids: uuidsOf(body, "id"),
    traceId: uuidOf(body, "trace"),
    parentId: uuidOf(body, "parent_run"),
    runType,
    projectIds: uuidsOf(body, "session"),
    // The contract says a list; the client's listRuns sends its one id.
    referenceExamples: isUuid(body["reference_example"])
      ? [idText(body["reference_example"])]
      : uuidsOf(body, "reference_example"),
    startMicros: timeArgument(body, "start_time"),
    endMicros: timeArgument(body, "end_time"),
    hasError: flagOf(body, "error"),
    isRoot: flagOf(body, "is_root") ?? (body["execution_order"] === 1 ? true : undefined),
    text: textOf(body, "query"),
    filter: filters.length > 1 ? `and(${filters.join(", ")})` : filters[0],
    traceFilter: textOf(body, "trace_filter"),
    treeFilter: textOf(body, "tree_filter"),
  };
}

function fieldsOf(select: unknown): ReadonlySet<RunField> {
  if (select == null) return DEFAULT_FIELDS;
  if (!Array.isArray(select)) throw new Refusal(422, "select must be a list of fields");
  const fields = new Set<RunField>();
  for (const field of select) {
    if (!isRunField(field)) throw new Refusal(422, `select: there is no field ${JSON.stringify(field)}`);
    fields.add(field);
  }
  return fields;
}

export function textOf(body: JsonObject, name: string): string | undefined {
  const value = body[name];
  if (value == null || value === "") return undefined;
  if (typeof value !== "string") throw new Refusal(422, `${name} must be a string`);
  return value;
}

export function flagOf(body: JsonObject, name: string): boolean | undefined {
  const value = body[name];
  if (value == null) return undefined;
  if (typeof value !== "boolean") throw new Refusal(422, `${name} must be true or false`);
  return value;
}

export function uuidOf(body: JsonObject, name: string): string | undefined {
  const value = body[name];
  if (value == null) return undefined;
  if (!isUuid(value)) throw new Refusal(422, `${name} must be a UUID`);
  return idText(value);
}

export function uuidsOf(body: JsonObject, name: string): string[] | undefined {
  const value = body[name];
  if (value == null) return undefined;
  if (!Array.isArray(value) || !value.every(isUuid)) throw new Refusal(422, `${name} must be a list of UUIDs`);
  return value.map(idText);
}

export function timeArgument(body: JsonObject, name: string): number | undefined {
  const value = body[name];
  if (value == null) return undefined;
  const micros = parseTime(value);
  if (micros === undefined) throw new Refusal(422, `${name} must be an ISO 8601 time`);
  return micros;
}

export function limitOf(value: unknown, byDefault: number, max: number, name = "limit"): number {
  if (value == null) return byDefault;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > max) {
    throw new Refusal(422, `${name} must be a whole number from 1 to ${max}`);
  }
  return value;
}

/** One run with all its fields, or undefined. */
export function readRun(db: Db, id: string, fields: ReadonlySet<RunField>): JsonObject | undefined {
  const row = db.query(`SELECT ${columnsFor(fields)} FROM ${RUN_TABLES} WHERE r.id = ?`).get(idText(id));
  const [run] = row ? serializeRuns(db, [row], fields) : [];
  return isObject(run) ? run : undefined;
}
