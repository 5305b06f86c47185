// The data is its owner's alone, and nothing of it is committed by accident; texts are kept whole.
import { chmod, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startLocalServer } from "../../src/index.js";
import { ingest, makeRun, query, readJson, sendJson } from "../support.js";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "local-owner-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const FILES = ["runs.db", "runs.db-wal", "runs.db-shm", "server.lock"];
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

test.skipIf(process.platform === "win32")(
  "runs.db and its neighbours are the owner's alone, and become it",
  async () => {
    const dataDir = join(directory, "data");
    const server = await startLocalServer({ dataDir });
    await ingest(server.url, [makeRun()]);
    for (const file of FILES) expect([file, await modeOf(join(dataDir, file))]).toEqual([file, "600"]);
    expect(await modeOf(dataDir)).toBe("700");
    await server.close();

    await chmod(join(dataDir, "runs.db"), 0o644);
    const again = await startLocalServer({ dataDir });
    await ingest(again.url, [makeRun()]);
    for (const file of FILES) expect([file, await modeOf(join(dataDir, file))]).toEqual([file, "600"]);
    await again.close();
  },
);

test("a data directory that is made gets a .gitignore, one that was there does not", async () => {
  const made = join(directory, "a", "b");
  const there = join(directory, "there");
  await mkdir(there);
  for (const dataDir of [made, there]) await (await startLocalServer({ dataDir })).close();
  expect(await readFile(join(made, ".gitignore"), "utf8")).toBe("*\n");
  await expect(stat(join(there, ".gitignore"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("a NUL cuts nothing: names, errors, projects, threads, texts and feedback are whole, and are found", async () => {
  const server = await startLocalServer({ dataDir: directory });
  const { url } = server;
  const run = makeRun({
    name: "before\0after",
    error: "it\0broke",
    session_name: "pro\0ject",
    inputs: { text: "left\0right" },
    tags: ["a\0b"],
    extra: { metadata: { thread_id: "th\0read", "k\0ey": "v\0alue" } },
  });
  await ingest(url, [run]);
  const [stored] = await query(url, { id: [run.id] });
  const { name, error, inputs, tags, extra } = run;
  expect(stored).toMatchObject({ name, error, inputs, tags, extra, thread_id: "th\0read" });
  const project = await readJson(await fetch(`${url}/sessions/${stored?.["session_id"]}`));
  expect(project["name"]).toBe("pro\0ject");
  for (const filter of [
    'eq(name, "before\\u0000after")',
    'in(name, ["before\\u0000after"])',
    'eq(error, "it\\u0000broke")',
    'eq(thread_id, "th\\u0000read")',
    'search("right")',
    'search(error, "broke")',
    'has(tags, "a\\u0000b")',
    'and(eq(metadata_key, "k\\u0000ey"), eq(metadata_value, "v\\u0000alue"))',
  ]) {
    expect([filter, await query(url, { filter })]).toEqual([filter, [expect.objectContaining({ id: run.id })]]);
  }
  const feedback = { run_id: run.id, key: "k\0ey", comment: "com\0ment", value: "v\0alue", score: 1 };
  const { id } = await readJson(await sendJson(url, "POST", "/feedback", feedback));
  expect(await readJson(await fetch(`${url}/feedback/${id}`))).toMatchObject(feedback);
  await server.close();
});

test("what the doctor sent is in no list, and is found by who asks for it", async () => {
  const server = await startLocalServer();
  const [mine, its] = [makeRun({ name: "mine" }), makeRun({ name: "its", session_name: "otel-langsmith-doctor" })];
  await ingest(server.url, [mine, its]);
  const read = async (path: string) => JSON.stringify(await (await fetch(server.url + path)).json());
  for (const path of ["/sessions", "/api/v2/sessions", "/page/api/projects", "/page/api/traces"]) {
    expect(await read(path)).not.toMatch(/doctor|"its"/);
  }
  expect(await query(server.url, {})).toMatchObject([{ name: "mine" }]);
  expect(await query(server.url, { id: [its.id] })).toMatchObject([{ name: "its" }]);
  expect(await query(server.url, { trace: its.id })).toMatchObject([{ name: "its" }]);
  expect(await read("/sessions?name=otel-langsmith-doctor")).toContain("otel-langsmith-doctor");
  await server.close();
});
