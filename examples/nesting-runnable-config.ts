// langsmith_extra={"config": config} (Python): a traced function under a LangChain run, by its RunnableConfig.
// LangChain traces itself with the langsmith package; what is traced here hangs in its tree.
// Run: LANGSMITH_TRACING=true node --import tsx --import otel-langsmith/register examples/nesting-runnable-config.ts
import { awaitAllCallbacks } from "@langchain/core/callbacks/promises";
import { type RunnableConfig, RunnableLambda } from "@langchain/core/runnables";
import { traceable } from "otel-langsmith/traceable";

const myChildFunction = traceable(async (inputs: string) => `A response to ${inputs}`, { name: "my_child_function" });

const parentRunnable = RunnableLambda.from((inputs: string, config: RunnableConfig) =>
  myChildFunction(config, inputs),
).withConfig({ runName: "parent_runnable" });

console.log(await parentRunnable.invoke("call"));
await awaitAllCallbacks();
