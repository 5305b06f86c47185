// A consumer loop is one span for days; each job in it is a trace of its own. `node examples/start-trace/main.mjs`.
import { trace } from "@opentelemetry/api";
import { register, startTrace } from "otel-langsmith";
import { expectTrees, openServer } from "../local.mjs";

const server = await openServer("start-trace");
const tracing = register();
const tracer = trace.getTracer("consumer");

await tracer.startActiveSpan("consumer loop", async (loop) => {
  for (const job of ["first", "second"]) {
    await startTrace(`job ${job}`, { threadId: job }, async () => {
      await tracer.startActiveSpan("chat", async (chat) => chat.end());
    });
  }
  loop.end();
});

await tracing.shutdown();
// The loop itself has no GenAI span of its own, and is not sent in the default mode.
await expectTrees(server.url, ["job first(chat)", "job second(chat)"]);
await server.close();
