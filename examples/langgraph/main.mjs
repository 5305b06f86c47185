// A LangGraph agent, traced natively, inside one of our runs, and our spans inside its tools: one tree.
// `node examples/langgraph/main.mjs`.
process.env.LANGSMITH_TRACING ??= "true";
process.env.LANGSMITH_API_KEY ??= "local";

import { AIMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { trace } from "@opentelemetry/api";
import { Client } from "langsmith";
import { RunTree } from "langsmith/run_trees";
import { register } from "otel-langsmith";
import { joinLangSmith } from "otel-langsmith/langsmith";
import { z } from "zod";
import { expectTrees, openServer } from "../local.mjs";

const server = await openServer("langgraph");
const tracing = register();
joinLangSmith();
// The client that LangChain sends with: named here so that it can be flushed before the process ends.
RunTree.sharedClient = new Client();
const tracer = trace.getTracer("app");

const weather = tool(
  ({ city }) =>
    tracer.startActiveSpan("look up", async (span) => {
      span.end();
      return `sunny in ${city}`;
    }),
  { name: "weather", description: "The weather in a city", schema: z.object({ city: z.string() }) },
);

// A model would decide this.
const model = ({ messages }) => {
  const last = messages.at(-1);
  if (last.getType() === "tool") return { messages: [new AIMessage(`It is ${last.content}.`)] };
  const call = { id: "1", name: "weather", args: { city: "Rome" }, type: "tool_call" };
  return { messages: [new AIMessage({ content: "", tool_calls: [call] })] };
};

function route({ messages }) {
  return messages.at(-1).tool_calls?.length ? "tools" : END;
}

const agent = new StateGraph(MessagesAnnotation)
  .addNode("model", model)
  .addNode("tools", new ToolNode([weather]))
  .addEdge(START, "model")
  .addConditionalEdges("model", route, ["tools", END])
  .addEdge("tools", "model")
  .compile();

const question = { messages: [{ role: "user", content: "How is the weather in Rome?" }] };
await tracer.startActiveSpan("handle question", async (span) => {
  const { messages } = await agent.invoke(question);
  console.log(messages.at(-1).content);
  span.end();
});

await RunTree.sharedClient.awaitPendingTraceBatches();
await tracing.shutdown();
await expectTrees(server.url, [
  "handle question(LangGraph(__start__, model(RunnableLambda), tools(weather(look up)), model(RunnableLambda)))",
]);
await server.close();
