// The SQLite binding behind four functions, so that its peculiarities stay in this file.
import Database from "libsql";

/** What can be bound. No booleans: the binding aborts the process on one. */
export type SqlValue = string | number | null | Uint8Array;

/** A row by column name. */
export type Row = Record<string, unknown>;

/** A prepared statement. */
export interface Statement {
  run(...values: SqlValue[]): { changes: number; no: number };
  /** For many rows at once: their texts are looked through by whoever made them (`storedText`). */
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

// The binding ends a text at a NUL. One of Unicode's noncharacters, "for internal use", stands for it in the file.
const NUL = "\0";
const STORED_NUL = "\ufdd0";

/** A text as it is bound and stored; for texts that are bound inside a JSON list. */
export function storedText(text: string): string {
  return text.includes(NUL) ? text.replaceAll(NUL, STORED_NUL) : text;
}

function bound(value: SqlValue): SqlValue {
  return typeof value === "string" ? storedText(value) : value;
}

function rowOf(value: unknown): Row | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const row = value as Row;
  for (const column in row) {
    const text = row[column];
    if (typeof text === "string" && text.includes(STORED_NUL)) row[column] = text.replaceAll(STORED_NUL, NUL);
  }
  return row;
}

/** SQLite's result code as the binding names it, such as `SQLITE_NOTADB`. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
