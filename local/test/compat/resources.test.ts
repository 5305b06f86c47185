// Programs like those of the `langsmith` package's own tests of its newer resources: runs created without a place, read
// back as runs, traces and threads; projects and statistics.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bench, listOf, projectName, startBench } from "./support.js";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.server.close());

/** Two runs of one thread, each a trace, as a program without batches creates them. */
async function twoRuns() {
  const client = bench.client({ autoBatchTracing: false });
  const name = projectName("resources");
  const now = Date.now();
  const thread_id = `thread-${randomUUID()}`;
  const extra = { metadata: { thread_id, session_id: null, conversation_id: null } };
  for (const i of [1, 2]) {
    const run = { name: `run_${i}`, inputs: { i }, run_type: "llm", project_name: name, extra };
    await client.createRun({ ...run, start_time: now + (i - 1) * 1000 });
  }
  const { id: project_id } = await client.readProject({ projectName: name });
  const iso = (millis: number) => new Date(millis).toISOString();
  const window = { min_start_time: iso(now - 3_600_000), max_start_time: iso(now + 300_000) };
  return { client, name, project_id, thread_id, window };
}

describe("runs without id, trace and order", () => {
  test("are roots of their own, listed in their project", async () => {
    const { client, name } = await twoRuns();
    const runs = await listOf(client.listRuns({ projectName: name, isRoot: true, order: "asc" }));
    expect(runs.map((run) => [run.name, run.trace_id === run.id])).toEqual([
      ["run_1", true],
      ["run_2", true],
    ]);
  });

  test("are found as traces, with their runs", async () => {
    const { client, project_id, window } = await twoRuns();
    const { items } = await client.traces.query({ project_id, page_size: 10, ...window });
    expect(items).toHaveLength(2);
    const listed = await client.traces.listRuns(String(items[0]?.root_run?.id), { project_id });
    expect(listed.items).toHaveLength(1);
  });

  test("are found as a thread, with its traces and statistics", async () => {
    const { client, project_id, thread_id, window } = await twoRuns();
    const threads = await client.threads.query({ project_id, page_size: 10, ...window });
    expect(threads.items.map((thread) => thread.thread_id)).toEqual([thread_id]);
    expect((await client.threads.listTraces(thread_id, { project_id, page_size: 10 })).items).toHaveLength(2);
    const stats = await client.threads.stats(thread_id, { selects: ["TURNS"], session_id: project_id });
    expect(stats).toMatchObject({ turns: 2 });
  });

  test("are queried and retrieved by v2 when they came complete", async () => {
    const client = bench.client();
    const [id, name, start] = [randomUUID(), projectName("v2"), new Date()];
    const run = { id, name: "root", run_type: "chain", inputs: { input: "hello" }, outputs: { result: "ok" } };
    await client.createRun({ ...run, start_time: start.getTime(), end_time: Date.now(), project_name: name });
    await client.awaitPendingTraceBatches();
    const { id: project_id } = await client.readProject({ projectName: name });
    const found = await listOf(client.runs.query({ project_ids: [project_id], selects: ["ID", "NAME", "TRACE_ID"] }));
    expect(found).toMatchObject([{ id, name: "root", trace_id: id }]);
    const retrieved = await client.runs.retrieve(id, { project_id, start_time: start.toISOString() });
    expect(retrieved.id).toBe(id);
  });

  test("carry the revision that they name", async () => {
    const client = bench.client({ autoBatchTracing: false });
    const run = { id: randomUUID(), project_name: projectName("revision"), name: "run", run_type: "llm", inputs: {} };
    await client.createRun({ ...run, start_time: Date.now(), revision_id: "a revision" });
    expect((await client.readRun(run.id)).extra?.["metadata"]).toMatchObject({ revision_id: "a revision" });
  });
});

describe("projects", () => {
  test("are found by their metadata", async () => {
    const client = bench.client();
    const [name, foobar] = [projectName("metadata"), randomUUID()];
    await client.createProject({ projectName: name, metadata: { foobar, baz: "qux" } });
    const found = await listOf(client.listProjects({ metadata: { foobar } }));
    expect(found.map((project) => project.name)).toEqual([name]);
    await client.deleteProject({ projectName: name });
    expect(await client.hasProject({ projectName: name })).toBe(false);
  });

  test("of a name that is taken are a conflict", async () => {
    const client = bench.client();
    const name = projectName("twice");
    await client.createProject({ projectName: name });
    await expect(client.createProject({ projectName: name })).rejects.toMatchObject({ name: "LangSmithConflictError" });
  });

  test("have statistics, the one named default too, before its first run", async () => {
    const stats = await bench.client().getRunStats({ projectNames: ["default"], runType: "llm" });
    expect(stats).toMatchObject({ run_count: 0 });
  });
});
