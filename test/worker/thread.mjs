// The other thread of worker.test.ts.
import { parentPort, workerData } from "node:worker_threads";
import { trace } from "@opentelemetry/api";
import { register } from "otel-langsmith";
import { onMessage } from "otel-langsmith/worker";

const tracing = register({ apiUrl: workerData.apiUrl, projectName: "thread" });

const stop = onMessage(parentPort, async ({ name, text, close }) => {
  if (close) {
    stop();
    await tracing.shutdown();
    return;
  }
  trace
    .getTracer("thread")
    .startActiveSpan(`work ${name}`, { attributes: { "gen_ai.operation.name": "chat" } }, async (span) => {
      await new Promise((resolve) => setImmediate(resolve));
      span.end();
      parentPort.postMessage({ name, length: text.length });
    });
});
