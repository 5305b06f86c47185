// What the real `langsmith` client sends is taken, and reads back the same.
import { Client, RunTree } from "langsmith";
import { traceable } from "langsmith/traceable";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CAN_DECODE_ZSTD } from "../src/http/body.js";
import { type LocalServer, startLocalServer } from "../src/index.js";

let server: LocalServer;

beforeAll(async () => {
  server = await startLocalServer();
});
afterAll(() => server.close());

function clientOf(options: ConstructorParameters<typeof Client>[0] = {}): Client {
  return new Client({ apiUrl: server.url, apiKey: "any", ...options });
}

async function listed(client: Client, projectName: string) {
  const runs = [];
  for await (const run of client.listRuns({ projectName, order: "asc" })) runs.push(run);
  return runs;
}

test.each([
  ["as it comes", {}],
  ["under /api/v1", { prefix: "/api/v1" }],
  ["without batching", { autoBatchTracing: false }],
] as const)("a tree of traceables is taken and reads back the same: %s", async (name, options) => {
  const { prefix = "", ...rest } = { prefix: "", ...options };
  const client = clientOf({ apiUrl: server.url + prefix, ...rest });
  const project = `traceable ${name}`;
  const config = { client, project_name: project, tracingEnabled: true };
  const child = traceable(
    async (question: string) => {
      return { answer: `about ${question}`, usage_metadata: { input_tokens: 7, output_tokens: 5, total_tokens: 12 } };
    },
    { name: "model", run_type: "llm", ...config },
  );
  const failing = traceable(
    async () => {
      throw new Error("the tool broke");
    },
    { name: "tool", run_type: "tool", ...config },
  );
  const root = traceable(
    async (input: { question: string }) => {
      await failing().catch(() => undefined);
      // Not the child's whole output: a parent that repeats its child's usage counts it twice, as at the service.
      return { answer: (await child(input.question)).answer };
    },
    { name: "agent", tags: ["prod"], metadata: { user_id: "u-1" }, ...config },
  );
  await root({ question: "cats" });
  await client.awaitPendingTraceBatches();

  const runs = await listed(client, project);
  expect(runs.map((run) => run.name).sort()).toEqual(["agent", "model", "tool"]);
  const agent = runs.find((run) => run.name === "agent");
  const model = runs.find((run) => run.name === "model");
  const tool = runs.find((run) => run.name === "tool");
  expect(agent).toMatchObject({
    inputs: { question: "cats" },
    outputs: { answer: "about cats" },
    status: "success",
    tags: ["prod"],
    parent_run_id: null,
    total_tokens: 12,
    prompt_tokens: 7,
    completion_tokens: 5,
  });
  expect(agent?.extra?.["metadata"]).toMatchObject({ user_id: "u-1" });
  expect(model).toMatchObject({ parent_run_id: agent?.id, run_type: "llm", trace_id: agent?.id });
  expect(tool).toMatchObject({ parent_run_id: agent?.id, status: "error" });
  expect(tool?.error).toContain("the tool broke");
  const read = await client.readRun(agent?.id ?? "", { loadChildRuns: true });
  expect(read.child_runs?.map((run) => run.name).sort()).toEqual(["model", "tool"]);
  expect(read.start_time).toBe(agent?.start_time);
});

test("the client's compressed multipart requests are what is taken", async () => {
  const sent: string[] = [];
  const client = clientOf({
    fetchImplementation: async (input, init) => {
      const headers = new Headers(init?.headers);
      if (init?.method === "POST") sent.push(`${new URL(String(input)).pathname} ${headers.get("content-encoding")}`);
      return fetch(input, init);
    },
  });
  const traced = traceable(async () => "done", {
    name: "compressed",
    client,
    project_name: "gzip",
    tracingEnabled: true,
  });
  await traced();
  await client.awaitPendingTraceBatches();
  const encoding = CAN_DECODE_ZSTD ? /^\/runs\/multipart (gzip|zstd)$/ : /^\/runs\/multipart gzip$/;
  expect(sent.length).toBeGreaterThan(0);
  for (const request of sent) expect(request).toMatch(encoding);
  expect((await listed(clientOf(), "gzip")).map((run) => run.name)).toEqual(["compressed"]);
});

test("a pending RunTree is pending until its patch, with its attachment and its events", async () => {
  const client = clientOf();
  const run = new RunTree({
    name: "streamed",
    run_type: "llm",
    inputs: { prompt: "hi" },
    client,
    project_name: "pending",
    tracingEnabled: true,
    attachments: { note: ["text/plain", new TextEncoder().encode("a file")] },
  });
  await run.postRun();
  await client.awaitPendingTraceBatches();
  const before = await client.readRun(run.id);
  expect(before.status).toBe("pending");

  run.addEvent({ name: "new_token", time: new Date().toISOString(), kwargs: { token: "he" } });
  await run.end({ text: "hello" });
  await run.patchRun();
  await client.awaitPendingTraceBatches();
  const after = await client.readRun(run.id);
  expect(after).toMatchObject({ status: "success", inputs: { prompt: "hi" }, outputs: { text: "hello" } });
  expect(after.first_token_time).toBeTruthy();
  const file = await fetch(`${server.url}/runs/${run.id}/attachments/note`);
  expect([file.headers.get("content-type"), await file.text()]).toEqual(["text/plain", "a file"]);
});
