// What the server derives: sums up the tree, families, times, statistics; projects and feedback; v1 through the client.
import { Client } from "langsmith";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../../src/index.js";
import { ingest, makeRun, query, readJson, SECOND, sendJson, sendMultipart } from "../support.js";

let server: LocalServer;
let client: Client;

beforeAll(async () => {
  server = await startLocalServer();
  client = new Client({ apiUrl: server.url, apiKey: "any" });
});
afterAll(() => server.close());

const usage = (input: number, output: number, cost?: number) => ({
  usage_metadata: {
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
    input_token_details: { cache_read: 2 },
    ...(cost === undefined ? {} : { input_cost: cost, output_cost: cost, total_cost: 2 * cost }),
  },
});

test.each([
  ["parents first", (runs: unknown[]) => runs],
  ["children first", (runs: unknown[]) => runs.toReversed()],
])("tokens and costs are summed up the tree: %s, in one request or in several", async (_name, order) => {
  for (const size of [1, 4]) {
    const root = makeRun();
    const chain = makeRun({ parent: root });
    const a = makeRun({ parent: chain, run_type: "llm", outputs: usage(10, 5, 0.1) });
    const b = makeRun({ parent: root, run_type: "llm", extra: { metadata: usage(3, 1, 0.2) } });
    const runs = order([root, chain, a, b]) as (typeof root)[];
    for (let from = 0; from < runs.length; from += size) await ingest(server.url, runs.slice(from, from + size));
    const read = async (id: string) => readJson(await fetch(`${server.url}/runs/${id}`));
    expect(await read(root.id)).toMatchObject({
      prompt_tokens: 13,
      completion_tokens: 6,
      total_tokens: 19,
      prompt_cost: "0.3",
      total_cost: "0.6",
      prompt_token_details: { cache_read: 4 },
    });
    expect(await read(chain.id)).toMatchObject({ total_tokens: 15, total_cost: "0.2" });
    expect(await read(a.id)).toMatchObject({ total_tokens: 15 });
  }
});

test("a patch's usage takes the place of the post's in every sum", async () => {
  const root = makeRun();
  const pending = makeRun({ parent: root, run_type: "llm", seconds: null, outputs: usage(1, 1) });
  await ingest(server.url, [root, pending]);
  const patch = makeRun({ parent: root, id: pending.id, run_type: "llm", outputs: usage(10, 20) });
  expect((await sendMultipart(server.url, { patch: [patch] })).status).toBe(202);
  expect(await readJson(await fetch(`${server.url}/runs/${root.id}`))).toMatchObject({ total_tokens: 30 });
});

test("a run names its ancestors and descendants, its trace's span and its page", async () => {
  const root = makeRun({ seconds: 4 });
  const middle = makeRun({ parent: root, at: SECOND });
  const leaf = makeRun({ parent: middle, at: 2 * SECOND });
  await ingest(server.url, [leaf, middle, root]);
  expect(await readJson(await fetch(`${server.url}/api/v1/runs/${root.id}`))).toMatchObject({
    child_run_ids: [middle.id, leaf.id],
    direct_child_run_ids: [middle.id],
    parent_run_ids: [],
    trace_min_start_time: root["start_time"],
    trace_max_start_time: leaf["start_time"],
    app_path: `/traces/${root.id}`,
  });
  expect(await readJson(await fetch(`${server.url}/runs/${leaf.id}`))).toMatchObject({
    parent_run_ids: [root.id, middle.id],
    child_run_ids: [],
    app_path: `/traces/${root.id}?run=${leaf.id}`,
  });
  expect((await fetch(`${server.url}/traces/${root.id}`)).headers.get("content-type")).toContain("text/html");
});

test("every selectable field is answered, an unknown one is refused", async () => {
  const run = makeRun({ session_name: "select" });
  await ingest(server.url, [run]);
  const [picked] = await query(server.url, {
    trace: run.id,
    select: ["name", "status", "inputs_preview", "child_run_ids"],
  });
  expect(Object.keys(picked ?? {}).sort()).toEqual([
    "child_run_ids",
    "direct_child_run_ids",
    "inputs_preview",
    "name",
    "status",
  ]);
  expect((await sendJson(server.url, "POST", "/runs/query", { select: ["nmae"] })).status).toBe(422);
});

test("pages follow one another in both orders, back and forth, while runs come in", async () => {
  const project = await client.createProject({ projectName: "pages" });
  const runs = Array.from({ length: 25 }, (_, index) =>
    makeRun({ session_name: "pages", name: `n${String(index).padStart(2, "0")}`, at: Math.floor(index / 3) * SECOND }),
  );
  await ingest(server.url, runs);
  for (const order of ["asc", "desc"]) {
    const body = { session: [project.id], order, limit: 10, select: ["name"] };
    const page = async (cursor?: unknown) =>
      readJson(await sendJson(server.url, "POST", "/runs/query", { ...body, cursor }));
    const first = await page();
    if (order === "desc")
      await ingest(server.url, [makeRun({ session_name: "pages", name: "late", at: 900 * SECOND })]);
    const second = await page((first["cursors"] as { next: string }).next);
    const third = await page((second["cursors"] as { next: string }).next);
    const names = [first, second, third].flatMap((one) => (one["runs"] as { name: string }[]).map((run) => run.name));
    expect([names.length, new Set(names).size]).toEqual([25, 25]);
    expect((third["cursors"] as { next: unknown }).next).toBeNull();
    const back = await page((second["cursors"] as { prev: string }).prev);
    expect(back["runs"]).toEqual(first["runs"]);
  }
  expect((await sendJson(server.url, "POST", "/runs/query", { cursor: "x" })).status).toBe(400);
  expect((await sendJson(server.url, "POST", "/runs/query", { limit: 101 })).status).toBe(422);
});

test("every argument of a query narrows it", async () => {
  const example = "0190a1b2-c3d4-7ef0-a5b6-6ea3a82e9327";
  const root = makeRun({ session_name: "arguments", name: "root", seconds: 5 });
  const child = makeRun({
    session_name: "arguments",
    name: "child",
    parent: root,
    run_type: "tool",
    at: SECOND,
    reference_example_id: example,
    inputs: { q: "zebra" },
  });
  await ingest(server.url, [root, child]);
  const { id } = await client.readProject({ projectName: "arguments" });
  const names = async (body: Record<string, unknown>) =>
    (await query(server.url, { session: [id], order: "asc", ...body })).map((run) => run["name"]);
  expect(await names({})).toEqual(["root", "child"]);
  expect(await names({ trace: root.id })).toEqual(["root", "child"]);
  expect(await names({ parent_run: root.id })).toEqual(["child"]);
  expect(await names({ run_type: "tool" })).toEqual(["child"]);
  expect(await names({ is_root: true })).toEqual(["root"]);
  expect(await names({ is_root: false })).toEqual(["child"]);
  expect(await names({ execution_order: 1 })).toEqual(["root"]);
  expect(await names({ reference_example: [example] })).toEqual(["child"]);
  expect(await names({ start_time: "2026-01-15T12:00:01" })).toEqual(["child"]);
  expect(await names({ end_time: "2026-01-15T12:00:00.5" })).toEqual(["root"]);
  expect(await names({ query: "zebra" })).toEqual(["child"]);
  expect(await names({ search_filter: 'search("zebra")', filter: 'eq(name, "root")' })).toEqual([]);
  expect(await names({ session: [id, example] })).toEqual(["root", "child"]);
  expect(await names({ session: [example] })).toEqual([]);
  for (const wrong of [{ run_type: "x" }, { session: ["x"] }, { start_time: "x" }, { error: 1 }, { order: "up" }]) {
    expect((await sendJson(server.url, "POST", "/runs/query", wrong)).status).toBe(422);
  }
});

test("statistics of runs, of traces, by group, and of a project", async () => {
  const make = (index: number) => {
    const root = makeRun({
      session_name: "stats",
      name: "root",
      at: index * SECOND,
      seconds: index,
      ...(index === 4 ? { error: "x" } : {}),
    });
    const llm = makeRun({
      parent: root,
      session_name: "stats",
      name: "llm",
      run_type: "llm",
      at: index * SECOND,
      tags: [index % 2 ? "odd" : "even"],
      outputs: usage(index, 1, 0.5),
      extra: { metadata: { model: `m${index % 2}` } },
    });
    return [root, llm];
  };
  await ingest(server.url, [1, 2, 3, 4].flatMap(make));
  const { id } = await client.readProject({ projectName: "stats" });
  const all = await client.getRunStats({ projectNames: ["stats"] });
  expect(all).toMatchObject({ run_count: 8, total_tokens: 14, prompt_tokens: 10, total_cost: 4, error_rate: 1 / 8 });
  const roots = await client.getRunStats({ projectIds: [id], isRoot: true });
  expect(roots).toMatchObject({ run_count: 4, latency_p50: 2.5, total_tokens: 14, error_rate: 0.25, median_tokens: 4 });
  const grouped = async (group_by: unknown) =>
    readJson(await sendJson(server.url, "POST", "/runs/stats", { session: [id], group_by, select: ["run_count"] }));
  expect(await grouped({ attribute: "run_type" })).toEqual({ chain: { run_count: 4 }, llm: { run_count: 4 } });
  expect(await grouped({ attribute: "tag" })).toEqual({ odd: { run_count: 2 }, even: { run_count: 2 } });
  expect(await grouped({ attribute: "metadata", path: "model" })).toEqual({
    m0: { run_count: 2 },
    m1: { run_count: 2 },
  });
  const project = await client.readProject({ projectName: "stats", includeStats: true });
  expect(project).toMatchObject({ run_count: 8, total_tokens: 14, error_rate: 1 / 8, total_cost: "4" });
});

test("projects are created, found, changed and deleted", async () => {
  const created = await client.createProject({ projectName: "mine", description: "d", metadata: { team: "a" } });
  await expect(client.createProject({ projectName: "mine" })).rejects.toThrow();
  expect((await client.createProject({ projectName: "mine", description: "e", upsert: true })).id).toBe(created.id);
  expect(await client.hasProject({ projectName: "mine" })).toBe(true);
  expect(await client.hasProject({ projectName: "not mine" })).toBe(false);
  await client.updateProject(created.id, { name: "renamed", description: "f" });
  expect(await client.readProject({ projectId: created.id })).toMatchObject({ name: "renamed", description: "f" });
  const found = async (args: Parameters<Client["listProjects"]>[0]) => {
    const names = [];
    for await (const project of client.listProjects(args)) names.push(project.name);
    return names;
  };
  expect(await found({ nameContains: "RENAM" })).toEqual(["renamed"]);
  expect(await found({ projectIds: [created.id] })).toEqual(["renamed"]);
  expect(await found({ metadata: { team: "b" } })).toEqual([]);
  const run = makeRun({ session_name: "renamed", outputs: { word: "quokka" } });
  await ingest(server.url, [run]);
  await client.deleteProject({ projectName: "renamed" });
  expect(await client.hasProject({ projectName: "renamed" })).toBe(false);
  expect((await fetch(`${server.url}/runs/${run.id}`)).status).toBe(404);
  expect(await query(server.url, { filter: 'search("quokka")' })).toEqual([]);
});

test("feedback is created, read, changed, listed, summed up and deleted", async () => {
  const [run, other] = [makeRun({ session_name: "feedback" }), makeRun({ session_name: "feedback" })];
  await ingest(server.url, [run, other]);
  const { id: sessionId } = await client.readProject({ projectName: "feedback" });
  const first = await client.createFeedback(run.id, "score", { score: 1, comment: "good", sessionId });
  await client.createFeedback(run.id, "score", { score: 0.5, sessionId });
  await client.createFeedback(run.id, "label", { value: "cat", sessionId, feedbackSourceType: "model" });
  // With its trace's id the client sends it as a part of a multipart request.
  await client.createFeedback(other.id, "score", { score: true, sessionId, traceId: other.trace_id });
  await client.awaitPendingTraceBatches();
  expect(await client.readFeedback(first.id)).toMatchObject({
    key: "score",
    score: 1,
    comment: "good",
    run_id: run.id,
    session_id: sessionId,
  });
  await client.updateFeedback(first.id, { score: 0, comment: "bad" });
  const list = async (args: Parameters<Client["listFeedback"]>[0]) => {
    const found = [];
    for await (const one of client.listFeedback(args)) found.push(one);
    return found;
  };
  expect((await list({ runIds: [run.id] })).map((one) => one.key).sort()).toEqual(["label", "score", "score"]);
  expect((await list({ runIds: [run.id, other.id], feedbackKeys: ["score"] })).map((one) => one.score).sort()).toEqual([
    0, 0.5, 1,
  ]);
  expect(await list({ runIds: [run.id], feedbackSourceTypes: ["model"] })).toHaveLength(1);
  expect((await client.readRun(run.id)).feedback_stats).toMatchObject({
    score: { n: 2, avg: 0.25, min: 0, max: 0.5, comments: ["bad"] },
    label: { n: 1, avg: null, values: { cat: 1 }, sources: ["model"] },
  });
  await client.deleteFeedback(first.id);
  await expect(client.readFeedback(first.id)).rejects.toThrow();
  expect((await sendJson(server.url, "POST", "/feedback", { run_id: run.id })).status).toBe(422);
  expect((await sendJson(server.url, "POST", "/feedback", { key: "k", run_id: run.id, score: "high" })).status).toBe(
    422,
  );
});

test("an error that is an interrupt is no failure", async () => {
  const failed = (name: string, metadata: object) =>
    makeRun({ name, session_name: "paused", error: "GraphInterrupt: []", extra: { metadata } });
  await ingest(server.url, [failed("paused", { ls_is_error_interrupt: true }), failed("failed", {})]);
  const runs = [];
  for await (const run of client.listRuns({ projectName: "paused" })) runs.push([run.name, run.status]);
  expect(runs.sort()).toEqual([
    ["failed", "error"],
    ["paused", "interrupted"],
  ]);
  const errors = [];
  for await (const run of client.listRuns({ projectName: "paused", error: true })) errors.push(run.name);
  expect(errors).toEqual(["failed"]);
});

test("of several thread keys the first of session_id, conversation_id, thread_id counts", async () => {
  const keyed = (name: string, metadata: object) => makeRun({ name, session_name: "keys", extra: { metadata } });
  await ingest(server.url, [
    keyed("all", { thread_id: "c", conversation_id: "b", session_id: "a" }),
    keyed("two", { thread_id: "c", conversation_id: "b" }),
    keyed("one", { thread_id: "c" }),
  ]);
  for (const [thread, name] of [
    ["a", "all"],
    ["b", "two"],
    ["c", "one"],
  ]) {
    const names = [];
    for await (const run of client.readThread({ threadId: String(thread), projectName: "keys" })) names.push(run.name);
    expect(names).toEqual([name]);
  }
});

test("runs are grouped into threads, and a thread is previewed", async () => {
  const turn = (thread: string, at: number, text: string) =>
    makeRun({
      session_name: "threads",
      at: at * SECOND,
      extra: { metadata: { thread_id: thread } },
      inputs: { messages: [{ role: "user", content: text }] },
      outputs: { messages: [{ role: "assistant", content: `re ${text}` }] },
    });
  await ingest(server.url, [
    turn("a", 1, "one"),
    turn("b", 2, "two"),
    turn("a", 3, "three"),
    makeRun({ session_name: "threads" }),
  ]);
  const groups = [];
  for await (const group of client.listGroupRuns({ projectName: "threads", groupBy: "conversation" }))
    groups.push(group);
  expect(groups.map((group) => [group.filter, group.count])).toEqual([
    ['eq(thread_id, "a")', 2],
    ['eq(thread_id, "b")', 1],
  ]);
  expect(groups[0]).toMatchObject({ first_inputs: "one", last_outputs: "re three", filter: 'eq(thread_id, "a")' });
  const { id } = await client.readProject({ projectName: "threads" });
  const names = [];
  for await (const run of client.readThread({ threadId: "a", projectName: "threads" })) names.push(run.start_time);
  expect(names).toHaveLength(2);
  const preview = await readJson(await fetch(`${server.url}/runs/threads/a?session_id=${id}`));
  expect(preview).toMatchObject({ thread_id: "a", previews: { first_human_last_ai: "human: one\nai: re three" } });
});
