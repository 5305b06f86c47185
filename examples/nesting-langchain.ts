// tracing_context(parent=run_tree) and langsmith_extra={"config": config} (Python), combined: traced functions and
// LangChain's runnables, each under the other, streamed. LangChain traces itself with the langsmith package, and both are
// one tree by themselves: nothing is handed on by hand but the config, which a runnable gets anyway.
// Run: LANGSMITH_TRACING=true node --import tsx --import otel-langsmith/register examples/nesting-langchain.ts
import { type RunnableConfig, RunnableLambda } from "@langchain/core/runnables";
import { Client as NativeClient } from "langsmith";
import { RunTree as NativeRunTree } from "langsmith/run_trees";
import { traceable } from "otel-langsmith/traceable";

// The client that LangChain sends with: named here so that it can be flushed before the program ends.
const nativeClient = new NativeClient();
Object.assign(NativeRunTree, { sharedClient: nativeClient });

const myChildRunnable = RunnableLambda.from(async function* (_inputs: string) {
  yield "A";
  yield "response";
}).withConfig({ runName: "my_child_runnable" });

const myChildFunction = traceable(
  async function* (inputs: string) {
    yield* await myChildRunnable.stream(inputs);
  },
  { name: "my_child_function" },
);

const parentRunnable = RunnableLambda.from(async function* (inputs: string, config: RunnableConfig) {
  yield* myChildFunction(config, inputs);
}).withConfig({ runName: "parent_runnable" });

const parentFunction = traceable(
  async function* (inputs: string) {
    yield* await parentRunnable.stream(inputs);
  },
  { name: "parent_function" },
);

for await (const chunk of parentFunction("call")) console.log(chunk);
await nativeClient.awaitPendingTraceBatches();
