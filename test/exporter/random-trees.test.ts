// Random trees of spans, as they happen and as they come to an exporter: the same runs either way.
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forgetSpans } from "../../src/identity/node.js";
import { type RecordedSpan, ReplayedSpan as Replayed, type ReplayedSpan } from "../fixtures/load.js";
import { startBridge, treeOf } from "../processor/bridge.js";
import { comparable, shuffled, startExporter } from "./bridge.js";

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

  /** Spans by the number of the one above, and times in milliseconds: from the parent's start, and how long. */
  type Shape = readonly { pick: number; offset: number; length: number; kind: string }[];

  function spansOf(shape: Shape): RecordedSpan[] {
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

  it.each<[string, Shape, string[]]>([
    [
      "a GenAI span that starts while another child is open belongs to the trace",
      [
        { pick: 0, offset: 0, length: 10, kind: "plain" },
        { pick: 0, offset: 10, length: 0, kind: "llm" },
        { pick: 0, offset: 6, length: 4, kind: "plain" },
      ],
      ["span 0(span 2, span 1)"],
    ],
    [
      "and so does one that starts long after the root's end, as long as something was open all the while",
      [
        { pick: 0, offset: 0, length: 10, kind: "plain" },
        { pick: 0, offset: 20, length: 10, kind: "llm" },
        { pick: 0, offset: 6, length: 60, kind: "plain" },
        { pick: 1, offset: 2, length: 30, kind: "tool" },
      ],
      ["span 0(span 2, span 1(tool 3))"],
    ],
    [
      "a GenAI span that starts when nothing is open roots its own trace: the other was dropped",
      [
        { pick: 0, offset: 0, length: 10, kind: "plain" },
        { pick: 0, offset: 2, length: 4, kind: "plain" },
        { pick: 0, offset: 20, length: 10, kind: "llm" },
        { pick: 2, offset: 2, length: 30, kind: "plain" },
      ],
      ["span 2(span 3)"],
    ],
    [
      "even half a millisecond after the last end",
      [
        { pick: 0, offset: 0, length: 10, kind: "plain" },
        { pick: 0, offset: 10, length: 0, kind: "llm" },
      ],
      ["span 1"],
    ],
    [
      "whatever comes after the end of a trace that was GenAI hangs where it belongs",
      [
        { pick: 0, offset: 0, length: 10, kind: "llm" },
        { pick: 0, offset: 40, length: 4, kind: "plain" },
        { pick: 1, offset: 20, length: 10, kind: "tool" },
      ],
      ["span 0(span 1(tool 2))"],
    ],
  ])("after their local root's end: %s, from processor and exporter", async (_, shape, tree) => {
    const spans = spansOf(shape);
    const expected = await play(spans, {});
    for (const size of [1, 2, spans.length]) {
      const under = await startExporter();
      const batch = inEndOrder(spans).map((span) => new Replayed(span));
      for (let at = 0; at < batch.length; at += size) under.export(batch.slice(at, at + size));
      const receiver = await under.finish();
      expect(treeOf(receiver)).toEqual(tree);
      expect(comparable(receiver)).toEqual(expected);
      forgetSpans();
    }
  });

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
      { numRuns: 100 },
    );
    // On a busy machine: a turn that is given up goes on beside the next one, and spoils it.
  }, 600_000);

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
