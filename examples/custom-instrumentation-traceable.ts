// @traceable (Python), Tracing.traceFunction (Java), traceable (Kotlin): a pipeline of three traced functions.
// Run: node --import tsx --import otel-langsmith/register examples/custom-instrumentation-traceable.ts
import OpenAI from "openai";
import { traceable } from "otel-langsmith/traceable";

const openai = new OpenAI();
type Message = OpenAI.ChatCompletionMessageParam;

const formatPrompt = traceable(
  (subject: string): Message[] => [
    { role: "system", content: "You are a helpful assistant." },
    { role: "user", content: `What's a good name for a store that sells ${subject}?` },
  ],
  { name: "format_prompt" },
);

const invokeLlm = traceable(
  (messages: Message[]) => openai.chat.completions.create({ model: "gpt-5.4-mini", messages, temperature: 0 }),
  { name: "invoke_llm", run_type: "llm" },
);

const parseOutput = traceable((response: OpenAI.ChatCompletion) => response.choices[0]?.message.content ?? "", {
  name: "parse_output",
});

const runPipeline = traceable(async (subject: string) => parseOutput(await invokeLlm(formatPrompt(subject))), {
  name: "run_pipeline",
});

console.log(await runPipeline("colorful socks"));
