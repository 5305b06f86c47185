// What statistics cost: a project's page asks for them, and SQLite has the thread while they are made.
import { expect, test } from "vitest";
import { statsOf } from "../../src/query/stats.js";
import { whereOf } from "../../src/query/where.js";
import type { Db } from "../../src/storage/database.js";
import { openDataDirectory } from "../../src/storage/open.js";

/** The database, and what it is asked from now on. */
function watched(db: Db): { db: Db; asked: string[] } {
  const asked: string[] = [];
  const query: Db["query"] = (text) => {
    asked.push(text);
    return db.query(text);
  };
  return { db: { ...db, query }, asked };
}

test("statistics are four statements, with a row each for what runs have in common, not for each run", () => {
  const data = openDataDirectory(":memory:", "serve");
  const { db, asked } = watched(data.db);
  statsOf(db, whereOf(db, { filter: 'search("the")' }));
  expect(asked).toHaveLength(4);
  data.close();
});

test.each(["traceFilter", "treeFilter"] as const)(
  "a %s with searches is asked once, for all that follows",
  (filter) => {
    const data = openDataDirectory(":memory:", "serve");
    data.db.exec("INSERT INTO traces (no, id, runs, received_us, changed_us) VALUES (1, 'a', 1, 1, 1)");
    data.db.exec("INSERT INTO projects (no, id, name, start_us) VALUES (9, 'p', 'p', 1)");
    data.db.exec(
      `INSERT INTO runs (no, id, trace, project, name, run_type, status, has_error, start_us, posted, patched,
       prompt_tokens, completion_tokens, total_tokens) VALUES (1, 'a', 1, 9, 'n', 'llm', 'pending', 0, 1, 1, 0, 0, 0, 0)`,
    );
    const { db, asked } = watched(data.db);
    statsOf(db, whereOf(db, { [filter]: 'or(search("the"), search("a"))' }));
    expect(asked.filter((text) => text.includes("texts MATCH"))).toHaveLength(1);
    data.close();
  },
);
