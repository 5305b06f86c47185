// Deletes what is old, and the oldest when there is too much: whole traces, never a part of one.
import type { Db, Row } from "./database.js";

/** What is kept. */
export interface RetentionLimits {
  /** Traces without news for longer are deleted. */
  readonly maxAgeMillis: number;
  /** Beyond so many bytes of data the traces longest without news are deleted. */
  readonly maxBytes: number;
}

const BATCH = 50;

/** Deletes traces until both limits hold, at most `maxTraces` of them; answers how many, and whether more wait. */
export function retain(
  db: Db,
  limits: RetentionLimits,
  nowMicros: number,
  maxTraces = 500,
): { deleted: number; isMore: boolean } {
  const oldest = nowMicros - limits.maxAgeMillis * 1000;
  let deleted = 0;
  while (deleted < maxTraces) {
    const old = db
      .prepare("SELECT no, id FROM traces WHERE changed_us < ? ORDER BY changed_us LIMIT ?")
      .all(oldest, BATCH);
    const due = old.length > 0 ? old : isOver(db, limits.maxBytes) ? oldestTraces(db) : [];
    if (due.length === 0) return { deleted, isMore: false };
    db.transaction(() => {
      for (const trace of due) deleteTrace(db, trace);
    });
    deleted += due.length;
  }
  return { deleted, isMore: true };
}

function oldestTraces(db: Db): Row[] {
  return db.prepare("SELECT no, id FROM traces ORDER BY changed_us LIMIT ?").all(BATCH);
}

/** Bytes of the file that hold data; free pages are used again. */
export function usedBytes(db: Db): number {
  const [pages, free, size] = ["page_count", "freelist_count", "page_size"].map((name) => Number(db.pragma(name)));
  return ((pages ?? 0) - (free ?? 0)) * (size ?? 0);
}

function isOver(db: Db, maxBytes: number): boolean {
  return usedBytes(db) > maxBytes;
}

function deleteTrace(db: Db, trace: Row): void {
  const no = Number(trace["no"]);
  const runs = db.prepare("SELECT no, id FROM runs WHERE trace = ?").all(no);
  for (const run of runs) deleteRun(db, Number(run["no"]), String(run["id"]));
  db.prepare("DELETE FROM early_totals WHERE trace = ?").run(no);
  db.prepare("DELETE FROM feedback WHERE trace_id = ?").run(String(trace["id"]));
  db.prepare("DELETE FROM attachments WHERE trace_id = ?").run(String(trace["id"]));
  db.prepare("DELETE FROM unplaced WHERE parent_id = ?").run(String(trace["id"]));
  db.prepare("DELETE FROM traces WHERE no = ?").run(no);
}

function deleteRun(db: Db, no: number, id: string): void {
  db.prepare("DELETE FROM texts WHERE rowid = ?").run(no);
  db.prepare("DELETE FROM facets WHERE rowid = ?").run(no);
  db.prepare("DELETE FROM contents WHERE run = ?").run(no);
  db.prepare("DELETE FROM feedback WHERE run_id = ?").run(id);
  db.prepare("DELETE FROM attachments WHERE run_id = ?").run(id);
  db.prepare("DELETE FROM feedback_tokens WHERE run_id = ?").run(id);
  db.prepare("DELETE FROM runs WHERE no = ?").run(no);
}

/** Deletes a project with all its traces. */
export function deleteProject(db: Db, no: number): void {
  db.transaction(() => {
    const traces = db
      .prepare("SELECT no, id FROM traces WHERE no IN (SELECT trace FROM runs WHERE project = ?)")
      .all(no);
    for (const trace of traces) deleteTrace(db, trace);
    db.prepare("DELETE FROM feedback WHERE project_id = (SELECT id FROM projects WHERE no = ?)").run(no);
    db.prepare("DELETE FROM projects WHERE no = ?").run(no);
  });
}

/** Gives freed pages back to the file system, a little at a time. */
export function shrink(db: Db): void {
  db.exec("PRAGMA incremental_vacuum(2000)");
}
