// The spool as a delivery uses it: over real files, real sockets and real processes.
import { fork } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDelivery, type Delivery, type DeliveryOptions } from "../../src/delivery/index.js";
import type { Loss } from "../../src/delivery/operation.js";
import { type MisbehavingServer, startMisbehavingServer } from "../delivery/misbehaving-server.js";
import { newRun, pendingOf } from "../delivery/runs.js";

let server: MisbehavingServer;
let dir: string;
const open: Delivery[] = [];
let losses: Loss[];

beforeEach(async () => {
  server = await startMisbehavingServer();
  dir = await mkdtemp(join(tmpdir(), "otel-langsmith-spool-"));
  losses = [];
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((delivery) => delivery.shutdown(0)));
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

function deliver(options: Partial<DeliveryOptions> = {}): Delivery {
  const delivery = createDelivery({
    apiUrl: server.url,
    apiKey: "very-secret-key",
    batchDelayMillis: 10,
    retry: { initialDelayMillis: 10, maxDelayMillis: 100 },
    spool: { dir },
    onError: (loss) => losses.push(loss),
    ...options,
  });
  open.push(delivery);
  return delivery;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

const spoolFiles = async () => (await readdir(dir)).filter((name) => name.endsWith(".spool"));

describe("a directory that somebody removes", () => {
  it("costs what was on disk alone, which is counted and said; the rest is written anew", async () => {
    await server.stop();
    const delivery = deliver({ queue: { maxBytes: 20_000 } });
    const runs = Array.from({ length: 60 }, () => newRun());
    for (const run of runs) delivery.send({ kind: "post", run });
    await until(async () => (await spoolFiles()).length > 0);
    const { onDisk = 0 } = delivery.stats();
    expect(onDisk).toBeGreaterThan(0);
    await rm(dir, { recursive: true });
    await until(() => losses.length > 0);
    expect(losses).toEqual([expect.objectContaining({ cause: "spool_full", runs: onDisk })]);
    await delivery.shutdown(50);
    expect(delivery.stats()).toMatchObject({ onDisk: 60 - onDisk, lost: { spool_full: onDisk } });
    await server.start();
    const next = deliver();
    await until(() => server.runs.size === 60 - onDisk && next.stats().onDisk === 0);
    await next.shutdown(1_000);
    expect(await spoolFiles()).toEqual([]);
  });

  it("costs a journal nothing of what is still in memory", async () => {
    await server.stop();
    const delivery = deliver({ spool: { dir, mode: "always" } });
    for (let n = 0; n < 40; n += 1) delivery.send({ kind: "post", run: newRun() });
    await until(async () => (await spoolFiles()).length > 0);
    await rm(dir, { recursive: true });
    await delivery.shutdown(50);
    expect(delivery.stats()).toMatchObject({ onDisk: 40, lost: {} });
    await server.start();
    const next = deliver();
    await until(() => server.runs.size === 40);
    await next.shutdown(1_000);
  });
});

describe("mode failures", () => {
  it("keeps at shutdown what could not be sent, and the next process sends it under its own runs, oldest first", async () => {
    await server.stop();
    const first = deliver();
    const runs = Array.from({ length: 300 }, () => newRun());
    for (const run of runs) first.send({ kind: "post", run });
    await first.shutdown(100);
    expect(first.stats()).toMatchObject({ spooled: 300, onDisk: 300, lost: {} });
    await server.start();
    const second = deliver();
    const live = newRun();
    second.send({ kind: "post", run: live });
    await until(() => server.runs.size === 301);
    await until(() => (second.stats().onDisk ?? 0) === 0);
    await second.shutdown(1_000);
    expect(server.repeated).toBe(0);
    for (const run of runs) expect(server.runs.get(run.id)?.fields).toMatchObject(run);
    const order = server.requests.flatMap((request) => request.operations).filter((key) => key !== `post.${live.id}`);
    expect(order).toEqual(runs.map((run) => `post.${run.id}`));
    expect(await spoolFiles()).toEqual([]);
  });

  it("takes what the queue cannot hold, and sends it by itself when the service is back", async () => {
    await server.stop();
    const delivery = deliver({ queue: { maxBytes: 100_000 } });
    for (let i = 0; i < 500; i += 1) expect(delivery.send({ kind: "post", run: newRun() })).toBe(true);
    expect(delivery.stats().queuedBytes).toBeLessThanOrEqual(100_000);
    expect(delivery.stats().spooled).toBeGreaterThan(300);
    await server.start();
    await until(() => server.runs.size === 500);
    expect(losses).toEqual([]);
  });

  it("sends the end of a run whose post is on disk after it, never before", async () => {
    await server.stop();
    const delivery = deliver({ queue: { maxBytes: 1 } });
    const run = newRun();
    delivery.send({ kind: "post", run: pendingOf(run) });
    delivery.send({ kind: "end", run });
    await server.start();
    await until(() => server.runs.get(run.id)?.fields["end_time"] !== undefined);
    expect(server.requests.map((request) => request.operations)).toEqual([[`post.${run.id}`], [`patch.${run.id}`]]);
  });

  it("writes files that only their owner can read, in a directory of its own, without the key", async () => {
    await server.stop();
    const inner = join(dir, "made", "here");
    const delivery = deliver({ spool: { dir: inner }, queue: { maxBytes: 1 } });
    delivery.send({ kind: "post", run: newRun() });
    await delivery.shutdown(0);
    expect((await stat(inner)).mode & 0o777).toBe(0o700);
    const names = await readdir(inner);
    expect(names.some((name) => name.endsWith(".spool"))).toBe(true);
    for (const name of names) {
      expect((await stat(join(inner, name))).mode & 0o777, name).toBe(0o600);
      expect((await readFile(join(inner, name))).includes("very-secret-key"), name).toBe(false);
    }
  });

  it("stays within maxBytes: the oldest goes, counted", async () => {
    await server.stop();
    const delivery = deliver({ spool: { dir, maxBytes: 600_000 }, queue: { maxBytes: 1 } });
    for (let i = 0; i < 40; i += 1) {
      for (let j = 0; j < 25; j += 1)
        delivery.send({ kind: "post", run: newRun({ inputs: { text: "x".repeat(1_000) } }) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await delivery.shutdown(0);
    let bytes = 0;
    for (const name of await spoolFiles()) bytes += (await stat(join(dir, name))).size;
    expect(bytes).toBeLessThanOrEqual(700_000);
    const { lost, onDisk } = delivery.stats();
    expect(lost.spool_full).toBeGreaterThan(0);
    expect((lost.spool_full ?? 0) + (onDisk ?? 0)).toBe(1_000);
  });

  it("skips a torn tail and a damaged record, and sends the others", async () => {
    await server.stop();
    const first = deliver({ queue: { maxBytes: 1 } });
    const runs = Array.from({ length: 20 }, () => newRun());
    for (const run of runs) first.send({ kind: "post", run });
    await first.shutdown(0);
    const [name = ""] = await spoolFiles();
    const path = join(dir, name);
    const file = await readFile(path);
    file[file.length >> 1] = (file[file.length >> 1] ?? 0) ^ 0xff;
    await writeFile(path, file);
    await truncate(path, file.length - 10);
    await server.start();
    const second = deliver();
    await until(() => server.runs.size >= 18 && (second.stats().onDisk ?? 0) === 0);
    expect(server.runs.size).toBe(18);
  });

  it("leaves the runs of another destination where they are", async () => {
    await server.stop();
    const first = deliver({ destination: "elsewhere", queue: { maxBytes: 1 } });
    first.send({ kind: "post", run: newRun() });
    await first.shutdown(0);
    await server.start();
    const here = deliver();
    here.send({ kind: "post", run: newRun() });
    await here.shutdown(2_000);
    expect(server.runs.size).toBe(1);
    expect(await spoolFiles()).toHaveLength(1);
  });

  it("keeps a refused run beside the spool", async () => {
    const delivery = deliver();
    const bad = newRun({ name: "bad one" });
    delivery.send({ kind: "post", run: bad });
    await delivery.shutdown(2_000);
    const [refused = ""] = (await readdir(dir)).filter((name) => name.endsWith(".refused"));
    expect((await readFile(join(dir, refused), "utf8")).includes(bad.id)).toBe(true);
  });

  it("goes on in memory when the directory cannot be used, and says so", async () => {
    const file = join(dir, "a-file");
    await writeFile(file, "");
    const delivery = deliver({ spool: { dir: file } });
    delivery.send({ kind: "post", run: newRun() });
    await delivery.shutdown(2_000);
    expect(server.runs.size).toBe(1);
  });
});

describe("mode always", () => {
  it("leaves nothing behind when all was answered", async () => {
    const delivery = deliver({ spool: { dir, mode: "always" } });
    for (let i = 0; i < 200; i += 1) {
      const run = newRun();
      delivery.send({ kind: "post", run: pendingOf(run) });
      delivery.send({ kind: "end", run });
    }
    await delivery.shutdown(5_000);
    expect(server.runs.size).toBe(200);
    expect(await readdir(dir)).toEqual([]);
  });

  it.each(["always", "failures"])("loses nothing at process.exit without a flush: %s", async (mode) => {
    await server.stop();
    const program = fileURLToPath(new URL("./exits-at-once.ts", import.meta.url));
    const child = fork(program, [dir, server.url, mode], {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const code = await new Promise((resolve) => child.once("exit", resolve));
    expect(code).toBe(3);
    await server.start();
    deliver();
    await until(() => server.runs.size === 50);
    for (const run of server.runs.values()) expect(run.fields["end_time"]).toBeDefined();
  });
});
