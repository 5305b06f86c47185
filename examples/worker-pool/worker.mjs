// One worker of the pool, with a bridge of its own.
import { parentPort } from "node:worker_threads";
import { trace } from "@opentelemetry/api";
import { register } from "otel-langsmith";
import { traced } from "otel-langsmith/worker";

const tracing = register();

const embed = traced((text) =>
  trace
    .getTracer("worker")
    .startActiveSpan("embed", { attributes: { "gen_ai.operation.name": "embeddings" } }, (span) => {
      span.end();
      return text.length;
    }),
);

parentPort.on("message", async (message) => {
  if (message === "close") {
    await tracing.shutdown();
    parentPort.close();
    return;
  }
  parentPort.postMessage({ id: message.id, result: embed(message.task) });
});
