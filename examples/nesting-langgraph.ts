// A traced function around a LangGraph graph and a LangChain chain: their runs nest under its run by themselves, and
// what is traced inside a node under that node's run. getLangchainCallbacks() is the explicit way of the same.
// Run: LANGSMITH_TRACING=true node --import tsx --import otel-langsmith/register examples/nesting-langgraph.ts
import { awaitAllCallbacks } from "@langchain/core/callbacks/promises";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { getLangchainCallbacks } from "langsmith/langchain";
import { traceable } from "otel-langsmith/traceable";

const chain = ChatPromptTemplate.fromTemplate("Answer: {question}")
  .pipe(new FakeListChatModel({ responses: ["42"] }))
  .pipe(new StringOutputParser());
const lookUp = traceable(async (question: string) => `${question} by heart`, { name: "look_up", run_type: "tool" });

const State = Annotation.Root({ question: Annotation<string>, answer: Annotation<string> });
const graph = new StateGraph(State)
  .addNode("think", async ({ question }) => ({ answer: await lookUp(question) }))
  .addEdge(START, "think")
  .addEdge("think", END)
  .compile();

const pipeline = traceable(
  async (question: string) => {
    const { answer } = await graph.invoke({ question });
    const plain = await chain.invoke({ question });
    const callbacks = await getLangchainCallbacks();
    const called = await chain.invoke({ question }, { ...(callbacks && { callbacks }) });
    return { answer, plain, called };
  },
  { name: "pipeline" },
);

console.log(JSON.stringify(await pipeline("why")));
await awaitAllCallbacks();
