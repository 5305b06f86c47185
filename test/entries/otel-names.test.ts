// The langsmith package's OpenTelemetry set-up under its own names, and LangSmithTelemetry: our parts behind them.
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LangSmithTelemetry } from "../../src/ai-sdk/telemetry.js";
import { traceable } from "../../src/authoring/index.js";
import { LangSmithOTLPTraceExporter } from "../../src/otel-names/exporter.js";
import { LangSmithOTLPSpanProcessor } from "../../src/otel-names/processor.js";
import { initializeOTEL } from "../../src/otel-names/setup.js";
import { forgetWarnings } from "../../src/warnings.js";
import { type Receiver, startReceiver } from "../receiver.js";

let receiver: Receiver;
afterEach(async () => {
  trace.disable();
  context.disable();
  await receiver?.close();
});

function ask(): void {
  const inner = traceable((secret: string) => secret, { name: "inner" });
  trace.getTracer("openinference-x").startActiveSpan("outer", (span) => {
    span.setAttribute("input.value", "hunter2");
    inner("plain");
    span.end();
  });
}

describe("initializeOTEL", () => {
  it("sets up tracing with a provider of its own, by the package's url and headers", async () => {
    receiver = await startReceiver();
    const { DEFAULT_LANGSMITH_SPAN_PROCESSOR: processor, DEFAULT_LANGSMITH_TRACER_PROVIDER: provider } = initializeOTEL(
      {
        exporterConfig: {
          url: `${receiver.url}/otel/v1/traces`,
          headers: { "x-api-key": "key", "Langsmith-Project": "named" },
        },
      },
    );
    expect(provider.getTracer("a")).toBeDefined();
    ask();
    await processor.forceFlush();
    const [outer, inner] = [receiver.one("outer"), receiver.one("inner")];
    expect(inner.parent_run_id).toBe(outer.id);
    expect(outer.session_name).toBe("named");
    expect(receiver.headers[0]?.["x-api-key"]).toBe("key");
    await processor.shutdown();
  });

  it("leaves the provider and the context manager that it is given", async () => {
    receiver = await startReceiver();
    const provider = new BasicTracerProvider();
    const made = initializeOTEL({
      globalTracerProvider: provider,
      skipGlobalContextManagerSetup: true,
      exporterConfig: { url: receiver.url },
    });
    expect(made.DEFAULT_LANGSMITH_TRACER_PROVIDER).toBe(provider);
    await made.DEFAULT_LANGSMITH_SPAN_PROCESSOR.shutdown();
  });
});

describe("LangSmithOTLPTraceExporter", () => {
  it("sends what transformExportedSpan made of a copy of each span", async () => {
    receiver = await startReceiver();
    const exporter = new LangSmithOTLPTraceExporter({
      url: receiver.url,
      transformExportedSpan: (span) => {
        span.attributes["input.value"] = "masked";
        return span;
      },
    });
    const seen: unknown[] = [];
    const beside = {
      onStart() {},
      onEnd: (span: { attributes: object }) => seen.push({ ...span.attributes }),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const provider = new BasicTracerProvider({ spanProcessors: [new LangSmithOTLPSpanProcessor(exporter), beside] });
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    ask();
    await provider.forceFlush();
    expect(JSON.stringify(receiver.operations)).not.toContain("hunter2");
    expect(JSON.stringify(receiver.one("outer").inputs)).toContain("masked");
    expect(JSON.stringify(seen)).toContain("hunter2");
    await provider.shutdown();
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("hunter2");
      },
    ],
    ["answers with a promise", () => Promise.reject(new Error("hunter2"))],
    ["answers with nothing", () => undefined],
  ])("leaves a span out whose transformExportedSpan %s, its neighbours not, and quotes nothing", async (_, fail) => {
    receiver = await startReceiver();
    forgetWarnings();
    const warned = vi.spyOn(process, "emitWarning").mockReturnValue();
    const transform = (span: { name: string }) => (span.name === "bad" ? fail() : span);
    const exporter = new LangSmithOTLPTraceExporter({ url: receiver.url, transformExportedSpan: transform as never });
    const provider = new BasicTracerProvider({ spanProcessors: [new LangSmithOTLPSpanProcessor(exporter)] });
    const attributes = { "openinference.span.kind": "LLM", "input.value": "hunter2" };
    const results: unknown[] = [];
    const original = exporter.export.bind(exporter);
    exporter.export = (spans, callback) =>
      original(spans, (result) => {
        results.push(result.code);
        callback(result);
      });
    for (const name of ["good", "bad", "good too"]) provider.getTracer("app").startSpan(name, { attributes }).end();
    await provider.forceFlush();
    await provider.shutdown();
    expect([...receiver.runs.values()].map((run) => run.name).sort()).toEqual(["good", "good too"]);
    expect(results).toEqual([0, 1, 0]);
    expect(String(warned.mock.calls)).toContain("transformExportedSpan failed");
    expect(String(warned.mock.calls)).not.toContain("hunter2");
    warned.mockRestore();
  });

  it.each([
    [{ project: "a" }, "did you mean projectName?"],
    [{ headers: { authorization: "Bearer x" } }, "headers.authorization"],
    [{ transformExportedSpan: async (span: unknown) => span }, "transformExportedSpan"],
  ])("refuses what it does not do, by its name: %o", (config, message) => {
    expect(() => new LangSmithOTLPTraceExporter(config as never)).toThrow(message);
  });

  it("is the one exporter that the processor takes", () => {
    expect(() => new LangSmithOTLPSpanProcessor({} as never)).toThrow("takes a LangSmithOTLPTraceExporter");
  });
});

describe("LangSmithTelemetry", () => {
  it("names what it needs where @ai-sdk/otel is not installed", () => {
    expect(() => LangSmithTelemetry()).toThrow("npm install @ai-sdk/otel");
  });

  it.each(["processInputs", "processOutputs", "processChildLLMRunInputs", "processChildLLMRunOutputs"])(
    "refuses %s, which would hide, and names the client's options",
    (name) => {
      const make = () => LangSmithTelemetry({ [name]: () => ({}) });
      expect(make).toThrow(expect.objectContaining({ code: "LSB_ERR_OPTION", option: name }));
      expect(make).toThrow("hideInputs");
    },
  );
});
