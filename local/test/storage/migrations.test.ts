// Files of older releases: each comes to this release's schema with what it holds, a whole step at a time or not at all.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startLocalServer } from "../../src/index.js";
import { type Db, openDb } from "../../src/storage/database.js";
import { APPLICATION_ID, migrate, SCHEMA_VERSION, STEPS } from "../../src/storage/migrations.js";
import { ingest, makeRun, query } from "../support.js";

/** A step as the next release may bring it: a column, filled from what is there. */
const NEXT = "ALTER TABLE projects ADD COLUMN label TEXT; UPDATE projects SET label = 'was ' || name";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "local-migrations-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function withFile<T>(work: (db: Db) => T): T {
  const db = openDb(join(directory, "runs.db"));
  try {
    return work(db);
  } finally {
    db.close();
  }
}

const versionOf = (db: Db): number => Number(db.pragma("user_version"));

/** All tables and indexes, as they were declared. */
function schemaOf(db: Db): unknown[] {
  return db.query("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").all();
}

/** Lets this release's server fill the file with a tree of runs; answers their ids. */
async function filled(): Promise<string[]> {
  const server = await startLocalServer({ dataDir: directory });
  const root = makeRun({ name: "root", session_name: "weather" });
  const child = makeRun({ name: "child", session_name: "weather", parent: root, inputs: { text: "umbrella" } });
  await ingest(server.url, [root, child]);
  await server.close();
  return [root.id, child.id];
}

describe("an older release's file", () => {
  // One case for each schema there has been: a step that is added to the list is tried from every version before it.
  it.each(STEPS.map((_, version) => version))(
    "of version %i comes to this release's schema and takes runs",
    async (version) => {
      withFile((db) => {
        migrate(db, STEPS.slice(0, version));
        expect(versionOf(db)).toBe(version);
      });
      const ids = await filled();
      withFile((db) => {
        expect(versionOf(db)).toBe(SCHEMA_VERSION);
        const fresh = openDb(":memory:");
        migrate(fresh);
        expect(schemaOf(db)).toEqual(schemaOf(fresh));
        fresh.close();
      });
      const server = await startLocalServer({ dataDir: directory });
      expect((await query(server.url, { id: ids })).length).toBe(2);
      await server.close();
    },
  );

  it("keeps all that it holds over a step, and has the step once", async () => {
    const ids = await filled();
    withFile((db) => {
      for (const _ of ["the first time", "again"]) migrate(db, [...STEPS, NEXT]);
      expect(versionOf(db)).toBe(SCHEMA_VERSION + 1);
      expect(Number(db.pragma("application_id"))).toBe(APPLICATION_ID);
      expect(db.query("SELECT name, label FROM projects").all()).toEqual([{ name: "weather", label: "was weather" }]);
      expect(db.query("SELECT id FROM runs ORDER BY no").all()).toEqual(ids.map((id) => ({ id })));
      expect(db.query("SELECT count(*) AS n FROM texts WHERE texts MATCH 'umbrella'").get()).toMatchObject({ n: 1 });
    });
    // What the next release has written is not this one's to open.
    await expect(startLocalServer({ dataDir: directory })).rejects.toMatchObject({ code: "LSB_ERR_LOCAL_DATA_NEWER" });
  });

  it("goes through several steps in their order, from where it stands", async () => {
    await filled();
    withFile((db) => {
      const later = "UPDATE projects SET label = label || ', twice'";
      migrate(db, [...STEPS, NEXT]);
      migrate(db, [...STEPS, NEXT, later, later]);
      expect(versionOf(db)).toBe(SCHEMA_VERSION + 3);
      expect(db.query("SELECT label FROM projects").get()).toMatchObject({ label: "was weather, twice, twice" });
    });
  });

  it("stays at its version, whole, when a step fails in its middle", async () => {
    const ids = await filled();
    withFile((db) => {
      const before = schemaOf(db);
      expect(() => migrate(db, [...STEPS, `${NEXT}; INSERT INTO nowhere VALUES (1)`])).toThrow(/nowhere/);
      expect(versionOf(db)).toBe(SCHEMA_VERSION);
      expect(schemaOf(db)).toEqual(before);
    });
    const server = await startLocalServer({ dataDir: directory });
    expect((await query(server.url, { id: ids })).length).toBe(2);
    await server.close();
  });
});
