// What delivery warns of, by its stable code: once each, where the thing itself happens.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiagLogLevel, diag } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDelivery, type Delivery, type DeliveryOptions } from "../../src/delivery/index.js";
import { RunTree } from "../../src/index.js";
import { forgetWarnings } from "../../src/warnings.js";
import { type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { until } from "./network-fixtures.js";
import { newRun } from "./runs.js";

let server: MisbehavingServer;
let lines: string[];
const open: Delivery[] = [];

beforeEach(async () => {
  server = await startMisbehavingServer();
  lines = [];
  const note = (line: string) => void lines.push(line);
  diag.setLogger({ error: note, warn: note, info: () => {}, debug: () => {}, verbose: () => {} }, DiagLogLevel.ALL);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((delivery) => delivery.shutdown(0)));
  diag.disable();
  await server.stop();
});

function deliver(options: Partial<DeliveryOptions> = {}): Delivery {
  const delivery = createDelivery({ apiUrl: server.url, batchDelayMillis: 1, ...options });
  open.push(delivery);
  return delivery;
}

const said = (code: string) => lines.filter((line) => line.includes(`[${code}]`));

describe("delivery warns of", () => {
  it("LSB_WARN_CUT: runs too large for the server, by id and size", async () => {
    server.info = { batch_ingest_config: { use_multipart_endpoint: true, size_limit_bytes: 200_000 } };
    const delivery = deliver();
    delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(10_000);
    const runs = [newRun({ inputs: { text: "x".repeat(500_000) } }), newRun({ inputs: { text: "y".repeat(500_000) } })];
    for (const run of runs) delivery.send({ kind: "post", run });
    await delivery.flush(10_000);
    expect(server.runs.size).toBe(3);
    expect(said("LSB_WARN_CUT")).toEqual([expect.stringMatching(`run ${runs[0]?.id} of 50\\d{4} bytes is too large`)]);
  });

  it("LSB_WARN_CONTINUED: a trace that is full and goes on in another", async () => {
    await server.stop();
    const delivery = deliver({ batchDelayMillis: 60_000 });
    const root = newRun({ inputs: {}, outputs: {} });
    delivery.send({ kind: "post", run: root });
    for (let i = 1; i < 25_100; i += 1) delivery.send({ kind: "post", run: newRun({ inputs: {}, outputs: {} }, root) });
    expect(said("LSB_WARN_CONTINUED")).toEqual([expect.stringContaining(`trace ${root.id} is full`)]);
  }, 60_000);

  it.each([
    ["LSB_WARN_UNREACHED: a service that was never there", 503, "LSB_WARN_UNREACHED", "HTTP 503", 4],
    ["LSB_WARN_WRONG_ENDPOINT: an address where no ingestion is", 404, "LSB_WARN_WRONG_ENDPOINT", "/api/v1", 2],
    ["LSB_WARN_WRONG_ENDPOINT: a login's web page", 200, "LSB_WARN_WRONG_ENDPOINT", "with a web page", 1],
  ])("%s, once a process, and not of an outage later on", async (_what, status, code, text, tries) => {
    forgetWarnings();
    const warnings: string[] = [];
    vi.spyOn(process, "emitWarning").mockImplementation((message, options) => {
      if (typeof options === "object") warnings.push(`${options.code} ${message}`);
    });
    const retry = { initialDelayMillis: 1, maxDelayMillis: 2 };
    let isAway = true;
    server.behave = () =>
      isAway ? { do: "answer", status, body: status === 200 ? "<html>Sign in" : "" } : { do: "take" };
    for (let n = 0; n < 2; n += 1) {
      const delivery = deliver({ retry });
      delivery.send({ kind: "post", run: newRun() });
      await until(() => server.requests.length >= tries * (n + 1));
      await delivery.shutdown(50);
      expect(delivery.stats().lost).toEqual({ shutdown: 1 });
      expect(said("LSB_ERR_LOST_SHUTDOWN").at(-1)).toContain(`the last attempt failed: HTTP ${status}`);
    }
    expect(warnings).toEqual([expect.stringContaining(`${code} `)]);
    expect(warnings[0]).toContain(text);
    forgetWarnings();
    isAway = false;
    const later = deliver({ retry });
    later.send({ kind: "post", run: newRun() });
    await later.flush(10_000);
    isAway = true;
    const before = server.requests.length;
    later.send({ kind: "post", run: newRun() });
    await until(() => server.requests.length > before);
    expect(warnings).toHaveLength(1);
  });

  it("LSB_WARN_COMPRESSION_OFF: a server that refuses the compression it offered", async () => {
    server.behave = ({ headers }) => (headers["content-encoding"] ? { do: "answer", status: 415 } : { do: "take" });
    const delivery = deliver({ compression: "gzip" });
    for (let n = 0; n < 2; n += 1) {
      for (let i = 0; i < 20; i += 1) delivery.send({ kind: "post", run: newRun() });
      await delivery.flush(10_000);
    }
    expect(server.runs.size).toBe(40);
    expect(said("LSB_WARN_COMPRESSION_OFF")).toEqual([expect.stringContaining("the server refuses gzip bodies")]);
  });

  it("LSB_WARN_SPOOL_DAMAGED: a damaged file of the spool, by its path, and the others are sent", async () => {
    const dir = await mkdtemp(join(tmpdir(), "otel-langsmith-damaged-"));
    await server.stop();
    const first = deliver({ spool: { dir } });
    for (let i = 0; i < 20; i += 1) first.send({ kind: "post", run: newRun() });
    await first.shutdown(0);
    const name = (await readdir(dir)).find((file) => file.endsWith(".spool")) ?? "";
    const file = await readFile(join(dir, name));
    file[file.length >> 1] = (file[file.length >> 1] ?? 0) ^ 0xff;
    await writeFile(join(dir, name), file);
    await server.start();
    const second = deliver({ spool: { dir } });
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    await until(() => server.runs.size === 19 && second.stats().onDisk === 0);
    const kept = join(dir, name.replace(".spool", ".unreadable"));
    expect(warned.mock.calls.map(([message, options]) => [message, Reflect.get(Object(options), "code")])).toEqual([
      [expect.stringContaining(`the file is kept as ${kept}`), "LSB_WARN_SPOOL_DAMAGED"],
    ]);
    await second.shutdown(1_000);
    expect(await readFile(kept)).toEqual(file);
    await rm(dir, { recursive: true, force: true });
  });

  it("LSB_WARN_ON_ERROR: an onError that throws, which costs nothing more", async () => {
    const delivery = deliver({
      onError: () => {
        throw new RangeError("of the application");
      },
    });
    delivery.send({ kind: "post", run: newRun({ dotted_order: "none" }) });
    delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(10_000);
    expect(server.runs.size).toBe(1);
    expect(delivery.stats().lost).toEqual({ invalid: 1 });
    expect(said("LSB_WARN_ON_ERROR")).toEqual([expect.stringContaining("onError threw RangeError")]);
  });

  it("LSB_WARN_WAIT_UNTIL: a waitUntil that throws, and the runs are sent all the same", async () => {
    const delivery = deliver({
      waitUntil: () => {
        throw new TypeError("outside of a request");
      },
    });
    delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(10_000);
    expect(server.runs.size).toBe(1);
    expect(said("LSB_WARN_WAIT_UNTIL")).toEqual([expect.stringContaining("waitUntil threw TypeError")]);
  });
});

describe("what only people can set right", () => {
  it.each([
    ["a refused key", 401, "{}"],
    ["a monthly limit", 429, '{"detail":"Monthly unique traces usage limit exceeded"}'],
    ["an address without ingestion", 404, "{}"],
  ])("keeps nobody waiting at a flush or a shutdown: %s", async (_what, status, body) => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    server.behave = () => ({ do: "answer", status, body });
    const delivery = deliver();
    for (let i = 0; i < 300; i += 1) delivery.send({ kind: "post", run: newRun() });
    // The test's own time is less than these.
    await delivery.flush(600_000);
    expect(delivery.stats().queued + delivery.stats().inFlight).toBe(300);
    await delivery.flush(600_000);
    await delivery.shutdown(600_000);
    expect(delivery.stats().lost).toEqual({ shutdown: 300 });
  });
});

describe("a run that is patched after it was complete", () => {
  it("is warned about with LSB_WARN_PATCHED_TWICE, by its name, once", async () => {
    forgetWarnings();
    const warnings: unknown[][] = [];
    vi.spyOn(process, "emitWarning").mockImplementation((...args: unknown[]) => void warnings.push(args));
    vi.stubEnv("LANGSMITH_TRACING", "false");
    vi.stubEnv("LANGSMITH_ENDPOINT", server.url);
    vi.stubEnv("LANGSMITH_API_KEY", "key");
    const tree = new RunTree({ name: "twice" });
    await tree.postRun();
    await tree.end({ answer: 1 });
    await tree.patchRun();
    await tree.patchRun();
    await tree.patchRun();
    vi.unstubAllEnvs();
    expect(warnings.filter(([, options]) => JSON.stringify(options).includes("PATCHED_TWICE"))).toEqual([
      [expect.stringContaining('"twice"'), { type: "OtelLangSmithWarning", code: "LSB_WARN_PATCHED_TWICE" }],
    ]);
  });
});
