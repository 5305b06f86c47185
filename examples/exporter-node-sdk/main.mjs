// The exporter where NodeSDK takes nothing but a `traceExporter`. `node examples/exporter-node-sdk/main.mjs`.
import { trace } from "@opentelemetry/api";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { LangSmithSpanExporter } from "otel-langsmith";
import { expectTrees, openServer } from "../local.mjs";

const server = await openServer("exporter-node-sdk");
const sdk = new NodeSDK({ traceExporter: new LangSmithSpanExporter(), instrumentations: [] });
sdk.start();

const tracer = trace.getTracer("weather");
await tracer.startActiveSpan("answer", async (answer) => {
  await tracer.startActiveSpan("chat", { attributes: { "gen_ai.operation.name": "chat" } }, async (chat) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    chat.setAttributes({ "gen_ai.usage.input_tokens": 12, "gen_ai.usage.output_tokens": 3 });
    chat.end();
  });
  await tracer.startActiveSpan("look up", async (step) => step.end());
  answer.end();
});

await sdk.shutdown();
await expectTrees(server.url, ["answer(chat, look up)"]);
await server.close();
