// What is injected, and when nothing is.
import { context, ROOT_CONTEXT, TraceFlags, trace } from "@opentelemetry/api";
import { suppressTracing } from "@opentelemetry/core";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import { LangSmithSpanExporter } from "../../src/exporter/index.js";
import { RunIdentityProcessor } from "../../src/processor/identity-processor.js";
import { LangSmithPropagator, tracingContext } from "../../src/propagation/index.js";
import { startBridge } from "../processor/bridge.js";
import { allThree, extracted, foreignOrder, idsIn, injected } from "./headers.js";
import { keepWarnings } from "./said.js";

keepWarnings();

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

  it("tell the thread that LangSmith reads, of several keys", async () => {
    const { genai, finish } = await startBridge();
    let headers: Record<string, string> = {};
    tracingContext({ metadata: { session_id: "read", thread_id: "other" } }, () =>
      genai.startActiveSpan("agent", (agent) => {
        headers = injected(allThree());
        agent.end();
      }),
    );
    await finish();
    expect(decodeURIComponent(headers["baggage"] ?? "")).toContain('{"thread_id":"read"}');
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
