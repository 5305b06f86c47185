// The exporter behind a `BatchSpanProcessor`, and a `RunIdentityProcessor` before it that places spans at their start:
// so each batch is sent at once, in whatever order its spans ended. `node examples/exporter-batch/main.mjs`.
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { LangSmithSpanExporter, RunIdentityProcessor } from "otel-langsmith";
import { expectTrees, openServer } from "../local.mjs";

const server = await openServer("exporter-batch");
const provider = new BasicTracerProvider({
  spanProcessors: [
    new RunIdentityProcessor(),
    new BatchSpanProcessor(new LangSmithSpanExporter(), { maxExportBatchSize: 2, scheduledDelayMillis: 10 }),
  ],
});
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(provider);

const tracer = trace.getTracer("weather");
await tracer.startActiveSpan("answer", async (answer) => {
  await Promise.all(
    ["Oslo", "Lima", "Pune"].map((city, at) =>
      tracer.startActiveSpan(`chat ${city}`, { attributes: { "gen_ai.operation.name": "chat" } }, async (chat) => {
        // The first to start is the last to end.
        await new Promise((resolve) => setTimeout(resolve, 30 - 10 * at));
        chat.end();
      }),
    ),
  );
  answer.end();
});

await provider.shutdown();
await expectTrees(server.url, ["answer(chat Oslo, chat Lima, chat Pune)"]);
await server.close();
