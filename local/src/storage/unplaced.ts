// Runs that named a parent before it came: their place is an assumption, and is put right when the parent is there.
import type { RunRecord } from "../ingest/record.js";
import { idsOf } from "../ingest/rules.js";
import { usageFromColumn } from "../ingest/usage.js";
import type { Db, Row } from "./database.js";
import type { Totals } from "./totals.js";

export function hasUnplaced(db: Db): boolean {
  return db.prepare("SELECT 1 FROM unplaced LIMIT 1").get() !== undefined;
}

/** Notes that runs hang under a parent that has not come. */
export function awaitParent(db: Db, parentId: string): void {
  db.prepare("INSERT OR IGNORE INTO unplaced (parent_id) VALUES (?)").run(parentId);
}

/** What a parent that has come is, as its row will say. */
export interface Arrived {
  readonly run: RunRecord;
  readonly trace: { readonly no: number; runs: number };
  readonly project: number;
}

/** Puts the runs below a parent that has just come where it stands: their orders, trace, project and sums. */
export function adopt(db: Db, parent: Arrived, totals: Totals): void {
  const { run, trace } = parent;
  if (db.prepare("DELETE FROM unplaced WHERE parent_id = ?").run(run.id).changes === 0) return;
  const below = db
    .prepare(
      `SELECT r.no, r.id, r.trace, c.dotted_order, c.own_usage FROM runs r JOIN contents c ON c.run = r.no
       WHERE r.trace IN (SELECT no FROM traces WHERE id IN (?, ?)) AND instr(c.dotted_order, ?) > 0`,
    )
    .all(run.id, run.traceId, `${run.id}.`);
  for (const row of below) move(db, row, parent, totals);
  const moved = below.filter((row) => Number(row["trace"]) !== trace.no);
  if (moved.length === 0) return;
  trace.runs += moved.length;
  db.prepare("UPDATE early_totals SET trace = ? WHERE trace = (SELECT no FROM traces WHERE id = ?)").run(
    trace.no,
    run.id,
  );
  db.prepare("DELETE FROM traces WHERE id = ? AND NOT EXISTS (SELECT 1 FROM runs WHERE trace = traces.no)").run(run.id);
}

function move(db: Db, row: Row, { run, trace, project }: Arrived, totals: Totals): void {
  const [no, id, before] = [Number(row["no"]), String(row["id"]), String(row["dotted_order"])];
  const after = run.dottedOrder + before.slice(before.indexOf(`${run.id}.`) + run.id.length);
  db.prepare("UPDATE contents SET dotted_order = ? WHERE run = ?").run(after, no);
  db.prepare("UPDATE runs SET trace = ?, project = ? WHERE no = ?").run(trace.no, project, no);
  db.prepare("UPDATE feedback SET trace_id = ? WHERE run_id = ?").run(run.traceId, id);
  db.prepare("UPDATE attachments SET trace_id = ? WHERE run_id = ?").run(run.traceId, id);
  const usage = usageFromColumn(row["own_usage"]);
  const known = new Set(idsOf(before));
  if (usage)
    totals.add(
      idsOf(after).filter((ancestor) => !known.has(ancestor)),
      trace.no,
      usage,
      1,
    );
}
