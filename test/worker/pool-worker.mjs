// The worker of pools.test.ts: a pool ends it without asking, so every answer waits until its runs are sent.
import { trace } from "@opentelemetry/api";

// Awaited, so that the pool must import this file: required, it would get the built packages, past the loader's hook.
const { register } = await import("otel-langsmith");
const { traced } = await import("otel-langsmith/worker");

register({ projectName: "thread" });

export default traced(
  (task) =>
    trace
      .getTracer("thread")
      .startActiveSpan("work", { attributes: { "gen_ai.operation.name": "chat" } }, async (span) => {
        span.end();
        return task instanceof ArrayBuffer ? `${task.byteLength} bytes` : task;
      }),
  { flushMillis: 10_000 },
);
