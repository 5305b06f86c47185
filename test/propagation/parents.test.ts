// Which parent wins: a header, a reference, a local span, nobody.
import { context, ROOT_CONTEXT, TraceFlags, trace } from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { describe, expect, it } from "vitest";
import { getPlace } from "../../src/identity/context.js";
import { LangSmithPropagator, setRun } from "../../src/propagation/index.js";
import { startBridge } from "../processor/bridge.js";
import { allThree, extracted, foreignOrder, idsIn, settle } from "./headers.js";
import { keepWarnings, said } from "./said.js";

keepWarnings();

const remote = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: TraceFlags.SAMPLED, isRemote: true };
const traceparent = `00-${remote.traceId}-${remote.spanId}-01`;

describe("which parent wins", () => {
  const orders = {
    "LangSmith last": [new W3CTraceContextPropagator(), new W3CBaggagePropagator(), new LangSmithPropagator()],
    "LangSmith first": [new LangSmithPropagator(), new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
  };

  for (const [name, propagators] of Object.entries(orders)) {
    it(`is the header's run, although the OpenTelemetry parent is another, remote span (${name})`, async () => {
      const bridge = await startBridge();
      const order = foreignOrder(2);
      const inner = extracted(new CompositePropagator({ propagators }), {
        traceparent,
        "langsmith-trace": order,
        baggage: "langsmith-project=test",
      });
      const server = bridge.tracer.startSpan("server", {}, inner);
      const child = bridge.tracer.startSpan("child", {}, trace.setSpan(inner, server));
      child.end();
      server.end();
      // Open from its first span on, in the default mode, with no GenAI span in it.
      const at = await settle(bridge);
      expect(at.one("server").dotted_order.startsWith(`${order}.`)).toBe(true);
      expect(at.one("server").trace_id).toBe(idsIn(order)[0]);
      // A local span started since then wins.
      expect(at.one("child").parent_run_id).toBe(at.one("server").id);
    });
  }

  it("is a reference set in the context, where the active span is the one that was active then", async () => {
    const bridge = await startBridge();
    const order = foreignOrder(2);
    bridge.genai.startActiveSpan("outer", (outer) => {
      const inner = setRun(context.active(), order);
      bridge.genai.startSpan("under the reference", {}, inner).end();
      outer.end();
    });
    const at = await settle(bridge);
    expect(at.one("under the reference").parent_run_id).toBe(idsIn(order)[1]);
    expect(at.one("outer").parent_run_id).toBeUndefined();
  });

  it("is a reference over any remote span", async () => {
    const bridge = await startBridge();
    const order = foreignOrder();
    const inner = trace.setSpanContext(setRun(ROOT_CONTEXT, order), remote);
    bridge.genai.startSpan("x", {}, inner).end();
    expect((await settle(bridge)).one("x").parent_run_id).toBe(idsIn(order)[0]);
  });

  it("is nobody with a remote parent alone: the span roots its own trace and names that parent in its metadata", async () => {
    const bridge = await startBridge();
    bridge.genai.startSpan("x", {}, extracted(allThree(), { traceparent })).end();
    const run = (await bridge.finish()).one("x");
    expect(run.parent_run_id).toBeUndefined();
    expect(JSON.stringify(run.extra.metadata)).toContain(remote.spanId);
  });

  it("is the one open local root with its trace id, for a parent that was sampled out between", async () => {
    const bridge = await startBridge();
    bridge.genai.startActiveSpan("root", (root) => {
      const between = { ...root.spanContext(), spanId: "c".repeat(16), isRemote: false };
      bridge.genai.startSpan("below", {}, trace.setSpanContext(context.active(), between)).end();
      root.end();
    });
    const at = await bridge.finish();
    expect(at.one("below").parent_run_id).toBe(at.one("root").id);
  });

  it("is nobody for such a parent where two local roots are open", async () => {
    const bridge = await startBridge();
    const first = bridge.genai.startSpan("first");
    const remoteParent = { ...first.spanContext(), spanId: "d".repeat(16), isRemote: true };
    const second = bridge.genai.startSpan("second", {}, trace.setSpanContext(ROOT_CONTEXT, remoteParent));
    const between = { ...first.spanContext(), spanId: "c".repeat(16), isRemote: false };
    bridge.genai.startSpan("below", {}, trace.setSpanContext(ROOT_CONTEXT, between)).end();
    second.end();
    first.end();
    expect((await bridge.finish()).one("below").parent_run_id).toBeUndefined();
  });

  it("gives the trace's project and thread to every run below", async () => {
    const bridge = await startBridge();
    const inner = extracted(allThree({ inbound: { project: ["theirs"] } }), {
      "langsmith-trace": foreignOrder(),
      baggage: "langsmith-project=theirs,langsmith-metadata=%7B%22thread_id%22%3A%22t-9%22%2C%22tier%22%3A1%7D",
    });
    const server = bridge.tracer.startSpan("server", {}, inner);
    bridge.tracer.startSpan("child", {}, trace.setSpan(inner, server)).end();
    server.end();
    const at = await settle(bridge);
    for (const run of [at.one("server"), at.one("child")]) {
      expect(run.session_name).toBe("theirs");
      expect(run.extra.metadata.thread_id).toBe("t-9");
      expect(run.extra.metadata).not.toHaveProperty("tier");
    }
  });

  it("shifts a whole local subtree under a run whose clock is ahead, and refuses one more than 5 minutes ahead", async () => {
    const bridge = await startBridge();
    const propagator = new LangSmithPropagator();
    const ahead = Date.now() + 60_000;
    const inner = extracted(propagator, { "langsmith-trace": foreignOrder(1, ahead) });
    const span = bridge.genai.startSpan("shifted", {}, inner);
    span.end();
    const far = extracted(propagator, { "langsmith-trace": foreignOrder(1, Date.now() + 6 * 60_000) });
    expect(getPlace(far)).toBeUndefined();
    bridge.genai.startSpan("own", {}, far).end();
    const at = await settle(bridge);
    expect(Date.parse(at.one("shifted").start_time)).toBeGreaterThanOrEqual(ahead);
    expect(at.one("own").parent_run_id).toBeUndefined();
    expect(propagator.stats().refused).toEqual({ ahead: 1 });
    expect(await said("LSB_WARN_INBOUND_AHEAD")).toHaveLength(1);
  });
});
