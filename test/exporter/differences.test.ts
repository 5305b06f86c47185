// The five differences between the exporter alone and the processor (docs/exporter.md), each as it is; and that with a
// RunIdentityProcessor before it only those of what an SDK's processor does not hand on remain.
import { propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { BatchSpanProcessor, type Sampler, SamplingDecision, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it, onTestFinished } from "vitest";
import { RunIdentityProcessor } from "../../src/processor/identity-processor.js";
import { LangSmithPropagator } from "../../src/propagation/index.js";
import { startBridge, treeOf, until } from "../processor/bridge.js";
import { startExporter, startRecorder } from "./bridge.js";

const inbound = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  "langsmith-trace": "20250701T120000000000Z0197c5f0-7b1e-7abc-8def-0123456789ab",
};

describe("the exporter alone differs from the processor in exactly these", () => {
  it("remote parents without a run node: it does not see the headers, and roots a trace that names the parent", async () => {
    propagation.setGlobalPropagator(new LangSmithPropagator());
    onTestFinished(() => propagation.disable());
    const remote = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
    const from = trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext({ ...remote, isRemote: true }));
    const place = propagation.extract(from, inbound);

    const bridge = await startBridge();
    bridge.genai.startSpan("handler", {}, place).end();
    await bridge.processor.shutdown();
    expect(bridge.receiver.one("handler").parent_run_id).toBe("0197c5f0-7b1e-7abc-8def-0123456789ab");

    const under = await startExporter();
    const { genai, ended } = startRecorder();
    genai.startSpan("handler", {}, place).end();
    under.export(ended);
    const run = (await under.finish()).one("handler");
    expect(run.parent_run_id).toBeUndefined();
    expect(run.extra.metadata.OTEL_REMOTE_PARENT_SPAN_ID).toBe(remote.spanId);
  });

  it("pending posts: it posts each run once, complete, however long it ran", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 0 });
    const under = await startExporter();
    const { genai } = startRecorder([new SimpleSpanProcessor(under.exporter)]);
    const spans = [bridge.genai.startSpan("long"), genai.startSpan("long")];
    await bridge.processor.forceFlush();
    await under.exporter.forceFlush();
    expect(bridge.receiver.operations.map(({ kind }) => kind)).toEqual(["post"]);
    expect(under.receiver.operations).toEqual([]);
    for (const span of spans) span.end();
    expect((await bridge.finish()).operations.map(({ kind }) => kind)).toEqual(["post", "patch"]);
    expect((await under.finish()).operations.map(({ kind }) => kind)).toEqual(["post"]);
  });

  it("spans that never ended: it never sees them, and what hangs under them says so", async () => {
    const bridge = await startBridge();
    const under = await startExporter({ orphanAfterMillis: 40 });
    const { genai } = startRecorder([new SimpleSpanProcessor(under.exporter)]);
    for (const tracer of [bridge.genai, genai]) {
      const unended = tracer.startSpan("never ends");
      tracer.startSpan("child", {}, trace.setSpan(ROOT_CONTEXT, unended)).end();
    }
    await until(() => under.receiver.runs.size === 1, "the orphan is sent");
    const first = await bridge.finish();
    const second = await under.finish();
    expect(treeOf(first)).toEqual(["never ends(child)"]);
    expect(first.one("never ends").error).toContain("LSB_ERR_NEVER_ENDED");
    expect(treeOf(second)).toEqual(["child"]);
    expect(second.one("child").extra.metadata.OTEL_MISSING_PARENT_SPAN_ID).toMatch(/^[0-9a-f]{16}$/);
  });

  it("the order of siblings that started in the same millisecond: they stand in the order of their ends", async () => {
    const bridge = await startBridge();
    const under = await startExporter();
    const { genai, ended } = startRecorder();
    const startTime = Date.now();
    for (const tracer of [bridge.genai, genai]) {
      const root = tracer.startSpan("root", { startTime: startTime - 5 });
      const inside = trace.setSpan(ROOT_CONTEXT, root);
      const siblings = ["a", "b", "c"].map((name) => tracer.startSpan(name, { startTime }, inside));
      for (const span of siblings.reverse()) span.end();
      root.end();
    }
    under.export(ended);
    expect(treeOf(await bridge.finish())).toEqual(["root(a, b, c)"]);
    expect(treeOf(await under.finish())).toEqual(["root(c, b, a)"]);
  });

  it.each([
    ["SimpleSpanProcessor", SimpleSpanProcessor],
    ["BatchSpanProcessor", BatchSpanProcessor],
  ])("recording but unsampled spans: %s drops them before it", async (_, Processor) => {
    const recordOnly: Sampler = {
      shouldSample: () => ({ decision: SamplingDecision.RECORD }),
      toString: () => "RecordOnly",
    };
    const bridge = await startBridge({ sampler: recordOnly });
    const under = await startExporter();
    const { genai, provider } = startRecorder([new Processor(under.exporter)], { sampler: recordOnly });
    for (const tracer of [bridge.genai, genai]) tracer.startSpan("unsampled").end();
    await provider.forceFlush();
    expect(treeOf(await bridge.finish())).toEqual(["unsampled"]);
    expect((await under.finish()).runs.size).toBe(0);
  });
});

describe("behind a RunIdentityProcessor", () => {
  it("remote parents, and the order of siblings of one millisecond, are exactly the processor's", async () => {
    propagation.setGlobalPropagator(new LangSmithPropagator());
    onTestFinished(() => propagation.disable());
    const under = await startExporter();
    const { genai } = startRecorder([new RunIdentityProcessor(), new SimpleSpanProcessor(under.exporter)]);
    const place = propagation.extract(ROOT_CONTEXT, inbound);
    const startTime = Date.now();
    const handler = genai.startSpan("handler", { startTime: startTime - 5 }, place);
    const inside = trace.setSpan(place, handler);
    const siblings = ["a", "b", "c"].map((name) => genai.startSpan(name, { startTime }, inside));
    for (const span of siblings.reverse()) span.end();
    handler.end();
    await under.exporter.shutdown();
    const { receiver } = under;
    expect(receiver.problems).toEqual([]);
    expect(receiver.one("handler").parent_run_id).toBe("0197c5f0-7b1e-7abc-8def-0123456789ab");
    const order = ["a", "b", "c"].map((name) => receiver.one(name).dotted_order);
    expect(order).toEqual([...order].sort());
  });

  it("spans that never ended are closed as an error that says so, so that nothing hangs under a run that is not sent", async () => {
    const under = await startExporter();
    const identity = new RunIdentityProcessor();
    const { genai } = startRecorder([identity, new SimpleSpanProcessor(under.exporter)]);
    const agent = genai.startSpan("agent");
    const inside = trace.setSpan(ROOT_CONTEXT, agent);
    genai.startSpan("step", {}, inside).end();
    await identity.shutdown();
    await under.exporter.shutdown();
    expect(treeOf(under.receiver)).toEqual(["agent(step)"]);
    expect(under.receiver.one("agent").error).toMatch(/LSB_ERR_NEVER_ENDED.*still open at shutdown/);
    expect(under.receiver.problems).toEqual([]);
  });
});
