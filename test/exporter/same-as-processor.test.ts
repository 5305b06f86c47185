// Processor and exporter give the same runs, field by field, but for the five differences that the docs list.
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forgetSpans } from "../../src/identity/node.js";
import { RunIdentityProcessor } from "../../src/processor/identity-processor.js";
import {
  allRecordings,
  loadRecording,
  type RecordedSpan,
  ReplayedSpan as Replayed,
  type ReplayedSpan,
  replay,
} from "../fixtures/load.js";
import { startBridge } from "../processor/bridge.js";
import { comparable, startExporter } from "./bridge.js";

function shuffled<T>(values: readonly T[], seed: number): T[] {
  const result = [...values];
  let state = seed + 1;
  for (let at = result.length - 1; at > 0; at -= 1) {
    state = (state * 1103515245 + 12345) % 2147483648;
    const other = state % (at + 1);
    [result[at], result[other]] = [result[other] as T, result[at] as T];
  }
  return result;
}

async function viaProcessor(folder: string, file: string, mode: object) {
  const bridge = await startBridge(mode);
  const spans = await replay(loadRecording(folder, file), { processor: bridge.processor });
  const runs = comparable(await bridge.finish());
  forgetSpans();
  return { spans, runs };
}

/** Fresh objects of the spans that ended, in that order: the objects that a processor has seen carry its node. */
function endedOf(folder: string, file: string): ReplayedSpan[] {
  const { calls } = loadRecording(folder, file);
  return calls.filter(({ event }) => event === "end").map(({ span }) => new Replayed(span));
}

/** Differences one and three to five: spans that never ended are no part of what an exporter sees. */
function hasUnended(spans: Iterable<ReplayedSpan>): boolean {
  return [...spans].some((span) => !span.ended);
}

describe.each([
  ["default", {}],
  ["all", { spans: "all", traces: "all" }],
] as const)("every recording, mode %s", (_, mode) => {
  it.each(allRecordings())("%s/%s: alone, in batches of any size", async (folder, file) => {
    const { spans, runs } = await viaProcessor(folder, file, mode);
    if (hasUnended(spans.values())) return;
    const under = await startExporter(mode);
    const batch = endedOf(folder, file);
    const size = 1 + ((file.length * 31 + folder.length) % 5);
    for (let at = 0; at < batch.length; at += size) under.export(batch.slice(at, at + size));
    expect(comparable(await under.finish())).toEqual(runs);
  });

  it.each(allRecordings())("%s/%s: alone, in any order: every run in its place", async (folder, file) => {
    const { spans, runs } = await viaProcessor(folder, file, mode);
    if (hasUnended(spans.values())) return;
    const under = await startExporter(mode);
    const seed = file.length * 31 + folder.length;
    const batch = shuffled(endedOf(folder, file), seed);
    for (let at = 0; at < batch.length; at += 1 + (seed % 5)) under.export(batch.slice(at, at + 1 + (seed % 5)));
    const placesOf = (all: typeof runs) =>
      [...all.values()].map(({ id, dotted_order, end_time }) => ({ id, dotted_order, end_time }));
    expect(placesOf(comparable(await under.finish()))).toEqual(placesOf(runs));
  });

  it.each(allRecordings())("%s/%s: behind a RunIdentityProcessor", async (folder, file) => {
    const { spans, runs } = await viaProcessor(folder, file, mode);
    if (hasUnended(spans.values())) return;
    const identity = new RunIdentityProcessor({ ...mode, projectName: "test" });
    const under = await startExporter();
    await replay(loadRecording(folder, file), {
      processor: {
        onStart: (span, context) => identity.onStart(span, context),
        onEnd(span) {
          identity.onEnd(span);
          under.export([span]);
        },
      },
    });
    await identity.forceFlush();
    expect(comparable(await under.finish())).toEqual(runs);
    await identity.shutdown();
  });
});

describe("random trees", () => {
  const hex = (value: number, length: number) => value.toString(16).padStart(length, "0");
  const start = Date.now() - 60_000;

  /** A tree by parent picks; each child lies inside its parent's time or starts and ends after it. */
  const trees = fc.array(
    fc.record({
      pick: fc.nat(),
      offset: fc.integer({ min: 0, max: 40 }),
      length: fc.integer({ min: 0, max: 80 }),
      kind: fc.constantFrom("plain", "llm", "tool", "infra"),
    }),
    { minLength: 1, maxLength: 30 },
  );

  function spansOf(shape: readonly { pick: number; offset: number; length: number; kind: string }[]): RecordedSpan[] {
    const spans: RecordedSpan[] = [];
    for (const [at, { pick, offset, length, kind }] of shape.entries()) {
      const parent = at === 0 ? undefined : spans[pick % at];
      const from = parent ? parent.startTime[0] * 1000 + parent.startTime[1] / 1e6 + offset + 1 : start;
      const hr = (millis: number): [number, number] => [Math.floor(millis / 1000), Math.round((millis % 1000) * 1e6)];
      spans.push({
        name: `span ${at}`,
        kind: 0,
        traceId: hex(7, 32),
        spanId: hex(at + 1, 16),
        parentSpanId: parent?.spanId ?? null,
        parentTraceId: parent?.traceId ?? null,
        parentIsRemote: parent ? false : null,
        traceFlags: 1,
        traceState: null,
        startTime: hr(from),
        endTime: hr(from + length + 0.5),
        ended: true,
        attributes:
          kind === "llm"
            ? {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "m",
                "gen_ai.usage.input_tokens": at + 1,
                "gen_ai.usage.output_tokens": 1,
              }
            : kind === "tool"
              ? { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": `tool ${at}` }
              : { plain: at },
        events: [],
        links: [],
        status: { code: 0 },
        resource: { "service.name": "random" },
        instrumentationScope: { name: kind === "infra" ? "@opentelemetry/instrumentation-http" : "app" },
        droppedAttributesCount: 0,
        droppedEventsCount: 0,
        droppedLinksCount: 0,
      });
    }
    return spans;
  }

  const endOf = ({ endTime }: RecordedSpan) => (endTime ? endTime[0] * 1000 + endTime[1] / 1e6 : 0);
  const inEndOrder = (spans: readonly RecordedSpan[]) => [...spans].sort((a, b) => endOf(a) - endOf(b));

  /** Plays starts and ends in the order of their times, as they would have happened. */
  async function play(spans: readonly RecordedSpan[], mode: object) {
    const bridge = await startBridge({ ...mode, pendingAfterMillis: Number.POSITIVE_INFINITY });
    const live = new Map<string, ReplayedSpan>();
    const millis = ([seconds, nanos]: readonly [number, number]) => seconds * 1000 + nanos / 1e6;
    const moments = spans
      .flatMap((span) => [
        { at: millis(span.startTime), span, isEnd: false },
        { at: millis(span.endTime ?? [0, 0]), span, isEnd: true },
      ])
      .sort((a, b) => a.at - b.at || Number(a.isEnd) - Number(b.isEnd));
    for (const { span, isEnd } of moments) {
      if (isEnd) bridge.processor.onEnd(live.get(span.spanId) as ReplayedSpan);
      else {
        const made = new Replayed(span);
        live.set(span.spanId, made);
        const parent = span.parentSpanId === null ? undefined : live.get(span.parentSpanId);
        bridge.processor.onStart(made, parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT);
      }
    }
    const runs = comparable(await bridge.finish());
    forgetSpans();
    return runs;
  }

  it("are the same from processor and exporter, in every end order and batch size", async () => {
    await fc.assert(
      fc.asyncProperty(
        trees,
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom({}, { spans: "all", traces: "all" } as const),
        async (shape, size, mode) => {
          const spans = spansOf(shape);
          const expected = await play(spans, mode);
          const under = await startExporter(mode);
          const batch = inEndOrder(spans).map((span) => new Replayed(span));
          for (let at = 0; at < batch.length; at += size) under.export(batch.slice(at, at + size));
          const found = comparable(await under.finish());
          expect(found).toEqual(expected);
          await under.receiver.close();
          forgetSpans();
        },
      ),
      { numRuns: 300 },
    );
  }, 120_000);

  it("hang what lost its parent under the nearest known ancestor, say so, and lose nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(trees, fc.nat(), fc.nat(), async (shape, seed, loss) => {
        const spans = spansOf(shape);
        const lost = spans[1 + (loss % Math.max(1, spans.length - 1))]?.spanId;
        const kept = spans.filter((span) => span.spanId !== lost);
        const under = await startExporter({ spans: "all", traces: "all", orphanAfterMillis: 60_000 });
        under.export(
          shuffled(
            kept.map((span) => new Replayed(span)),
            seed,
          ),
        );
        const receiver = await under.finish();
        expect(receiver.runs.size).toBe(kept.length);
        for (const run of receiver.runs.values()) {
          const span = kept.find(({ spanId }) => spanId === run.extra.metadata.OTEL_SPAN_ID);
          const isOrphan = span?.parentSpanId !== null && span?.parentSpanId === lost;
          expect(run.extra.metadata.OTEL_MISSING_PARENT_SPAN_ID).toBe(isOrphan ? lost : undefined);
        }
        await receiver.close();
        forgetSpans();
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});
