// What is long about a run: its fields as JSON, its full text, its facets. New rows go in several at a time, since a
// call into the binding costs as much as a short row.

import { Refusal } from "../errors.js";
import { tokensOf } from "../ingest/pairs.js";
import type { Derived, RunRecord } from "../ingest/record.js";
import { textsOf } from "../ingest/text.js";
import type { Db, SqlValue } from "./database.js";

/** The contents that one request writes. */
export interface Contents {
  /** Of a new run; in the database after the next `flush`. */
  add(no: number, run: RunRecord, derived: Derived): void;
  /** Of a run that is there, at once. */
  replace(no: number, run: RunRecord, derived: Derived): void;
  flush(): void;
}

const TABLES = [
  {
    into: "contents (run, dotted_order, tags, error, inputs, outputs, extra, events, serialized, pairs, own_usage, received_us)",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  },
  { into: "texts (rowid, name, error, inputs, outputs, tags, metadata, rest)", row: "(?, ?, ?, ?, ?, ?, ?, ?)" },
  { into: "facets (rowid, tokens)", row: "(?, ?)" },
] as const;

const ROWS = 10;
// Each text made once: the prepared statement is found by it.
const STATEMENTS = TABLES.map(({ into, row }) => ({
  insertOne: `INSERT INTO ${into} VALUES ${row}`,
  insertRows: `INSERT INTO ${into} VALUES ${Array.from({ length: ROWS }, () => row).join(", ")}`,
  replace: `REPLACE INTO ${into} VALUES ${row}`,
}));

export function openContents(db: Db, nowMicros: number): Contents {
  let waiting: SqlValue[][][] = [];

  function flush(): void {
    const runs = waiting;
    waiting = [];
    for (const [table, { insertOne, insertRows }] of STATEMENTS.entries()) {
      const rows = runs.map((run) => run[table] ?? []);
      if (rows.length === ROWS) db.prepare(insertRows).run(...rows.flat());
      else for (const row of rows) db.prepare(insertOne).run(...row);
    }
  }

  return {
    add(no, run, derived) {
      waiting.push(rowsOf(no, run, derived, nowMicros));
      if (waiting.length === ROWS) flush();
    },
    replace(no, run, derived) {
      const rows = rowsOf(no, run, derived, nowMicros);
      for (const [table, { replace }] of STATEMENTS.entries()) db.prepare(replace).run(...(rows[table] ?? []));
    },
    flush,
  };
}

/** A row for each of the tables, in their order. */
function rowsOf(no: number, run: RunRecord, derived: Derived, nowMicros: number): SqlValue[][] {
  const tags = run.tags ?? [];
  return [
    [
      no,
      run.dottedOrder,
      json(run.tags),
      run.error,
      json(run.inputs),
      json(run.outputs),
      json(run.extra),
      json(run.events),
      json(run.serialized),
      JSON.stringify(derived.pairs),
      derived.usage ? JSON.stringify(derived.usage) : null,
      nowMicros,
    ],
    [no, ...textsOf({ ...run, tags })],
    [no, tokensOf(derived.pairs, tags)],
  ];
}

function json(value: unknown): string | null {
  if (value === null) return null;
  try {
    return JSON.stringify(value);
  } catch (error) {
    // JSON is parsed at any depth, and written only as deep as the stack.
    if (error instanceof RangeError) throw new Refusal(422, "a field is nested too deep to be stored");
    throw error;
  }
}
