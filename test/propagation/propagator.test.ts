// What is injected, what is believed, and which parent wins.
import { context, diag, metrics, propagation, ROOT_CONTEXT, TraceFlags, trace } from "@opentelemetry/api";
import {
  CompositePropagator,
  suppressTracing,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LangSmithSpanExporter } from "../../src/exporter/index.js";
import { getPlace } from "../../src/identity/context.js";
import { RunIdentityProcessor } from "../../src/processor/identity-processor.js";
import { LangSmithPropagator, setRun, tracingContext } from "../../src/propagation/index.js";
import { forgetPropagatorOrder } from "../../src/propagation/outbound.js";
import { forgetRefusedProjects } from "../../src/propagation/refusals.js";
import { forgetWarnings } from "../../src/warnings.js";
import { startBridge, type TestBridge } from "../processor/bridge.js";
import type { Receiver } from "../receiver.js";
import { allThree, extracted, foreignOrder, idsIn, injected } from "./headers.js";

class InMemoryReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const warnings: { message: string; code: string }[] = [];
function keep(warning: Error & { code?: string }): void {
  warnings.push({ message: warning.message, code: warning.code ?? "" });
}

beforeEach(() => {
  warnings.length = 0;
  forgetWarnings();
  forgetRefusedProjects();
  forgetPropagatorOrder();
  process.removeAllListeners("warning").on("warning", keep);
});
afterEach(() => {
  process.off("warning", keep);
  delete process.env.LANGSMITH_OTEL_INBOUND_TRACE;
  delete process.env.LANGSMITH_OTEL_INBOUND_PROJECTS;
  diag.disable();
});

/** Warnings are emitted on the next tick. */
async function said(code: string): Promise<string[]> {
  await new Promise((resolve) => setImmediate(resolve));
  return warnings.filter((warning) => warning.code === code).map((warning) => warning.message);
}

describe("what is injected", () => {
  it("is the nearest kept run's place where the active span is a passed-over HTTP client span", async () => {
    const { genai, provider, finish } = await startBridge();
    const http = provider.getTracer("@opentelemetry/instrumentation-undici");
    let headers: Record<string, string> = {};
    genai.startActiveSpan("agent", (agent) => {
      http.startActiveSpan("GET", (client) => {
        headers = injected(allThree());
        client.end();
      });
      agent.end();
    });
    const receiver = await finish();
    expect(headers["langsmith-trace"]).toBe(receiver.one("agent").dotted_order);
    expect(headers.traceparent).toBeDefined();
  });

  it("is the trace's project and thread, and nothing else", async () => {
    const { genai, finish } = await startBridge();
    let headers: Record<string, string> = {};
    tracingContext({ threadId: "t-1", metadata: { tier: "pro" }, tags: ["a"] }, () =>
      genai.startActiveSpan("agent", (agent) => {
        headers = injected(allThree());
        agent.end();
      }),
    );
    await finish();
    expect(headers.baggage?.split(",").map(decodeURIComponent)).toEqual([
      "langsmith-project=test",
      'langsmith-metadata={"thread_id":"t-1"}',
    ]);
  });

  it("names other metadata and tags only where outbound lists them", async () => {
    const { genai, finish } = await startBridge();
    let headers: Record<string, string> = {};
    tracingContext({ threadId: "t-1", metadata: { tier: "pro", secret: "x" }, tags: ["a", "b"] }, () =>
      genai.startActiveSpan("agent", (agent) => {
        headers = injected(allThree({ outbound: { metadata: ["tier"], tags: ["b"] } }));
        agent.end();
      }),
    );
    await finish();
    expect(headers.baggage?.split(",").map(decodeURIComponent)).toEqual([
      "langsmith-project=test",
      'langsmith-metadata={"thread_id":"t-1","tier":"pro"}',
      "langsmith-tags=b",
    ]);
  });

  it("is nothing while the trace is held, and the place once a live span has shown itself as GenAI", async () => {
    const { tracer, finish } = await startBridge();
    const seen: Record<string, string>[] = [];
    tracer.startActiveSpan("handler", (handler) => {
      seen.push(injected(allThree()));
      tracer.startActiveSpan("late", (late) => {
        late.setAttribute("gen_ai.operation.name", "chat");
        seen.push(injected(allThree()));
        late.end();
      });
      handler.end();
    });
    const receiver = await finish();
    expect(seen[0]).not.toHaveProperty("langsmith-trace");
    expect(seen[0]).not.toHaveProperty("baggage");
    expect(seen[1]?.["langsmith-trace"]).toBe(receiver.one("late").dotted_order);
  });

  it("is nothing while tracing is suppressed, by OpenTelemetry or by the application", async () => {
    const { genai, finish } = await startBridge();
    genai.startActiveSpan("agent", (agent) => {
      expect(injected(new LangSmithPropagator(), suppressTracing(context.active()))).toEqual({});
      tracingContext({ enabled: false }, () => expect(injected(new LangSmithPropagator())).toEqual({}));
      agent.end();
    });
    await finish();
  });

  it("is switched off for all, by carrier, or by project", async () => {
    const { genai, finish } = await startBridge();
    genai.startActiveSpan("agent", (agent) => {
      expect(injected(new LangSmithPropagator({ outbound: { trace: false } }))).toEqual({});
      expect(injected(new LangSmithPropagator({ outbound: { trace: () => false } }))).toEqual({});
      expect(
        injected(
          new LangSmithPropagator({
            outbound: {
              trace: () => {
                throw new Error("no");
              },
            },
          }),
        ),
      ).toEqual({});
      expect(injected(new LangSmithPropagator({ outbound: { project: ["other"] } }))).toEqual({});
      expect(injected(new LangSmithPropagator({ outbound: { project: ["test"] } }))).toHaveProperty("langsmith-trace");
      agent.end();
    });
    await finish();
  });

  it("passes an accepted place on where no local span stands between", async () => {
    const { finish } = await startBridge();
    const order = foreignOrder(3);
    const inner = extracted(allThree(), {
      "langsmith-trace": order,
      baggage: "langsmith-project=test,langsmith-metadata=%7B%22thread_id%22%3A%22t%22%7D",
    });
    const headers = injected(allThree(), inner);
    expect(headers["langsmith-trace"]).toBe(order);
    expect(decodeURIComponent(headers.baggage ?? "")).toBe(
      'langsmith-project=test,langsmith-metadata={"thread_id":"t"}',
    );
    await finish();
  });

  it("is the place from outside where only a passed-over span stands under it", async () => {
    const { provider, finish } = await startBridge();
    const order = foreignOrder(2);
    const inner = extracted(allThree(), { "langsmith-trace": order });
    const span = provider.getTracer("@opentelemetry/instrumentation-undici").startSpan("GET", {}, inner);
    expect(injected(allThree(), trace.setSpan(inner, span))["langsmith-trace"]).toBe(order);
    span.end();
    await finish();
  });

  it("is the longest ancestor prefix that fits the header budget", async () => {
    const { genai, finish } = await startBridge();
    const headers: Record<string, string>[] = [];
    const orders: string[] = [];
    const descend = (depth: number): void => {
      if (depth === 0) {
        headers.push(injected(allThree()), injected(allThree({ outbound: { maxHeaderBytes: 200 } })));
        return;
      }
      genai.startActiveSpan(`level ${depth}`, (span) => {
        descend(depth - 1);
        span.end();
      });
    };
    descend(100);
    const receiver = await finish();
    for (const run of receiver.runs.values()) orders.push(run.dotted_order);
    const [byDefault = "", small = ""] = headers.map((one) => one["langsmith-trace"]);
    expect(`langsmith-trace: ${byDefault}`.length).toBeLessThanOrEqual(4096);
    expect(`langsmith-trace: ${byDefault}`.length).toBeGreaterThan(4096 - 60);
    expect(idsIn(byDefault)).toHaveLength(69);
    expect(idsIn(small)).toHaveLength(3);
    // Each is a run that is really there.
    expect(orders).toContain(byDefault);
    expect(orders).toContain(small);
  });
});

describe("what is injected under a span that nobody here has seen", () => {
  const between = (traceId: string) => ({ traceId, spanId: "c".repeat(16), traceFlags: TraceFlags.NONE });

  it("is the one open local root's place where the span is not remote, and nothing else", async () => {
    const { genai, finish } = await startBridge();
    const root = genai.startSpan("root");
    const { traceId } = root.spanContext();
    const inner = trace.setSpanContext(ROOT_CONTEXT, between(traceId));
    const order = injected(allThree(), inner)["langsmith-trace"];
    expect(
      injected(allThree(), trace.setSpanContext(ROOT_CONTEXT, { ...between(traceId), isRemote: true })),
    ).not.toHaveProperty("langsmith-trace");
    root.end();
    expect(injected(allThree(), inner)).not.toHaveProperty("langsmith-trace");
    expect((await finish()).one("root").dotted_order).toBe(order);
  });
});

describe("in a pipeline with an exporter alone", () => {
  it("is what the identity processor has placed", async () => {
    const { receiver } = await startBridge();
    const exporter = new LangSmithSpanExporter({ apiUrl: receiver.url, projectName: "exported", primary: true });
    const provider = new BasicTracerProvider({
      spanProcessors: [new RunIdentityProcessor({ projectName: "exported" }), new SimpleSpanProcessor(exporter)],
    });
    let headers: Record<string, string> = {};
    provider.getTracer("openinference-core").startActiveSpan("agent", (agent) => {
      headers = injected(allThree());
      agent.end();
    });
    await provider.shutdown();
    expect(headers["langsmith-trace"]).toBe(receiver.one("agent").dotted_order);
    expect(headers.baggage).toBe("langsmith-project=exported");
  });
});

describe("baggage", () => {
  const withBaggage = (entries: Record<string, { value: string }>) =>
    propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage(entries));

  it("keeps the application's entries and stands behind them", async () => {
    const { genai, finish } = await startBridge();
    const base = withBaggage({ tenant: { value: "a b" }, é: { value: "ü" } });
    genai.startActiveSpan("agent", {}, base, (agent) => {
      expect(injected(allThree()).baggage).toBe("tenant=a%20b,%C3%A9=%C3%BC,langsmith-project=test");
      agent.end();
    });
    await finish();
  });

  it("stays inside 180 entries and 8,192 bytes, loses no entry of the application's for ours, and says so", async () => {
    const { genai, finish } = await startBridge();
    const many = Object.fromEntries(Array.from({ length: 180 }, (_, at) => [`k${at}`, { value: "v" }]));
    const big = Object.fromEntries(Array.from({ length: 4 }, (_, at) => [`k${at}`, { value: "v".repeat(2040) }]));
    for (const entries of [many, big]) {
      genai.startActiveSpan("agent", {}, withBaggage(entries), (agent) => {
        const { baggage = "", "langsmith-trace": order } = injected(allThree());
        expect(baggage.length).toBeLessThanOrEqual(8192);
        expect(baggage.split(",")).toHaveLength(Object.keys(entries).length);
        expect(baggage).not.toContain("langsmith");
        expect(order).toBeDefined();
        agent.end();
      });
    }
    await finish();
    expect(await said("LSB_WARN_BAGGAGE_FULL")).toHaveLength(1);
  });

  it("never passes a stranger's langsmith entries on, whichever propagator stands first", async () => {
    const { tracer, finish } = await startBridge();
    const headers = {
      baggage: "a=1,langsmith-replicas=%5B%22https%3A%2F%2Fevil%22%5D,langsmith-project=evil,langsmith-address=lrn",
    };
    const first = new CompositePropagator({ propagators: [new LangSmithPropagator(), new W3CBaggagePropagator()] });
    for (const propagator of [allThree(), first]) {
      const inner = extracted(propagator, headers);
      expect(injected(allThree(), inner).baggage).toBe("a=1");
    }
    // On its own the entries have nowhere to hide either.
    expect(
      propagation
        .getBaggage(extracted(allThree(), headers))
        ?.getAllEntries()
        .map(([name]) => name),
    ).toEqual(["a"]);
    tracer.startSpan("x").end();
    await finish();
  });

  it("says once that the propagator stands before the W3C baggage propagator, where it sees that", async () => {
    const { genai, finish } = await startBridge();
    const wrong = new CompositePropagator({ propagators: [new LangSmithPropagator(), new W3CBaggagePropagator()] });
    const base = withBaggage({ tenant: { value: "a" } });
    genai.startActiveSpan("agent", {}, base, (agent) => {
      injected(wrong);
      agent.end();
    });
    expect(await said("LSB_WARN_PROPAGATOR_ORDER")).toHaveLength(1);
    await finish();
  });

  it("says nothing of the order when it is right", async () => {
    const { genai, finish } = await startBridge();
    genai.startActiveSpan("agent", {}, withBaggage({ tenant: { value: "a" } }), (agent) => {
      injected(allThree());
      injected(allThree());
      agent.end();
    });
    expect(await said("LSB_WARN_PROPAGATOR_ORDER")).toEqual([]);
    await finish();
  });

  it("writes what no header can hold without it", async () => {
    const { genai, finish } = await startBridge();
    const base = propagation.setBaggage(
      ROOT_CONTEXT,
      propagation.createBaggage({
        lone: { value: "\ud800" },
        meta: { value: "1", metadata: { toString: () => "a\r\nb: c" } as never },
      }),
    );
    genai.startActiveSpan("agent", {}, base, (agent) => {
      expect(injected(new LangSmithPropagator()).baggage).toBe("lone=%EF%BF%BD,meta=1,langsmith-project=test");
      agent.end();
    });
    await finish();
  });
});

/** Stops the bridge and hands back what arrived; the runs of strangers are not there, so nobody looks for parents. */
async function settle({ processor, receiver }: TestBridge): Promise<Receiver> {
  await processor.shutdown();
  expect(receiver.problems).toEqual([]);
  expect(processor.stats()).toMatchObject({ faults: 0, lost: {} });
  return receiver;
}

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

describe("what is believed", () => {
  const order = foreignOrder(2);
  const header = { "langsmith-trace": order };
  const metadata = (value: unknown) => `langsmith-metadata=${encodeURIComponent(JSON.stringify(value))}`;

  it("is a place in our own project, or without any, and no other unless it is listed", async () => {
    const bridge = await startBridge();
    const plain = new LangSmithPropagator();
    expect(getPlace(extracted(plain, { ...header, baggage: "langsmith-project=test" }))?.project).toBe("test");
    expect(getPlace(extracted(plain, header))?.place.dottedOrder).toBe(order);
    expect(getPlace(extracted(plain, { ...header, baggage: "langsmith-project=other" }))).toBeUndefined();
    expect(getPlace(extracted(plain, { ...header, baggage: "langsmith-project=other" }))).toBeUndefined();
    expect(plain.stats().refused).toEqual({ project: 2 });
    const listed = new LangSmithPropagator({ inbound: { project: ["other"] } });
    expect(getPlace(extracted(listed, { ...header, baggage: "langsmith-project=other" }))?.project).toBe("other");
    const all = new LangSmithPropagator({ inbound: { project: ["*"] } });
    expect(getPlace(extracted(all, { ...header, baggage: "langsmith-project=any" }))?.project).toBe("any");
    process.env.LANGSMITH_OTEL_INBOUND_PROJECTS = "a, other";
    const environment = new LangSmithPropagator();
    expect(getPlace(extracted(environment, { ...header, baggage: "langsmith-project=other" }))?.project).toBe("other");
    const [line, ...more] = await said("LSB_WARN_INBOUND_PROJECT");
    expect(more).toEqual([]);
    expect(line).toContain('new LangSmithPropagator({ inbound: { project: ["other"] } })');
    await bridge.finish();
  });

  it("is warned about for a bounded number of projects", async () => {
    const bridge = await startBridge();
    const plain = new LangSmithPropagator();
    for (let at = 0; at < 200; at++) extracted(plain, { ...header, baggage: `langsmith-project=p${at}` });
    expect((await said("LSB_WARN_INBOUND_PROJECT")).length).toBeLessThanOrEqual(20);
    expect(plain.stats().refused).toEqual({ project: 200 });
    await bridge.finish();
  });

  it("is nothing where it is switched off, by option, by carrier or by environment", () => {
    expect(getPlace(extracted(new LangSmithPropagator({ inbound: { trace: false } }), header))).toBeUndefined();
    const mine = new LangSmithPropagator({
      inbound: { trace: (carrier) => (carrier as Record<string, string>)["x-internal"] === "yes" },
    });
    expect(getPlace(extracted(mine, header))).toBeUndefined();
    expect(getPlace(extracted(mine, { ...header, "x-internal": "yes" }))).toBeDefined();
    const broken = new LangSmithPropagator({
      inbound: {
        trace: () => {
          throw new Error("no");
        },
      },
    });
    expect(getPlace(extracted(broken, header))).toBeUndefined();
    expect(broken.stats().refused).toEqual({ carrier: 1 });
    process.env.LANGSMITH_OTEL_INBOUND_TRACE = "false";
    expect(getPlace(extracted(new LangSmithPropagator(), header))).toBeUndefined();
    expect(getPlace(extracted(new LangSmithPropagator({ inbound: { trace: true } }), header))).toBeDefined();
  });

  it("is metadata and tags only where inbound lists them", () => {
    const baggage = `${metadata({ thread_id: "t", tier: "pro", extra: 1 })},langsmith-tags=${encodeURIComponent("a,b,c")}`;
    const by = (inbound: object) => getPlace(extracted(new LangSmithPropagator({ inbound }), { ...header, baggage }));
    expect(by({})).toMatchObject({ metadata: { thread_id: "t" }, tags: undefined });
    expect(by({ metadata: ["tier"] })).toMatchObject({ metadata: { tier: "pro" } });
    expect(by({ metadata: [] })).toMatchObject({ metadata: undefined });
    expect(by({ tags: true })).toMatchObject({ tags: ["a", "b", "c"] });
    expect(by({ tags: ["b"] })).toMatchObject({ tags: ["b"] });
  });

  const refused: Record<string, [Record<string, string | string[]>, object]> = {
    "no dotted order": [{ "langsmith-trace": "hello" }, { malformed: 1 }],
    "a bare id": [{ "langsmith-trace": order.slice(-36) }, { malformed: 1 }],
    "two headers": [{ "langsmith-trace": [order, foreignOrder()] }, { malformed: 1 }],
    "a child before its parent": [
      { "langsmith-trace": `${foreignOrder(1, 2_000_000_000_00)}.${foreignOrder(1, 1_000_000_000_00)}` },
      { malformed: 1 },
    ],
    "a date that does not exist": [{ "langsmith-trace": order.replace(/^\d{8}/, "20240231") }, { malformed: 1 }],
    "one that is too deep": [{ "langsmith-trace": foreignOrder(300) }, { too_long: 1 }],
    "one that is too long": [{ "langsmith-trace": "x".repeat(1_000_000) }, { too_long: 1 }],
  };
  for (const [what, [headers, counts]] of Object.entries(refused)) {
    it(`ignores and counts ${what}`, () => {
      const propagator = new LangSmithPropagator();
      expect(getPlace(extracted(propagator, headers))).toBeUndefined();
      expect(propagator.stats().refused).toEqual(counts);
    });
  }

  const partly: Record<string, [string, object]> = {
    "a percent sign that is none": ["langsmith-metadata=%E0%A4%A", { metadata: 1 }],
    "metadata that is no JSON": ["langsmith-metadata=nope", { metadata: 1 }],
    "metadata that is a list": ["langsmith-metadata=%5B1%5D", { metadata: 1 }],
    "a thread id that is an object": [metadata({ thread_id: { a: 1 } }), { metadata: 1 }],
    "a thread id without end": [metadata({ thread_id: "x".repeat(2000) }), { metadata: 1 }],
    "a project with a line break": ["langsmith-project=a%0Ab", { metadata: 1 }],
    "entries without a value": ["langsmith-metadata,langsmith-tags,=,,;", {}],
  };
  for (const [what, [baggage, counts]] of Object.entries(partly)) {
    it(`keeps the place and ignores ${what}`, () => {
      const propagator = new LangSmithPropagator();
      const place = getPlace(extracted(propagator, { ...header, baggage }));
      expect(place).toMatchObject({ project: undefined, metadata: undefined, tags: undefined });
      expect(place?.place.dottedOrder).toBe(order);
      expect(propagator.stats().refused).toEqual(counts);
    });
  }

  it("is counted by cause in a metric, too", async () => {
    const reader = new InMemoryReader();
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    try {
      const propagator = new LangSmithPropagator();
      extracted(propagator, { "langsmith-trace": "hello" });
      extracted(propagator, { "langsmith-trace": "hello" });
      const { resourceMetrics } = await reader.collect();
      const all = resourceMetrics.scopeMetrics.flatMap(({ metrics: each }) => each);
      const counter = all.find(({ descriptor }) => descriptor.name === "otel_langsmith.inbound.refused");
      expect(counter?.dataPoints).toMatchObject([{ attributes: { cause: "malformed" }, value: 2 }]);
    } finally {
      metrics.disable();
    }
  });

  it("never reads addresses, keys, replicas or workspaces", () => {
    const place = getPlace(
      extracted(new LangSmithPropagator({ inbound: { metadata: ["thread_id"], tags: true, project: ["*"] } }), {
        ...header,
        "x-api-key": "stolen",
        baggage: `langsmith-replicas=${encodeURIComponent(JSON.stringify([{ apiUrl: "https://evil.example", apiKey: "k" }]))},langsmith-address=lrn%3Aevil,langsmith-endpoint=https%3A%2F%2Fevil.example`,
      }),
    );
    expect(JSON.stringify(place)).not.toMatch(/evil|stolen/);
  });

  it("says a bad option by its name", () => {
    expect(() => new LangSmithPropagator({ inbound: { project: "x" as never } })).toThrow("inbound.project");
    expect(() => new LangSmithPropagator({ inbound: { tags: 3 as never } })).toThrow("inbound.tags");
    expect(() => new LangSmithPropagator({ outbound: { maxHeaderBytes: 3 } })).toThrow("outbound.maxHeaderBytes");
    process.env.LANGSMITH_OTEL_INBOUND_TRACE = "perhaps";
    expect(() => new LangSmithPropagator()).toThrow("LANGSMITH_OTEL_INBOUND_TRACE");
  });
});
