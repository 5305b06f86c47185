// Runs as `RunSchema` of the OpenAPI description writes them, with what is derived.
import { idsOf } from "../ingest/rules.js";
import type { JsonObject } from "../json.js";
import { attachmentNames } from "../storage/attachments.js";
import type { Db, Row } from "../storage/database.js";
import { feedbackStats } from "../storage/feedback.js";
import { formatTime } from "../time.js";
import { parsedOf, RUN_FIELDS, type RunField, readersFor } from "./run-fields.js";

const OPTIONAL = new Set<RunField>([
  "inputs_preview", "outputs_preview", "inputs_or_signed_url", "outputs_or_signed_url", "error_or_signed_url",
  "events_or_signed_url", "extra_or_signed_url", "serialized_or_signed_url", "child_run_ids",
  "trace_min_max_start_time", "messages", "inserted_at",
]); // biome-ignore format: as above

/** What a query answers when nothing is selected: the contract's default. */
export const DEFAULT_FIELDS: ReadonlySet<RunField> = new Set(RUN_FIELDS.filter((field) => !OPTIONAL.has(field)));

/** What `GET /runs/{id}` answers. */
export const ALL_FIELDS: ReadonlySet<RunField> = new Set([
  ...DEFAULT_FIELDS,
  "inputs_preview",
  "outputs_preview",
  "child_run_ids",
  "trace_min_max_start_time",
]);

/** Where the columns come from. */
export const RUN_TABLES =
  "runs r CROSS JOIN traces t ON t.no = r.trace CROSS JOIN projects p ON p.no = r.project CROSS JOIN contents c ON c.run = r.no";

/** Turns rows into runs, with the chosen fields only. */
export function serializeRuns(db: Db, rows: readonly Row[], fields: ReadonlySet<RunField>): JsonObject[] {
  const ids = rows.map((row) => String(row["id"]));
  const feedback = fields.has("feedback_stats") ? feedbackStats(db, ids) : undefined;
  const files = fields.has("s3_urls") ? attachmentNames(db, ids) : undefined;
  const children = fields.has("child_run_ids") ? descendants(db, rows) : undefined;
  const spans = fields.has("trace_min_max_start_time") ? traceSpans(db, rows) : undefined;
  const readers = readersFor(fields);
  return rows.map((row) => {
    const id = String(row["id"]);
    const run: JsonObject = {};
    const parsed = parsedOf(row);
    for (const [field, read] of readers) run[field] = read(row, parsed);
    if (feedback) run["feedback_stats"] = feedback.get(id) ?? null;
    if (files) run["s3_urls"] = attachmentUrls(id, files.get(id));
    if (children) {
      run["child_run_ids"] = children.get(id)?.all ?? [];
      run["direct_child_run_ids"] = children.get(id)?.direct ?? [];
    }
    const span = spans?.get(Number(row["trace"]));
    if (span) {
      run["trace_min_start_time"] = formatTime(span.first);
      run["trace_max_start_time"] = formatTime(span.last);
    }
    return run;
  });
}

function attachmentUrls(runId: string, names: readonly string[] | undefined): JsonObject | null {
  if (!names?.length) return null;
  return Object.fromEntries(
    names.map((name) => [`attachment.${name}`, { presigned_url: attachmentPath(runId, name), s3_url: null }]),
  );
}

/** Where an attachment is served, beginning at the server's root. */
export function attachmentPath(runId: string, name: string): string {
  return `/runs/${runId}/attachments/${encodeURIComponent(name)}`;
}

interface Family {
  readonly all: string[];
  readonly direct: string[];
}

function descendants(db: Db, rows: readonly Row[]): Map<string, Family> {
  const families = new Map<string, Family>(rows.map((row) => [String(row["id"]), { all: [], direct: [] }]));
  for (const trace of new Set(rows.map((row) => Number(row["trace"])))) {
    const runs = db
      .prepare(
        "SELECT r.id, r.parent_id, c.dotted_order FROM runs r JOIN contents c ON c.run = r.no WHERE r.trace = ? ORDER BY r.start_us, r.no",
      )
      .all(trace);
    for (const run of runs) {
      const id = String(run["id"]);
      for (const ancestor of idsOf(String(run["dotted_order"])).slice(0, -1)) families.get(ancestor)?.all.push(id);
      families.get(String(run["parent_id"]))?.direct.push(id);
    }
  }
  return families;
}

function traceSpans(db: Db, rows: readonly Row[]): Map<number, { first: number; last: number }> {
  const spans = new Map<number, { first: number; last: number }>();
  for (const trace of new Set(rows.map((row) => Number(row["trace"])))) {
    const row = db.prepare("SELECT min(start_us) AS first, max(start_us) AS last FROM runs WHERE trace = ?").get(trace);
    spans.set(trace, { first: Number(row?.["first"]), last: Number(row?.["last"]) });
  }
  return spans;
}
