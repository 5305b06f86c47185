// The sampler: everything is recorded, only what was sampled before is sampled.
import { context, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LangSmithSampler } from "../../../src/processor/sampler.js";

const ask = (sampler: Pick<Sampler, "shouldSample">, traceId: string) =>
  sampler.shouldSample(ROOT_CONTEXT, traceId, "chat", SpanKind.CLIENT, { a: 1 }, []);

describe("LangSmithSampler", () => {
  it("says what the inner sampler says, but RECORD for NOT_RECORD", () => {
    const hex = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(hex, fc.double({ min: 0, max: 1, noNaN: true }), (digits, ratio) => {
        const traceId = digits.map((digit) => digit.toString(16)).join("");
        const inner = new TraceIdRatioBasedSampler(ratio);
        const expected = ask(inner, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED ? 2 : 1;
        expect(ask(new LangSmithSampler(inner), traceId).decision).toBe(expected);
      }),
    );
  });

  it("keeps what else the inner sampler says, and its name", () => {
    const attributes = { why: "tail" };
    const inner = { shouldSample: () => ({ decision: 0, attributes }), toString: () => "Tail" };
    const sampler = new LangSmithSampler(inner);
    expect(sampler.shouldSample(ROOT_CONTEXT, "", "", 0, {}, [])).toEqual({ decision: 1, attributes });
    expect(String(sampler)).toBe("LangSmithSampler{Tail}");
  });

  it("refuses what is no sampler", () => {
    expect(() => Reflect.construct(LangSmithSampler, [undefined])).toThrow(/LSB_ERR_OPTION.*must be a sampler/);
  });

  it("makes recording spans that other processors do not export, under an unsampled remote parent, too", async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({
      sampler: new LangSmithSampler(new ParentBasedSampler({ root: new AlwaysOffSampler() })),
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    const remote = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: TraceFlags.NONE, isRemote: true };
    for (const parent of [ROOT_CONTEXT, trace.setSpanContext(context.active(), remote)]) {
      const span = provider.getTracer("app").startSpan("chat", {}, parent);
      expect([span.isRecording(), span.spanContext().traceFlags]).toEqual([true, TraceFlags.NONE]);
      span.end();
    }
    await provider.forceFlush();
    expect(exporter.getFinishedSpans()).toEqual([]);
    const sampled = new LangSmithSampler(new AlwaysOnSampler());
    expect(ask(sampled, "1".repeat(32)).decision).toBe(SamplingDecision.RECORD_AND_SAMPLED);
  });
});
