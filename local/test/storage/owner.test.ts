// The data is its owner's alone, and nothing of it is committed by accident; texts are kept whole.
import { chmod, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startLocalServer } from "../../src/index.js";
import { formatTime } from "../../src/time.js";
import { ingest, makeRun, query, readJson, SECOND, sendJson, T0 } from "../support.js";

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

// The noncharacters are what the file has in place of a NUL, and of themselves.
test.each([
  ["a NUL", "\0"],
  ["U+FDD0", "\ufdd0"],
  ["what stands for a NUL", "\ufdd0\ufdd1"],
  ["what stands for U+FDD0", "\ufdd0\ufdd2"],
  ["all of them", "\0\ufdd0\0\ufdd1\ufdd2\ufdd0\ufdd0"],
])("%s cuts and changes nothing: all texts come back as they were, and are found", async (_, char) => {
  const server = await startLocalServer({ dataDir: directory });
  const { url } = server;
  const between = (left: string, right: string): string => `${left}${char}${right}`;
  const quoted = (left: string, right: string): string => JSON.stringify(between(left, right));
  const whole = {
    name: between("before", "after"),
    error: between("it", "broke"),
    inputs: { text: between("left", "right"), [between("k", "ey")]: 1 },
    tags: [between("a", "b")],
    extra: { metadata: { thread_id: between("th", "read"), [between("k", "ey")]: between("v", "alue") } },
  };
  const run = makeRun({ ...whole, session_name: between("pro", "ject") });
  const patched = makeRun({ seconds: null, session_name: run["session_name"], inputs: {} });
  await ingest(url, [run, patched]);
  const patch = { ...whole, end_time: formatTime(T0 + SECOND) };
  expect((await sendJson(url, "PATCH", `/runs/${patched.id}`, patch)).status).toBe(202);
  for (const id of [run.id, patched.id]) {
    expect(await query(url, { id: [id] })).toMatchObject([{ ...whole, thread_id: between("th", "read") }]);
  }
  const [stored] = await query(url, { id: [run.id] });
  const project = await readJson(await fetch(`${url}/sessions/${stored?.["session_id"]}`));
  expect(project["name"]).toBe(between("pro", "ject"));
  for (const filter of [
    `eq(name, ${quoted("before", "after")})`,
    `in(name, [${quoted("before", "after")}])`,
    `eq(error, ${quoted("it", "broke")})`,
    `eq(thread_id, ${quoted("th", "read")})`,
    'search("right")',
    'search(error, "broke")',
    `has(tags, ${quoted("a", "b")})`,
    `and(eq(metadata_key, ${quoted("k", "ey")}), eq(metadata_value, ${quoted("v", "alue")}))`,
    `and(eq(input_key, ${quoted("k", "ey")}), gt(input_value, 0))`,
  ]) {
    expect([filter, (await query(url, { filter })).map(({ id }) => id).sort()]).toEqual([
      filter,
      [run.id, patched.id].sort(),
    ]);
  }
  const groups = await readJson(
    await sendJson(url, "POST", "/runs/group", { session_id: stored?.["session_id"], group_by: "conversation" }),
  );
  expect(groups["groups"]).toMatchObject([{ group_key: between("th", "read"), count: 2 }]);
  const feedback = { run_id: run.id, key: between("k", "ey"), comment: between("com", "ment"), value: char, score: 1 };
  const { id } = await readJson(await sendJson(url, "POST", "/feedback", feedback));
  expect(await readJson(await fetch(`${url}/feedback/${id}`))).toMatchObject(feedback);
  const keyed = `eq(feedback_key, ${quoted("k", "ey")})`;
  expect(await query(url, { filter: keyed })).toMatchObject([{ id: run.id }]);
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
