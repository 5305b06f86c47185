// What runs say of their resource while its detectors are still at work.
import { context, DiagLogLevel, diag, trace } from "@opentelemetry/api";
import { detectResources } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LangSmithSpanExporter } from "../../src/exporter/index.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { type Receiver, startReceiver } from "../receiver.js";
import { until } from "./bridge.js";

let receiver: Receiver;
const error = vi.fn();
beforeEach(async () => {
  receiver = await startReceiver();
  const silent = () => {};
  error.mockReset();
  diag.setLogger({ error, warn: silent, info: silent, debug: silent, verbose: silent }, DiagLogLevel.ERROR);
});
afterEach(async () => {
  diag.disable();
  context.disable();
  trace.disable();
  await receiver.close();
});

const never = new Promise<string>(() => {});

/** A resource that knows its name, and gets its version later. */
function resourceWith(version: Promise<string>) {
  return detectResources({
    detectors: [
      { detect: () => ({ attributes: { "service.name": "shop", "service.version": version } }) },
      { detect: () => ({ attributes: { "deployment.environment": "test" } }) },
    ],
  });
}

function ask(provider: BasicTracerProvider, name: string): void {
  provider
    .getTracer("app")
    .startSpan(name, { attributes: { "gen_ai.operation.name": "chat" } })
    .end();
}

const metadataOf = (name: string) => receiver.one(name).extra.metadata;

/** A promise, and the function that settles it. */
function later(): { version: Promise<string>; tell: (version: string) => void; fail: (error: Error) => void } {
  let tell = (_: string) => {};
  let fail = (_: Error) => {};
  const version = new Promise<string>((resolve, reject) => {
    tell = resolve;
    fail = reject;
  });
  return { version, tell, fail };
}

describe("resource attributes that resolve later", () => {
  it.each([
    ["the processor", () => new LangSmithSpanProcessor({ apiUrl: receiver.url })],
    ["the exporter", () => new BatchSpanProcessor(new LangSmithSpanExporter({ apiUrl: receiver.url }))],
  ])("stand on the first runs, and a flush waits for them: %s", async (_, make) => {
    const { version, tell } = later();
    const processor = make();
    const provider = new BasicTracerProvider({ spanProcessors: [processor], resource: resourceWith(version) });
    ask(provider, "first");
    const flushed = processor.forceFlush();
    setImmediate(() => tell("1.2.3"));
    await flushed;
    // A BatchSpanProcessor hands over, and does not flush the exporter.
    await until(() => receiver.runs.size === 1, "the first run is sent");
    expect(metadataOf("first")).toMatchObject({ "service.name": "shop", "service.version": "1.2.3" });
    ask(provider, "second");
    await processor.shutdown();
    expect(metadataOf("second")).toMatchObject({ "service.version": "1.2.3" });
    expect(error.mock.calls).toEqual([]);
  });

  it("stand on pending posts, and ends follow their posts", async () => {
    const { version, tell } = later();
    const processor = new LangSmithSpanProcessor({ apiUrl: receiver.url, pendingAfterMillis: 0 });
    const provider = new BasicTracerProvider({ spanProcessors: [processor], resource: resourceWith(version) });
    const span = provider.getTracer("app").startSpan("long", { attributes: { "gen_ai.operation.name": "chat" } });
    const flushed = processor.forceFlush();
    tell("1.2.3");
    await flushed;
    expect(metadataOf("long")).toMatchObject({ "service.version": "1.2.3" });
    span.end();
    await processor.shutdown();
    expect(receiver.operations.map(({ kind }) => kind)).toEqual(["post", "patch"]);
    expect(receiver.problems).toEqual([]);
  });

  it("cost two seconds at most, once, and what is known by then is sent, without an error in the log", async () => {
    const processor = new LangSmithSpanProcessor({ apiUrl: receiver.url });
    const provider = new BasicTracerProvider({ spanProcessors: [processor], resource: resourceWith(never) });
    ask(provider, "first");
    expect(processor.stats().waiting).toBe(1);
    // Nobody flushes: the runs go by themselves.
    await until(() => receiver.runs.size === 1, "the first run is sent");
    expect(metadataOf("first")).toMatchObject({ "service.name": "shop", "deployment.environment": "test" });
    const began = performance.now();
    ask(provider, "second");
    await processor.forceFlush();
    expect(performance.now() - began).toBeLessThan(1_900);
    expect(receiver.runs.size).toBe(2);
    await processor.shutdown();
    expect(error.mock.calls).toEqual([]);
  });

  it("that no run tells of are not waited for", async () => {
    const processor = new LangSmithSpanProcessor({ apiUrl: receiver.url });
    const resource = detectResources({
      detectors: [{ detect: () => ({ attributes: { "service.name": "shop", "host.id": never } }) }],
    });
    ask(new BasicTracerProvider({ spanProcessors: [processor], resource }), "first");
    const began = performance.now();
    await processor.forceFlush();
    expect(performance.now() - began).toBeLessThan(1_900);
    expect(metadataOf("first")).toMatchObject({ "service.name": "shop" });
    await processor.shutdown();
    expect(error.mock.calls).toEqual([]);
  });

  it("that fail are not waited for, and cost no run", async () => {
    const { version, fail } = later();
    const processor = new LangSmithSpanProcessor({ apiUrl: receiver.url });
    const provider = new BasicTracerProvider({ spanProcessors: [processor], resource: resourceWith(version) });
    ask(provider, "first");
    fail(new Error("no metadata service"));
    await processor.shutdown();
    expect(metadataOf("first")).toMatchObject({ "service.name": "shop" });
  });

  it("do not keep a shutdown from sending that has less time than that", async () => {
    const processor = new LangSmithSpanProcessor({ apiUrl: receiver.url, shutdownTimeoutMillis: 1_500 });
    const provider = new BasicTracerProvider({ spanProcessors: [processor], resource: resourceWith(never) });
    ask(provider, "first");
    await processor.shutdown();
    expect(metadataOf("first")).toMatchObject({ "service.name": "shop" });
  });
});
