// The data directory: damaged, foreign, newer or in use is a clear error; what was written is there the next time.
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startLocalServer } from "../../src/index.js";
import { openDb } from "../../src/storage/database.js";
import { SCHEMA_VERSION } from "../../src/storage/migrations.js";
import { ingest, makeRun, query } from "../support.js";

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "local-open-"));
  file = join(directory, "runs.db");
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function filled(): Promise<string> {
  const server = await startLocalServer({ dataDir: directory });
  const runs = Array.from({ length: 300 }, (_, index) => makeRun({ inputs: { text: `word${index} `.repeat(50) } }));
  await ingest(server.url, runs);
  await server.close();
  return String(runs[0]?.id);
}

test("what was stored is there after a restart", async () => {
  const id = await filled();
  const server = await startLocalServer({ dataDir: directory });
  expect(await query(server.url, { id: [id] })).toHaveLength(1);
  expect(await query(server.url, { filter: 'search("word299")' })).toHaveLength(1);
  await server.close();
});

test.each([
  ["a text file", "this is not a database, but somebody's notes\n"],
  ["a short file", "x"],
])("%s is foreign, and left as it is", async (_name, content) => {
  await writeFile(file, content);
  await expect(startLocalServer({ dataDir: directory })).rejects.toMatchObject({
    code: "LSB_ERR_LOCAL_DATA_FOREIGN",
    message: expect.stringContaining(file),
  });
  expect(await readFile(file, "utf8")).toBe(content);
});

test("another program's database is foreign", async () => {
  const db = openDb(file);
  db.exec("CREATE TABLE notes (text)");
  db.close();
  await expect(startLocalServer({ dataDir: directory })).rejects.toMatchObject({ code: "LSB_ERR_LOCAL_DATA_FOREIGN" });
});

test("a damaged file is a clear error", async () => {
  await filled();
  const handle = await open(file, "r+");
  const { size } = await handle.stat();
  for (let at = 16_384; at < size; at += 16_384) await handle.write(Buffer.alloc(4096, 0x5a), 0, 4096, at);
  await handle.close();
  await expect(startLocalServer({ dataDir: directory })).rejects.toMatchObject({
    code: "LSB_ERR_LOCAL_DATA_DAMAGED",
    message: expect.stringMatching(/is damaged .*Move it away/),
  });
});

test("a cut file is a clear error", async () => {
  await filled();
  const handle = await open(file, "r+");
  await handle.truncate(Math.floor((await handle.stat()).size / 2));
  await handle.close();
  await expect(startLocalServer({ dataDir: directory })).rejects.toMatchObject({ code: "LSB_ERR_LOCAL_DATA_DAMAGED" });
});

test("a newer release's file is not touched", async () => {
  await filled();
  const db = openDb(file);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  db.close();
  await expect(startLocalServer({ dataDir: directory })).rejects.toMatchObject({ code: "LSB_ERR_LOCAL_DATA_NEWER" });
});

test("a directory that a server has open is not opened twice, and is free again after it", async () => {
  const first = await startLocalServer({ dataDir: directory });
  await expect(startLocalServer({ dataDir: directory })).rejects.toMatchObject({ code: "LSB_ERR_LOCAL_DATA_IN_USE" });
  await Promise.all([first.close(), first.close()]);
  await (await startLocalServer({ dataDir: directory })).close();
});

test("a taken port and a bad option are clear errors", async () => {
  const first = await startLocalServer();
  await expect(startLocalServer({ port: first.port })).rejects.toMatchObject({ code: "LSB_ERR_LOCAL_LISTEN" });
  await first.close();
  await expect(startLocalServer({ port: 70_000 })).rejects.toMatchObject({ code: "LSB_ERR_LOCAL_OPTION" });
  await expect(startLocalServer({ maxAgeDays: -1 })).rejects.toThrow("maxAgeDays");
});
