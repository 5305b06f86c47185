// What the current `langsmith` client asks for beside runs: projects by v2, addresses, feedback links, links to runs.
import { AgentAddress, Client, RunTree, uuid7 } from "langsmith";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type LocalServer, startLocalServer } from "../../src/index.js";
import { detailOf, makeRun, readJson, sendJson, sendMultipart } from "../support.js";

let server: LocalServer;
let client: Client;

beforeAll(async () => {
  server = await startLocalServer();
  client = new Client({ apiUrl: server.url, apiKey: "any" });
});
afterAll(() => server.close());
afterEach(() => vi.restoreAllMocks());

test("a project named default is there from the start, for v1 and v2", async () => {
  const fresh = await startLocalServer();
  const other = new Client({ apiUrl: fresh.url, apiKey: "any" });
  const [first] = (await other.sessions.listV2()).items;
  expect(first).toMatchObject({ name: "default", type: "PROJECT" });
  expect((await other.readProject({ projectName: "default" })).id).toBe(first?.id);
  await fresh.close();
});

test("/info says a version that the client accepts without a warning", async () => {
  const warn = vi.spyOn(console, "warn");
  await new Client({ apiUrl: server.url, apiKey: "any" }).sessions.listV2();
  // The client looks at the version beside its request.
  await fetch(`${server.url}/info`);
  expect(warn.mock.calls.flat().join()).not.toContain("older than the minimum version");
  const { version } = await readJson(await fetch(`${server.url}/info`));
  expect(String(version)).toMatch(/^0\.(1[89]|[2-9]\d)\.\d+$/);
});

test("sessions.listV2 lists projects page by page, narrowed and sorted", async () => {
  for (const name of ["page a", "page b", "page c"]) await client.createProject({ projectName: name });
  const listed: string[] = [];
  for await (const project of client.sessions.listV2({
    name_contains: "page ",
    sort_by: "NAME",
    sort_order: "asc",
    page_size: 2,
    include_stats: true,
  })) {
    listed.push(project.name);
    expect(project).toMatchObject({ type: "PROJECT", run_count: 0 });
  }
  expect(listed).toEqual(["page a", "page b", "page c"]);
  const lacking = await fetch(`${server.url}/api/v2/sessions?tag_value_id=x`);
  expect([lacking.status, await detailOf(lacking)]).toEqual([501, expect.stringContaining("tag_value_id")]);
});

test("a run with an address goes to the agent's project, which sessions.resolve names", async () => {
  const address = new AgentAddress("customer-support", "local");
  const run = new RunTree({ name: "addressed", client, address, tracingEnabled: true });
  await run.postRun();
  await run.end({ a: 1 });
  await run.patchRun();
  await client.awaitPendingTraceBatches();
  const { session_id } = await client.sessions.resolve({ kind: "AGENT", id: "customer-support", environment: "LOCAL" });
  expect(await client.readRun(run.id)).toMatchObject({ session_id, status: "success" });
  const agents = (await client.sessions.listV2({ type: ["AGENT"] })).items;
  expect(agents.map((project) => project.id)).toEqual([session_id]);
  const unknown = client.sessions.resolve({ kind: "AGENT", id: "nobody", environment: "LOCAL" });
  await expect(unknown).rejects.toMatchObject({ status: 404 });
});

test("a presigned feedback link takes a score and a comment until it expires", async () => {
  const run = makeRun();
  await sendMultipart(server.url, { post: [run] });
  const link = await client.createPresignedFeedbackToken(run.id, "helpful", { expiration: { hours: 1 } });
  expect(Date.parse(link.expires_at)).toBeGreaterThan(Date.now() + 3_500_000);
  const clicked = await fetch(`${link.url}?score=1&comment=good`, { headers: { Origin: "https://app.example" } });
  expect(await readJson(clicked)).toMatchObject({ run_id: run.id, key: "helpful", score: 1, comment: "good" });
  const posted = await fetch(link.url, { method: "POST", body: JSON.stringify({ value: "words" }) });
  expect(await readJson(posted)).toMatchObject({ key: "helpful", value: "words" });
  expect((await fetch(`${link.url}?score=high`)).status).toBe(422);

  const late = await client.createPresignedFeedbackToken(run.id, "k", { expiration: "2020-01-01T00:00:00Z" });
  expect((await fetch(`${late.url}?score=1`)).status).toBe(404);
  const listed = [];
  for await (const token of client.listPresignedFeedbackTokens(run.id)) listed.push(token.id);
  expect(listed).toContain(link.id);
});

test("runs.getURL leads to the run on the page, whatever trace the caller names", async () => {
  const root = makeRun();
  const child = makeRun({ parent: root });
  await sendMultipart(server.url, { post: [root, child] });
  const { session_id } = await client.readRun(root.id);
  const { url } = await client.runs.getURL(child.id, {
    project_id: String(session_id),
    trace_id: root.id,
    start_time: String(child["start_time"]),
  });
  expect(url).toBe(`${server.url}/traces/${root.id}?run=${child.id}`);
  expect((await fetch(String(url))).headers.get("content-type")).toContain("text/html");
  // The older call believes LangSmith's own page at port 3000 for every address of this machine.
  expect(await client.getRunUrl({ runId: root.id })).toBe(`http://localhost:3000/traces/${root.id}`);
  const told = new Client({ apiUrl: server.url, apiKey: "any", webUrl: server.url });
  expect(await told.getRunUrl({ runId: root.id })).toBe(`${server.url}/traces/${root.id}`);
});

test.each([
  ["POST", "/datasets"],
  ["GET", "/api/v1/examples"],
  ["PUT", `/runs/${uuid7()}/share`],
  ["GET", `/runs/${uuid7()}/share`],
  ["POST", `/api/v2/runs/${uuid7()}/share`],
  ["GET", "/public/x/run"],
  ["GET", "/annotation-queues"],
  ["GET", "/repos/a/b"],
  ["POST", `/api/v1/sessions/${uuid7()}/dashboard`],
  ["GET", "/runs/rules"],
  ["GET", `/api/v1/sessions/${uuid7()}/insights`],
  ["GET", "/api/v1/sessions?filter=eq(name,1)"],
  ["GET", "/api/v2/sessions?tag_value_id=x"],
  ["POST", "/otel/v1/traces"],
  ["GET", "/api/v1/settings"],
  ["POST", "/v1/platform/datasets/x/examples"],
])("%s %s, which LangSmith has and this server does not, is 501 with a sentence", async (method, path) => {
  const response = await sendJson(server.url, method, path, method === "GET" ? undefined : {});
  expect([response.status, await detailOf(response)]).toEqual([501, expect.stringContaining("not part of the local")]);
});
