// The loader itself: that a replay is what was recorded.
import { trace } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";
import { allRecordings, loadRecording, type ReplayedSpan, replay } from "../fixtures/load.js";

describe("recordings", () => {
  test("are all there", () => {
    expect(allRecordings().length).toBeGreaterThan(150);
  });

  test.each(allRecordings())(
    "%s/%s plays back call by call, with every local parent live in the context",
    async (folder, file) => {
      const recording = loadRecording(folder, file);
      const seen: string[] = [];
      const spans = new Map<string, ReplayedSpan>();
      const logs: string[] = [];
      await replay(recording, {
        processor: {
          onStart(span: ReplayedSpan, context) {
            seen.push(`start ${span.spanContext().spanId}`);
            spans.set(span.spanContext().spanId, span);
            const parent = trace.getSpan(context);
            expect(parent?.spanContext().spanId).toBe(span.parentSpanContext?.spanId);
            const local = spans.get(span.parentSpanContext?.spanId ?? "");
            if (local !== undefined && span.parentSpanContext?.isRemote !== true) expect(parent).toBe(local);
          },
          onEnd(span: ReplayedSpan) {
            expect(spans.get(span.spanContext().spanId)).toBe(span);
            seen.push(`end ${span.spanContext().spanId}`);
          },
        },
        logProcessor: { onEmit: (record) => void logs.push(record.spanContext.spanId) },
      });
      expect(seen).toEqual(recording.calls.map((call) => `${call.event} ${call.span.spanId}`));
      expect(logs).toEqual(recording.logs.map((entry) => entry.log.spanId));
    },
  );
});
