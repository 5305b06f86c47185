// The trace context manager (Python): a block as a run, beside a traced tool and a wrapped client.
// Run: node --import tsx --import otel-langsmith/register examples/custom-instrumentation-block.ts
import OpenAI from "openai";
import { wrapOpenAI } from "otel-langsmith";
import { startActiveRun, traceable } from "otel-langsmith/traceable";

const client = wrapOpenAI(new OpenAI());

const myTool = traceable((_question: string) => "During this morning's meeting, we solved all world conflict.", {
  run_type: "tool",
  name: "Retrieve Context",
});

async function chatPipeline(question: string) {
  const context = myTool(question);
  const completion = await client.chat.completions.create({
    model: "gpt-5.4-mini",
    messages: [
      {
        role: "system",
        content: "You are a helpful assistant. Please respond to the user's request only based on the given context.",
      },
      { role: "user", content: `Question: ${question}\nContext: ${context}` },
    ],
  });
  return completion.choices[0]?.message.content;
}

const appInputs = { input: "Can you summarize this morning's meetings?" };

await startActiveRun(
  "Chat Pipeline",
  { run_type: "chain", project_name: "my_test", inputs: appInputs },
  async (run) => {
    const output = await chatPipeline(appInputs.input);
    await run.end({ output });
  },
);
