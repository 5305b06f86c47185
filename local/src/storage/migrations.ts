// The schema, version by version. A released step is never edited: the next one follows it.
import { LocalServerError } from "../errors.js";
import type { Db } from "./database.js";

/** "LSlo", in the file's header: tells our files from other programs' (`PRAGMA application_id`). */
export const APPLICATION_ID = 0x4c536c6f;

/** What brings a file from each version to the next: the first makes version 1 of an empty file. */
export const STEPS: readonly string[] = [
  `
  CREATE TABLE projects (
    no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
    start_us INTEGER NOT NULL, end_us INTEGER, description TEXT, extra TEXT,
    default_dataset_id TEXT, reference_dataset_id TEXT, trace_tier TEXT, last_run_us INTEGER
  );

  CREATE TABLE traces (
    no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, runs INTEGER NOT NULL,
    received_us INTEGER NOT NULL, changed_us INTEGER NOT NULL
  );
  CREATE INDEX traces_by_change ON traces (changed_us);

  -- Narrow, so that a filter that no index serves still reads 200,000 rows in no time; what is long stands in contents.
  CREATE TABLE runs (
    no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, trace INTEGER NOT NULL, parent_id TEXT, project INTEGER NOT NULL,
    name TEXT NOT NULL, run_type TEXT NOT NULL, status TEXT NOT NULL, has_error INTEGER NOT NULL,
    start_us INTEGER NOT NULL, end_us INTEGER, first_token_us INTEGER, thread_id TEXT, reference_example_id TEXT,
    prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, total_tokens INTEGER NOT NULL,
    prompt_cost REAL, completion_cost REAL, total_cost REAL, usage_details TEXT,
    posted INTEGER NOT NULL, patched INTEGER NOT NULL
  );
  -- Wider than its order needs: it holds what is filtered by most, so that such a filter reads nothing else.
  CREATE INDEX runs_by_start ON runs (project, start_us, no, end_us, total_tokens, run_type, status, name);
  CREATE INDEX runs_by_start_anywhere ON runs (start_us, no);
  CREATE INDEX runs_roots ON runs (project, start_us, no) WHERE parent_id IS NULL;
  CREATE INDEX runs_roots_anywhere ON runs (start_us, no) WHERE parent_id IS NULL;
  CREATE INDEX runs_failed ON runs (project, start_us, no) WHERE has_error = 1;
  CREATE INDEX runs_pending ON runs (start_us) WHERE status = 'pending';
  CREATE INDEX runs_by_trace ON runs (trace, start_us);
  CREATE INDEX runs_by_thread ON runs (project, thread_id, start_us) WHERE thread_id IS NOT NULL;

  CREATE TABLE contents (
    run INTEGER PRIMARY KEY, dotted_order TEXT NOT NULL, tags TEXT, error TEXT, inputs TEXT, outputs TEXT, extra TEXT,
    events TEXT, serialized TEXT, pairs TEXT NOT NULL, own_usage TEXT, received_us INTEGER NOT NULL
  );

  -- Tokens and costs of runs whose ancestor has not come yet, kept for it.
  CREATE TABLE early_totals (run_id TEXT PRIMARY KEY, trace INTEGER NOT NULL, usage TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX early_totals_by_trace ON early_totals (trace);

  -- Full text, one row a run under the run's number.
  CREATE VIRTUAL TABLE texts USING fts5 (
    name, error, inputs, outputs, tags, metadata, rest,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
  );
  -- Tags and key-values as tokens (ingest/pairs.ts): a merge tree, so that random values cost no random page writes.
  CREATE VIRTUAL TABLE facets USING fts5 (
    tokens, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
  );
  -- Each request adds a segment; merging them later and more at once costs ingestion a fifth less.
  INSERT INTO texts (texts, rank) VALUES ('automerge', 16), ('crisismerge', 32);
  INSERT INTO facets (facets, rank) VALUES ('automerge', 16), ('crisismerge', 32);

  CREATE TABLE feedback (
    id TEXT PRIMARY KEY, run_id TEXT, trace_id TEXT, project_id TEXT, key TEXT NOT NULL, score REAL, value TEXT,
    comment TEXT, correction TEXT, feedback_group_id TEXT, comparative_experiment_id TEXT, source_type TEXT,
    source TEXT, extra TEXT, is_error INTEGER NOT NULL, created_us INTEGER NOT NULL, modified_us INTEGER NOT NULL
  );
  CREATE INDEX feedback_by_run ON feedback (run_id, key, score);
  CREATE INDEX feedback_by_key ON feedback (key, score, run_id);
  CREATE INDEX feedback_by_trace ON feedback (trace_id);
  CREATE INDEX feedback_by_time ON feedback (created_us);

  CREATE TABLE attachments (
    run_id TEXT NOT NULL, name TEXT NOT NULL, trace_id TEXT, mime_type TEXT NOT NULL, data BLOB NOT NULL,
    received_us INTEGER NOT NULL, PRIMARY KEY (run_id, name)
  );
  CREATE INDEX attachments_by_trace ON attachments (trace_id);
  `,
  `
  -- What clients send and nothing here is made of, as JSON.
  ALTER TABLE contents ADD COLUMN kept TEXT;
  ALTER TABLE feedback ADD COLUMN kept TEXT;

  -- Runs that named a parent which had not come: their place is an assumption until it does.
  CREATE TABLE unplaced (parent_id TEXT PRIMARY KEY) WITHOUT ROWID;

  -- Links by which feedback may be left without the client.
  CREATE TABLE feedback_tokens (
    id TEXT PRIMARY KEY, run_id TEXT NOT NULL, key TEXT NOT NULL, expires_us INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
];

/** The schema's version that this release writes. */
export const SCHEMA_VERSION = STEPS.length;

/**
 * Brings the file to the schema of the steps, each in a transaction of its own with its version.
 * @param steps those of a release; default this one's
 * @throws LocalServerError when the file has more steps behind it (`LSB_ERR_LOCAL_DATA_NEWER`).
 */
export function migrate(db: Db, steps: readonly string[] = STEPS): void {
  const version = Number(db.pragma("user_version"));
  if (version > steps.length) {
    throw new LocalServerError(
      "LSB_ERR_LOCAL_DATA_NEWER",
      `${db.path} was written by a newer otel-langsmith-local (schema ${version}, this release knows ${steps.length}). ` +
        "Update the package, or choose another directory with --data.",
    );
  }
  for (const [index, step] of steps.entries()) {
    if (index < version) continue;
    db.transaction(() => {
      // Two processes may open a new file at once; the second finds the step done.
      if (Number(db.pragma("user_version")) > index) return;
      db.exec(step);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      db.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}
