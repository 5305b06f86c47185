// Which spans reach the bridge at all: recording but unsampled ones do, its own requests make none.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Context, trace } from "@opentelemetry/api";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import {
  BatchSpanProcessor,
  InMemorySpanExporter,
  type Sampler,
  SamplingDecision,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { startBridge, treeOf, until } from "./bridge.js";

const recordOnly: Sampler = {
  shouldSample: () => ({ decision: SamplingDecision.RECORD }),
  toString: () => "RecordOnly",
};

describe("a recording span that is not sampled", () => {
  it("becomes a run, while the SDK's own processors drop it", async () => {
    const exported = new InMemorySpanExporter();
    const batched = new InMemorySpanExporter();
    const bridge = await startBridge({
      sampler: recordOnly,
      beside: [new SimpleSpanProcessor(exported), new BatchSpanProcessor(batched)],
    });
    bridge.genai.startActiveSpan("agent", (agent) => {
      expect(agent.isRecording()).toBe(true);
      expect(agent.spanContext().traceFlags).toBe(0);
      bridge.tracer.startSpan("step").end();
      agent.end();
    });
    await bridge.provider.forceFlush();
    expect(treeOf(await bridge.finish())).toEqual(["agent(step)"]);
    expect([...exported.getFinishedSpans(), ...batched.getFinishedSpans()]).toEqual([]);
  });

  it("is not lost where only some spans of the trace are sampled", async () => {
    let turn = 0;
    const alternating: Sampler = {
      shouldSample: () => ({
        decision: turn++ % 2 === 0 ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.RECORD,
      }),
      toString: () => "Alternating",
    };
    const bridge = await startBridge({ sampler: alternating });
    bridge.genai.startActiveSpan("a", (a) => {
      bridge.tracer.startActiveSpan("b", (b) => {
        bridge.tracer.startSpan("c").end();
        b.end();
      });
      a.end();
    });
    expect(treeOf(await bridge.finish())).toEqual(["a(b(c))"]);
  });
});

describe("the bridge's own requests", () => {
  it("make no spans with @opentelemetry/instrumentation-undici on", async () => {
    const started: string[] = [];
    const bridge = await startBridge({
      spans: "all",
      traces: "all",
      beside: [
        {
          onStart: (span: { name: string }, _context: Context) => void started.push(span.name),
          onEnd: () => {},
          forceFlush: async () => {},
          shutdown: async () => {},
        },
      ],
    });
    const instrumentation = new UndiciInstrumentation();
    instrumentation.setTracerProvider(trace.getTracerProvider());
    onTestFinished(() => instrumentation.disable());
    const server = createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1");
    onTestFinished(() => {
      server.close();
    });
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mine`;

    await bridge.genai.startActiveSpan("agent", async (agent) => {
      // The instrumentation is awake: the application's own request is a span.
      await (await request(url)).body.dump();
      await bridge.processor.forceFlush();
      agent.end();
    });
    await until(() => bridge.receiver.byName("agent").some((run) => run.end_time), "the agent's end arrives");
    const receiver = await bridge.finish();
    expect(receiver.headers.length).toBeGreaterThan(1);
    expect(started).toEqual(["agent", "GET"]);
    expect(treeOf(receiver)).toEqual(["agent(GET)"]);
  });
});
