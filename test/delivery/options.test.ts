// What delivery's numbers do on the wire, and what they are where nobody says.
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDelivery, type Delivery, type DeliveryOptions } from "../../src/delivery/index.js";
import { settle } from "../../src/delivery/options.js";
import { resolveOptions } from "../../src/options/options.js";
import { createSink } from "../../src/processor/sink.js";
import { until } from "../processor/bridge.js";
import { GENEROUS_INFO, type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { newRun } from "./runs.js";

let server: MisbehavingServer;
const open: Delivery[] = [];

beforeEach(async () => {
  server = await startMisbehavingServer();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((delivery) => delivery.shutdown(0)));
  await server.stop();
});

function deliver(options: Partial<DeliveryOptions>): Delivery {
  const delivery = createDelivery({ apiUrl: server.url, batchDelayMillis: 1, compression: "none", ...options });
  open.push(delivery);
  return delivery;
}

function sizes(): number[] {
  return server.requests.map((request) => request.operations.length);
}

describe("maxBatchCount", () => {
  it("bounds the operations of a request, below what the server takes", async () => {
    const delivery = deliver({ maxBatchCount: 7 });
    for (let n = 0; n < 50; n += 1) delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(5_000);
    expect(server.runs.size).toBe(50);
    expect(Math.max(...sizes())).toBe(7);
  });

  it("never exceeds what the server takes", async () => {
    server.info = { ...GENEROUS_INFO, batch_ingest_config: { size_limit: 5 } };
    const delivery = deliver({ maxBatchCount: 1_000 });
    for (let n = 0; n < 50; n += 1) delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(5_000);
    expect(server.runs.size).toBe(50);
    expect(Math.max(...sizes())).toBe(5);
  });
});

describe("maxBatchBytes", () => {
  it("bounds the uncompressed bytes of a request, and loses nothing", async () => {
    const delivery = deliver({ maxBatchBytes: 50_000 });
    for (let n = 0; n < 20; n += 1)
      delivery.send({ kind: "post", run: newRun({ inputs: { text: "x".repeat(15_000) } }) });
    await delivery.flush(5_000);
    expect(server.runs.size).toBe(20);
    for (const { headers } of server.requests) expect(Number(headers["content-length"])).toBeLessThanOrEqual(50_000);
    // Two of them fit, so it is not one a request either.
    expect(Math.max(...sizes())).toBe(2);
  });
});

describe("batchDelayMillis", () => {
  it("lets what comes within it go together", async () => {
    const delivery = deliver({ batchDelayMillis: 500 });
    const first = performance.now();
    for (let n = 0; n < 10; n += 1) {
      delivery.send({ kind: "post", run: newRun() });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(server.requests).toHaveLength(0);
    await until(() => server.runs.size === 10, "the batch");
    expect(sizes()).toEqual([10]);
    expect(server.requests[0]?.at).toBeGreaterThanOrEqual(first + 499);
  });

  it("is not waited for by somebody who flushes", async () => {
    const delivery = deliver({ batchDelayMillis: 3_600_000 });
    delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(20_000);
    expect(sizes()).toEqual([1]);
  });

  it("is not waited for by a full batch", async () => {
    const delivery = deliver({ batchDelayMillis: 3_600_000, maxBatchCount: 4 });
    for (let n = 0; n < 4; n += 1) delivery.send({ kind: "post", run: newRun() });
    await until(() => server.runs.size === 4, "the full batch");
    expect(sizes()).toEqual([4]);
  });
});

describe("maxConcurrentRequests", () => {
  it.each([1, 3])("of %d is how many requests are under way at once", async (maxConcurrentRequests) => {
    server.behave = () => ({ do: "hang" });
    const delivery = deliver({ maxConcurrentRequests, maxBatchCount: 1, requestTimeoutMillis: 60_000 });
    for (let n = 0; n < 20; n += 1) delivery.send({ kind: "post", run: newRun() });
    await until(() => server.requests.length === maxConcurrentRequests, "the requests");
    // Time enough for another one to come, were there one.
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(server.requests).toHaveLength(maxConcurrentRequests);
    expect(delivery.stats()).toMatchObject({ inFlight: maxConcurrentRequests, queued: 20 - maxConcurrentRequests });
  });
});

describe("an option of the processor", () => {
  it("reaches delivery", async () => {
    const sink = createSink(resolveOptions({ apiUrl: server.url, maxBatchCount: 3, batchDelayMillis: 1 }, {}));
    for (let n = 0; n < 9; n += 1) sink?.send("post", newRun(), undefined, true);
    await sink?.shutdown(5_000);
    expect(server.runs.size).toBe(9);
    expect(Math.max(...sizes())).toBe(3);
  });
});

describe("retry", () => {
  it("of the processor reaches delivery: so old a run is lost as expired", async () => {
    server.behave = () => ({ do: "answer", status: 503 });
    const retry = { initialDelayMillis: 1, maxDelayMillis: 2, maxAgeMillis: 30 };
    const sink = createSink(resolveOptions({ apiUrl: server.url, batchDelayMillis: 1, retry }, {}));
    sink?.send("post", newRun(), undefined, true);
    await until(() => sink?.stats().lost.expired === 1, "the loss");
    await sink?.shutdown(1_000);
  });
});

describe("where nobody says", () => {
  it("delivery's numbers are those that the README names", () => {
    expect(settle({ apiUrl: server.url })).toMatchObject({
      maxBatchCount: 100,
      maxBatchBytes: 10 * 1024 * 1024,
      batchDelayMillis: 250,
      maxConcurrentRequests: 4,
      requestTimeoutMillis: 30_000,
      queueMaxBytes: 64 * 1024 * 1024,
      compression: "auto",
      retry: { initialDelayMillis: 500, maxDelayMillis: 30_000, maxAgeMillis: 3_600_000 },
      spool: undefined,
    });
  });

  it("the processor's numbers are those that the README names", () => {
    expect(resolveOptions({}, {})).toMatchObject({
      apiUrl: "https://api.smith.langchain.com",
      projectName: "default",
      enabled: true,
      spans: "application",
      traces: "genai",
      pendingAfterMillis: 1_000,
      abandonedAfterMillis: 24 * 60 * 60 * 1_000,
      orphanAfterMillis: 30_000,
      heldMaxTraces: 1_000,
      heldMaxBytes: 32 * 1024 * 1024,
      shutdownTimeoutMillis: 30_000,
      samplingRate: 1,
      hideInputs: false,
      hideOutputs: false,
      hideMetadata: false,
      spool: undefined,
    });
  });
});

describe("spool.dir", () => {
  it("is where it was at the start, wherever the application goes later on", () => {
    expect(settle({ apiUrl: server.url, spool: { dir: "failed/runs" } }).spool?.dir).toBe(
      join(process.cwd(), "failed/runs"),
    );
  });
});
