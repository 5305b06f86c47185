// An exporter under test, sending to a strict receiver over a real socket; and runs made comparable.
import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  type ReadableSpan,
  type SpanProcessor,
  type TracerConfig,
} from "@opentelemetry/sdk-trace-base";
import { expect, onTestFinished } from "vitest";
import { type LangSmithExporterOptions, LangSmithSpanExporter } from "../../src/exporter/index.js";
import type { SourceSpan } from "../../src/processor/source-span.js";
import { forgetWarnings } from "../../src/warnings.js";
import { orphansOf, type Receiver, type StoredRun, startReceiver } from "../receiver.js";

export interface TestExporter {
  readonly receiver: Receiver;
  readonly exporter: LangSmithSpanExporter;
  /** Exports a batch and holds the answer against success. */
  export(spans: readonly SourceSpan[]): void;
  finish(): Promise<Receiver>;
}

export async function startExporter(options: LangSmithExporterOptions = {}): Promise<TestExporter> {
  const receiver = await startReceiver();
  const exporter = new LangSmithSpanExporter({
    apiUrl: receiver.url,
    projectName: "test",
    batchDelayMillis: 1,
    ...options,
  });
  onTestFinished(async () => {
    await exporter.shutdown();
    await receiver.close();
    forgetWarnings();
  });
  return {
    receiver,
    exporter,
    export(spans) {
      let answers = 0;
      exporter.export(spans, (result) => {
        answers += 1;
        expect(result).toEqual({ code: 0 });
      });
      expect(answers).toBe(1);
    },
    async finish() {
      await exporter.shutdown();
      expect(receiver.problems).toEqual([]);
      expect(orphansOf(receiver.runs.values())).toEqual([]);
      expect(exporter.stats()).toMatchObject({ faults: 0, heldSpans: 0, lost: {} });
      return receiver;
    },
  };
}

/** Runs by their span, without what may differ between processor and exporter: the digits that order siblings. */
export function comparable(receiver: Receiver): Map<string, StoredRun> {
  const byId = new Map<string, StoredRun>();
  for (const run of receiver.runs.values()) {
    const millis = (time: string | undefined) => time?.slice(0, 23) ?? "";
    byId.set(run.id, {
      ...run,
      start_time: millis(run.start_time),
      end_time: run.end_time && run.end_time === run.start_time ? millis(run.end_time) : (run.end_time ?? ""),
      dotted_order: run.dotted_order.replace(/\d{3}Z/g, "Z"),
    });
  }
  return new Map([...byId].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** In another order, the same for the same seed. */
export function shuffled<T>(values: readonly T[], seed: number): T[] {
  const result = [...values];
  let state = seed + 1;
  for (let at = result.length - 1; at > 0; at -= 1) {
    state = (state * 1103515245 + 12345) % 2147483648;
    const other = state % (at + 1);
    [result[at], result[other]] = [result[other] as T, result[at] as T];
  }
  return result;
}

/** Spans of the real SDK, in the order in which they end. */
export interface Recorder {
  readonly provider: BasicTracerProvider;
  readonly tracer: ReturnType<BasicTracerProvider["getTracer"]>;
  /** A tracer whose spans are all GenAI by their scope. */
  readonly genai: ReturnType<BasicTracerProvider["getTracer"]>;
  readonly ended: ReadableSpan[];
  /** The ended spans of these names, in this order. */
  named(...names: string[]): ReadableSpan[];
}

/** @param before processors that see the spans first */
export function startRecorder(before: SpanProcessor[] = [], config: Pick<TracerConfig, "sampler"> = {}): Recorder {
  const ended: ReadableSpan[] = [];
  const provider = new BasicTracerProvider({
    ...config,
    spanProcessors: [
      ...before,
      {
        onStart: () => {},
        onEnd: (span) => void ended.push(span),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  const manager = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(manager);
  onTestFinished(async () => {
    await provider.shutdown();
    context.disable();
  });
  return {
    provider,
    tracer: provider.getTracer("app"),
    genai: provider.getTracer("openinference-core"),
    ended,
    named: (...names) =>
      names.map((name) => {
        const span = ended.find((one) => one.name === name);
        if (!span) throw new Error(`no span ${name} has ended`);
        return span;
      }),
  };
}
