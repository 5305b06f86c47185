// Spans of every line of OpenTelemetry JS that runs here: 1.30 and 2.x. (Consumers on 3.x: test/package.)
import { type Attributes, ROOT_CONTEXT, type Tracer, trace } from "@opentelemetry/api";
import { BasicTracerProvider as Current, SimpleSpanProcessor as CurrentSimple } from "@opentelemetry/sdk-trace-base";
import { BasicTracerProvider as Older, SimpleSpanProcessor as OlderSimple } from "sdk-trace-base-1";
import { describe, expect, it, onTestFinished } from "vitest";
import { RunIdentityProcessor } from "../../src/processor/identity-processor.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { type Receiver, startReceiver } from "../receiver.js";
import { startExporter } from "./bridge.js";

const asked: Attributes = {
  "gen_ai.operation.name": "chat",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [{ type: "text", content: "Rain?" }] }]),
};

/** A handler over an agent's two steps, one of which fails, with infrastructure between. */
function work(tracerOf: (scope: string) => Tracer): void {
  const [app, http] = [tracerOf("app"), tracerOf("@opentelemetry/instrumentation-http")];
  const begin = Date.now() - 100;
  const handler = http.startSpan("GET /ask", { startTime: begin, attributes: { "http.route": "/ask" } }, ROOT_CONTEXT);
  const inHandler = trace.setSpan(ROOT_CONTEXT, handler);
  const chat = app.startSpan("chat", { startTime: begin + 10, attributes: asked }, inHandler);
  const call = http.startSpan("POST", { startTime: begin + 12 }, trace.setSpan(inHandler, chat));
  call.end(begin + 18);
  chat.setAttributes({ "gen_ai.usage.input_tokens": 4, "gen_ai.usage.output_tokens": 2 });
  chat.end(begin + 20);
  const tool = app.startSpan(
    "tool",
    { startTime: begin + 30, attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t" } },
    inHandler,
  );
  tool.recordException({ name: "Error", message: "no rain gauge" }, begin + 35);
  tool.setStatus({ code: 2, message: "no rain gauge" });
  tool.end(begin + 40);
  handler.end(begin + 50);
}

/** Runs without ids, times and what names the SDK. */
function told(receiver: Receiver) {
  const start = Math.min(...[...receiver.runs.values()].map((run) => Date.parse(run.start_time)));
  return [...receiver.runs.values()]
    .map(({ name, run_type, inputs, outputs, error, parent_run_id, start_time, end_time, extra }) => ({
      name,
      run_type,
      inputs,
      outputs,
      error,
      parent: parent_run_id && receiver.runs.get(parent_run_id)?.name,
      from: Date.parse(start_time) - start,
      to: Date.parse(end_time ?? "") - start,
      usage: extra.metadata.usage_metadata,
      scope: extra.metadata["otel.scope.name"],
    }))
    .sort((a, b) => a.from - b.from);
}

async function expected() {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  const processor = new LangSmithSpanProcessor({ apiUrl: receiver.url, projectName: "test" });
  const provider = new Current({ spanProcessors: [processor] });
  work((scope) => provider.getTracer(scope));
  await provider.shutdown();
  const runs = told(receiver);
  expect(runs.map(({ name, parent }) => [name, parent])).toEqual([
    ["GET /ask", undefined],
    ["chat", "GET /ask"],
    ["t", "GET /ask"],
  ]);
  return runs;
}

describe("the exporter takes spans of OpenTelemetry JS", () => {
  it("2.x: the same runs as the processor's", async () => {
    const under = await startExporter();
    const provider = new Current({ spanProcessors: [new CurrentSimple(under.exporter)] });
    work((scope) => provider.getTracer(scope));
    expect(told(await under.finish())).toEqual(await expected());
  });

  it("1.30: the same runs as the processor's", async () => {
    const under = await startExporter();
    const provider = new Older({ spanProcessors: [new OlderSimple(under.exporter)] });
    work((scope) => provider.getTracer(scope));
    expect(told(await under.finish())).toEqual(await expected());
  });

  it("1.30 behind a RunIdentityProcessor, and through the processor itself: the same runs", async () => {
    const under = await startExporter();
    const provider = new Older({
      spanProcessors: [new RunIdentityProcessor({ projectName: "test" }), new OlderSimple(under.exporter)],
    });
    work((scope) => provider.getTracer(scope));
    const viaExporter = told(await under.finish());

    const receiver = await startReceiver();
    onTestFinished(() => receiver.close());
    const processor = new LangSmithSpanProcessor({ apiUrl: receiver.url, projectName: "test" });
    const direct = new Older({ spanProcessors: [processor] });
    work((scope) => direct.getTracer(scope));
    await processor.shutdown();
    expect(receiver.problems).toEqual([]);
    const runs = await expected();
    expect(viaExporter).toEqual(runs);
    expect(told(receiver)).toEqual(runs);
  });

  it("1.30, whose spans do not say whether their parent is remote: it is waited for, then the span roots its trace", async () => {
    const under = await startExporter({ orphanAfterMillis: 40 });
    const provider = new Older({ spanProcessors: [new OlderSimple(under.exporter)] });
    const remote = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
    const from = trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext({ ...remote, isRemote: true }));
    provider.getTracer("openinference-core").startSpan("handler", {}, from).end();
    expect(under.exporter.stats().heldSpans).toBe(1);
    const run = (await under.finish()).one("handler");
    expect(run.parent_run_id).toBeUndefined();
    expect(run.extra.metadata.OTEL_MISSING_PARENT_SPAN_ID).toBe(remote.spanId);
  });
});
