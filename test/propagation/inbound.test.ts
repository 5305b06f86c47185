// What is believed of inbound headers, and what is ignored and counted.
import { metrics } from "@opentelemetry/api";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { afterEach, describe, expect, it } from "vitest";
import { getPlace } from "../../src/identity/context.js";
import { LangSmithPropagator } from "../../src/propagation/index.js";
import { startBridge } from "../processor/bridge.js";
import { extracted, foreignOrder } from "./headers.js";
import { keepWarnings, said } from "./said.js";

keepWarnings();
afterEach(() => {
  delete process.env.LANGSMITH_OTEL_INBOUND_TRACE;
  delete process.env.LANGSMITH_OTEL_INBOUND_PROJECTS;
});

class InMemoryReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

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

  it("is a place that a client and the HTTP client below it both wrote, where the two say the same", () => {
    const plain = new LangSmithPropagator();
    expect(getPlace(extracted(plain, { "langsmith-trace": [order, order] }))?.place.dottedOrder).toBe(order);
    expect(getPlace(extracted(plain, { "langsmith-trace": `${order}, ${order}` }))?.place.dottedOrder).toBe(order);
    expect(plain.stats().refused).toEqual({});
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
    "two headers that differ": [{ "langsmith-trace": [order, foreignOrder()] }, { malformed: 1 }],
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
