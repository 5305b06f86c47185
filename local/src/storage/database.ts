// The SQLite binding behind four functions, so that its peculiarities stay in this file.
import Database from "libsql";

/** What can be bound. No booleans: the binding aborts the process on one. */
export type SqlValue = string | number | null | Uint8Array;

/** A row by column name. */
export type Row = Record<string, unknown>;

/** A prepared statement. */
export interface Statement {
  run(...values: SqlValue[]): { changes: number; no: number };
  /** For whole rows: whoever made them brought their texts to the stored form (`storedText`, `storedJson`). */
  runStored(values: SqlValue[]): void;
  get(...values: SqlValue[]): Row | undefined;
  all(...values: SqlValue[]): Row[];
  iterate(...values: SqlValue[]): IterableIterator<Row>;
}

/** An open database. Statements are prepared once a text and kept. */
export interface Db {
  readonly path: string;
  prepare(sql: string): Statement;
  /** Prepared for this once; for texts that differ from call to call. */
  query(sql: string): Statement;
  exec(sql: string): void;
  pragma(name: string): unknown;
  /** Runs `work` in one transaction that takes the write lock at once; rolls back on a throw. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** Opens the file, or `:memory:`. Throws what SQLite says; callers make it a message a user can act on. */
export function openDb(path: string, busyTimeoutMillis = 5000): Db {
  const db = new Database(path);
  const prepared = new Map<string, Statement>();
  // A pragma, since the binding takes its own timeout option in a unit that changed between its versions.
  db.exec(`PRAGMA busy_timeout = ${busyTimeoutMillis}`);

  const query = (sql: string): Statement => {
    const statement = db.prepare(sql);
    // Values always go as one list: a single value of its own is taken for an object of named parameters.
    return {
      run(...values) {
        const { changes, lastInsertRowid } = statement.run(values.map(bound));
        return { changes, no: Number(lastInsertRowid) };
      },
      runStored(values) {
        statement.run(values);
      },
      get(...values) {
        return rowOf(statement.get(values.map(bound)));
      },
      all(...values) {
        return statement.all(values.map(bound)).map((row) => rowOf(row) ?? {});
      },
      *iterate(...values) {
        for (const row of statement.iterate(values.map(bound))) yield rowOf(row) ?? {};
      },
    };
  };

  return {
    path,
    query,
    prepare(sql) {
      let statement = prepared.get(sql);
      if (!statement) {
        statement = query(sql);
        prepared.set(sql, statement);
      }
      return statement;
    },
    exec: (sql) => {
      db.exec(sql);
    },
    pragma(name) {
      const row = query(`PRAGMA ${name}`).get();
      return row === undefined ? undefined : Object.values(row)[0];
    },
    transaction(work) {
      db.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        db.exec("COMMIT");
        return result;
      } catch (error) {
        // A failed COMMIT or a full disk may have ended the transaction already.
        if (db.inTransaction) db.exec("ROLLBACK");
        throw error;
      }
    },
    close() {
      prepared.clear();
      db.close();
    },
  };
}

// The binding ends a text at a NUL, so what is stored has none: one of Unicode's noncharacters, "for internal use", begins
// what stands for it, and what stands for that noncharacter itself. Alone it is what a text had.
const NUL = "\0";
const MARK = "\ufdd0";
const STORED_NUL = `${MARK}\ufdd1`;
const STORED_MARK = `${MARK}\ufdd2`;
const STORED = /\ufdd0[\ufdd1\ufdd2]/g;

/** A text as it is stored; `bound` values are brought to it, those that are written with `runStored` must be. */
export function storedText(text: string): string {
  const marked = text.includes(MARK) ? text.replaceAll(MARK, STORED_MARK) : text;
  return marked.includes(NUL) ? marked.replaceAll(NUL, STORED_NUL) : marked;
}

/** JSON as it is stored: it says the noncharacter by its number, and so needs nothing that stands for it. */
export function storedJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes(MARK) ? text.replaceAll(MARK, "\\ufdd0") : text;
}

/** A list for `json_each`, whose items are compared with what is stored. */
export function storedList(items: readonly unknown[]): string {
  return storedJson(items.map((item) => (typeof item === "string" ? storedText(item) : item)));
}

function bound(value: SqlValue): SqlValue {
  return typeof value === "string" ? storedText(value) : value;
}

function rowOf(value: unknown): Row | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const row = value as Row;
  for (const column in row) {
    const text = row[column];
    if (typeof text === "string" && text.includes(MARK)) {
      row[column] = text.replace(STORED, (stored) => (stored === STORED_NUL ? NUL : MARK));
    }
  }
  return row;
}

/** SQLite's result code as the binding names it, such as `SQLITE_NOTADB`. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
