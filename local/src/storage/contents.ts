// What is written of a run: its row, and what is long about it: its fields as JSON, its full text, its facets. The new
// runs of a request go in together, since a call into the binding costs as much as a short row.

import { Refusal } from "../errors.js";
import { tokensOf } from "../ingest/pairs.js";
import type { Derived, RunRecord } from "../ingest/record.js";
import { textsOf } from "../ingest/text.js";
import { type Db, type SqlValue, storedJson, storedText } from "./database.js";
import { type Totals, usageColumns } from "./totals.js";

/** A run that is not in the database yet. */
export interface NewRun {
  readonly run: RunRecord;
  readonly derived: Derived;
  /** The number of its trace, and of its project. */
  readonly trace: number;
  readonly project: number;
  /** What brought it. */
  readonly kind: "post" | "patch";
}

/** The runs that one request writes. */
export interface Contents {
  /** In the database after the next `flush`, with the totals that are known then. */
  add(run: NewRun): void;
  /** What is long about a run that is there, at once. */
  replace(no: number, run: RunRecord, derived: Derived): void;
  flush(): void;
}

const TABLES = [
  `runs (no, id, trace, parent_id, project, name, run_type, status, has_error, start_us, end_us, first_token_us,
     thread_id, reference_example_id, posted, patched, prompt_tokens, completion_tokens, total_tokens, prompt_cost,
     completion_cost, total_cost, usage_details)`,
  `contents (run, dotted_order, tags, error, inputs, outputs, extra, events, serialized, pairs, own_usage,
     received_us, kept)`,
  "texts (rowid, name, error, inputs, outputs, tags, metadata, rest)",
  "facets (rowid, tokens)",
];

/** How many rows a call may write, the most first: a full-text table makes a segment of each call. */
const ROWS = [100, 10, 1];
// Each text made once: the prepared statement is found by it.
const STATEMENTS = TABLES.map((table) => {
  const row = `(${table.split(",").fill("?").join(", ")})`;
  return {
    inserts: ROWS.map((count) => ({ count, text: `INSERT INTO ${table} VALUES ${Array(count).fill(row).join(", ")}` })),
    replace: `REPLACE INTO ${table} VALUES ${row}`,
  };
});

export function openContents(db: Db, totals: Totals, nowMicros: number): Contents {
  let waiting: NewRun[] = [];

  function flush(): void {
    if (waiting.length === 0) return;
    let no = Number(db.prepare("SELECT coalesce(max(no), 0) AS last FROM runs").get()?.["last"]);
    const runs = waiting.map((added) => {
      no += 1;
      return [rowOf(no, added, totals), ...longRowsOf(no, added.run, added.derived, nowMicros)];
    });
    waiting = [];
    for (const [table, { inserts }] of STATEMENTS.entries()) {
      let written = 0;
      for (const { count, text } of inserts) {
        for (; runs.length - written >= count; written += count) {
          const rows = runs.slice(written, written + count);
          db.prepare(text).runStored(rows.flatMap((run) => run[table] ?? []));
        }
      }
    }
  }

  return {
    add: (run) => {
      waiting.push(run);
    },
    replace(no, run, derived) {
      const [, ...long] = STATEMENTS;
      const rows = longRowsOf(no, run, derived, nowMicros);
      for (const [table, { replace }] of long.entries()) db.prepare(replace).runStored(rows[table] ?? []);
    },
    flush,
  };
}

function rowOf(no: number, { run, derived, trace, project, kind }: NewRun, totals: Totals): SqlValue[] {
  return [
    no,
    run.id,
    trace,
    run.parentId,
    project,
    storedText(run.name),
    run.runType,
    derived.status,
    derived.hasFailed ? 1 : 0,
    run.startMicros,
    run.endMicros,
    derived.firstTokenMicros,
    derived.threadId && storedText(derived.threadId),
    run.referenceExampleId,
    kind === "post" ? 1 : 0,
    kind === "patch" ? 1 : 0,
    ...usageColumns(totals.take(run.id)),
  ];
}

/** A row for each of the other tables, in their order. Texts and tokens for the indexes have no NUL. */
function longRowsOf(no: number, run: RunRecord, derived: Derived, nowMicros: number): SqlValue[][] {
  const tags = run.tags ?? [];
  return [
    [
      no,
      run.dottedOrder,
      json(run.tags),
      run.error && storedText(run.error),
      json(run.inputs),
      json(run.outputs),
      json(run.extra),
      json(run.events),
      json(run.serialized),
      storedJson(derived.pairs),
      derived.usage ? storedJson(derived.usage) : null,
      nowMicros,
      json(run.kept),
    ],
    [no, ...textsOf({ ...run, tags })],
    [no, tokensOf(derived.pairs, tags)],
  ];
}

function json(value: unknown): string | null {
  if (value === null) return null;
  try {
    return storedJson(value);
  } catch (error) {
    // JSON is parsed at any depth, and written only as deep as the stack.
    if (error instanceof RangeError) throw new Refusal(422, "a field is nested too deep to be stored");
    throw error;
  }
}
