// What the exporter answers, and when: at once, and with the reason where spans are not taken.
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import { LangSmithSpanExporter } from "../../src/exporter/index.js";
import { forgetWarnings } from "../../src/warnings.js";
import { treeOf } from "../processor/bridge.js";
import { startExporter, startRecorder } from "./bridge.js";

/** The answers that came before `export` returned. */
function answersOf(exporter: LangSmithSpanExporter, spans: Parameters<LangSmithSpanExporter["export"]>[0]) {
  const answers: { code: number; error?: Error }[] = [];
  exporter.export(spans, (result) => void answers.push(result));
  return answers;
}

describe("export answers its callback at once", () => {
  it("with success when the spans are queued, and when they are held for their root", async () => {
    const under = await startExporter();
    const { genai, named } = startRecorder();
    genai.startActiveSpan("root", (root) => {
      genai.startSpan("child").end();
      root.end();
    });
    expect(answersOf(under.exporter, named("child"))).toEqual([{ code: 0 }]);
    expect(under.exporter.stats().heldSpans).toBe(1);
    expect(answersOf(under.exporter, named("root"))).toEqual([{ code: 0 }]);
    expect(under.exporter.stats().heldSpans).toBe(0);
    expect(treeOf(await under.finish())).toEqual(["root(child)"]);
  });

  it("so that BatchSpanProcessor, which waits for the answer, drops nothing behind held spans", async () => {
    const under = await startExporter();
    const batch = new BatchSpanProcessor(under.exporter, {
      maxQueueSize: 10_000,
      maxExportBatchSize: 50,
      scheduledDelayMillis: 1,
    });
    const { genai } = startRecorder([batch]);
    const root = genai.startSpan("root");
    await genai.startActiveSpan("agent", async (agent) => {
      for (let at = 0; at < 1_000; at += 1) genai.startSpan(`child ${at}`).end();
      await batch.forceFlush();
      expect(under.exporter.stats().heldSpans).toBe(1_000);
      agent.end();
    });
    root.end();
    await batch.forceFlush();
    expect((await under.finish()).runs.size).toBe(1_002);
  });

  it("with the reason when it is shut down", async () => {
    const under = await startExporter();
    const { genai, ended } = startRecorder();
    genai.startSpan("late").end();
    await under.exporter.shutdown();
    const [answer] = answersOf(under.exporter, ended);
    expect(answer).toMatchObject({ code: 1 });
    expect(answer?.error?.message).toMatch(/^LSB_ERR_SHUTDOWN: /);
    expect(under.receiver.runs.size).toBe(0);
  });

  it("with the reason when there is no key", async () => {
    const exporter = new LangSmithSpanExporter({ apiUrl: "https://langsmith.example" });
    const { genai, ended } = startRecorder();
    genai.startSpan("chat").end();
    const [answer] = answersOf(exporter, ended);
    expect(answer?.code).toBe(1);
    expect(answer?.error?.message).toMatch(/^LSB_ERR_NO_KEY: LANGSMITH_API_KEY/);
    await exporter.forceFlush();
    await exporter.shutdown();
    forgetWarnings();
  });

  it("with success when it is switched off: nothing is wrong", async () => {
    const exporter = new LangSmithSpanExporter({ enabled: false });
    const { genai, ended } = startRecorder();
    genai.startSpan("chat").end();
    expect(answersOf(exporter, ended)).toEqual([{ code: 0 }]);
  });

  it("with the reason when more spans come than are queued, which are counted", async () => {
    const under = await startExporter({ traces: "all", queue: { maxBytes: 100_000 } });
    const { tracer, ended } = startRecorder();
    for (let at = 0; at < 3_000; at += 1) tracer.startSpan(`span ${at}`).end();
    const [answer] = answersOf(under.exporter, ended);
    const lost = under.exporter.stats().lost.queue_full ?? 0;
    expect(lost).toBeGreaterThan(0);
    expect(answer?.error?.message).toMatch(new RegExp(`^LSB_ERR_REFUSED: ${lost} of 3000 runs`));
    await under.exporter.shutdown();
    forgetWarnings();
  });
});

describe("flush and shutdown of the exporter", () => {
  it("may be called twice and at once; spans that wait for their root go on waiting through a flush", async () => {
    const under = await startExporter();
    const { genai, named } = startRecorder();
    genai.startActiveSpan("root", (root) => {
      genai.startSpan("child").end();
      root.end();
    });
    under.export(named("child"));
    await Promise.all([under.exporter.forceFlush(), under.exporter.forceFlush()]);
    expect(under.receiver.runs.size).toBe(0);
    under.export(named("root"));
    await under.exporter.forceFlush();
    expect(treeOf(under.receiver)).toEqual(["root(child)"]);
    await Promise.all([under.exporter.shutdown(), under.exporter.shutdown(), under.exporter.forceFlush()]);
  });

  it("a span that is exported twice is one run", async () => {
    const under = await startExporter();
    const { genai, ended } = startRecorder();
    genai.startSpan("chat").end();
    under.export(ended);
    under.export(ended);
    await under.exporter.forceFlush();
    under.export(ended);
    expect((await under.finish()).operations).toHaveLength(1);
  });
});
