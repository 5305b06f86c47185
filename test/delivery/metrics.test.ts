// Metrics under the semantic conventions' names, equal to what was answered.
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterEach, describe, expect, it } from "vitest";
import { createDelivery } from "../../src/delivery/index.js";
import { type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { newRun } from "./runs.js";

let server: MisbehavingServer | undefined;

afterEach(async () => {
  await server?.stop();
});

describe("metrics", () => {
  it("count what was exported and lost, by cause, and time each request", async () => {
    server = await startMisbehavingServer();
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    const delivery = createDelivery({
      apiUrl: server.url,
      apiKey: "a-key",
      batchDelayMillis: 10,
      meterProvider: provider,
    });
    for (let i = 0; i < 20; i += 1)
      delivery.send({ kind: "post", run: newRun({ name: i === 7 ? "bad run" : "good run" }) });
    delivery.send({ kind: "post", run: newRun({ name: "" }) });
    await delivery.flush(5_000);
    await reader.forceFlush();
    const points = (name: string) =>
      exporter
        .getMetrics()
        .flatMap((resource) => resource.scopeMetrics)
        .flatMap((scope) => scope.metrics)
        .filter((metric) => metric.descriptor.name === name)
        .flatMap((metric) => metric.dataPoints.map(({ attributes, value }) => ({ attributes, value })));
    expect(points("otel.sdk.exporter.span.exported")).toEqual([
      { attributes: expect.not.objectContaining({ "error.type": expect.anything() }), value: 19 },
      { attributes: expect.objectContaining({ "error.type": "refused", "server.address": "127.0.0.1" }), value: 1 },
    ]);
    expect(points("otel_langsmith.runs.lost").map(({ attributes, value }) => [attributes["cause"], value])).toEqual(
      expect.arrayContaining([
        ["invalid", 1],
        ["refused", 1],
      ]),
    );
    expect(points("otel.sdk.processor.span.queue.size")).toEqual([expect.objectContaining({ value: 0 })]);
    const durations = points("otel.sdk.exporter.operation.duration");
    const timed = durations.reduce((sum, { value }) => sum + (value as { count: number }).count, 0);
    expect(timed).toBe(delivery.stats().requests);
    expect(timed).toBe(server.requests.length);
    expect(new Set(durations.map(({ attributes }) => attributes["http.response.status_code"]))).toEqual(
      new Set([202, 400]),
    );
    await delivery.shutdown(1_000);
    await provider.shutdown();
  });
});
