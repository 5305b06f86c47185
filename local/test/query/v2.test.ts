// The newer interface through the real client: client.runs, client.traces, client.threads.
import { Client } from "langsmith";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../../src/index.js";
import { ingest, makeRun, newId, SECOND, sendJson, T0 } from "../support.js";

let server: LocalServer;
let client: Client;
let project_id: string;
const NOW = Date.now() * 1000 - T0 - 60 * SECOND;
const metadata = { thread_id: "t-1" };
const root = makeRun({
  name: "agent",
  at: NOW,
  seconds: 3,
  tags: ["prod"],
  extra: { metadata },
  inputs: { q: "first" },
});
const llm = makeRun({
  parent: root,
  name: "model",
  run_type: "llm",
  at: NOW + SECOND,
  events: [{ name: "new_token", time: new Date((T0 + NOW) / 1000 + 1500).toISOString(), kwargs: { token: "h" } }],
  outputs: { usage_metadata: { input_tokens: 4, output_tokens: 6, total_tokens: 10, total_cost: 0.5 } },
  extra: { metadata },
});
const second = makeRun({
  name: "agent",
  at: NOW + 10 * SECOND,
  error: "boom",
  outputs: { a: "last" },
  extra: { metadata },
});
const other = makeRun({ name: "other", at: NOW + 20 * SECOND, extra: { metadata: { thread_id: "t-2" } } });
const old = makeRun({ name: "old", at: 0 });

beforeAll(async () => {
  server = await startLocalServer();
  client = new Client({ apiUrl: server.url, apiKey: "any" });
  await ingest(server.url, [root, llm, second, other, old]);
  project_id = (await client.readProject({ projectName: "tests" })).id;
});
afterAll(() => server.close());

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
}

test("runs.query finds the last day's runs by default, with the selected fields, page by page", async () => {
  const runs = await all(
    client.runs.query({ project_ids: [project_id], selects: ["NAME", "STATUS", "RUN_TYPE"], page_size: 2 }),
  );
  expect(runs).toEqual([
    { name: "other", status: "SUCCESS", run_type: "CHAIN" },
    { name: "agent", status: "ERROR", run_type: "CHAIN" },
    { name: "model", status: "SUCCESS", run_type: "LLM" },
    { name: "agent", status: "SUCCESS", run_type: "CHAIN" },
  ]);
  expect(await all(client.runs.query({ project_ids: [project_id], filter: 'eq(name, "model")' }))).toEqual([
    { id: llm.id },
  ]);
});

test.each([
  ["ids", { ids: [llm.id] }, ["model"]],
  ["has_error", { has_error: true }, ["agent"]],
  ["is_root", { is_root: false }, ["model"]],
  ["run_type", { run_type: "LLM" }, ["model"]],
  ["trace_id", { trace_id: root.id }, ["agent", "model"]],
  ["trace_filter", { trace_filter: 'has(tags, "prod")' }, ["agent", "model"]],
  ["tree_filter", { tree_filter: 'eq(run_type, "llm")' }, ["agent", "model"]],
  ["time bounds", { min_start_time: "2026-01-15T00:00:00Z", max_start_time: "2026-01-16T00:00:00Z" }, ["old"]],
] as const)("runs.query: %s", async (_name, args, expected) => {
  const runs = await all(
    client.runs.query({ project_ids: [project_id], selects: ["NAME"], sort_order: "ASC", ...args } as never),
  );
  expect(runs.map((run) => (run as { name: string }).name)).toEqual(expected);
});

test("runs.retrieve answers one run in v2's form", async () => {
  const run = await client.runs.retrieve(llm.id, {
    project_id,
    selects: [
      "ID",
      "NAME",
      "LATENCY_SECONDS",
      "FIRST_TOKEN_TIME",
      "METADATA",
      "EVENTS",
      "TOTAL_TOKENS",
      "TOTAL_COST",
      "PROMPT_TOKEN_DETAILS",
      "PARENT_RUN_IDS",
      "IS_ROOT",
      "THREAD_ID",
      "TRACE_ID",
      "PROJECT_ID",
      "APP_PATH",
    ],
  });
  expect(run).toMatchObject({
    id: llm.id,
    name: "model",
    latency_seconds: 1,
    metadata,
    events: [{ name: "new_token", kwargs: { token: "h" } }],
    total_tokens: 10,
    total_cost: 0.5,
    prompt_token_details: { raw: {} },
    parent_run_ids: [root.id],
    is_root: false,
    thread_id: "t-1",
    trace_id: root.id,
    project_id,
  });
  await expect(client.runs.retrieve(newId(), { project_id })).rejects.toThrow(/404/);
});

test("tokens are the tree's, or the run's own when asked", async () => {
  const ask = (more: Record<string, unknown>) =>
    all(client.runs.query({ project_ids: [project_id], ids: [root.id], selects: ["TOTAL_TOKENS"], ...more } as never));
  expect(await ask({})).toEqual([{ total_tokens: 10 }]);
  expect(await ask({ include_subtree_usage: false })).toEqual([{ total_tokens: 0 }]);
});

test("traces.listRuns and traces.query", async () => {
  const bounds = { min_start_time: String(root["start_time"]), max_start_time: String(llm["start_time"]) };
  const runs = await client.traces.listRuns(root.id, { project_id, selects: ["NAME"], ...bounds });
  expect(runs.items).toEqual([{ name: "agent" }, { name: "model" }]);
  const filtered = await client.traces.listRuns(root.id, {
    project_id,
    selects: ["NAME"],
    filter: 'eq(run_type, "llm")',
  });
  expect(filtered.items).toEqual([{ name: "model" }]);
  const traces = await all(
    client.traces.query({ project_id, trace_ids: [root.id], selects: ["NAME", "TOTAL_TOKENS", "FIRST_TOKEN_TIME"] }),
  );
  expect(traces).toMatchObject([{ root_run: { id: root.id, name: "agent" }, trace_aggregates: { total_tokens: 10 } }]);
  expect(traces[0]?.trace_aggregates?.first_token_time).toBeTruthy();
});

test("threads.query, listTraces and stats", async () => {
  const threads = await all(client.threads.query({ project_id, page_size: 1 }));
  expect(threads.map((thread) => [thread.thread_id, thread.count])).toEqual([
    ["t-2", 1],
    ["t-1", 2],
  ]);
  expect(threads[1]).toMatchObject({
    first_trace_id: root.id,
    last_trace_id: second.id,
    first_inputs: "first",
    last_outputs: "last",
    last_error: "boom",
    num_errored_turns: 1,
    total_tokens: 10,
  });
  const traces = await all(
    client.threads.listTraces("t-1", { project_id, selects: ["NAME", "LATENCY", "ERROR_PREVIEW"], page_size: 1 }),
  );
  expect(traces).toEqual([
    { trace_id: root.id, name: "agent", latency: 3 },
    { trace_id: second.id, name: "agent", latency: 1, error_preview: "boom" },
  ]);
  const stats = await client.threads.stats("t-1", {
    session_id: project_id,
    selects: ["TURNS", "TOTAL_TOKENS", "LATENCY_P50"],
  });
  expect(stats).toEqual({ turns: 2, total_tokens: 10, latency_p50_seconds: 2 });
});

test("threads.listTraces says each trace's turn in its thread, whatever is left out of the page", async () => {
  const last = await all(
    client.threads.listTraces("t-1", { project_id, selects: ["TURN_NUMBER"], filter: 'eq(status, "error")' }),
  );
  expect(last).toEqual([{ trace_id: second.id, turn_number: 2 }]);
});

test("streaming queries give the items of every page", async () => {
  const streamed = client.traces.streaming.queryItems({ project_id, selects: ["NAME"], page_size: 2 });
  expect((await all(streamed)).map((trace) => trace.root_run?.name)).toEqual(["other", "agent", "agent"]);
  const threads = await all(client.threads.streaming.queryItems({ project_id, page_size: 1 }));
  expect(threads.map((thread) => thread.thread_id)).toEqual(["t-2", "t-1"]);
  const [event] = await all(await client.runs.streaming.queryV2({ project_ids: [project_id], page_size: 1 }));
  expect(event).toEqual([{ op: "add", path: "", value: expect.objectContaining({ has_more: true }) }]);
});

// The langsmith SDK numbers the runs of a millisecond in their start's microseconds, and not in their end's.
test("a run that ends a microsecond before its start took no time, wherever its latency is told", async () => {
  const session_name = "no time";
  const run = makeRun({ session_name, seconds: -1e-6, extra: { metadata: { thread_id: "instant" } } });
  await ingest(server.url, [run]);
  const project = await client.readProject({ projectName: session_name, includeStats: true });
  expect(project).toMatchObject({ latency_p50: 0, latency_p99: 0 });
  expect(await all(client.listRuns({ projectId: project.id, filter: "gte(latency, 0)" }))).toHaveLength(1);
  expect(await all(client.listRuns({ projectId: project.id, filter: "lt(latency, 0)" }))).toEqual([]);
  const [read] =
    (await client.traces.listRuns(run.id, { project_id: project.id, selects: ["LATENCY_SECONDS", "END_TIME"] }))
      .items ?? [];
  expect(read).toEqual({ latency_seconds: 0, end_time: run["end_time"] });
  const stats = await client.threads.stats("instant", { session_id: project.id, selects: ["LATENCY_P50"] });
  expect(stats).toEqual({ latency_p50_seconds: 0 });
});

test("listRuns finds the runs of an example, which the client names as one id", async () => {
  const reference_example_id = newId();
  const run = makeRun({ session_name: "examples", reference_example_id });
  await ingest(server.url, [run, makeRun({ session_name: "examples" })]);
  const found = await all(client.listRuns({ projectName: "examples", referenceExampleId: reference_example_id }));
  expect(found.map(({ id }) => id)).toEqual([run.id]);
});

test("threads.aggregateStats", async () => {
  const stats = await client.threads.aggregateStats({
    project_id,
    select: ["THREAD_COUNT", "TRACE_COUNT", "TOTAL_TOKENS", "ERROR_RATE", "LATENCY_P50"],
  });
  expect(stats).toEqual({
    thread_count: 2,
    trace_count: 3,
    total_tokens: 10,
    error_rate: 1 / 3,
    latency_p50_seconds: 1,
  });
});

test.each([
  ["no project", "POST", "/api/v2/runs/query", {}, 400],
  ["a project that is no UUID", "POST", "/api/v2/runs/query", { project_ids: ["x"] }, 422],
  ["an unknown project", "POST", "/api/v2/runs/query", { project_ids: [newId()] }, 404],
  ["a run without a project", "GET", `/api/v2/runs/${llm.id}`, undefined, 400],
  ["natural language", "POST", "/api/v2/threads/query", { ai_search: "angry users" }, 501],
])("refusals are problem details: %s", async (_name, method, path, body, status) => {
  const response = await sendJson(server.url, method, path, body);
  expect([response.status, response.headers.get("content-type")]).toEqual([status, "application/problem+json"]);
  expect(await response.json()).toMatchObject({ status, detail: expect.stringMatching(/\S/) });
});

test("a wrong v2 filter points at the place", async () => {
  const response = await sendJson(server.url, "POST", "/v2/runs/query", {
    project_ids: [project_id],
    filter: "eq(name 1)",
  });
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { detail: expect.stringContaining("position 9") },
  ]);
});
