// What hangs under a reference was decided by the application that took it; under a header, by the id of the trace.
import { context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { isSampledById } from "../../src/identity/sampling.js";
import { setRun, tracingContext, withRun } from "../../src/propagation/index.js";
import { allThree, extracted, foreignOrder, idsIn, settle } from "../propagation/headers.js";
import { startBridge } from "./bridge.js";

/** Enough traces that all of them passing a rate of 0.3 by luck is out of the question. */
const TRACES = 40;

const ways: [string, (order: string, work: () => void) => void][] = [
  ["setRun", (order, work) => context.with(setRun(ROOT_CONTEXT, order), work)],
  ["withRun", (order, work) => withRun(order, work)],
  ["tracingContext({ parent })", (order, work) => tracingContext({ parent: order }, work)],
];

describe.each([0, 0.3])("at samplingRate %d", (samplingRate) => {
  it.each(ways)("what hangs under a run of %s is sent whole", async (_, under) => {
    const bridge = await startBridge({ samplingRate });
    const orders = Array.from({ length: TRACES }, () => foreignOrder(2));
    for (const order of orders) {
      under(order, () =>
        bridge.tracer.startActiveSpan("server", (server) => {
          bridge.genai.startSpan("chat").end();
          server.end();
        }),
      );
    }
    const at = await settle(bridge);
    const servers = at.byName("server");
    expect(servers.map((run) => run.trace_id).sort()).toEqual(orders.map((order) => idsIn(order)[0]).sort());
    expect(
      at
        .byName("chat")
        .map((run) => run.parent_run_id)
        .sort(),
    ).toEqual(servers.map((run) => run.id).sort());
  });

  it("what hangs under an inbound header is sent or left out by its trace's id, in every service alike", async () => {
    const bridge = await startBridge({ samplingRate });
    const orders = Array.from({ length: TRACES }, () => foreignOrder(2));
    for (const order of orders) {
      context.with(extracted(allThree(), { "langsmith-trace": order }), () => {
        bridge.tracer.startActiveSpan("server", (server) => {
          bridge.genai.startSpan("chat").end();
          server.end();
        });
      });
    }
    const at = await settle(bridge);
    const sampled = orders.map((order) => idsIn(order)[0] ?? "").filter((id) => isSampledById(id, samplingRate));
    for (const name of ["server", "chat"])
      expect(at.byName(name).map((run) => run.trace_id)).toEqual(expect.arrayContaining(sampled));
    expect(at.runs.size).toBe(2 * sampled.length);
  });

  it("what hangs under a header that is not accepted is sampled as the root that it is", async () => {
    const bridge = await startBridge({ samplingRate });
    const orders = Array.from({ length: TRACES }, () => foreignOrder(2));
    for (const order of orders) {
      const headers = { "langsmith-trace": order, baggage: "langsmith-project=somebody-elses" };
      context.with(extracted(allThree(), headers), () => bridge.genai.startSpan("root").end());
    }
    const at = await settle(bridge);
    for (const run of at.runs.values()) {
      expect(run.parent_run_id).toBeUndefined();
      expect(isSampledById(run.trace_id, samplingRate)).toBe(true);
    }
    if (samplingRate === 0) expect(at.runs.size).toBe(0);
  });

  it("what roots a trace of its own beside it is still sampled", async () => {
    const bridge = await startBridge({ samplingRate });
    for (let n = 0; n < TRACES; n += 1) bridge.genai.startSpan("root", {}, ROOT_CONTEXT).end();
    const remote = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1, isRemote: true };
    for (let n = 0; n < TRACES; n += 1) {
      bridge.genai.startSpan("under a bare traceparent", {}, trace.setSpanContext(ROOT_CONTEXT, remote)).end();
    }
    const at = await bridge.finish();
    if (samplingRate === 0) expect(at.runs.size).toBe(0);
    else expect(at.runs.size).toBeLessThan(2 * TRACES);
  });
});
