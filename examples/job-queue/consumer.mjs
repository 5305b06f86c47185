// The consumer: what it does hangs under the run that asked for it, whether or not that run is still open.
import { fileURLToPath } from "node:url";
import { trace } from "@opentelemetry/api";
import { register, withRun } from "otel-langsmith";
import { openQueue } from "./queue.mjs";

export function consume(queue) {
  queue.process(({ document, run }) =>
    withRun(run, () =>
      trace
        .getTracer("consumer")
        .startActiveSpan("summarize", { attributes: { "gen_ai.operation.name": "chat" } }, async (span) => {
          span.setAttribute("document", document);
          span.end();
        }),
    ),
  );
}

// A process of its own, where there is a Redis; SIGTERM ends it when its runs are sent.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  register();
  consume(await openQueue("summaries"));
  console.log(`process ${process.pid} consumes`);
}
