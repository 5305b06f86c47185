// What `tracingContext` lays over a context reaches LangChain's native runs too, which inherit by their config alone.
import { RunnableLambda, RunnableSequence } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { MessagesAnnotation, StateGraph } from "@langchain/langgraph";
import { Client } from "langsmith";
import { RunTree } from "langsmith/run_trees";
import { afterEach, beforeEach, expect, it } from "vitest";
import { traceable } from "../../src/authoring/index.js";
import { Client as OurClient } from "../../src/client/client.js";
import { type Joined, joinLangSmith } from "../../src/langsmith.js";
import { getRunReference, tracingContext } from "../../src/propagation/index.js";
import { startBridge, type TestBridge, treeOf } from "../processor/bridge.js";

let joined: Joined;
let native: Client;
let bridge: TestBridge;
const variables = ["LANGSMITH_TRACING", "LANGSMITH_ENDPOINT", "LANGSMITH_API_KEY", "LANGSMITH_PROJECT"];

beforeEach(async () => {
  joined = joinLangSmith();
  bridge = await startBridge();
  process.env.LANGSMITH_TRACING = "true";
  process.env.LANGSMITH_ENDPOINT = bridge.receiver.url;
  process.env.LANGSMITH_API_KEY = "test";
  process.env.LANGSMITH_PROJECT = "test";
  native = new Client({ apiUrl: bridge.receiver.url, apiKey: "test" });
  Reflect.set(RunTree, "sharedClient", native);
});
afterEach(() => {
  joined.leave();
  Reflect.set(RunTree, "sharedClient", null);
  for (const name of variables) delete process.env[name];
});

async function finish() {
  await native.awaitPendingTraceBatches();
  await bridge.processor.shutdown();
  return bridge.receiver;
}

const model = new FakeListChatModel({ responses: ["yes"] });
const inSpan = <T>(name: string, fn: () => Promise<T>) =>
  bridge.genai.startActiveSpan(name, async (span) => fn().finally(() => span.end()));
const step = RunnableLambda.from(async (text: string) => inSpan("below", async () => text));
const chain = RunnableSequence.from([step.withConfig({ runName: "step" }), model]).withConfig({ runName: "chain" });

it("is in every run of a thread, of LangChain's as of ours, after its end too", async () => {
  await tracingContext({ threadId: "t-1", metadata: { tier: "pro" }, tags: ["chat"] }, () =>
    inSpan("turn", () => chain.invoke("hi")),
  );
  const at = await finish();
  expect(treeOf(at)).toEqual(["turn(chain(step(below), FakeListChatModel))"]);
  for (const run of at.runs.values()) {
    expect([run.name, run.extra.metadata.thread_id, run.end_time]).toEqual([run.name, "t-1", expect.anything()]);
  }
  expect(at.one("FakeListChatModel").extra.metadata.tier).toBe("pro");
  expect(at.one("FakeListChatModel").tags).toContain("chat");
});

it("keeps conversations apart that run at once, and reaches what resumes from a reference", async () => {
  const turns = ["a", "b", "c"].map((threadId) =>
    tracingContext({ threadId }, () => inSpan(threadId, async () => chain.invoke(threadId))),
  );
  await Promise.all(turns);
  const saved = await inSpan("saved", async () => getRunReference());
  await tracingContext({ parent: saved ?? null, threadId: "resumed" }, () => chain.invoke("again"));
  const at = await finish();
  const threadOf = new Map([...at.runs.values()].map((run) => [run.id, run]));
  for (const run of at.runs.values()) {
    const root = threadOf.get(run.trace_id);
    if (run.id !== run.trace_id) {
      expect(run.extra.metadata.thread_id).toBe(root?.name === "saved" ? "resumed" : root?.name);
    }
  }
  expect(at.runs.size).toBe(4 * 5);
});

it("is in the runs of a graph that is called with a config of its own, each tag once", async () => {
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("call", async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
    .addEdge("__start__", "call")
    .compile()
    .withConfig({ metadata: { agent: "own" } });
  const input = { messages: [{ role: "user", content: "hi" }] };
  await tracingContext({ threadId: "t-1", metadata: { tier: "pro", agent: "above" }, tags: ["chat"] }, () =>
    inSpan("turn", () => graph.invoke(input, { tags: ["own"] })),
  );
  const at = await finish();
  expect(treeOf(at)).toEqual(["turn(LangGraph(__start__, call(FakeListChatModel)))"]);
  for (const run of at.runs.values()) {
    expect([run.name, run.extra.metadata.thread_id, run.extra.metadata.tier]).toEqual([run.name, "t-1", "pro"]);
    expect([run.name, run.tags]).toEqual([run.name, [...new Set(run.tags)]]);
  }
  expect(at.one("LangGraph").tags).toEqual(expect.arrayContaining(["own", "chat"]));
  expect(at.one("LangGraph").extra.metadata.agent).toBe("own");
});

it("is in LangChain's root runs, too, where no span is around them, each in its own", async () => {
  const turns = ["a", "b"].map((threadId) =>
    tracingContext({ threadId, metadata: { tier: "pro" }, tags: ["chat"] }, () =>
      chain.invoke(threadId, { metadata: { own: true } }),
    ),
  );
  await Promise.all(turns);
  const at = await finish();
  const trees = treeOf(at);
  expect(trees).toEqual(Array(2).fill("chain(step(below), FakeListChatModel)"));
  const roots = at.byName("chain");
  expect(roots.map((run) => run.extra.metadata.thread_id).sort()).toEqual(["a", "b"]);
  for (const run of at.runs.values()) {
    const root = roots.find(({ id }) => id === run.trace_id);
    expect([run.name, run.extra.metadata.thread_id]).toEqual([run.name, root?.extra.metadata.thread_id]);
  }
  expect(roots[0]).toMatchObject({ tags: ["chat"], extra: { metadata: { tier: "pro", own: true } } });
});

it("leaves alone what inherits nothing", async () => {
  await inSpan("turn", () => chain.invoke("hi"));
  expect((await finish()).one("chain").extra.metadata).not.toHaveProperty("thread_id");
});

it("hides what the client of the traceable above hides", async () => {
  const client = new OurClient({ hideInputs: true, anonymizer: () => ({ masked: true }) });
  await traceable(() => chain.invoke("hunter2"), { name: "turn", client })();
  const at = await finish();
  expect(treeOf(at)).toEqual(["turn(chain(step(below), FakeListChatModel))"]);
  expect(JSON.stringify(at.operations)).not.toContain("hunter2");
  expect(at.one("FakeListChatModel").outputs).toEqual({ masked: true });
});
