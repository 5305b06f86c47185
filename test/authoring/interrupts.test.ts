// A graph that pauses throws: that is an interrupt, which LangSmith tells apart from a failure.
import { Annotation, Command, END, interrupt, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { expect, it } from "vitest";
import { traceable } from "../../src/authoring/index.js";
import { startBridge } from "../processor/bridge.js";

class Handover extends Error {
  readonly is_bubble_up = true;
}

it("marks a traceable in which LangGraph's interrupt is thrown, and not the one that is resumed", async () => {
  const bridge = await startBridge();
  const ask = traceable(async (question: string) => interrupt({ question }), { name: "ask", run_type: "tool" });
  const State = Annotation.Root({ answer: Annotation<unknown>() });
  const graph = new StateGraph(State)
    .addNode("node", async () => ({ answer: await ask("go on?") }))
    .addEdge(START, "node")
    .addEdge("node", END)
    .compile({ checkpointer: new MemorySaver() });
  const config = { configurable: { thread_id: "1" } };
  await graph.invoke({ answer: "" }, config);
  await graph.invoke(new Command({ resume: "yes" }), config);
  const runs = [...(await bridge.finish()).runs.values()].sort((a, b) => (a.dotted_order < b.dotted_order ? -1 : 1));
  const [paused, resumed] = runs;
  expect(paused?.error).toContain("GraphInterrupt");
  expect(paused?.extra.metadata["ls_is_error_interrupt"]).toBe(true);
  expect(resumed?.error).toBeUndefined();
  expect(resumed?.extra.metadata["ls_is_error_interrupt"]).toBeUndefined();
});

it.each<[string, () => unknown]>([
  ["a promise", () => Promise.reject(new Handover("over"))],
  [
    "a function",
    () => {
      throw new Handover("over");
    },
  ],
  [
    "a stream",
    async function* () {
      yield 1;
      throw new Handover("over");
    },
  ],
])("marks whatever bubbles up through %s, and no run below or beside it", async (_, fn) => {
  const bridge = await startBridge();
  const call = traceable(fn, { name: "call" });
  await traceable(
    async () => {
      try {
        const result = await call();
        if (typeof result === "object" && result !== null && Symbol.asyncIterator in result) {
          for await (const chunk of result as AsyncIterable<unknown>) void chunk;
        }
      } catch {
        // The graph takes it.
      }
      await traceable(async () => 1, { name: "after" })();
    },
    { name: "outer" },
  )();
  const receiver = await bridge.finish();
  const flags = [...receiver.runs.values()].map((run) => [run.name, run.extra.metadata["ls_is_error_interrupt"]]);
  expect(Object.fromEntries(flags)).toEqual({ outer: undefined, call: true, after: undefined });
});
