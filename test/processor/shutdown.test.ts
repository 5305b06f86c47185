// Flush and shutdown keep their time when the service does not.
import { describe, expect, it, onTestFinished } from "vitest";
import { LangSmithSpanExporter } from "../../src/exporter/index.js";
import { startMisbehavingServer } from "../delivery/misbehaving-server.js";
import { startBridge, until } from "./bridge.js";

async function startHanging() {
  const server = await startMisbehavingServer();
  onTestFinished(() => server.stop());
  server.behave = () => ({ do: "hang" });
  return server;
}

describe("forceFlush and shutdown, when the service hangs", () => {
  it("settle within shutdownTimeoutMillis, called twice and at once, and say what was lost", async () => {
    const server = await startHanging();
    const bridge = await startBridge({ apiUrl: server.url, shutdownTimeoutMillis: 300 });
    bridge.genai.startSpan("stuck").end();
    await until(() => server.requests.length > 0, "a request is under way");
    const began = performance.now();
    await bridge.processor.forceFlush();
    const flushed = performance.now() - began;
    await Promise.all([bridge.processor.shutdown(), bridge.processor.shutdown(), bridge.processor.forceFlush()]);
    const shut = performance.now() - began - flushed;
    // A loaded machine is late; a flush that does not keep its time waits for the request's 30 s.
    expect(flushed).toBeGreaterThanOrEqual(290);
    expect(flushed).toBeLessThan(10_000);
    expect(shut).toBeLessThan(10_000);
    await until(() => bridge.processor.stats().lost.shutdown === 1, "the run is counted as lost");
  });

  it("settle so for the exporter too", async () => {
    const server = await startHanging();
    const exporter = new LangSmithSpanExporter({ apiUrl: server.url, shutdownTimeoutMillis: 300, batchDelayMillis: 1 });
    const bridge = await startBridge({
      beside: [
        {
          onStart: () => {},
          onEnd: (span) => exporter.export([span], () => {}),
          forceFlush: async () => {},
          shutdown: async () => {},
        },
      ],
    });
    bridge.genai.startSpan("stuck").end();
    const began = performance.now();
    await Promise.all([exporter.forceFlush(), exporter.shutdown(), exporter.shutdown()]);
    expect(performance.now() - began).toBeLessThan(10_000);
    await until(() => exporter.stats().lost.shutdown === 1, "the run is counted as lost");
  });

  it("cost nothing when there is nothing to send", async () => {
    const server = await startHanging();
    const bridge = await startBridge({ apiUrl: server.url });
    const began = performance.now();
    await bridge.processor.forceFlush();
    await bridge.processor.shutdown();
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(server.requests).toEqual([]);
  });
});
