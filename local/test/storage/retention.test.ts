// Retention: whole traces, the ones longest without news first, with everything that belongs to them.
import { expect, test } from "vitest";
import { startLocalServer } from "../../src/index.js";
import { openDataDirectory } from "../../src/storage/open.js";
import { retain, usedBytes } from "../../src/storage/retention.js";
import { store } from "../../src/storage/writer.js";
import { nowMicros } from "../../src/time.js";
import { ingest, makeRun, query, SECOND } from "../support.js";

const TABLES = ["traces", "runs", "contents", "texts", "facets", "feedback", "attachments", "early_totals"];

test("what is too old goes with its feedback, attachments, texts and sums; the rest stays", () => {
  const data = openDataDirectory(":memory:", "serve");
  const { db } = data;
  const take = (word: string): string => {
    const root = makeRun({ inputs: { word } });
    const usage = { usage_metadata: { input_tokens: 1, output_tokens: 1 } };
    const orphan = makeRun({ parent: makeRun({ parent: root }), outputs: usage });
    store(
      db,
      {
        operations: [root, orphan].map((run) => ({ kind: "post", run })),
        feedback: [{ run_id: root.id, trace_id: root.id, key: "k", score: 1 }],
        attachments: [{ runId: root.id, name: "a", mimeType: "text/plain", data: Buffer.from("x") }],
      },
      100,
    );
    return root.id;
  };
  const old = take("ancient");
  db.prepare("UPDATE traces SET changed_us = ? WHERE id = ?").run(nowMicros() - 10 * SECOND, old);
  const kept = take("fresh");
  const result = retain(db, { maxAgeMillis: 5000, maxBytes: Number.POSITIVE_INFINITY }, nowMicros());
  expect(result).toEqual({ deleted: 1, isMore: false });
  expect(db.prepare("SELECT id FROM traces").all()).toEqual([{ id: kept }]);
  expect(db.prepare("SELECT rowid FROM texts WHERE texts MATCH 'ancient'").all()).toEqual([]);
  expect(db.prepare("SELECT rowid FROM texts WHERE texts MATCH 'fresh'").all()).toHaveLength(1);
  retain(db, { maxAgeMillis: 0, maxBytes: Number.POSITIVE_INFINITY }, nowMicros() + SECOND);
  const left = TABLES.map((table) => Number(db.query(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]));
  expect(left).toEqual(TABLES.map(() => 0));
  data.close();
});

test("beyond the size the traces longest without news go until the data fits", () => {
  const data = openDataDirectory(":memory:", "serve");
  const { db } = data;
  const roots = Array.from({ length: 400 }, () => makeRun({ inputs: { text: "some words ".repeat(800) } }));
  for (const [index, run] of roots.entries()) {
    store(db, { operations: [{ kind: "post", run }], feedback: [], attachments: [] }, 100);
    db.prepare("UPDATE traces SET changed_us = ? WHERE id = ?").run(index, run.id);
  }
  const maxBytes = Math.round(usedBytes(db) * 0.7);
  expect(retain(db, { maxAgeMillis: Number.POSITIVE_INFINITY, maxBytes }, nowMicros()).deleted).toBeGreaterThan(0);
  expect(usedBytes(db)).toBeLessThanOrEqual(maxBytes);
  const left = db
    .prepare("SELECT id FROM runs ORDER BY no")
    .all()
    .map((row) => row["id"]);
  expect(left.length).toBeGreaterThan(100);
  expect(left).toEqual(roots.slice(-left.length).map((run) => run.id));
  data.close();
});

test("a server retains on request, and as data comes in", async () => {
  const server = await startLocalServer({ maxAgeDays: 1e-9 });
  await ingest(server.url, [makeRun()]);
  await ingest(server.url, [makeRun()]);
  server.retain();
  expect(await query(server.url, {})).toEqual([]);
  await server.close();
});
