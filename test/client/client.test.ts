// The client against the local server: what it reads, page by page; what it flushes; whom it speaks for.
import { once } from "node:events";
import { createServer } from "node:http";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { type LocalServer, startLocalServer } from "otel-langsmith-local";
import { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RunTree, traceable } from "../../src/authoring/index.js";
import { Client, type ListRunsParams, type StoredRun } from "../../src/client/client.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { forgetWarnings } from "../../src/warnings.js";
import { uuid7 } from "../../src/wire/ids.js";
import { startReceiver } from "../receiver.js";

let server: LocalServer;
let provider: BasicTracerProvider;
let codes: string[];

beforeEach(async () => {
  server = await startLocalServer();
  const processor = new LangSmithSpanProcessor({ apiUrl: server.url, projectName: "reads", batchDelayMillis: 1 });
  provider = new BasicTracerProvider({ spanProcessors: [processor] });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  codes = [];
  vi.spyOn(process, "emitWarning").mockImplementation((_message, options) => {
    if (typeof options === "object" && options?.code) codes.push(options.code);
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await provider.shutdown();
  await server.close();
  trace.disable();
  context.disable();
  forgetWarnings();
});

const tool = traceable(async (n: number) => n, { name: "tool", run_type: "tool", tags: ["odd"] });
const parent = traceable(async (n: number) => tool(n), { name: "parent", metadata: { user_id: "u1" } });

async function all(params: ListRunsParams) {
  const runs = [];
  for await (const run of new Client().listRuns(params)) runs.push(run);
  return runs;
}

describe("reading back", () => {
  it("a run, and with its children", async () => {
    const id = uuid7();
    await parent.withConfig({ id })(1);
    const client = new Client({});
    await client.flush();
    expect(await client.readRun(id)).toMatchObject({
      id,
      name: "parent",
      inputs: { input: 1 },
      outputs: { outputs: 1 },
    });
    const whole = await client.readRun(id, { loadChildRuns: true });
    expect(whole.child_runs?.map((run) => run.name)).toEqual(["tool"]);
    await expect(client.readRun(uuid7())).rejects.toMatchObject({ code: "LSB_ERR_NOT_FOUND" });
    await expect(client.readRun("x")).rejects.toMatchObject({ code: "LSB_ERR_RUN_ID" });
  });

  it("every argument that the page on queries shows", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      ids.push(uuid7());
      await parent.withConfig({ id: ids[n] as string })(n);
    }
    await traceable(async () => Promise.reject(new Error("broken")), { name: "fails" })().catch(() => {});
    await new Client().awaitPendingTraceBatches();
    const project = { projectName: "reads" };
    const names = async (params: ListRunsParams) =>
      (await all({ ...project, ...params })).map((run) => run.name).sort();
    expect(await names({})).toEqual(["fails", "parent", "parent", "parent", "tool", "tool", "tool"]);
    expect(await names({ runType: "tool" })).toEqual(["tool", "tool", "tool"]);
    expect(await names({ isRoot: true })).toEqual(["fails", "parent", "parent", "parent"]);
    expect(await names({ error: true })).toEqual(["fails"]);
    expect((await names({ error: false })).length).toBe(6);
    expect((await names({ startTime: new Date(Date.now() - 86_400_000) })).length).toBe(7);
    expect(await names({ startTime: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await names({ id: ids.slice(0, 2) })).toEqual(["parent", "parent"]);
    expect(await names({ traceId: ids[0] as string })).toEqual(["parent", "tool"]);
    expect(await names({ parentRunId: ids[0] as string })).toEqual(["tool"]);
    expect(await names({ filter: 'and(eq(run_type, "tool"), has(tags, "odd"))' })).toEqual(["tool", "tool", "tool"]);
    expect(await names({ filter: "and(eq(metadata_key, 'user_id'), eq(metadata_value, 'u1'))", isRoot: true })).toEqual(
      ["parent", "parent", "parent"],
    );
    expect(await names({ filter: 'eq(name, "tool")', traceFilter: 'eq(name, "parent")', limit: 2 })).toEqual([
      "tool",
      "tool",
    ]);
    expect(await names({ filter: 'eq(name, "parent")', treeFilter: 'eq(name, "tool")' })).toEqual([
      "parent",
      "parent",
      "parent",
    ]);
    const [selected] = await all({ ...project, select: ["name"], limit: 1 });
    expect(Object.keys(selected ?? {})).not.toContain("inputs");
    const oldest = await all({ ...project, isRoot: true, order: "asc" });
    expect(oldest.map((run) => run.inputs?.["input"])).toEqual([0, 1, 2, undefined]);
    await expect(all({ projectName: "no such project" })).rejects.toMatchObject({ code: "LSB_ERR_NOT_FOUND" });
  });

  it("pages are fetched as they are consumed", async () => {
    for (let n = 0; n < 250; n += 1) await tool(n);
    const client = new Client();
    await client.flush();
    const asked: unknown[] = [];
    const proxy = await counting(server.url, asked);
    const reader = new Client({ apiUrl: proxy.url });
    let seen = 0;
    for await (const _ of reader.listRuns({ projectName: "reads" })) {
      seen += 1;
      if (seen === 101) break;
    }
    expect(asked.length).toBe(2);
    expect((await all({ projectName: "reads" })).length).toBe(250);
    expect((await all({ projectName: "reads", limit: 120 })).length).toBe(120);
    await proxy.close();
  });

  it("feedback, in both spellings", async () => {
    const id = uuid7();
    await tool.withConfig({ id })(1);
    const client = new Client();
    await client.flush();
    await client.createFeedback({ runId: id, key: "correctness", score: 1 });
    await client.createFeedback(id, "style", { score: 0, comment: "dry" });
    const answer: unknown = await (await fetch(`${server.url}/feedback?run=${id}`)).json();
    expect(answer).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ run_id: id, key: "correctness", score: 1 }),
        expect.objectContaining({ run_id: id, key: "style", score: 0, comment: "dry" }),
      ]),
    );
  });
});

describe("a deployment that answers the v1 calls no longer", () => {
  const refusals: Record<string, [number, unknown]> = {
    "501": [501, { detail: "This deployment has the new store" }],
    "410": [410, {}],
    "a 404 that names no run": [404, { detail: "Not Found" }],
  };
  const isV1 = (path: string) => path === "/runs/query" || /^\/runs\/[^/]+$/.test(path);

  for (const [how, refusal] of Object.entries(refusals)) {
    it(`(${how}) is asked by the v2 query, and the answers are the same`, async () => {
      const id = uuid7();
      await parent.withConfig({ id })(1);
      for (let n = 2; n < 60; n += 1) await parent(n);
      await traceable(async () => Promise.reject(new Error("broken")), { name: "fails" })().catch(() => {});
      const v1 = new Client();
      await v1.flush();
      const proxy = await counting(server.url, [], (path) => (isV1(path) ? refusal : undefined));
      const v2 = new Client({ apiUrl: proxy.url });
      const project = { projectName: "reads" };
      const questions: ListRunsParams[] = [
        project,
        { ...project, limit: 103, order: "asc" },
        { ...project, runType: "tool", limit: 5 },
        { ...project, isRoot: true, error: true },
        { ...project, error: false, startTime: new Date(Date.now() - 60_000), endTime: new Date(Date.now() + 60_000) },
        { ...project, startTime: new Date(Date.now() + 60_000) },
        { ...project, traceId: id },
        { ...project, parentRunId: id, filter: 'eq(name, "tool")' },
        { ...project, query: "broken" },
        { ...project, filter: 'eq(name, "tool")', traceFilter: 'eq(name, "parent")', treeFilter: 'has(tags, "odd")' },
        { ...project, executionOrder: 1 },
        { ...project, select: ["name", "parent_run_id", "session_id"], limit: 3 },
        { id: [id] },
      ];
      for (const question of questions) {
        const [expected, answers] = [[], []] as [StoredRun[], StoredRun[]];
        for await (const run of v1.listRuns(question)) expected.push(run);
        for await (const run of v2.listRuns(question)) answers.push(run);
        expect(answers.map(essence), JSON.stringify(question)).toEqual(expected.map(essence));
      }
      const whole = { loadChildRuns: true };
      const [there, here] = [await v1.readRun(id, whole), await v2.readRun(id, whole)];
      expect(essence(here)).toEqual(essence(there));
      expect(here.child_runs?.map(essence)).toEqual(there.child_runs?.map(essence));
      await expect(v2.readRun(uuid7())).rejects.toMatchObject({ code: "LSB_ERR_NOT_FOUND" });
      await expect(v2.readRun(id, { projectName: "elsewhere" })).rejects.toMatchObject({ code: "LSB_ERR_NOT_FOUND" });
      const asksFor = async (params: ListRunsParams) => {
        for await (const _ of v2.listRuns({ ...project, ...params }));
      };
      await expect(asksFor({ executionOrder: 2 })).rejects.toThrow(/executionOrder/);
      await expect(asksFor({ select: ["share_token"] })).rejects.toThrow(/share_token/);
      await proxy.close();
    });
  }

  it("is told from a run that nobody knows, which is asked for once", async () => {
    const asked: unknown[] = [];
    const proxy = await counting(server.url, asked);
    await expect(new Client({ apiUrl: proxy.url }).readRun(uuid7())).rejects.toMatchObject({ status: 404 });
    expect(asked).toEqual([]);
    await proxy.close();
  });
});

/** What a program reads of a run. */
function essence(run: StoredRun): unknown {
  const { id, name, run_type, status, inputs, outputs, error, tags, dotted_order, trace_id, parent_run_id } = run;
  const { session_id, start_time, end_time, extra, total_tokens } = run;
  const read = { id, name, run_type, status, inputs, outputs, error, tags, dotted_order, trace_id, parent_run_id };
  const fields = Object.entries({
    ...read,
    session_id,
    start_time,
    end_time,
    metadata: extra?.["metadata"],
    total_tokens,
  });
  return Object.fromEntries(fields.filter(([, value]) => value != null));
}

describe("run trees of runs that the server has", () => {
  it("fromRunId appends to a run of which only the id was kept", async () => {
    const id = uuid7();
    await parent.withConfig({ id })(1);
    await new Client().flush();
    const tree = await RunTree.fromRunId(id);
    const child = tree.createChild({ name: "appended" });
    await child.end({ ok: true });
    await child.postRun();
    await new Client().flush();
    expect(await all({ projectName: "reads", parentRunId: id, filter: 'eq(name, "appended")' })).toMatchObject([
      { name: "appended", trace_id: id },
    ]);
    await expect(RunTree.fromRunId(uuid7())).rejects.toMatchObject({ code: "LSB_ERR_NOT_FOUND" });
  });

  it("a parent_run_id alone is looked up, and where nobody knows it that is said and named", async () => {
    const id = "0190f3e7-7f97-74c5-a9b6-8d3f7e8e2f11";
    const saved = new RunTree({ name: "saved", id });
    await saved.end({});
    await saved.postRun();
    await new Client().flush();
    for (const [name, parent_run_id] of [
      ["found", id],
      ["orphan", uuid7()],
    ] as const) {
      const tree = new RunTree({ name, parent_run_id });
      expect(tree.parent_run_id).toBe(parent_run_id);
      await tree.postRun();
      await tree.end({});
      await tree.patchRun();
    }
    await new Client().flush();
    const [found, orphan, ...more] = await all({ projectName: "reads", filter: 'neq(name, "saved")', order: "asc" });
    expect(more).toEqual([]);
    expect(found).toMatchObject({ name: "found", parent_run_id: id, trace_id: id });
    expect(orphan?.parent_run_id ?? undefined).toBeUndefined();
    expect(orphan?.extra).toMatchObject({ metadata: { parent_run_id: expect.any(String) } });
    expect(codes).toEqual(["LSB_WARN_PARENT_NOT_FOUND"]);
  });
});

describe("the way to the service", () => {
  it("is the processor's own, and its key goes to its own host alone", async () => {
    const paths: string[] = [];
    const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
      paths.push(String(options.path));
      return dispatch(options, handler);
    });
    const keys: unknown[] = [];
    const services = await Promise.all(
      [0, 1].map(async () => {
        const service = createServer((request, response) => {
          if (request.url === "/runs/query") keys.push(request.headers["x-api-key"]);
          response.end(JSON.stringify({ runs: [] }));
        }).listen(0, "127.0.0.1");
        await once(service, "listening");
        return service;
      }),
    );
    const [own = "", other = ""] = services.map((service) => {
      const address = service.address();
      return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
    });
    await provider.shutdown();
    const processor = new LangSmithSpanProcessor({ apiUrl: own, apiKey: "own", dispatcher });
    vi.stubEnv("LANGSMITH_API_KEY", "of the environment");
    for (const client of [
      new Client(),
      new Client({ apiUrl: other }),
      new Client({ apiUrl: other, apiKey: "given" }),
    ]) {
      for await (const _ of client.listRuns());
    }
    vi.unstubAllEnvs();
    expect(keys).toEqual(["own", "of the environment", "given"]);
    expect(paths.filter((path) => path === "/runs/query")).toHaveLength(3);
    await processor.shutdown();
    for (const service of services) {
      service.closeAllConnections();
      service.close();
    }
    await dispatcher.close();
  });
});

it("an address that is none is a clear error", () => {
  expect(() => new Client({ apiUrl: "langsmith" })).toThrow(expect.objectContaining({ code: "LSB_ERR_OPTION" }));
});

describe("whom a client speaks for", () => {
  it("one of the processor's own address and key needs no word", async () => {
    const same = new Client({ apiUrl: `${server.url}/` });
    await traceable(async () => 1, { name: "f", client: same })();
    await traceable(async () => 1, { name: "f", client: new Client() })();
    expect(codes).toEqual([]);
  });

  it("one of another address is said once, with the run sent by the processor; it reads there itself", async () => {
    const other = await startReceiver();
    const client = new Client({ apiUrl: other.url, apiKey: "another" });
    for (const n of [1, 2]) await traceable(async () => n, { name: "f", client })();
    const tree = new RunTree({ name: "t", client });
    await tree.end({});
    await tree.postRun();
    await client.flush();
    expect(codes).toEqual(["LSB_WARN_CLIENT"]);
    expect((await all({ projectName: "reads" })).length).toBe(3);
    expect(other.operations).toEqual([]);
    await other.close();
  });

  it("flush waits for runs whose outputs are still being processed", async () => {
    let release = (_value: { done: boolean }) => {};
    const processed = new Promise<{ done: boolean }>((resolve) => {
      release = resolve;
    });
    await traceable(async () => 1, { name: "slow", processOutputs: () => processed })();
    const flushed = new Client().flush();
    release({ done: true });
    await flushed;
    expect(await all({ projectName: "reads" })).toMatchObject([{ name: "slow", outputs: { done: true } }]);
  });
});

/** A way to the server that counts queries. */
async function counting(
  target: string,
  asked: unknown[],
  refusal?: (path: string) => [number, unknown] | undefined,
): Promise<{ url: string; close(): Promise<void> }> {
  const proxy = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (request.url?.endsWith("/runs/query")) asked.push(JSON.parse(body.toString()));
    const refused = refusal?.(request.url ?? "");
    if (refused) {
      response.writeHead(refused[0], { "content-type": "application/json" });
      response.end(JSON.stringify(refused[1]));
      return;
    }
    const answer = await fetch(target + request.url, {
      method: request.method ?? "GET",
      headers: { "content-type": "application/json" },
      ...(body.length > 0 && { body }),
    });
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(await answer.text());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = proxy.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    close: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
