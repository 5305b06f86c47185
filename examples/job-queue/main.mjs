// A job queue: the reference travels inside the job. `node examples/job-queue/main.mjs`, or, with BullMQ, a real Redis
// and the consumer in a process of its own, `REDIS_URL=redis://127.0.0.1:6379 node examples/job-queue/main.mjs`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { trace } from "@opentelemetry/api";
import { getRunReference, register } from "otel-langsmith";
import { expectTrees, openServer } from "../local.mjs";
import { consume } from "./consumer.mjs";
import { openQueue } from "./queue.mjs";

const server = await openServer("job-queue");
const tracing = register();
const queue = await openQueue("summaries");
const consumer = process.env.REDIS_URL ? await startConsumer() : consume(queue);

async function startConsumer() {
  const file = fileURLToPath(new URL("./consumer.mjs", import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  console.log(String(line).trim());
  return child;
}

await trace.getTracer("producer").startActiveSpan("handle upload", async (span) => {
  await queue.add({ document: "a.pdf", run: getRunReference() });
  await queue.add({ document: "b.pdf", run: getRunReference() });
  span.end();
});

await queue.close();
if (consumer) {
  consumer.kill();
  await once(consumer, "exit");
}
await tracing.shutdown();
await expectTrees(server.url, ["handle upload(summarize, summarize)"]);
await server.close();
