// Rolling upgrades: processes of two versions on one spool, both ways, with a real other version.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDelivery, type Delivery } from "../../src/delivery/index.js";
import { type MisbehavingServer, startMisbehavingServer } from "../delivery/misbehaving-server.js";
import { until } from "../delivery/network-fixtures.js";
import { newRun } from "../delivery/runs.js";
import { createDelivery as createOld } from "../fixtures/spool/version-1.mjs";

let server: MisbehavingServer;
let dir: string;
const open: Delivery[] = [];

beforeEach(async () => {
  server = await startMisbehavingServer();
  dir = await mkdtemp(join(tmpdir(), "otel-langsmith-versions-"));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((delivery) => delivery.shutdown(0)));
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

function deliver(create: typeof createDelivery, mode: "failures" | "always" = "failures"): Delivery {
  const delivery = create({
    apiUrl: server.url,
    apiKey: "a-key",
    batchDelayMillis: 1,
    retry: { initialDelayMillis: 10, maxDelayMillis: 100 },
    spool: { dir, mode },
  });
  open.push(delivery);
  return delivery;
}

/** A process that could not send, and ended. */
async function leave(create: typeof createDelivery, count: number): Promise<string[]> {
  await server.stop();
  const delivery = deliver(create);
  const runs = Array.from({ length: count }, () => newRun());
  for (const run of runs) delivery.send({ kind: "post", run });
  await delivery.shutdown(0);
  await server.start();
  return runs.map((run) => run.id);
}

const segments = async () => (await readdir(dir)).filter((name) => name.endsWith(".spool")).sort();

describe("two versions on one spool", () => {
  it("a process of this version sends what one of version 1 left", async () => {
    const ids = await leave(createOld, 60);
    expect((await segments()).every((name) => name.startsWith("ls-"))).toBe(true);
    const now = deliver(createDelivery);
    await until(() => ids.every((id) => server.runs.has(id)) && now.stats().onDisk === 0);
    await now.shutdown(2_000);
    expect(await segments()).toEqual([]);
    expect(now.stats().lost).toEqual({});
  });

  it("a process of version 1 leaves alone what one of this version left, which the next of this version sends", async () => {
    const ids = await leave(createDelivery, 60);
    const before = await segments();
    const old = deliver(createOld);
    const live = newRun();
    old.send({ kind: "post", run: live });
    await old.flush(5_000);
    await old.shutdown(2_000);
    expect(server.runs.size).toBe(1);
    expect(await segments()).toEqual(before);
    const now = deliver(createDelivery);
    await until(() => ids.every((id) => server.runs.has(id)) && now.stats().onDisk === 0);
  });

  it("side by side each sends its own, and nothing is lost or sent twice", async () => {
    await server.stop();
    const both = [deliver(createOld, "always"), deliver(createDelivery, "always")];
    const runs = Array.from({ length: 200 }, () => newRun());
    for (const [at, run] of runs.entries()) both[at % 2]?.send({ kind: "post", run });
    await server.start();
    await Promise.all(both.map((delivery) => delivery.shutdown(10_000)));
    expect([server.runs.size, server.repeated]).toEqual([200, 0]);
    expect(await segments()).toEqual([]);
  });
});

describe("files of a newer version", () => {
  async function newer(inOwnLane: boolean): Promise<{ path: string; ids: string[] }> {
    const ids = await leave(createDelivery, 20);
    const [name = ""] = await segments();
    const path = join(dir, inOwnLane ? name.replace("00000001", "00000002") : name.replace("ls2-", "ls3-"));
    const file = await readFile(join(dir, name));
    const text = file.toString("latin1").replace("spool 2 ", "spool 3 ");
    await writeFile(path, Buffer.from(text, "latin1"));
    return { path, ids };
  }

  it.each([
    ["by its first line, among files of this version", true],
    ["by its name", false],
  ])("known %s, is left as it is, counted, and no run of others is lost", async (_, inOwnLane) => {
    const { path, ids } = await newer(inOwnLane);
    const before = await readFile(path);
    const now = deliver(createDelivery);
    await until(() => ids.every((id) => server.runs.has(id)) && now.stats().unreadableFiles === 1);
    await now.shutdown(2_000);
    expect(await readFile(path)).toEqual(before);
    expect(now.stats().lost).toEqual({});
    // Its own version finds a lane that nobody owns.
    const [, lane = ""] = /\/(ls\d-[^/]*)\.\d{8}\.spool$/.exec(path) ?? [];
    const owners = (await readdir(dir)).filter((name) => name.startsWith(`${lane}.owner-`));
    expect(owners.filter((name) => !name.endsWith("nobody"))).toEqual([]);
  });
});
