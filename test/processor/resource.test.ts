// What runs say of their resource while its detectors are still at work.
import { context, DiagLogLevel, diag, trace } from "@opentelemetry/api";
import { detectResources } from "@opentelemetry/resources";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterEach, expect, it, vi } from "vitest";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { startReceiver } from "../receiver.js";

afterEach(() => {
  diag.disable();
  context.disable();
  trace.disable();
});

it("runs say what is known of a resource whose detectors are at work, and nothing is logged for it", async () => {
  const error = vi.fn();
  const silent = () => {};
  diag.setLogger({ error, warn: silent, info: silent, debug: silent, verbose: silent }, DiagLogLevel.ERROR);
  const receiver = await startReceiver();
  const processor = new LangSmithSpanProcessor({ apiUrl: receiver.url });
  const never = new Promise<string>(() => {});
  const resource = detectResources({
    detectors: [
      { detect: () => ({ attributes: { "service.name": "shop", "service.version": never } }) },
      { detect: () => ({ attributes: { "service.version": "1.2.3" } }) },
    ],
  });
  const provider = new BasicTracerProvider({ spanProcessors: [processor], resource });
  provider
    .getTracer("app")
    .startSpan("chat", { attributes: { "gen_ai.operation.name": "chat" } })
    .end();
  await processor.shutdown();
  expect(receiver.one("chat").extra?.metadata).toMatchObject({ "service.name": "shop", "service.version": "1.2.3" });
  expect(error.mock.calls).toEqual([]);
  await receiver.close();
});
