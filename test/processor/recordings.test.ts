// Every recording of a real instrumentation, call by call, through the processor.
import { describe, expect, it } from "vitest";
import { LangSmithLogRecordProcessor } from "../../src/processor/log-records.js";
import { isInfrastructureScope } from "../../src/processor/selection/infrastructure.js";
import { allRecordings, loadRecording, replay } from "../fixtures/load.js";
import { orphansOf } from "../receiver.js";
import { startBridge } from "./bridge.js";

describe.each(["default", "all"] as const)("every recording, mode %s", (mode) => {
  it.each(allRecordings())(
    "%s/%s: one run a kept span, every parent there, nothing refused or thrown",
    async (folder, file) => {
      const bridge = await startBridge(mode === "all" ? { spans: "all", traces: "all" } : {});
      const recording = loadRecording(folder, file);
      const spans = await replay(recording, {
        processor: bridge.processor,
        logProcessor: new LangSmithLogRecordProcessor(),
      });
      const { runs } = await bridge.finish();
      expect(orphansOf(runs.values())).toEqual([]);
      const isSent = (spanId: string) =>
        [...runs.values()].filter((run) => run.extra.metadata.OTEL_SPAN_ID === spanId).length;
      for (const [spanId, span] of spans) {
        const count = isSent(spanId);
        const isRoot = span.parentSpanContext === undefined || span.parentSpanContext.isRemote === true;
        const isPlumbing = isInfrastructureScope(span.instrumentationScope.name);
        if (mode === "all") expect([span.name, count]).toEqual([span.name, 1]);
        else if (isPlumbing && !isRoot) expect([span.name, count]).toEqual([span.name, 0]);
        else expect(count).toBeLessThanOrEqual(1);
      }
      if (mode === "all") expect(runs.size).toBe(spans.size);
      for (const run of runs.values()) {
        const span = spans.get(String(run.extra.metadata.OTEL_SPAN_ID));
        if (span && !span.ended) expect(run.error).toMatch(/LSB_ERR_NEVER_ENDED/);
      }
    },
  );
});
