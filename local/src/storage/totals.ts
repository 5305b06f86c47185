// Sums tokens and costs up the tree as runs come in, in whichever order they come.
import { addUsage, type Usage, usageFromColumn } from "../ingest/usage.js";
import { type Db, type SqlValue, storedJson } from "./database.js";

/** The sums that one request changes. */
export interface Totals {
  /** Adds to the run that ends the path, and to every ancestor on it. */
  add(path: readonly string[], trace: number, usage: Usage, sign: 1 | -1): void;
  /** Takes out what is known for a run that is about to be written: its own, its descendants', what they left for it. */
  take(runId: string): Usage | undefined;
  /** Writes the rest: to the runs that are there, or kept for those that have not come. */
  write(): void;
}

export function openTotals(db: Db): Totals {
  const changes = new Map<string, { trace: number; usage: Usage }>();
  // Most requests find nothing left for their runs; then none of them is asked about.
  const hasEarly = db.prepare("SELECT 1 FROM early_totals LIMIT 1").get() !== undefined;

  return {
    add(path, trace, usage, sign) {
      for (const id of path) changes.set(id, { trace, usage: addUsage(changes.get(id)?.usage, usage, sign) });
    },
    take(runId) {
      const known = changes.get(runId)?.usage;
      changes.delete(runId);
      const early = hasEarly && db.prepare("SELECT usage FROM early_totals WHERE run_id = ?").get(runId);
      if (!early) return known;
      db.prepare("DELETE FROM early_totals WHERE run_id = ?").run(runId);
      return addUsage(known, usageFromColumn(early["usage"]));
    },
    write() {
      for (const [id, { trace, usage }] of changes) {
        const run = db.prepare("SELECT no, usage_details FROM runs WHERE id = ?").get(id);
        if (run) writeRun(db, Number(run["no"]), addUsage(usageFromColumn(run["usage_details"]), usage));
        else writeEarly(db, id, trace, usage);
      }
    },
  };
}

function writeRun(db: Db, no: number, usage: Usage): void {
  db.prepare(
    `UPDATE runs SET prompt_tokens = ?, completion_tokens = ?, total_tokens = ?, prompt_cost = ?, completion_cost = ?,
       total_cost = ?, usage_details = ? WHERE no = ?`,
  ).run(...usageColumns(usage), no);
}

/** A run's sums as its columns hold them, in the order of the schema. */
export function usageColumns(usage: Usage | undefined): SqlValue[] {
  if (!usage) return [0, 0, 0, null, null, null, null];
  return [
    usage.promptTokens,
    usage.completionTokens,
    usage.totalTokens,
    usage.promptCost ?? null,
    usage.completionCost ?? null,
    usage.totalCost ?? null,
    storedJson(usage),
  ];
}

function writeEarly(db: Db, id: string, trace: number, usage: Usage): void {
  const known = db.prepare("SELECT usage FROM early_totals WHERE run_id = ?").get(id);
  const sum = addUsage(usageFromColumn(known?.["usage"]), usage);
  db.prepare("REPLACE INTO early_totals (run_id, trace, usage) VALUES (?, ?, ?)").run(id, trace, storedJson(sum));
}
