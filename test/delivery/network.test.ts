// The way there: keys that rotate or are refused, proxies, certificates, keep-alive, processes that are frozen.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiagLogLevel, diag } from "@opentelemetry/api";
import { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDelivery, type Delivery, type DeliveryOptions } from "../../src/delivery/index.js";
import { type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { newRun } from "./runs.js";

let server: MisbehavingServer;
const open: Delivery[] = [];
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  server = await startMisbehavingServer();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  diag.disable();
  await Promise.all(open.splice(0).map((delivery) => delivery.shutdown(0)));
  for (const close of closing.splice(0)) await close();
  await server.stop();
});

function deliver(options: Partial<DeliveryOptions> = {}): Delivery {
  const delivery = createDelivery({ apiUrl: server.url, apiKey: "very-secret", batchDelayMillis: 5, ...options });
  open.push(delivery);
  return delivery;
}

async function listening(made: Server): Promise<number> {
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", () => resolve()));
  closing.push(() => new Promise<void>((resolve) => made.close(() => resolve())));
  return (made.address() as AddressInfo).port;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe("keys", () => {
  it("are asked for at every request when they come from a function", async () => {
    let turn = 0;
    const delivery = deliver({ apiKey: async () => `key-${++turn}` });
    for (let i = 0; i < 2; i += 1) {
      delivery.send({ kind: "post", run: newRun() });
      await delivery.flush(5_000);
    }
    const keys = server.requests.map((request) => request.headers["x-api-key"]);
    expect(new Set(keys).size).toBe(2);
    expect(keys.every((key) => /^key-\d+$/.test(String(key)))).toBe(true);
  });

  it("that are refused keep the runs, are warned about once with what to do, and are never said", async () => {
    const warnings: unknown[] = [];
    vi.spyOn(process, "emitWarning").mockImplementation((...args: unknown[]) => void warnings.push(args));
    const lines: string[] = [];
    const note = (...args: unknown[]) => void lines.push(args.join(" "));
    diag.setLogger({ error: note, warn: note, info: note, debug: note, verbose: note }, DiagLogLevel.ALL);
    let isValid = false;
    server.behave = () => (isValid ? { do: "take" } : { do: "answer", status: 401, body: '{"error":"Invalid token"}' });
    const delivery = deliver();
    for (let i = 0; i < 250; i += 1) delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(300);
    // On a busy machine the first answer takes longer than a flush may.
    await vi.waitFor(() => expect(warnings).not.toEqual([]), 10_000);
    expect(delivery.stats()).toMatchObject({ sent: 0, lost: {} });
    const refusedRequests = server.requests.length;
    expect(refusedRequests).toBeLessThanOrEqual(8);
    expect(warnings).toEqual([
      [expect.stringContaining("LANGSMITH_API_KEY"), { type: "OtelLangSmithWarning", code: "LSB_WARN_KEY_REFUSED" }],
    ]);
    isValid = true;
    // A flush is worth a probe. The answer to a request that was under way before may still end one.
    for (let tries = 0; tries < 5 && delivery.stats().sent < 250; tries += 1) await delivery.flush(5_000);
    expect(delivery.stats()).toMatchObject({ sent: 250, lost: {} });
    expect(JSON.stringify([warnings, lines])).not.toContain("very-secret");
  });

  it("that cannot be had are waited for, and what the function threw is not said", async () => {
    let isBroken = true;
    const delivery = deliver({
      retry: { initialDelayMillis: 5, maxDelayMillis: 10 },
      apiKey: () => {
        if (isBroken) throw new Error("very-secret could not be read");
        return "a-key";
      },
    });
    delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(100);
    expect(delivery.stats().sent).toBe(0);
    isBroken = false;
    await delivery.flush(5_000);
    expect(delivery.stats().sent).toBe(1);
  });
});

describe("the network", () => {
  it("goes through the proxy that the environment names, with keep-alive", async () => {
    const asked: string[] = [];
    const proxy = createHttpServer();
    proxy.on("connect", (request, socket, head) => {
      asked.push(request.url ?? "");
      const [host = "", port = ""] = (request.url ?? "").split(":");
      const upstream = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        upstream.write(head);
        upstream.pipe(socket);
        socket.pipe(upstream);
      });
      for (const end of [upstream, socket]) end.on("error", () => {});
    });
    const port = await listening(proxy);
    vi.stubEnv("HTTP_PROXY", `http://127.0.0.1:${port}`);
    vi.stubEnv("NO_PROXY", "");
    const delivery = deliver({ maxConcurrentRequests: 1 });
    for (let i = 0; i < 3; i += 1) {
      delivery.send({ kind: "post", run: newRun() });
      await delivery.flush(5_000);
    }
    await delivery.shutdown(1_000);
    expect(server.runs.size).toBe(3);
    expect(new Set(asked)).toEqual(new Set([`127.0.0.1:${server.port}`]));
    expect(asked.length).toBeLessThan(4);
    proxy.closeAllConnections();
  });

  it("verifies certificates, waits when one is not trusted, and takes a dispatcher with one's own CA", async () => {
    const dir = mkdtempSync(join(tmpdir(), "otel-langsmith-tls-"));
    closing.push(async () => rmSync(dir, { recursive: true }));
    const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        cert,
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
      ],
      { stdio: "ignore" },
    );
    const tls = createHttpsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
      request.resume();
      request.on("end", () => response.writeHead(202).end("{}"));
    });
    const port = await listening(tls);
    const apiUrl = `https://localhost:${port}`;
    const distrusting = deliver({ apiUrl, retry: { initialDelayMillis: 5, maxDelayMillis: 10 } });
    distrusting.send({ kind: "post", run: newRun() });
    await distrusting.flush(300);
    expect(distrusting.stats()).toMatchObject({ sent: 0, lost: {} });
    const agent = new Agent({ connect: { ca: readFileSync(cert) } });
    closing.unshift(() => agent.destroy());
    const trusting = deliver({ apiUrl, dispatcher: agent });
    trusting.send({ kind: "post", run: newRun() });
    await trusting.flush(5_000);
    expect(trusting.stats().sent).toBe(1);
    tls.closeAllConnections();
  });

  it("uses one connection again and again", async () => {
    const connections = new Set<unknown>();
    const counting = createHttpServer((request, response) => {
      connections.add(request.socket);
      request.resume();
      request.on("end", () => response.writeHead(202).end("{}"));
    });
    const port = await listening(counting);
    const delivery = deliver({ apiUrl: `http://127.0.0.1:${port}`, maxConcurrentRequests: 1 });
    for (let i = 0; i < 10; i += 1) {
      delivery.send({ kind: "post", run: newRun() });
      await delivery.flush(5_000);
    }
    expect(connections.size).toBeLessThanOrEqual(2);
    counting.closeAllConnections();
  });
});

describe("processes that may stop at any moment", () => {
  it("hand waitUntil one promise that settles when all was answered, and immediate mode does not wait for others", async () => {
    server.behave = (_, index) => (index === 0 ? { do: "hang", millis: 50 } : { do: "take" });
    const promises: Promise<unknown>[] = [];
    const delivery = deliver({
      exportMode: "immediate",
      batchDelayMillis: 60_000,
      waitUntil: (promise) => void promises.push(promise),
    });
    for (let i = 0; i < 5; i += 1) delivery.send({ kind: "post", run: newRun() });
    expect(promises).toHaveLength(1);
    await promises[0];
    expect(server.runs.size).toBe(5);
    delivery.send({ kind: "post", run: newRun() });
    expect(promises).toHaveLength(2);
    await promises[1];
    expect(server.runs.size).toBe(6);
  });

  it("are not kept alive by a delivery that has nothing to send", async () => {
    const program = `
      const { createDelivery } = await import(${JSON.stringify(new URL("../../src/delivery/index.ts", import.meta.url).href)});
      createDelivery({ apiUrl: "http://127.0.0.1:1", spool: { dir: process.argv[1] + "/spool", mode: "always" } });
    `;
    const dir = mkdtempSync(join(tmpdir(), "otel-langsmith-idle-"));
    closing.push(async () => rmSync(dir, { recursive: true }));
    execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program, dir], { timeout: 10_000 });
  });
});

describe("shutdown", () => {
  it("settles in time when the service hangs, twice and at once, and counts what it could not send", async () => {
    server.behave = () => ({ do: "hang" });
    const delivery = deliver();
    for (let i = 0; i < 10; i += 1) delivery.send({ kind: "post", run: newRun() });
    await until(() => delivery.stats().inFlight > 0);
    const began = performance.now();
    await Promise.all([delivery.shutdown(200), delivery.shutdown(200), delivery.flush(200)]);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(delivery.stats()).toMatchObject({ queued: 0, inFlight: 0, lost: { shutdown: 10 } });
    expect(delivery.send({ kind: "post", run: newRun() })).toBe(false);
    expect(delivery.stats().lost.shutdown).toBe(11);
  });

  it("ends with the run counted once when neither post nor end could be sent", async () => {
    server.behave = () => ({ do: "hang" });
    const delivery = deliver();
    const run = newRun();
    const { end_time, ...pending } = run;
    delivery.send({ kind: "post", run: pending });
    await until(() => delivery.stats().inFlight > 0);
    delivery.send({ kind: "end", run });
    await delivery.shutdown(50);
    expect(delivery.stats().lost).toEqual({ shutdown: 1 });
  });

  it("says losses at a bounded rate, tells onError of each, and survives one that throws", async () => {
    const lines: string[] = [];
    const note = (message: string) => void lines.push(message);
    diag.setLogger({ error: note, warn: note, info: () => {}, debug: () => {}, verbose: () => {} }, DiagLogLevel.ALL);
    lines.length = 0;
    let told = 0;
    const delivery = deliver({
      queue: { maxBytes: 2_000 },
      batchDelayMillis: 60_000,
      onError: () => {
        told += 1;
        throw new Error("of the application");
      },
    });
    for (let i = 0; i < 1_000; i += 1) delivery.send({ kind: "post", run: newRun() });
    expect(told).toBeGreaterThan(990);
    expect(delivery.stats().lost.queue_full).toBe(told);
    expect(lines.length).toBeLessThan(5);
    expect(delivery.stats().queuedBytes).toBeLessThanOrEqual(2_000);
  });
});
