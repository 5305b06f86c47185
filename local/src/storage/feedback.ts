// Feedback: what people and evaluators say about runs.
import { v7 } from "../ids.js";
import { idText, isUuid, type JsonObject, numberOf, objectOf, parseJson, stringOf } from "../json.js";
import { formatTime, parseTime } from "../time.js";
import { type Db, type Row, type SqlValue, storedList } from "./database.js";

/** A checked feedback object as it came in. */
export type FeedbackInput = JsonObject;

/** What is wrong with a feedback object, in words; undefined when nothing is. */
export function feedbackProblem(value: JsonObject): string | undefined {
  const { key, score } = value;
  if (typeof key !== "string" || key === "") return "feedback needs a key";
  if (key.length > 180) return "a feedback key has at most 180 characters";
  for (const field of ["id", "run_id", "trace_id", "session_id", "feedback_group_id", "comparative_experiment_id"]) {
    if (value[field] != null && !isUuid(value[field])) return `feedback's ${field} must be a UUID`;
  }
  if (score != null && typeof score !== "number" && typeof score !== "boolean") {
    return "a feedback score is a number or a boolean; words go into value";
  }
  for (const field of ["created_at", "modified_at"]) {
    if (value[field] != null && parseTime(value[field]) === undefined)
      return `feedback's ${field} must be an ISO 8601 time`;
  }
  if (value["comment"] != null && typeof value["comment"] !== "string") return "a feedback comment is a string";
  return undefined;
}

// What has a column of its own, or is made of one; the rest of what clients send is kept as it came.
const FIELDS = new Set([
  "id", "run_id", "trace_id", "session_id", "key", "score", "value", "comment", "correction", "feedback_group_id",
  "comparative_experiment_id", "feedback_source", "extra", "error", "created_at", "modified_at", "start_time", "is_root",
]); // biome-ignore format: a list

/** Stores a feedback, over one of the same id; answers with its id. */
export function storeFeedback(db: Db, input: FeedbackInput, now: number): string {
  const id = lower(input["id"]) ?? v7();
  const runId = lower(input["run_id"]);
  const run = runId
    ? db
        .prepare(
          `SELECT t.id AS trace_id, p.id AS project_id FROM runs r JOIN traces t ON t.no = r.trace
           JOIN projects p ON p.no = r.project WHERE r.id = ?`,
        )
        .get(runId)
    : undefined;
  const { trace_id, session_id, extra } = input;
  const kept = Object.entries(input).filter(([field, value]) => value != null && !FIELDS.has(field));
  db.prepare(
    `REPLACE INTO feedback (id, run_id, trace_id, project_id, key, score, value, comment, correction,
       feedback_group_id, comparative_experiment_id, source_type, source, extra, is_error, created_us, modified_us,
       kept)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    id,
    runId ?? null,
    lower(trace_id) ?? stringOf(run?.["trace_id"]) ?? null,
    lower(session_id) ?? stringOf(run?.["project_id"]) ?? null,
    String(input["key"]),
    scoreOf(input["score"]),
    jsonColumn(input["value"]),
    stringOf(input["comment"]) ?? null,
    jsonColumn(input["correction"]),
    lower(input["feedback_group_id"]) ?? null,
    lower(input["comparative_experiment_id"]) ?? null,
    stringOf(objectOf(input["feedback_source"])?.["type"]) ?? "api",
    jsonColumn(input["feedback_source"]),
    jsonColumn(objectOf(extra)),
    input["error"] === true ? 1 : 0,
    parseTime(input["created_at"]) ?? now,
    parseTime(input["modified_at"]) ?? now,
    kept.length > 0 ? JSON.stringify(Object.fromEntries(kept)) : null,
  );
  return id;
}

/** Changes the fields that are given; false when there is no such feedback. */
export function updateFeedback(db: Db, id: string, changes: JsonObject, now: number): boolean {
  const columns: Record<string, SqlValue | undefined> = {
    score: changes["score"] === undefined ? undefined : scoreOf(changes["score"]),
    value: changes["value"] === undefined ? undefined : jsonColumn(changes["value"]),
    comment: changes["comment"] === undefined ? undefined : (stringOf(changes["comment"]) ?? null),
    correction: changes["correction"] === undefined ? undefined : jsonColumn(changes["correction"]),
  };
  const { changes: found } = db.prepare("UPDATE feedback SET modified_us = ? WHERE id = ?").run(now, idText(id));
  for (const [column, value] of Object.entries(columns)) {
    if (value !== undefined) db.prepare(`UPDATE feedback SET ${column} = ? WHERE id = ?`).run(value, idText(id));
  }
  return found > 0;
}

export function deleteFeedback(db: Db, id: string): boolean {
  return db.prepare("DELETE FROM feedback WHERE id = ?").run(idText(id)).changes > 0;
}

export function readFeedback(db: Db, id: string): JsonObject | undefined {
  const row = db.prepare(`${SELECT} WHERE f.id = ?`).get(idText(id));
  return row && feedbackOf(row);
}

const SELECT = `SELECT f.*, r.parent_id, r.no AS run_no, r.start_us FROM feedback f LEFT JOIN runs r ON r.id = f.run_id`;

/** What a list of feedback is narrowed to. */
export interface FeedbackQuery {
  readonly runIds?: readonly string[] | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly projectIds?: readonly string[] | undefined;
  readonly sources?: readonly string[] | undefined;
  readonly hasComment?: boolean | undefined;
  readonly hasScore?: boolean | undefined;
  readonly level?: "run" | "session" | undefined;
  readonly minCreatedMicros?: number | undefined;
  readonly maxCreatedMicros?: number | undefined;
  readonly comparativeExperimentId?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** The newest first. */
export function listFeedback(db: Db, query: FeedbackQuery): JsonObject[] {
  const where: string[] = ["1"];
  const values: SqlValue[] = [];
  const among = (column: string, items: readonly string[] | undefined): void => {
    if (!items) return;
    where.push(`${column} IN (SELECT value FROM json_each(?))`);
    values.push(storedList(items));
  };
  among("f.run_id", query.runIds);
  among("f.key", query.keys);
  among("f.project_id", query.projectIds);
  among("f.source_type", query.sources);
  if (query.hasComment !== undefined) where.push(`(f.comment IS NOT NULL) = ${query.hasComment ? 1 : 0}`);
  if (query.hasScore !== undefined) where.push(`(f.score IS NOT NULL) = ${query.hasScore ? 1 : 0}`);
  if (query.level) where.push(`f.run_id IS ${query.level === "run" ? "NOT NULL" : "NULL"}`);
  const compare = (sql: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    where.push(sql);
    values.push(value);
  };
  compare("f.created_us >= ?", query.minCreatedMicros);
  compare("f.created_us <= ?", query.maxCreatedMicros);
  compare("f.comparative_experiment_id = ?", query.comparativeExperimentId);
  return db
    .query(`${SELECT} WHERE ${where.join(" AND ")} ORDER BY f.created_us DESC, f.id DESC LIMIT ? OFFSET ?`)
    .all(...values, query.limit, query.offset)
    .map(feedbackOf);
}

function feedbackOf(row: Row): JsonObject {
  const startMicros = numberOf(row["start_us"]);
  return {
    id: row["id"],
    created_at: formatTime(Number(row["created_us"])),
    modified_at: formatTime(Number(row["modified_us"])),
    key: row["key"],
    score: row["score"],
    value: parseJson(row["value"]),
    comment: row["comment"],
    correction: parseJson(row["correction"]),
    feedback_group_id: row["feedback_group_id"],
    comparative_experiment_id: row["comparative_experiment_id"],
    run_id: row["run_id"],
    trace_id: row["trace_id"],
    session_id: row["project_id"],
    start_time: startMicros === undefined ? null : formatTime(startMicros),
    is_root: row["run_no"] != null && row["parent_id"] === null,
    feedback_source: parseJson(row["source"]) ?? { type: row["source_type"] },
    extra: parseJson(row["extra"]),
    ...objectOf(parseJson(row["kept"])),
  };
}

function lower(value: unknown): string | undefined {
  return typeof value === "string" ? idText(value) : undefined;
}

function scoreOf(value: unknown): number | null {
  return typeof value === "boolean" ? Number(value) : (numberOf(value) ?? null);
}

function jsonColumn(value: unknown): string | null {
  return value == null ? null : JSON.stringify(value);
}

/** What was said about runs under one key. Source: `query.RunFeedbackStat` in the OpenAPI description. */
export interface FeedbackStat {
  n: number;
  avg: number | null;
  stdev: number | null;
  min: number | null;
  max: number | null;
  errors: number;
  values: Record<string, number>;
  comments: string[];
  sources: string[];
  contains_thread_feedback: boolean;
}

const MAX_SAMPLES = 10;

/** The feedback of each run, by key. */
export function feedbackStats(db: Db, runIds: readonly string[]): Map<string, Record<string, FeedbackStat>> {
  const rows = db
    .prepare(
      `SELECT run_id, key, score, value, comment, source_type, is_error FROM feedback
       WHERE run_id IN (SELECT value FROM json_each(?)) ORDER BY created_us`,
    )
    .all(JSON.stringify(runIds));
  const byRun = new Map<string, Row[]>();
  for (const row of rows) {
    const id = String(row["run_id"]);
    const list = byRun.get(id);
    if (list) list.push(row);
    else byRun.set(id, [row]);
  }
  return new Map([...byRun].map(([id, own]) => [id, summarizeFeedback(own)]));
}

/** Sums rows of feedback up by key. */
export function summarizeFeedback(rows: readonly Row[]): Record<string, FeedbackStat> {
  const byKey = new Map<string, Row[]>();
  for (const row of rows) {
    const key = String(row["key"]);
    const list = byKey.get(key);
    if (list) list.push(row);
    else byKey.set(key, [row]);
  }
  return Object.fromEntries([...byKey].map(([key, own]) => [key, statOf(own)]));
}

function statOf(rows: readonly Row[]): FeedbackStat {
  const scores = rows.flatMap((row) => numberOf(row["score"]) ?? []);
  const n = scores.length;
  const avg = n === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / n;
  const squares = avg === null ? 0 : scores.reduce((sum, score) => sum + (score - avg) ** 2, 0);
  const values: Record<string, number> = {};
  for (const row of rows) {
    const value = parseJson(row["value"]);
    if (value === null) continue;
    const label = typeof value === "string" ? value : JSON.stringify(value);
    values[label] = (values[label] ?? 0) + 1;
  }
  return {
    n: rows.length,
    avg,
    stdev: n < 2 ? null : Math.sqrt(squares / (n - 1)),
    min: n === 0 ? null : Math.min(...scores),
    max: n === 0 ? null : Math.max(...scores),
    errors: rows.filter((row) => row["is_error"] === 1).length,
    values,
    comments: rows.flatMap((row) => stringOf(row["comment"]) ?? []).slice(0, MAX_SAMPLES),
    sources: [...new Set(rows.map((row) => String(row["source_type"])))].slice(0, MAX_SAMPLES),
    contains_thread_feedback: false,
  };
}
