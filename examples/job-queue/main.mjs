// A job queue: the reference travels inside the job. `node examples/job-queue/main.mjs`, or, with a real Redis and
// BullMQ, `REDIS_URL=redis://127.0.0.1:6379 node examples/job-queue/main.mjs`.
import { trace } from "@opentelemetry/api";
import { getRunReference, register, withRun } from "otel-langsmith";
import { expectTrees, openServer } from "../local.mjs";
import { openQueue } from "./queue.mjs";

const server = await openServer("job-queue");
const tracing = register();
const tracer = trace.getTracer("jobs");
const queue = await openQueue("summaries");

// The consumer, usually another process: what it does hangs under the run that asked for it, whether or not that run
// is still open.
queue.process(({ document, run }) =>
  withRun(run, () =>
    tracer.startActiveSpan("summarize", { attributes: { "gen_ai.operation.name": "chat" } }, async (span) => {
      span.setAttribute("document", document);
      span.end();
    }),
  ),
);

// The producer.
await tracer.startActiveSpan("handle upload", async (span) => {
  await queue.add({ document: "a.pdf", run: getRunReference() });
  await queue.add({ document: "b.pdf", run: getRunReference() });
  span.end();
});

await queue.close();
await tracing.shutdown();
await expectTrees(server.url, ["handle upload(summarize, summarize)"]);
await server.close();
