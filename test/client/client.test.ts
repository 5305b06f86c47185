// The client against the local server: what it reads, page by page; what it flushes; whom it speaks for.
import { once } from "node:events";
import { createServer } from "node:http";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { type LocalServer, startLocalServer } from "otel-langsmith-local";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Client, type ListRunsParams } from "../../src/client/client.js";
import { uuid7 } from "../../src/identity/ids.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { RunTree, traceable } from "../../src/tracing/index.js";
import { forgetWarnings } from "../../src/warnings.js";
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
async function counting(target: string, asked: unknown[]): Promise<{ url: string; close(): Promise<void> }> {
  const proxy = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (request.url === "/runs/query") asked.push(JSON.parse(body.toString()));
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
