// The client's methods with the langsmith package's signatures, against the local server.
import { type LocalServer, startLocalServer } from "otel-langsmith-local";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { getCurrentRunTree, RunTree, traceable } from "../../src/authoring/index.js";
import { Client } from "../../src/client/client.js";
import { uuid7 } from "../../src/wire/ids.js";
import { startBridge, type TestBridge } from "../processor/bridge.js";

let local: LocalServer;
let bridge: TestBridge;
let client: Client;

beforeEach(async () => {
  local = await startLocalServer();
  bridge = await startBridge({ apiUrl: local.url, projectName: "methods" });
  client = new Client();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bridge.processor.shutdown();
  await local.close();
});

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("createRun and updateRun", () => {
  it("make one run, whose updates go with its end", async () => {
    const id = uuid7();
    await client.createRun({ id, name: "job", run_type: "tool", inputs: { a: 1 }, extra: { metadata: { m: 1 } } });
    await client.updateRun(id, { tags: ["t"], extra: { metadata: { n: 2 } } });
    await client.updateRun(id, { outputs: { b: 2 }, end_time: Date.now() + 5 });
    await client.awaitPendingTraceBatches();
    const run = await client.readRun(id);
    expect(run).toMatchObject({ name: "job", run_type: "tool", inputs: { a: 1 }, outputs: { b: 2 }, tags: ["t"] });
    expect(run.status).toBe("success");
    expect(run.session_name).toBe("methods");
  });

  it("place a run under a parent of which only the id is known, here or at LangSmith", async () => {
    const parent = uuid7();
    const [child, later] = [uuid7(), uuid7()];
    const end_time = () => Date.now() + 5;
    await client.createRun({ id: parent, name: "parent", run_type: "chain", inputs: {}, project_name: "methods" });
    await client.createRun({
      id: child,
      name: "child",
      run_type: "llm",
      inputs: {},
      parent_run_id: parent,
      end_time: end_time(),
    });
    await client.updateRun(parent, { end_time: end_time() });
    await client.flush();
    await client.createRun({
      id: later,
      name: "later",
      run_type: "llm",
      inputs: {},
      parent_run_id: parent,
      end_time: end_time(),
    });
    await client.flush();
    for (const id of [child, later])
      expect(await client.readRun(id)).toMatchObject({ parent_run_id: parent, trace_id: parent });
  });

  it("end a run of another process, as its error says", async () => {
    const tree = new RunTree({ name: "elsewhere", run_type: "tool" });
    await tree.postRun();
    await client.flush();
    await client.updateRun(tree.id, { error: "gave up", end_time: new Date(Date.now() + 5).toISOString() });
    await client.flush();
    expect(await client.readRun(tree.id)).toMatchObject({ error: "gave up", run_type: "tool" });
  });

  it("hide what the client was told to hide", async () => {
    const id = uuid7();
    const hiding = new Client({ hideInputs: true, anonymizer: () => ({ masked: true }) });
    await hiding.createRun({
      id,
      name: "job",
      run_type: "tool",
      inputs: { pw: 1 },
      outputs: { pw: 2 },
      end_time: Date.now() + 5,
    });
    await hiding.flush();
    expect(await client.readRun(id)).toMatchObject({ inputs: {}, outputs: { masked: true } });
  });

  it("refuse what is no id and no time, by name", async () => {
    await expect(client.updateRun("7", {})).rejects.toMatchObject({ code: "LSB_ERR_RUN_ID" });
    const run = { name: "job", run_type: "tool", inputs: {}, start_time: "yesterday" };
    await expect(client.createRun(run)).rejects.toMatchObject({ code: "LSB_ERR_OPTION", option: "start_time" });
  });
});

describe("a run that was sent", () => {
  let id: string;
  beforeEach(async () => {
    await traceable(
      () => {
        id = getCurrentRunTree().id;
      },
      { name: "sent" },
    )();
    await client.flush();
  });

  it("has an address, by its id and for a run that was read", async () => {
    const address = `${local.url}/traces/${id}?run=${id}`;
    expect(await client.getRunUrl({ runId: id })).toBe(address);
    expect(await client.getRunUrl({ run: await client.readRun(id) })).toBe(address);
  });

  it("gets feedback that is listed, changed and taken back", async () => {
    const feedback = await client.createFeedback(id, "score", { score: 0.5 });
    const other = await client.createFeedback(id, "other", { score: 1 });
    await client.updateFeedback(feedback.id, { score: 0.123456, comment: "better" });
    const found = await collected(client.listFeedback({ runIds: [id], feedbackKeys: ["score"] }));
    expect(found).toMatchObject([{ id: feedback.id, run_id: id, key: "score", score: 0.1235, comment: "better" }]);
    await client.deleteFeedback(other.id);
    expect(await collected(client.listFeedback({ runIds: [id] }))).toHaveLength(1);
    await expect(client.deleteFeedback("7")).rejects.toMatchObject({ code: "LSB_ERR_RUN_ID" });
  });

  it("counts in its project's statistics", async () => {
    expect(await client.getRunStats({ projectNames: ["methods"] })).toMatchObject({ run_count: 1 });
    await expect(client.getRunStats({})).rejects.toMatchObject({ code: "LSB_ERR_OPTION" });
  });

  it("stands in a project that is found by name and by id, and is among those listed", async () => {
    const project = await client.readProject({ projectName: "methods" });
    expect(await client.readProject({ projectId: project.id, includeStats: true })).toMatchObject({ name: "methods" });
    expect(await client.hasProject({ projectName: "methods" })).toBe(true);
    expect(await client.hasProject({ projectName: "nowhere" })).toBe(false);
    expect(await client.hasProject({ projectId: uuid7() })).toBe(false);
    const listed = await collected(client.listProjects({ nameContains: "metho" }));
    expect(listed.map(({ name }) => name)).toEqual(["methods"]);
    await expect(client.readProject({})).rejects.toMatchObject({ code: "LSB_ERR_OPTION" });
  });

  it("is found by the newer calls, awaited for a page or iterated to the end", async () => {
    await traceable(() => {}, { name: "sent too" })();
    await client.flush();
    const { id: project_id } = await client.readProject({ projectName: "methods" });
    const params = { project_ids: [project_id], selects: ["ID", "NAME"], page_size: 1 };
    const page = await client.runs.query(params);
    expect(page.items).toHaveLength(1);
    expect(page.hasNextPage()).toBe(true);
    const all = await collected(client.runs.query(params));
    expect(all.map(({ name }) => name).sort()).toEqual(["sent", "sent too"]);
    expect(await client.runs.getURL(id, { project_id, trace_id: id })).toMatchObject({
      url: expect.stringContaining(id),
    });
    expect(await client.runs.retrieve(id, { project_id, selects: ["NAME"] })).toMatchObject({ name: "sent" });
    const [trace] = await collected(client.traces.query({ project_id, page_size: 1 }));
    expect(trace).toHaveProperty("root_run");
    expect((await client.traces.listRuns(id, { project_id, selects: ["NAME"] })).items).toMatchObject([
      { name: "sent" },
    ]);
  });

  it("stands in a thread that the newer calls find", async () => {
    await traceable(() => {}, { name: "turn", metadata: { thread_id: "talk" } })();
    await client.flush();
    const { id: project_id } = await client.readProject({ projectName: "methods" });
    const threads = await collected(client.threads.query({ project_id }));
    expect(threads.map(({ thread_id }) => thread_id)).toEqual(["talk"]);
    expect(await collected(client.threads.listTraces("talk", { project_id }))).toHaveLength(1);
  });
});

describe("the client of a run", () => {
  it("is the one it was made with, for those below too, else the process's own", async () => {
    const own = new Client();
    const below = traceable(() => getCurrentRunTree().client, { name: "below" });
    expect(await traceable(() => below(), { name: "above", client: own })()).toBe(own);
    expect(below()).toBe(RunTree.getSharedClient());
    const tree = new RunTree({ name: "tree", client: own });
    expect(tree.createChild({ name: "child" }).client).toBe(own);
    expect(new RunTree({ name: "bare" }).client).toBe(RunTree.getSharedClient());
  });
});
