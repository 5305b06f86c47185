// `POST /runs/query`: a body as a SQL condition, and its pages.
import { Refusal } from "../errors.js";
import { isRunType } from "../ingest/rules.js";
import { isObject, isUuid, type JsonObject } from "../json.js";
import type { Db, Row, SqlValue } from "../storage/database.js";
import { parseTime } from "../time.js";
import { compileFilter, type Sql, sql } from "./compile.js";
import { columnsFor, isRunField, type RunField } from "./run-fields.js";
import { DEFAULT_FIELDS, RUN_TABLES, serializeRuns } from "./serialize.js";

/** What runs are narrowed to; the arguments of v1 and v2 alike. */
export interface RunConditions {
  /** v1: these runs, whatever else is asked. */
  ids?: readonly string[] | undefined;
  /** v2: only runs among these. */
  amongIds?: readonly string[] | undefined;
  traceIds?: readonly string[] | undefined;
  traceId?: string | undefined;
  parentId?: string | undefined;
  runType?: string | undefined;
  projectIds?: readonly string[] | undefined;
  referenceExamples?: readonly string[] | undefined;
  startMicros?: number | undefined;
  /** Inclusive. */
  endMicros?: number | undefined;
  hasError?: boolean | undefined;
  isRoot?: boolean | undefined;
  /** Full text. */
  text?: string | undefined;
  filter?: string | undefined;
  traceFilter?: string | undefined;
  treeFilter?: string | undefined;
  threadId?: string | undefined;
}

/** The condition on `runs r`. Ids given: all else is ignored, as the documentation says. */
export function whereOf(conditions: RunConditions): Sql {
  const { ids } = conditions;
  if (ids) return sql("r.id IN (SELECT lower(value) FROM json_each(?))", JSON.stringify(ids));
  const parts: Sql[] = [sql("1")];
  const add = (text: string, value: SqlValue | undefined): void => {
    if (value !== undefined) parts.push(sql(text, value));
  };
  addProjects(parts, conditions.projectIds);
  const { amongIds, traceIds } = conditions;
  if (amongIds) parts.push(sql("r.id IN (SELECT lower(value) FROM json_each(?))", JSON.stringify(amongIds)));
  if (traceIds) {
    const list = "SELECT no FROM traces WHERE id IN (SELECT lower(value) FROM json_each(?))";
    parts.push(sql(`r.trace IN (${list})`, JSON.stringify(traceIds)));
  }
  add("r.trace = (SELECT no FROM traces WHERE id = lower(?))", conditions.traceId);
  add("r.parent_id = lower(?)", conditions.parentId);
  add("r.run_type = ?", conditions.runType);
  add("r.start_us >= ?", conditions.startMicros);
  add("r.start_us <= ?", conditions.endMicros);
  add("r.thread_id = ?", conditions.threadId);
  if (conditions.hasError !== undefined) parts.push(sql(`r.has_error = ${conditions.hasError ? 1 : 0}`));
  if (conditions.isRoot !== undefined) parts.push(sql(`r.parent_id IS ${conditions.isRoot ? "" : "NOT"} NULL`));
  if (conditions.referenceExamples) {
    const examples = JSON.stringify(conditions.referenceExamples);
    parts.push(sql("r.reference_example_id IN (SELECT lower(value) FROM json_each(?))", examples));
  }
  if (conditions.text) parts.push(compileFilter(`search(${JSON.stringify(conditions.text)})`, "query", "r"));
  if (conditions.filter) parts.push(compileFilter(conditions.filter, "filter", "r"));
  if (conditions.traceFilter) {
    const root = compileFilter(conditions.traceFilter, "trace_filter", "root");
    // The root's id is its trace's.
    parts.push(
      sql(
        `+r.trace IN (SELECT root.trace FROM runs root JOIN traces rt ON rt.no = root.trace AND rt.id = root.id WHERE ${root.text})`,
        ...root.values,
      ),
    );
  }
  if (conditions.treeFilter) {
    const any = compileFilter(conditions.treeFilter, "tree_filter", "any");
    parts.push(sql(`+r.trace IN (SELECT any.trace FROM runs any WHERE ${any.text})`, ...any.values));
  }
  return {
    text: parts.map((part) => part.text).join(" AND "),
    values: parts.flatMap((part) => part.values),
  };
}

function addProjects(parts: Sql[], ids: readonly string[] | undefined): void {
  if (!ids?.length) return;
  const [only] = ids;
  // One project by equality: its index is in order of time.
  if (ids.length === 1 && only) parts.push(sql("r.project = (SELECT no FROM projects WHERE id = lower(?))", only));
  else {
    const list = JSON.stringify(ids);
    parts.push(sql("r.project IN (SELECT no FROM projects WHERE id IN (SELECT lower(value) FROM json_each(?)))", list));
  }
}

/** A page of runs. */
export interface Page {
  readonly rows: Row[];
  readonly next: string | null;
  readonly previous: string | null;
}

interface Cursor {
  readonly startMicros: number;
  readonly no: number;
  readonly isBack: boolean;
}

/** The rows of one page, newest first unless `order` says `asc`. */
export function pageOfRuns(
  db: Db,
  where: Sql,
  options: { order: "asc" | "desc"; limit: number; cursor?: string | undefined; fields: ReadonlySet<RunField> },
): Page {
  const cursor = options.cursor ? readCursor(options.cursor) : undefined;
  const isAscending = (options.order === "asc") !== (cursor?.isBack ?? false);
  const [sign, direction] = isAscending ? [">", "ASC"] : ["<", "DESC"];
  const after = cursor ? sql(` AND (r.start_us, r.no) ${sign} (?, ?)`, cursor.startMicros, cursor.no) : sql("");
  // The page's numbers first, from narrow rows; the long columns are read for these alone.
  const rows = db
    .query(
      `WITH page AS MATERIALIZED (
         SELECT r.no AS page_no, r.start_us AS page_us FROM runs r WHERE ${where.text}${after.text}
         ORDER BY r.start_us ${direction}, r.no ${direction} LIMIT ?
       )
       SELECT ${columnsFor(options.fields)} FROM page CROSS JOIN ${RUN_TABLES.replace("runs r", "runs r ON r.no = page_no")}
       ORDER BY page_us ${direction}, page_no ${direction}`,
    )
    .all(...where.values, ...after.values, options.limit + 1);
  const isMore = rows.length > options.limit;
  if (isMore) rows.length = options.limit;
  const forward = cursor?.isBack ? rows.toReversed() : rows;
  const [first, last] = [forward[0], forward.at(-1)];
  const hasNext = cursor?.isBack ? true : isMore;
  const hasPrevious = cursor?.isBack ? isMore : cursor !== undefined;
  return {
    rows: forward,
    next: hasNext && last ? writeCursor(last, false) : null,
    previous: hasPrevious && first ? writeCursor(first, true) : null,
  };
}

function writeCursor(row: Row, isBack: boolean): string {
  return Buffer.from(JSON.stringify([row["start_us"], row["no"], isBack ? 1 : 0])).toString("base64url");
}

function readCursor(text: string): Cursor {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (Array.isArray(value)) {
      const [startMicros, no, isBack]: unknown[] = value;
      if (Number.isSafeInteger(startMicros) && Number.isSafeInteger(no)) {
        return { startMicros: Number(startMicros), no: Number(no), isBack: isBack === 1 };
      }
    }
  } catch {
    // Falls through to the refusal.
  }
  throw new Refusal(400, "cursor is not one that this server gave out");
}

/** Answers `POST /runs/query`. Source: `BodyParamsForRunsQuerySchema` in the OpenAPI description. */
export function queryRuns(db: Db, body: JsonObject): JsonObject {
  const conditions = conditionsOf(body);
  const fields = fieldsOf(body["select"]);
  const limit = conditions.ids ? Math.max(conditions.ids.length, 1) : limitOf(body["limit"], 100, 100);
  const order = body["order"] ?? "desc";
  if (order !== "asc" && order !== "desc") throw new Refusal(422, "order must be asc or desc");
  const cursor = conditions.ids ? undefined : textOf(body, "cursor");
  const page = pageOfRuns(db, whereOf(conditions), { order, limit, cursor, fields });
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
      ? [body["reference_example"]]
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
  return value;
}

export function uuidsOf(body: JsonObject, name: string): string[] | undefined {
  const value = body[name];
  if (value == null) return undefined;
  if (!Array.isArray(value) || !value.every(isUuid)) throw new Refusal(422, `${name} must be a list of UUIDs`);
  return value;
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
  const row = db.query(`SELECT ${columnsFor(fields)} FROM ${RUN_TABLES} WHERE r.id = ?`).get(id.toLowerCase());
  const [run] = row ? serializeRuns(db, [row], fields) : [];
  return isObject(run) ? run : undefined;
}
