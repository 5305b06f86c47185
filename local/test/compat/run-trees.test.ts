// Programs like those of the `langsmith` package's own tests of run trees: a tree of five, two projects, metadata at
// the end, and a handoff from LangGraph to a traceable.
import { randomUUID } from "node:crypto";
import { type RunnableConfig, RunnableLambda } from "@langchain/core/runnables";
import { LangChainTracer } from "@langchain/core/tracers/tracer_langchain";
import { Annotation, StateGraph } from "@langchain/langgraph";
import { RunTree } from "langsmith";
import { convertToDottedOrderFormat } from "langsmith/run_trees";
import { traceable } from "langsmith/traceable";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, listOf, projectName, startBench } from "./support.js";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench();
});
afterAll(() => bench.server.close());

const inputs = { text: "hello world" };

test.each([{}, { autoBatchTracing: false }])("a tree of five is posted and patched run by run: %j", async (options) => {
  const client = bench.client(options);
  const name = projectName("tree");
  const parent = new RunTree({ name: "parent", run_type: "chain", inputs, project_name: name, serialized: {}, client });
  expect(parent.dotted_order).toBe(convertToDottedOrderFormat(parent.start_time, parent.id).dottedOrder);
  await parent.postRun();
  const model = parent.createChild({ name: "model", run_type: "llm", inputs });
  await model.postRun();
  const chain = parent.createChild({ name: "chain", run_type: "chain", inputs });
  await chain.postRun();
  const low = chain.createChild({ name: "low", run_type: "chain", inputs });
  await low.postRun();
  await low.end({ output: ["Hi"] });
  await low.patchRun();
  await chain.end(undefined, "AN ERROR");
  await chain.patchRun();
  const tool = parent.createChild({ name: "tool", run_type: "tool", inputs });
  await tool.postRun();
  await tool.end({ output: ["Hi"] });
  await tool.patchRun();
  await model.end({ prompts: ["hello world"] });
  await model.patchRun();
  await parent.end({ output: ["Hi"] });
  await parent.patchRun();
  await client.awaitPendingTraceBatches();

  const runs = await listOf(client.listRuns({ projectName: name }));
  const byName = new Map(runs.map((run) => [run.name, run]));
  const parents = [...byName].map(([own, run]) => [own, runs.find(({ id }) => id === run.parent_run_id)?.name]);
  expect(Object.fromEntries(parents)).toEqual({
    parent: undefined,
    model: "parent",
    chain: "parent",
    low: "chain",
    tool: "parent",
  });
  expect(byName.get("parent")?.parent_run_id).toBeNull();
  expect(byName.get("chain")).toMatchObject({ status: "error", error: "AN ERROR" });
  const ofTrace = await listOf(client.listRuns({ traceId: parent.trace_id }));
  const sorted = (list: typeof runs) => list.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  expect(sorted(ofTrace)).toEqual(sorted(runs));
});

test("runs of several projects are listed together", async () => {
  const client = bench.client();
  const names = [projectName("one"), projectName("two")];
  for (const project_name of names) {
    const run = new RunTree({ name: "parent", inputs, project_name, client });
    await run.postRun();
    await run.end({ output: "done" });
    await run.patchRun();
  }
  await client.awaitPendingTraceBatches();
  const runs = await listOf(client.listRuns({ projectName: names }));
  expect(runs.map((run) => run.outputs?.["output"])).toEqual(["done", "done"]);
  expect(new Set(runs.map((run) => run.session_id)).size).toBe(2);
});

test("metadata that end() brings is there, of a run posted complete", async () => {
  const client = bench.client();
  const id = randomUUID();
  const run = new RunTree({ name: "parent", id, run_type: "chain", project_name: projectName("end"), client });
  await run.end({ output: ["Hi"] }, undefined, undefined, { final: id });
  await run.postRun();
  await client.awaitPendingTraceBatches();
  const [stored] = await listOf(client.listRuns({ id: [id] }));
  expect(stored?.extra?.["metadata"]).toMatchObject({ final: id });
});

test("the start is the order's, to the microsecond", async () => {
  const client = bench.client();
  const run = new RunTree({ name: "parent", project_name: projectName("start"), client });
  await run.postRun();
  await run.end({ output: "done" });
  await run.patchRun();
  await client.awaitPendingTraceBatches();
  const stored = await client.readRun(run.id);
  expect(stored.dotted_order).toBe(run.dotted_order);
  expect(String(stored.start_time).replace(/[-:.Z]/g, "")).toBe(run.dotted_order.split("Z")[0]);
});

test("a traceable inside LangGraph hangs in the graph's trace", async () => {
  const client = bench.client();
  const name = projectName("handoff");
  const add = traceable((text: string) => `${text} world`, { name: "add", client, tracingEnabled: true });
  const State = Annotation.Root({ text: Annotation<string> });
  const greet = async (state: typeof State.State, config: RunnableConfig) => ({ text: await add(config, state.text) });
  const graph = new StateGraph(State)
    .addNode("agent", new RunnableLambda({ func: async () => ({ text: "Hello!" }) }))
    .addNode("action", new RunnableLambda({ func: greet }))
    .addEdge("__start__", "agent")
    .addEdge("agent", "action")
    .addEdge("action", "__end__")
    .compile();
  const runId = randomUUID();
  const tracer = new LangChainTracer({ projectName: name, client });
  const result = await graph.invoke({ text: "Hello!" }, { callbacks: [tracer], runId });
  expect(result.text).toBe("Hello! world");
  await client.awaitPendingTraceBatches();
  const found = await listOf(client.listRuns({ projectName: name, filter: "eq(name, 'add')" }));
  expect(found).toMatchObject([{ name: "add", trace_id: runId, parent_run_id: expect.any(String) }]);
});
