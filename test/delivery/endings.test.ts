// What is said when time runs out: how much went where, and what to do; and what the queue's bytes are worth.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiagLogLevel, diag } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDelivery, type DeliveryOptions, type Loss } from "../../src/delivery/index.js";
import { type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { until } from "./network-fixtures.js";
import { newRun } from "./runs.js";

let server: MisbehavingServer;
let lines: string[];

beforeEach(async () => {
  server = await startMisbehavingServer();
  lines = [];
  const note = (level: string) => (line: string) => void lines.push(`${level} ${line}`);
  const [error, warn, info] = [note("error"), note("warn"), note("info")];
  diag.setLogger({ error, warn, info, debug: () => {}, verbose: () => {} }, DiagLogLevel.INFO);
});

afterEach(async () => {
  diag.disable();
  await server.stop();
});

function deliver(options: Partial<DeliveryOptions> = {}) {
  return createDelivery({ apiUrl: server.url, batchDelayMillis: 1, ...options });
}

const said = (code: string) => lines.filter((line) => line.includes(`[${code}]`));

describe("a flush that times out", () => {
  it("says how many operations wait where, how many bytes they are, and what to do", async () => {
    server.behave = () => ({ do: "hang" });
    const delivery = deliver({ maxConcurrentRequests: 1, maxBatchCount: 10 });
    for (let i = 0; i < 25; i += 1) delivery.send({ kind: "post", run: newRun() });
    await until(() => delivery.stats().inFlight === 10);
    const { queuedBytes } = delivery.stats();
    await delivery.flush(50);
    expect(said("LSB_WARN_FLUSH_TIMEOUT")).toHaveLength(1);
    const [line = ""] = said("LSB_WARN_FLUSH_TIMEOUT");
    expect(line).toMatch(/^warn /);
    expect(line).toContain("50 ms");
    expect(line).toContain(
      `15 operations (${queuedBytes} bytes with those under way) wait in the queue, 10 are under way`,
    );
    expect(line).toMatch(/sent later.*shutdownTimeoutMillis.*doctor/);
    await delivery.shutdown(0);
  });

  it("says nothing when all was answered", async () => {
    const delivery = deliver();
    delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(10_000);
    await delivery.shutdown(1_000);
    expect(said("LSB_WARN_FLUSH_TIMEOUT")).toEqual([]);
    expect(said("LSB_INFO_SHUTDOWN")).toEqual([
      expect.stringContaining("1 operation sent, 0 in the spool, 0 runs lost"),
    ]);
  });
});

describe("a shutdown that times out", () => {
  it("says how many were lost, and what would have kept them", async () => {
    server.behave = (_, index) => (index === 0 ? { do: "take" } : { do: "hang" });
    const delivery = deliver();
    delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(10_000);
    for (let i = 0; i < 7; i += 1) delivery.send({ kind: "post", run: newRun() });
    await delivery.shutdown(50);
    expect(said("LSB_WARN_SHUTDOWN")).toHaveLength(1);
    const [line = ""] = said("LSB_WARN_SHUTDOWN");
    expect(line).toContain("1 operation sent, 0 in the spool, 7 runs lost (shutdown 7)");
    expect(line).toMatch(/shutdownTimeoutMillis.*spool/);
  });

  it("says how many are in the spool, and who sends them", async () => {
    const dir = await mkdtemp(join(tmpdir(), "otel-langsmith-endings-"));
    server.behave = () => ({ do: "hang" });
    const delivery = deliver({ spool: { dir } });
    for (let i = 0; i < 7; i += 1) delivery.send({ kind: "post", run: newRun() });
    await delivery.shutdown(50);
    const [line = ""] = said("LSB_WARN_SHUTDOWN");
    expect(line).toContain("0 operations sent, 7 in the spool, 0 runs lost");
    expect(line).toContain(`otel-langsmith replay ${dir}`);
    await rm(dir, { recursive: true, force: true });
  });
});

describe("5xx", () => {
  it.each([500, 503])(
    "of %i is tried up to the stated age, then counted as expired and handed to onError",
    async (status) => {
      server.behave = () => ({ do: "answer", status });
      const losses: Loss[] = [];
      const delivery = deliver({
        onError: (loss) => losses.push(loss),
        retry: { initialDelayMillis: 10, maxDelayMillis: 20, maxAgeMillis: 1_000 },
      });
      const began = performance.now();
      for (let i = 0; i < 5; i += 1) delivery.send({ kind: "post", run: newRun() });
      await delivery.flush(20_000);
      expect(performance.now() - began).toBeGreaterThanOrEqual(1_000);
      expect(server.requests.length).toBeGreaterThan(1);
      expect(delivery.stats()).toMatchObject({ sent: 0, queued: 0, inFlight: 0, lost: { expired: 5 } });
      expect(losses).toEqual([
        expect.objectContaining({
          cause: "expired",
          runs: 5,
          message: expect.stringMatching(`given up after 1000 ms: HTTP ${status}`),
        }),
      ]);
      await delivery.shutdown(1_000);
    },
  );
});

describe("stats().queuedBytes", () => {
  it.each([
    ["small", 0, 400],
    ["of 10 KB", 10_000, 200],
    ["of 500 KB", 500_000, 8],
  ])("for runs %s are within a fifth of what goes over the wire uncompressed", async (_, size, count) => {
    let wire = 0;
    const counting = createServer((request, response) => {
      request.on("data", (chunk: Buffer) => {
        wire += chunk.byteLength;
      });
      request.on("end", () => response.writeHead(request.method === "GET" ? 200 : 202).end("{}"));
    });
    await new Promise<void>((resolve) => counting.listen(0, "127.0.0.1", () => resolve()));
    const { port } = counting.address() as AddressInfo;
    const delivery = deliver({ apiUrl: `http://127.0.0.1:${port}`, compression: "none", batchDelayMillis: 60_000 });
    for (let i = 0; i < count; i += 1) {
      delivery.send({ kind: "post", run: newRun({ inputs: { text: "é".repeat(size / 2) } }) });
    }
    const { queuedBytes } = delivery.stats();
    await delivery.flush(20_000);
    expect(delivery.stats().sent).toBe(count);
    expect(queuedBytes / wire).toBeGreaterThan(0.8);
    expect(queuedBytes / wire).toBeLessThan(1.2);
    expect(delivery.stats().queuedBytes).toBe(0);
    await delivery.shutdown(1_000);
    await new Promise<void>((resolve) => {
      counting.close(() => resolve());
      counting.closeAllConnections();
    });
  });
});
