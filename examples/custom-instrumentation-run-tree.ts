// The RunTree API (Python, Java, Kotlin): a root with an id of its own, a child, both ended by hand.
// Run: node --import tsx --import otel-langsmith/register examples/custom-instrumentation-run-tree.ts
import OpenAI from "openai";
import { Client, RunTree, uuid7 } from "otel-langsmith";

const question = "Can you summarize this morning's meetings?";
const pipeline = new RunTree({ id: uuid7(), name: "Chat Pipeline", run_type: "chain", inputs: { question } });
await pipeline.postRun();

const context = "During this morning's meeting, we solved all world conflict.";
const messages: OpenAI.ChatCompletionMessageParam[] = [
  {
    role: "system",
    content: "You are a helpful assistant. Please respond to the user's request only based on the given context.",
  },
  { role: "user", content: `Question: ${question}\nContext: ${context}` },
];

const call = pipeline.createChild({ name: "OpenAI Call", run_type: "llm" });
call.inputs = { messages };
await call.postRun();

const completion = await new OpenAI().chat.completions.create({ model: "gpt-5.4-mini", messages });
const answer = completion.choices[0]?.message.content ?? "";

call.outputs = { response: completion };
await call.end();
await call.patchRun();
await pipeline.end({ answer });
await pipeline.patchRun();

// What shutting the executor down does in Java and Kotlin.
await new Client().awaitPendingTraceBatches();
