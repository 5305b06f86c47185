// Mistakes that used to be silent, or were told as something else: each has its warning, with a code and a remedy.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Receiver, startReceiver } from "../receiver.js";
import { type Application, ASK, layApplication } from "./application.js";

let application: Application;
let receiver: Receiver;
beforeAll(async () => {
  application = await layApplication([
    "@opentelemetry/sdk-trace-base",
    "@opentelemetry/sdk-node",
    "@opentelemetry/auto-instrumentations-node",
    "openai",
  ]);
}, 60_000);
afterAll(() => application.remove());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const HEAD = `
  import { context, trace } from "@opentelemetry/api";
  import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
  import { BasicTracerProvider, AlwaysOffSampler, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
  import { NodeSDK } from "@opentelemetry/sdk-node";
  import { LangSmithSpanExporter, LangSmithSpanProcessor, register } from "otel-langsmith";
  ${ASK}
  const plain = (name) => trace.getTracer("app").startActiveSpan(name, (span) => span.end());`;

async function warningsOf(text: string, env: Record<string, string> = {}, flags: readonly string[] = []) {
  await application.write("mistake.mjs", text);
  const running = application.start([...flags, "mistake.mjs"], { LANGSMITH_ENDPOINT: receiver.url, ...env });
  const ended = await running.ended();
  return { ...ended, codes: [...ended.stderr.matchAll(/\[(LSB_WARN_\w+)\]/g)].map(([, code]) => code) };
}

const PREPARED = ["--import", "otel-langsmith/register"];

const mistakes: [
  mistake: string,
  code: string,
  remedy: string,
  text: string,
  env?: Record<string, string>,
  flags?: string[],
][] = [
  [
    "two processors on one provider for one project",
    "LSB_WARN_TWO_PROCESSORS",
    "Keep one of them",
    `new NodeSDK({ spanProcessors: [new LangSmithSpanProcessor(), new LangSmithSpanProcessor()] }).start(); ask("asked");`,
  ],
  [
    "an exporter behind a processor for one project",
    "LSB_WARN_TWO_PROCESSORS",
    "Keep one of them",
    `new NodeSDK({ spanProcessors: [new LangSmithSpanProcessor(), new SimpleSpanProcessor(new LangSmithSpanExporter())] }).start(); ask("asked");`,
  ],
  [
    "a second provider that was not taken",
    "LSB_WARN_OTHER_PROVIDER",
    "Give that provider the processor",
    `new NodeSDK({ spanProcessors: [{ onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} }] }).start();
     trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new LangSmithSpanProcessor()] })); ask("asked");`,
  ],
  [
    "a provider that was never registered",
    "LSB_WARN_NO_PROVIDER",
    "call sdk.start()",
    `new NodeSDK({ spanProcessors: [new LangSmithSpanProcessor()] }); ask("asked");`,
  ],
  [
    "no context manager",
    "LSB_WARN_NO_CONTEXT_MANAGER",
    "setGlobalContextManager",
    `trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new LangSmithSpanProcessor()] })); plain("request");`,
  ],
  [
    "no context manager, and roots that are open at once",
    "LSB_WARN_NO_CONTEXT_MANAGER",
    "setGlobalContextManager",
    `trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new LangSmithSpanProcessor()] })); ask("asked");`,
  ],
  [
    "register() after an ES module was imported",
    "LSB_WARN_LATE_REGISTER",
    "loaded before register, so not traced",
    `import OpenAI from "openai"; import { register } from "otel-langsmith"; register();`,
  ],
  [
    "register() after a CommonJS module was loaded",
    "LSB_WARN_LATE_REGISTER",
    "node --import otel-langsmith/register",
    `import { createRequire } from "node:module"; createRequire(import.meta.url)("openai"); (await import("otel-langsmith")).register();`,
  ],
  [
    "a rate of nothing",
    "LSB_WARN_SAMPLED_OUT",
    "Raise it",
    `new LangSmithSpanProcessor();`,
    { LANGSMITH_TRACING_SAMPLING_RATE: "0" },
  ],
  [
    "a sampler of the environment that drops everything",
    "LSB_WARN_SAMPLED_OUT",
    "Change OTEL_TRACES_SAMPLER",
    "",
    { OTEL_TRACES_SAMPLER: "parentbased_always_off" },
    PREPARED,
  ],
  [
    "a sampler of the provider that drops everything",
    "LSB_WARN_SAMPLED_OUT",
    "LangSmithSampler",
    `new NodeSDK({ sampler: new AlwaysOffSampler(), spanProcessors: [new LangSmithSpanProcessor()] }).start(); ask("asked");`,
  ],
  [
    "spans that only look like OpenTelemetry's",
    "LSB_WARN_FOREIGN_SPANS",
    "NodeSDK",
    `const processor = new LangSmithSpanProcessor();
     const spanContext = () => ({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 });
     const span = { _ddSpan: {}, kind: 0, startTime: [1, 0], spanContext };
     processor.onStart(span, context.active()); processor.onEnd(span);
     if (processor.stats().faults !== 0) throw new Error("a fault");`,
  ],
  [
    "an address without its scheme",
    "LSB_WARN_REGISTER",
    "with its scheme",
    "",
    { LANGSMITH_ENDPOINT: "localhost:1984" },
    PREPARED,
  ],
];

describe("a mistake", () => {
  it.each(mistakes)("%s is warned of with %s", async (_mistake, code, remedy, text, env, flags) => {
    const { codes, stderr } = await warningsOf(text.startsWith("import ") ? text : HEAD + text, env, flags);
    expect(codes, stderr).toContain(code);
    expect(stderr).toContain(remedy);
    expect(codes, stderr).not.toContain("LSB_WARN_TRACE_DROPPED");
  });

  it.each([400, 422])("one run that is refused with %d is warned of with LSB_WARN_REFUSED", async (status) => {
    const server = createServer((request, response) => {
      request.resume();
      request.on("end", () => {
        response.writeHead(request.url === "/info" ? 200 : status, { "content-type": "application/json" });
        response.end(request.url === "/info" ? "{}" : `{"detail":"no such thing"}`);
      });
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
    const text = `${HEAD} new NodeSDK({ spanProcessors: [new LangSmithSpanProcessor()] }).start(); ask("asked");`;
    const { codes, stderr } = await warningsOf(text, { LANGSMITH_ENDPOINT: url });
    server.closeAllConnections();
    server.close();
    expect(codes, stderr).toContain("LSB_WARN_REFUSED");
  });

  it("two copies of the API, of which the newer sees nothing, are warned of with LSB_WARN_API_COPIES", async () => {
    const folder = join(application.folder, "node_modules/ai");
    await mkdir(join(folder, "node_modules/@opentelemetry/api"), { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "ai", version: "6.0.1" }));
    const copy = { name: "@opentelemetry/api", version: "1.99.0" };
    await writeFile(join(folder, "node_modules/@opentelemetry/api/package.json"), JSON.stringify(copy));
    const registered = await warningsOf("", {}, PREPARED);
    expect(registered.codes, registered.stderr).toEqual(["LSB_WARN_API_COPIES"]);
    expect(registered.stderr).toContain("npm install @opentelemetry/api@^1.99.0");
    const text = `${HEAD} new NodeSDK({ spanProcessors: [new LangSmithSpanProcessor()] }).start(); plain("request");`;
    expect((await warningsOf(text)).codes).toEqual(["LSB_WARN_API_COPIES"]);
    await rm(folder, { recursive: true });
  });
});

describe("LSB_WARN_TRACE_DROPPED", () => {
  const start = (scope: string, name: string) => `
    import { trace } from "@opentelemetry/api"; import { NodeSDK } from "@opentelemetry/sdk-node"; import { LangSmithSpanProcessor } from "otel-langsmith";
    new NodeSDK({ spanProcessors: [new LangSmithSpanProcessor()] }).start();
    trace.getTracer(${JSON.stringify(scope)}).startActiveSpan(${JSON.stringify(name)}, (span) => span.end());`;

  it("does not sound like a failure", async () => {
    const { codes, stderr } = await warningsOf(start("app", "GET /health"));
    expect(codes).toEqual(["LSB_WARN_TRACE_DROPPED"]);
    expect(stderr).toMatch(/by default.*GET \/health.*Nothing is wrong if/);
  });

  it("is not printed for what Next.js does at its start", async () => {
    expect((await warningsOf(start("next.js", "resolve page components"))).codes).toEqual([]);
    expect((await warningsOf(start("next.js", "GET /"))).codes).toEqual(["LSB_WARN_TRACE_DROPPED"]);
  });
});
