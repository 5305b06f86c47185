// register composes with what OpenTelemetry's own variables ask for: their exporter, sampler, propagators, resource.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Receiver, startReceiver } from "../receiver.js";
import { type Application, ASK, layApplication, SDK } from "./application.js";
import { type Collector, startCollector } from "./collector.js";

let application: Application;
let receiver: Receiver;
let collector: Collector;

beforeAll(async () => {
  application = await layApplication([...SDK, "@opentelemetry/exporter-trace-otlp-http", "@opentelemetry/sdk-node"]);
  await application.write("esm.mjs", `import { trace } from "@opentelemetry/api";${ASK}ask("asked");`);
  await application.write(
    "inject.mjs",
    `import { context, propagation, trace } from "@opentelemetry/api";
     trace.getTracer("app").startActiveSpan("asked", { attributes: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" } }, (span) => {
       const headers = {};
       propagation.inject(context.active(), headers);
       span.end();
       console.log(Object.keys(headers).sort().join());
     });`,
  );
}, 60_000);
afterAll(() => application.remove());
beforeEach(async () => {
  [receiver, collector] = await Promise.all([startReceiver(), startCollector()]);
});
afterEach(() => Promise.all([receiver.close(), collector.close()]));

async function run(program: string, env: Record<string, string>) {
  const args = ["--import", "otel-langsmith/register", program];
  const ended = await application.start(args, { LANGSMITH_ENDPOINT: receiver.url, ...env }).ended();
  expect(ended.code).toBe(0);
  expect(receiver.problems).toEqual([]);
  return ended;
}

const collected = () => collector.requests.some(({ text }) => text.includes("asked child"));
const names = () => [...receiver.runs.values()].map((run) => run.name).sort();
const BOTH = ["asked", "asked child"];

describe("the environment's exporter goes on beside ours", () => {
  it.each([
    ["http/protobuf", { OTEL_TRACES_EXPORTER: "otlp" }, "application/x-protobuf"],
    ["http/protobuf, for an OTLP address alone", {}, "application/x-protobuf"],
    ["http/json", { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" }, "application/json"],
    [
      "http/json of traces before that of all",
      { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json" },
      "application/json",
    ],
    [
      "http/protobuf, with a warning, for an unknown protocol",
      { OTEL_EXPORTER_OTLP_PROTOCOL: "x" },
      "application/x-protobuf",
    ],
  ])("%s", async (name, env, contentType) => {
    const ended = await run("esm.mjs", { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect(collector.requests.map((each) => [each.path, each.contentType])).toEqual([["/v1/traces", contentType]]);
    expect(collected()).toBe(true);
    expect(names()).toEqual(BOTH);
    expect(ended.stderr).toContain("; spans go to otlp, too");
    expect(ended.stderr.includes("LSB_WARN_EXPORTER")).toBe(name.includes("warning"));
  });

  it("console", async () => {
    const ended = await run("esm.mjs", { OTEL_TRACES_EXPORTER: "console" });
    expect(ended.stdout).toContain("name: 'asked child'");
    expect(names()).toEqual(BOTH);
  });

  it("is none without being asked for: nothing goes to a collector that nobody named", async () => {
    const ended = await run("esm.mjs", {});
    expect(ended.stderr).not.toContain("spans go to");
    expect(names()).toEqual(BOTH);
  });

  it("is none for none, though an address is set", async () => {
    await run("esm.mjs", { OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect(collector.requests).toEqual([]);
    expect(names()).toEqual(BOTH);
  });

  it("is said to be missing where its package is, and unknown where nobody knows it", async () => {
    const ended = await run("esm.mjs", { OTEL_TRACES_EXPORTER: "smoke,console" });
    expect(ended.stderr).toMatch(/LSB_WARN_EXPORTER.*smoke, which is not known/);
    expect(ended.stdout).toContain("name: 'asked child'");
  });

  it("goes on when LANGSMITH_TRACING is false; with no exporter either, nothing is registered", async () => {
    const off = { LANGSMITH_TRACING: "false", OTEL_PROPAGATORS: "tracecontext" };
    const ended = await run("inject.mjs", { ...off, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect(collector.requests).toHaveLength(1);
    expect(ended.stdout).toBe("traceparent\n");
    expect(ended.stderr).toContain("runs are not sent (LANGSMITH_TRACING is false)");
    const silent = await run("inject.mjs", off);
    expect(silent.stderr).toContain("nothing is registered (LANGSMITH_TRACING)");
    expect(silent.stdout).toBe("\n");
    expect(receiver.runs.size).toBe(0);
  });
});

describe("the other variables", () => {
  it("OTEL_SDK_DISABLED registers nothing", async () => {
    const ended = await run("inject.mjs", { OTEL_SDK_DISABLED: "true", OTEL_TRACES_EXPORTER: "console" });
    expect(ended.stdout).toBe("\n");
    expect(ended.stderr).toContain("nothing is registered (OTEL_SDK_DISABLED)");
    expect(receiver.runs.size).toBe(0);
  });

  it.each([
    [{ OTEL_TRACES_SAMPLER: "always_off" }, []],
    [{ OTEL_TRACES_SAMPLER: "parentbased_always_off" }, []],
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" }, []],
    [{ OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "1" }, BOTH],
    [{ OTEL_TRACES_SAMPLER: "always_on" }, BOTH],
  ])("%j is obeyed by both", async (env, expected) => {
    await run("esm.mjs", { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect(names()).toEqual(expected);
    expect(collected()).toBe(expected.length > 0);
  });

  it("an unknown sampler is said, and every trace is sampled", async () => {
    const ended = await run("esm.mjs", { OTEL_TRACES_SAMPLER: "sometimes" });
    expect(ended.stderr).toMatch(/LSB_WARN_SAMPLER.*sometimes/);
    expect(names()).toEqual(BOTH);
  });

  it("recordUnsampled sends LangSmith what is not sampled, and the other exporter nothing", async () => {
    await application.write(
      "unsampled.mjs",
      `import { register } from "otel-langsmith"; import { trace } from "@opentelemetry/api";
       register({ recordUnsampled: true });${ASK}ask("asked");`,
    );
    const env = { OTEL_TRACES_SAMPLER: "always_off", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const ended = await application.start(["unsampled.mjs"], { LANGSMITH_ENDPOINT: receiver.url, ...env }).ended();
    expect(ended.code).toBe(0);
    expect(names()).toEqual(BOTH);
    expect(collector.requests).toEqual([]);
  });

  it.each([
    [undefined, "baggage,langsmith-trace,traceparent"],
    ["tracecontext", "baggage,langsmith-trace,traceparent"],
    ["b3", "b3,baggage,langsmith-trace"],
    ["b3multi,langsmith", "baggage,langsmith-trace,x-b3-sampled,x-b3-spanid,x-b3-traceid"],
    ["none", ""],
  ])("OTEL_PROPAGATORS=%s injects %s", async (value, expected) => {
    const ended = await run("inject.mjs", value === undefined ? {} : { OTEL_PROPAGATORS: value });
    expect(ended.stdout).toBe(`${expected}\n`);
  });

  it("an unknown propagator is said, and the others stay", async () => {
    const ended = await run("inject.mjs", { OTEL_PROPAGATORS: "pigeon,tracecontext" });
    expect(ended.stderr).toMatch(/LSB_WARN_PROPAGATOR.*pigeon, which is not known/);
    expect(ended.stdout).toBe("baggage,langsmith-trace,traceparent\n");
  });

  it("the resource's variables reach both", async () => {
    await run("esm.mjs", {
      OTEL_SERVICE_NAME: "forecaster",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=staging",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
    expect(JSON.stringify(receiver.one("asked").extra)).toContain("forecaster");
    expect(collector.requests[0]?.text).toContain("forecaster");
    expect(collector.requests[0]?.text).toContain("staging");
    expect(collector.requests[0]?.text).toContain("process.runtime.name");
  });

  it("OTEL_NODE_RESOURCE_DETECTORS chooses the detectors", async () => {
    await run("esm.mjs", {
      OTEL_NODE_RESOURCE_DETECTORS: "env",
      OTEL_SERVICE_NAME: "forecaster",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    });
    expect(collector.requests[0]?.text).toContain("forecaster");
    expect(collector.requests[0]?.text).not.toContain("process.runtime.name");
  });

  it("a limit of attributes is obeyed", async () => {
    await run("esm.mjs", { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "1", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    expect(collector.requests[0]?.text).toContain("gen_ai.operation.name");
    expect(collector.requests[0]?.text).not.toContain("gen_ai.request.model");
  });
});

describe("getSpanProcessorsFromEnv", () => {
  const text = `import { NodeSDK } from "@opentelemetry/sdk-node"; import { trace } from "@opentelemetry/api";
    import { getSpanProcessorsFromEnv, LangSmithSpanProcessor } from "otel-langsmith";
    const ours = new LangSmithSpanProcessor();
    const sdk = new NodeSDK({ spanProcessors: [...getSpanProcessorsFromEnv(), ours] });
    sdk.start();${ASK}ask("asked"); await sdk.shutdown();`;

  it("keeps the exporter that NodeSDK would have built", async () => {
    await application.write("sdk.mjs", text);
    const env = { OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none", LANGSMITH_ENDPOINT: receiver.url };
    const otlp = await application.start(["sdk.mjs"], { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }).ended();
    expect(otlp.code).toBe(0);
    expect(collected()).toBe(true);
    expect(names()).toEqual(BOTH);
  });

  it.each([
    [undefined, undefined, 1],
    ["none", undefined, 0],
    ["console,otlp", undefined, 2],
    [undefined, "asked", 0],
  ])("for OTEL_TRACES_EXPORTER=%s (when unset: %s) gives %i", async (value, whenUnset, count) => {
    const given = JSON.stringify(whenUnset ? { whenUnset } : {});
    await application.write(
      "count.mjs",
      `import { getSpanProcessorsFromEnv } from "otel-langsmith"; console.log(getSpanProcessorsFromEnv(${given}).length);`,
    );
    const ended = await application.start(["count.mjs"], value ? { OTEL_TRACES_EXPORTER: value } : {}).ended();
    expect(ended.stdout).toBe(`${count}\n`);
  });
});
