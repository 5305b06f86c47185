// Each bound that the docs name: refused compression, bodies without end, Retry-After, what a flush sends from disk.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDelivery, type Delivery, type DeliveryOptions } from "../../src/delivery/index.js";
import { GENEROUS_INFO, type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { until } from "./network-fixtures.js";
import { newRun } from "./runs.js";

let server: MisbehavingServer;
let dir: string;
const open: Delivery[] = [];
const closing: (() => void)[] = [];

beforeEach(async () => {
  server = await startMisbehavingServer();
  dir = await mkdtemp(join(tmpdir(), "otel-langsmith-bounds-"));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((delivery) => delivery.shutdown(0)));
  for (const close of closing.splice(0)) close();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

function deliver(options: Partial<DeliveryOptions> = {}): Delivery {
  const delivery = createDelivery({ apiUrl: server.url, apiKey: "a-key", batchDelayMillis: 5, ...options });
  open.push(delivery);
  return delivery;
}

function send(delivery: Delivery, count: number): void {
  for (let n = 0; n < count; n += 1) delivery.send({ kind: "post", run: newRun() });
}

describe("a compressed body", () => {
  it.each([400, 403, 405, 406, 411, 412, 415, 417, 422, 500, 501])(
    "that is refused with %i is sent plain, and so are those that follow",
    async (status) => {
      server.info = { ...GENEROUS_INFO, instance_flags: { gzip_body_enabled: true } };
      server.behave = ({ headers }) =>
        headers["content-encoding"] ? { do: "answer", status, body: "no" } : { do: "take" };
      const delivery = deliver({ retry: { initialDelayMillis: 5, maxDelayMillis: 10 } });
      send(delivery, 300);
      await delivery.flush(20_000);
      expect(delivery.stats()).toMatchObject({ sent: 300, repeated: 0, lost: {} });
      const before = server.requests.length;
      send(delivery, 100);
      await delivery.flush(20_000);
      expect(server.requests.slice(before).map(({ headers }) => headers["content-encoding"])).toEqual([undefined]);
    },
    30_000,
  );

  it("stays compressed after an outage", async () => {
    server.behave = (_, index) => (index < 6 ? { do: "answer", status: 500 } : { do: "take" });
    const delivery = deliver({ retry: { initialDelayMillis: 5, maxDelayMillis: 10 }, compression: "gzip" });
    send(delivery, 100);
    await delivery.flush(20_000);
    send(delivery, 100);
    await delivery.flush(20_000);
    expect(server.requests.at(-1)?.headers["content-encoding"]).toBe("gzip");
  }, 30_000);
});

describe("a 202 whose body never ends", () => {
  const bodies: [string, (response: ServerResponse) => void][] = [
    ["stalls", (response) => void response.write("{")],
    [
      "goes on for ever",
      (response) => {
        const timer = setInterval(() => response.write("x".repeat(65_536)), 1);
        response.once("close", () => clearInterval(timer));
      },
    ],
  ];

  it.each(bodies)(
    "holds its place for two seconds at most when it %s, and is an answer",
    async (_, write) => {
      const endless = createServer((request, response) => {
        request.resume();
        request.once("end", () => {
          response.writeHead(202, { "content-type": "application/json" });
          write(response);
        });
      });
      await new Promise<void>((resolve) => endless.listen(0, "127.0.0.1", () => resolve()));
      closing.push(() => {
        endless.close();
        endless.closeAllConnections();
      });
      const delivery = deliver({ apiUrl: `http://127.0.0.1:${(endless.address() as AddressInfo).port}` });
      const began = performance.now();
      send(delivery, 10);
      await delivery.flush(25_000);
      expect(delivery.stats()).toMatchObject({ sent: 10, lost: {} });
      // The question at /info never ends, either.
      expect(performance.now() - began).toBeLessThan(15_000);
    },
    30_000,
  );
});

describe("what this process has parked on disk", () => {
  it.each(["flush", "shutdown"] as const)(
    "%s sends, as long as its time lasts",
    async (how) => {
      await server.stop();
      const delivery = deliver({
        spool: { dir },
        queue: { maxBytes: 65_536 },
        retry: { initialDelayMillis: 60_000, maxDelayMillis: 60_000 },
      });
      send(delivery, 500);
      await until(() => (delivery.stats().onDisk ?? 0) > 300);
      await server.start();
      // Pauses of our own, of a minute here, are not waited for.
      await delivery[how](30_000);
      expect(delivery.stats()).toMatchObject({ sent: 500, queued: 0, inFlight: 0, onDisk: 0, repeated: 0, lost: {} });
      expect(server.runs.size).toBe(500);
    },
    40_000,
  );

  it("stays there when the time is over, and shutdown of the next process sends it", async () => {
    await server.stop();
    const first = deliver({ spool: { dir } });
    send(first, 100);
    await first.shutdown(0);
    await server.start();
    const second = deliver({ spool: { dir } });
    await second.shutdown(20_000);
    expect(second.stats()).toMatchObject({ sent: 100, onDisk: 0, lost: {} });
    expect((await readdir(dir)).filter((name) => name.endsWith(".spool"))).toEqual([]);
  }, 30_000);

  it("is not waited for where the service named a time, nor where a key is refused", async () => {
    const first = deliver({ spool: { dir } });
    server.behave = () => ({ do: "answer", status: 503 });
    send(first, 50);
    await first.shutdown(0);
    server.behave = () => ({ do: "answer", status: 401 });
    const second = deliver({ spool: { dir } });
    const began = performance.now();
    await second.shutdown(20_000);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(second.stats()).toMatchObject({ onDisk: 50, lost: {} });
  }, 30_000);
});
