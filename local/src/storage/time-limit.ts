// A database for one request that has a time to end in: SQLite has the thread while it works, and nobody else is served.
import { Refusal } from "../errors.js";
import type { Db, Row, Statement } from "./database.js";

const CHECKED_ROWS = 100;

/**
 * The database with a limit on how long all that is asked of it may take from the first statement on, looked at before each statement and while
 * rows are read. What may take long in one statement is asked in pieces (`query/in-pieces.ts`).
 */
export function timeLimited(db: Db, maxMillis: number): Db {
  let end: number | undefined;
  const check = (): void => {
    end ??= performance.now() + maxMillis;
    if (performance.now() < end) return;
    throw new Refusal(
      400,
      `the query took longer than ${maxMillis} ms and was stopped; narrow it by a project, by start_time, or by fewer ` +
        "tests of keys and values",
    );
  };
  const limited = (statement: Statement): Statement => ({
    ...statement,
    get(...values) {
      check();
      return statement.get(...values);
    },
    all(...values) {
      check();
      return statement.all(...values);
    },
    *iterate(...values): IterableIterator<Row> {
      check();
      let count = 0;
      for (const row of statement.iterate(...values)) {
        yield row;
        count += 1;
        if (count % CHECKED_ROWS === 0) check();
      }
    },
  });
  return { ...db, prepare: (text) => limited(db.prepare(text)), query: (text) => limited(db.query(text)) };
}
