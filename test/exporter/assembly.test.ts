// Without a processor the exporter assembles: batches in any order, several roots, late children, parents that never
// come, and bounds.
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { type Sampler, SamplingDecision } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import { treeOf, until } from "../processor/bridge.js";
import { startExporter, startRecorder } from "./bridge.js";

/** root(a(a1, a2), b), all ended. */
function tree() {
  const recorder = startRecorder();
  const { genai, tracer } = recorder;
  genai.startActiveSpan("root", (root) => {
    tracer.startActiveSpan("a", (a) => {
      tracer.startSpan("a1").end();
      tracer.startSpan("a2").end();
      a.end();
    });
    tracer.startSpan("b").end();
    root.end();
  });
  return recorder;
}

describe("batches come in any order", () => {
  it.each([
    ["children in earlier batches than their parents", [["a1"], ["a2", "a"], ["b"], ["root"]]],
    ["children in later batches than their parents", [["root"], ["b"], ["a"], ["a2", "a1"]]],
    ["mixed in one batch", [["b", "root", "a1", "a", "a2"]]],
    ["the root between", [["a2"], ["root"], ["a1"], ["a"], ["b"]]],
  ])("%s", async (_, batches) => {
    const under = await startExporter();
    const { named } = tree();
    for (const batch of batches) under.export(named(...batch));
    const receiver = await under.finish();
    const [drawn] = treeOf(receiver);
    expect(receiver.runs.size).toBe(5);
    // Siblings of one millisecond stand as they came.
    expect(drawn?.replace("a2, a1", "a1, a2").replace(/^root\(b, (.*)\)$/, "root($1, b)")).toBe("root(a(a1, a2), b)");
    for (const run of receiver.runs.values()) expect(run.extra.metadata.OTEL_MISSING_PARENT_SPAN_ID).toBeUndefined();
  });

  it("nothing is sent before the local root has come, and then all of it together", async () => {
    const under = await startExporter();
    const { named } = tree();
    under.export(named("a1", "a2", "a", "b"));
    await under.exporter.forceFlush();
    expect(under.receiver.operations).toEqual([]);
    expect(under.exporter.stats()).toMatchObject({ heldSpans: 4, releasedEarly: 0 });
    under.export(named("root"));
    expect(under.exporter.stats()).toMatchObject({ heldSpans: 0, heldBytes: 0 });
    expect((await under.finish()).runs.size).toBe(5);
  });

  it("a trace that is known to be GenAI does not wait for what may fill a gap after that", async () => {
    const under = await startExporter();
    const { genai, ended } = startRecorder();
    const began = Date.now() - 10_000;
    const root = genai.startSpan("root", { startTime: began });
    const inside = trace.setSpan(ROOT_CONTEXT, root);
    root.end(began + 10);
    genai.startSpan("late", { startTime: began + 5_000 }, inside).end(began + 5_010);
    under.export(ended);
    expect(under.exporter.stats()).toMatchObject({ heldSpans: 0 });
    expect(treeOf(await under.finish())).toEqual(["root(late)"]);
  });

  it("late children after the root was sent hang where they belong", async () => {
    const under = await startExporter();
    const { named } = tree();
    under.export(named("root", "a", "b"));
    await under.exporter.forceFlush();
    expect(treeOf(under.receiver)).toEqual(["root(a, b)"]);
    under.export(named("a2"));
    await under.exporter.forceFlush();
    under.export(named("a1"));
    const receiver = await under.finish();
    expect(receiver.one("a1").parent_run_id).toBe(receiver.one("a").id);
    expect(receiver.one("a2").parent_run_id).toBe(receiver.one("a").id);
  });
});

describe("several roots of one trace id", () => {
  it("are local traces of their own: each is sent when it has come, GenAI or not by itself", async () => {
    const under = await startExporter({ orphanAfterMillis: 60_000 });
    const { genai, tracer, named } = startRecorder();
    const remote = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
    const from = trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext({ ...remote, isRemote: true }));
    const first = genai.startSpan("first", {}, from);
    tracer.startSpan("first child", {}, trace.setSpan(from, first)).end();
    first.end();
    const second = genai.startSpan("second", {}, from);
    tracer.startSpan("second child", {}, trace.setSpan(from, second)).end();
    second.end();
    tracer.startSpan("plain", {}, from).end();
    under.export(named("second child", "first child", "plain"));
    under.export(named("first"));
    await under.exporter.forceFlush();
    expect(treeOf(under.receiver)).toEqual(["first(first child)"]);
    under.export(named("second"));
    const receiver = await under.finish();
    expect(treeOf(receiver).sort()).toEqual(["first(first child)", "second(second child)"]);
    expect(under.exporter.stats().droppedTraces).toEqual({ noGenAi: 1, bounds: 0 });
  });
});

describe("a parent that never comes", () => {
  it("after orphanAfterMillis its children root their own trace and say so in their metadata", async () => {
    const under = await startExporter({ orphanAfterMillis: 40 });
    const { genai, named } = startRecorder();
    const unended = genai.startSpan("never ends");
    const below = trace.setSpan(ROOT_CONTEXT, unended);
    genai.startActiveSpan("child", {}, below, (child) => {
      genai.startSpan("grandchild").end();
      child.end();
    });
    under.export(named("grandchild", "child"));
    await until(() => under.receiver.runs.size === 2, "the orphans are sent without a flush");
    const receiver = await under.finish();
    expect(treeOf(receiver)).toEqual(["child(grandchild)"]);
    expect(receiver.one("child").extra.metadata.OTEL_MISSING_PARENT_SPAN_ID).toBe(unended.spanContext().spanId);
    expect(receiver.one("grandchild").extra.metadata.OTEL_MISSING_PARENT_SPAN_ID).toBeUndefined();
    unended.end();
  });

  it("or hang under the nearest known ancestor, the local root of their trace", async () => {
    const under = await startExporter({ orphanAfterMillis: 40 });
    const dropsMiddle: Sampler = {
      shouldSample: (_context, _traceId, name) => ({
        decision: name === "middle" ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED,
      }),
      toString: () => "DropsMiddle",
    };
    const { genai, tracer, named } = startRecorder([], { sampler: dropsMiddle });
    genai.startActiveSpan("root", (root) => {
      tracer.startActiveSpan("middle", (middle) => {
        tracer.startSpan("leaf").end();
        middle.end();
      });
      root.end();
    });
    under.export(named("leaf", "root"));
    await until(() => under.receiver.runs.size === 2, "both are sent without a flush");
    const receiver = await under.finish();
    expect(treeOf(receiver)).toEqual(["root(leaf)"]);
    expect(receiver.one("leaf").extra.metadata.OTEL_MISSING_PARENT_SPAN_ID).toMatch(/^[0-9a-f]{16}$/);
  });

  it("waits in vain no longer than until shutdown", async () => {
    const under = await startExporter({ orphanAfterMillis: Number.POSITIVE_INFINITY });
    const { named } = tree();
    under.export(named("a1", "a2", "a"));
    const receiver = await under.finish();
    expect(receiver.runs.size).toBe(0);
    expect(under.exporter.stats().droppedTraces.noGenAi).toBe(1);
  });
});

describe("what is held is bounded, and what is let go is counted", () => {
  it("by count: beyond held.maxTraces the oldest trace is let go, its spans under the nearest known ancestor", async () => {
    const under = await startExporter({ held: { maxTraces: 2 }, orphanAfterMillis: 60_000 });
    const { genai, named } = startRecorder();
    for (const at of [1, 2, 3]) {
      genai.startActiveSpan(`root ${at}`, (root) => {
        genai.startSpan(`child ${at}`).end();
        root.end();
      });
    }
    under.export(named("child 1", "child 2", "child 3"));
    expect(under.exporter.stats()).toMatchObject({ heldSpans: 2, releasedEarly: 1 });
    under.export(named("root 2", "root 3"));
    const receiver = await under.finish();
    expect(treeOf(receiver).sort()).toEqual(["child 1", "root 2(child 2)", "root 3(child 3)"]);
    expect(receiver.one("child 1").extra.metadata.OTEL_MISSING_PARENT_SPAN_ID).toBeDefined();
  });

  it("by bytes: beyond held.maxBytes the oldest trace is let go", async () => {
    const under = await startExporter({ held: { maxBytes: 50_000 }, orphanAfterMillis: 60_000 });
    const { genai, named } = startRecorder();
    for (const at of [1, 2, 3]) {
      genai.startActiveSpan(`root ${at}`, (root) => {
        genai.startSpan(`child ${at}`, { attributes: { text: "x".repeat(20_000) } }).end();
        root.end();
      });
    }
    under.export(named("child 1", "child 2", "child 3"));
    expect(under.exporter.stats()).toMatchObject({ heldSpans: 2, releasedEarly: 1 });
    expect(under.exporter.stats().heldBytes).toBeLessThanOrEqual(50_000);
    expect((await under.finish()).runs.size).toBe(3);
  });

  it("by age: a trace in which no GenAI span shows itself is let go after orphanAfterMillis", async () => {
    const under = await startExporter({ orphanAfterMillis: 40 });
    const { tracer, ended } = startRecorder();
    tracer.startSpan("health check").end();
    under.export(ended);
    expect(under.exporter.stats().heldSpans).toBe(1);
    await until(() => under.exporter.stats().heldSpans === 0, "it is let go");
    expect(under.exporter.stats().droppedTraces).toEqual({ noGenAi: 1, bounds: 0 });
    expect((await under.finish()).runs.size).toBe(0);
  });

  it("more spans than are remembered find their parents all the same while they come together", async () => {
    const under = await startExporter();
    const { genai, ended } = startRecorder();
    genai.startActiveSpan("root", (root) => {
      for (let at = 0; at < 3_000; at += 1) {
        genai.startActiveSpan(`step ${at}`, (step) => {
          genai.startSpan(`leaf ${at}`).end();
          step.end();
        });
      }
      root.end();
    });
    under.export(ended);
    const receiver = await under.finish();
    expect(receiver.runs.size).toBe(6_001);
    const leaves = [...receiver.runs.values()].filter((run) => run.name.startsWith("leaf"));
    for (const leaf of leaves) {
      expect(receiver.runs.get(leaf.parent_run_id ?? "")?.name).toBe(leaf.name.replace("leaf", "step"));
    }
  }, 60_000);
});
