// Beside the native SDK without being asked: the first traced call joins the two.
import { Client, RunTree } from "langsmith";
import { getLangchainCallbacks } from "langsmith/langchain";
import { traceable as nativeTraceable } from "langsmith/traceable";
import { expect, it, onTestFinished } from "vitest";
import { traceable } from "../../src/authoring/index.js";
import { joinLangSmith } from "../../src/langsmith.js";
import { startBridge } from "../processor/bridge.js";

const STORE = Symbol.for("ls:tracing_async_local_storage");

async function start() {
  const bridge = await startBridge();
  Object.assign(process.env, { LANGSMITH_TRACING: "true", LANGSMITH_ENDPOINT: bridge.receiver.url });
  const client = new Client({ apiUrl: bridge.receiver.url, apiKey: "not-a-key" });
  Object.assign(RunTree, { sharedClient: client });
  onTestFinished(() => {
    delete process.env.LANGSMITH_TRACING;
    delete process.env.LANGSMITH_ENDPOINT;
  });
  return { bridge, client };
}

// First of its file: nothing was traced before, so that the native class was not seen.
it("a native traceable under ours is a child of it, before its class was seen", async () => {
  const { bridge, client } = await start();
  const inner = nativeTraceable(async (x: string) => `${x}!`, { name: "native", client });
  const { tracer } = bridge;
  expect(await traceable(async (x: string) => inner(x), { name: "ours", tracer })("a")).toBe("a!");
  await client.awaitPendingTraceBatches();
  await bridge.processor.forceFlush();
  const ours = bridge.receiver.one("ours");
  expect(bridge.receiver.one("native")).toMatchObject({ parent_run_id: ours.id, trace_id: ours.trace_id });
});

it("a traceable's first call joins the two, and an explicit call parts them again", async () => {
  const { bridge } = await start();
  const { tracer } = bridge;
  const id = await traceable(
    async () => {
      const callbacks = await getLangchainCallbacks();
      return callbacks?.getParentRunId();
    },
    { name: "ours", tracer },
  )();
  await bridge.processor.forceFlush();
  expect(id).toBe(bridge.receiver.one("ours").id);
  const store: unknown = Reflect.get(globalThis, STORE);
  const joined = joinLangSmith();
  expect(Reflect.get(globalThis, STORE)).toBe(store);
  joined.leave();
  expect(Reflect.get(globalThis, STORE)).not.toBe(store);
  traceable(() => 1, { name: "later", tracer })();
  expect(Reflect.get(globalThis, STORE)).not.toBe(store);
});
