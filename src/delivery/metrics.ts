// What delivery does, as OpenTelemetry metrics, under the semantic conventions' names for SDK self-observation.

import { type Attributes, type MeterProvider, metrics } from "@opentelemetry/api";
import { callUser, isInUserCallback } from "../user-callbacks.js";
import { VERSION } from "../version.js";
import type { LossCause } from "./operation.js";

export interface DeliveryMetrics {
  exported(runs: number): void;
  lost(cause: LossCause, runs: number): void;
  attachmentsLost(attachments: number): void;
  /** One request: its duration, its answer, and as what it failed. */
  request(millis: number, status: number | undefined, failure: string | undefined): void;
  /** Stops observing. */
  close(): void;
}

export interface Observed {
  queued: number;
  queuedBytes: number;
  inFlight: number;
}

let instances = 0;

/**
 * Source of the names: OpenTelemetry semantic conventions, "SDK metrics" (`otel.sdk.processor.span.*`,
 * `otel.sdk.exporter.*`). A run stands for a span in them. `otel_langsmith.runs.lost` counts by cause.
 */
export function createMetrics(
  provider: MeterProvider | undefined,
  destination: { apiUrl: string; capacityBytes: number },
  observe: () => Observed,
): DeliveryMetrics {
  const meter = (provider ?? metrics.getMeterProvider()).getMeter("otel-langsmith", VERSION);
  instances += 1;
  const component = (type: string): Attributes => ({
    "otel.component.type": `otel_langsmith_${type}`,
    "otel.component.name": `otel_langsmith_${type}/${instances - 1}`,
  });
  const processor = component("processor");
  const exporter = { ...component("exporter"), ...server(destination.apiUrl) };

  const queueSize = meter.createObservableUpDownCounter("otel.sdk.processor.span.queue.size", {
    unit: "{span}",
    description: "Operations on runs that wait in memory to be sent.",
  });
  const inflight = meter.createObservableUpDownCounter("otel.sdk.exporter.span.inflight", {
    unit: "{span}",
    description: "Operations on runs in requests that have no answer yet.",
  });
  const queueBytes = meter.createObservableUpDownCounter("otel_langsmith.queue.size", {
    unit: "By",
    description: "Bytes held in memory.",
  });
  const capacity = meter.createObservableUpDownCounter("otel_langsmith.queue.capacity", {
    unit: "By",
    description: "The bound of the bytes held in memory.",
  });
  const exported = meter.createCounter("otel.sdk.exporter.span.exported", {
    unit: "{span}",
    description: "Operations on runs that were answered, or given up (with error.type).",
  });
  const processed = meter.createCounter("otel.sdk.processor.span.processed", {
    unit: "{span}",
    description: "Operations on runs that left the queue, or never came in (with error.type).",
  });
  const lost = meter.createCounter("otel_langsmith.runs.lost", { unit: "{run}", description: "Runs lost, by cause." });
  const files = meter.createCounter("otel_langsmith.attachments.lost", {
    unit: "{attachment}",
    description: "Attachments lost of runs that arrived.",
  });
  const duration = meter.createHistogram("otel.sdk.exporter.operation.duration", {
    unit: "s",
    description: "Duration of requests to LangSmith.",
  });

  const callback: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const { queued, queuedBytes, inFlight } = observe();
    result.observe(queueSize, queued, processor);
    result.observe(inflight, inFlight, exporter);
    result.observe(queueBytes, queuedBytes, processor);
    result.observe(capacity, destination.capacityBytes, processor);
  };
  const observables = [queueSize, inflight, queueBytes, capacity];
  meter.addBatchObservableCallback(callback, observables);

  return {
    exported(runs) {
      measure(() => {
        exported.add(runs, exporter);
        processed.add(runs, processor);
      });
    },
    lost(cause, runs) {
      const error = { "error.type": cause };
      measure(() => {
        lost.add(runs, { ...processor, cause });
        if (cause === "refused" || cause === "expired" || cause === "too_large")
          exported.add(runs, { ...exporter, ...error });
        processed.add(runs, { ...processor, ...error });
      });
    },
    attachmentsLost(attachments) {
      measure(() => files.add(attachments, processor));
    },
    request(millis, status, failure) {
      const attributes = {
        ...exporter,
        ...(status === undefined ? {} : { "http.response.status_code": status }),
        ...(failure === undefined ? {} : { "error.type": failure }),
      };
      measure(() => duration.record(millis / 1_000, attributes));
    },
    close: () => meter.removeBatchObservableCallback(callback, observables),
  };
}

/** A meter may be the user's own: one that makes spans is not measured for them, and one that throws costs no run. */
function measure(record: () => void): void {
  if (isInUserCallback()) return;
  try {
    callUser(record);
  } catch {
    // What it would have counted stands in stats(), too.
  }
}

function server(apiUrl: string): Attributes {
  try {
    const { hostname, port, protocol } = new URL(apiUrl);
    return { "server.address": hostname, "server.port": Number(port || (protocol === "https:" ? 443 : 80)) };
  } catch {
    return {};
  }
}
