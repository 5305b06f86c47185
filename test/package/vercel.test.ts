// The bridge within @vercel/otel's registerOTel, which brings its own provider, context manager and fetch instrumentation.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { startReceiver } from "../receiver.js";
import { type Consumer, installConsumer } from "./consumer.js";

let consumer: Consumer;

beforeAll(async () => {
  consumer = await installConsumer(
    [inject("tarballs").bridge, "@opentelemetry/api", "@vercel/otel@2"],
    process.execPath,
  );
});
afterAll(() => consumer.remove());

/** A request with an agent in it that calls another service; prints the headers that the service got. */
const program = (setUp: string) => `
  import { createServer } from "node:http";
  import { trace } from "@opentelemetry/api";
  import { registerOTel } from "@vercel/otel";
  import * as bridge from "otel-langsmith";
  ${setUp}
  const server = createServer((request, response) => response.end(JSON.stringify(request.headers)));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const tracer = trace.getTracer("app");
  const within = (name, attributes, work) =>
    tracer.startActiveSpan(name, { attributes }, async (span) => {
      await work();
      span.end();
    });
  await within("request", {}, () =>
    within("agent", { "gen_ai.operation.name": "invoke_agent" }, async () => {
      const options = { opentelemetry: { propagateContext: true } };
      const response = await fetch("http://127.0.0.1:" + server.address().port, options);
      console.log((await response.json())["langsmith-trace"] ?? "none");
      await within("model", { "gen_ai.operation.name": "chat" }, async () => {});
    }),
  );
  server.close();
  await trace.getTracerProvider().getDelegate().forceFlush();
  await flushed.forceFlush();
`;

it.each([
  [
    "as a span processor",
    `const flushed = new bridge.LangSmithSpanProcessor();
     registerOTel({ spanProcessors: [flushed], propagators: ["auto", new bridge.LangSmithPropagator()] });`,
  ],
  [
    "as a span processor beside Vercel's own",
    `const flushed = new bridge.LangSmithSpanProcessor();
     registerOTel({ spanProcessors: ["auto", flushed], propagators: ["auto", new bridge.LangSmithPropagator()] });`,
  ],
  [
    "as the traceExporter",
    `const flushed = new bridge.LangSmithSpanExporter();
     registerOTel({ traceExporter: flushed });`,
  ],
  [
    "as the traceExporter behind a RunIdentityProcessor",
    `const flushed = new bridge.LangSmithSpanExporter();
     registerOTel({
       spanProcessors: [new bridge.RunIdentityProcessor(), "auto"],
       traceExporter: flushed,
       propagators: ["auto", new bridge.LangSmithPropagator()],
     });`,
  ],
])("sends one tree %s", async (_, setUp) => {
  const receiver = await startReceiver();
  await writeFile(join(consumer.folder, "app.mjs"), program(setUp));
  const ended = await consumer.node(["app.mjs"], { LANGSMITH_ENDPOINT: receiver.url });
  expect(ended, ended.output).toMatchObject({ code: 0 });
  const [request, agent, model] = ["request", "agent", "model"].map((name) => receiver.one(name));
  expect([...receiver.runs.values()]).toHaveLength(3);
  expect(request?.parent_run_id).toBeUndefined();
  expect(agent?.parent_run_id).toBe(request?.id);
  expect(model?.parent_run_id).toBe(agent?.id);
  // The fetch is passed over, and an exporter alone tells no place.
  const told = setUp.includes("LangSmithPropagator") ? agent?.dotted_order : "none";
  expect(ended.output).toContain(told);
  expect(receiver.problems).toEqual([]);
  await receiver.close();
});
