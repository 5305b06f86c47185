// One run that something refuses, whatever it is refused with, costs that run alone: over real sockets.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDelivery, type Delivery, type DeliveryOptions } from "../../src/delivery/index.js";
import type { Run } from "../../src/wire/run.js";
import { type Behaviour, type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { until } from "./network-fixtures.js";
import { newRun, pendingOf } from "./runs.js";

let server: MisbehavingServer;
let dir: string;
const open: Delivery[] = [];

beforeEach(async () => {
  server = await startMisbehavingServer();
  dir = await mkdtemp(join(tmpdir(), "otel-langsmith-poison-"));
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((delivery) => delivery.shutdown(0)));
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

function deliver(options: Partial<DeliveryOptions> = {}): Delivery {
  const delivery = createDelivery({
    apiUrl: server.url,
    apiKey: "a-key",
    batchDelayMillis: 5,
    retry: { initialDelayMillis: 5, maxDelayMillis: 20 },
    ...options,
  });
  open.push(delivery);
  return delivery;
}

const REFUSALS: [string, Behaviour][] = [
  [
    "403 of a firewall",
    { do: "answer", status: 403, body: "<html>blocked</html>", headers: { "content-type": "text/html" } },
  ],
  ["403 in JSON", { do: "answer", status: 403, body: '{"message":"Forbidden"}' }],
  ["500", { do: "answer", status: 500 }],
  ["503", { do: "answer", status: 503 }],
];

/** Answers so to each request that has one of these runs. */
function poison(runs: readonly Run[], behaviour: Behaviour): void {
  const ids = new Set(runs.map((run) => run.id));
  server.behave = ({ operations }) =>
    operations.some((key) => ids.has(key.slice(key.indexOf(".") + 1))) ? behaviour : { do: "take" };
}

function make(count: number): Run[] {
  return Array.from({ length: count }, () => newRun());
}

function send(delivery: Delivery, runs: readonly Run[]): void {
  for (const run of runs) delivery.send({ kind: "post", run });
}

const isThere = (run: Run) => server.runs.has(run.id);

describe.each(REFUSALS)("a run that is answered with %s", (_, behaviour) => {
  it("among a hundred in the only request costs itself alone", async () => {
    const runs = make(100);
    const [bad, ...good] = runs;
    poison(bad ? [bad] : [], behaviour);
    const delivery = deliver();
    send(delivery, runs);
    await until(() => good.every(isThere));
    for (const run of good) expect(server.runs.get(run.id)?.fields).toMatchObject(run);
    expect(server.changed).toBe(0);
    await delivery.shutdown(2_000);
    const { sent, lost } = delivery.stats();
    expect([sent, Object.values(lost)]).toEqual([99, [1]]);
  }, 30_000);

  it("alone, before anything was ever taken, and more of them than requests at once, holds up nobody", async () => {
    const bad = make(6);
    const good = make(50);
    poison(bad, behaviour);
    const delivery = deliver({ maxBatchCount: 1 });
    send(delivery, bad);
    await until(() => server.requests.length >= 4);
    send(delivery, good);
    await until(() => good.every(isThere));
    await delivery.shutdown(2_000);
    expect(Object.values(delivery.stats().lost).reduce((sum, runs) => sum + runs, 0)).toBe(6);
  }, 90_000);

  it("whose pending post is refused costs one run, and its neighbours' patches follow their posts", async () => {
    const runs = make(20);
    const [bad, ...good] = runs;
    poison(bad ? [bad] : [], behaviour);
    const delivery = deliver();
    for (const run of runs) delivery.send({ kind: "post", run: pendingOf(run) });
    await until(() => good.every(isThere));
    for (const run of runs) delivery.send({ kind: "end", run });
    await until(() => good.every((run) => server.runs.get(run.id)?.fields["end_time"] !== undefined));
    for (const run of good) expect(server.runs.get(run.id)?.fields).toMatchObject(run);
    await delivery.shutdown(2_000);
    expect(delivery.stats().sent).toBe(2 * good.length);
  }, 30_000);

  it("in a spool does not hold up what lies there with it, nor what a later process finds", async () => {
    const runs = make(60);
    const [bad, ...good] = runs;
    await server.stop();
    const first = deliver({ spool: { dir } });
    send(first, runs);
    await first.shutdown(0);
    expect(first.stats()).toMatchObject({ onDisk: 60, lost: {} });
    await server.start();
    poison(bad ? [bad] : [], behaviour);
    const second = deliver({ spool: { dir } });
    await until(() => good.every(isThere));
    await second.shutdown(2_000);
    expect(server.changed).toBe(0);
    const { lost, onDisk } = second.stats();
    expect((lost.refused ?? 0) + (onDisk ?? 0)).toBe(1);
  }, 60_000);

  it("with a journal costs itself alone, and is on disk or counted in the end", async () => {
    const runs = make(60);
    const [bad, ...good] = runs;
    poison(bad ? [bad] : [], behaviour);
    const delivery = deliver({ spool: { dir, mode: "always" } });
    send(delivery, runs);
    await until(() => good.every(isThere));
    await delivery.shutdown(2_000);
    const { lost, onDisk, sent } = delivery.stats();
    expect([sent, (lost.refused ?? 0) + (onDisk ?? 0)]).toEqual([59, 1]);
    // The service is mended: the next process sends what was left.
    server.behave = () => ({ do: "take" });
    const next = deliver({ spool: { dir, mode: "always" } });
    await next.shutdown(10_000);
    expect(server.runs.size).toBe(60 - (lost.refused ?? 0));
    expect(server.changed).toBe(0);
  }, 60_000);

  it("keeps its neighbours' attachments", async () => {
    const runs = make(8).map((run) => ({
      ...run,
      attachments: { file: { mimeType: "text/plain", data: Buffer.from(`of ${run.id}`) } },
    }));
    const [bad, ...good] = runs;
    poison(bad ? [bad] : [], behaviour);
    const delivery = deliver();
    send(delivery, runs);
    await until(() => good.every(isThere));
    for (const run of good) expect(server.runs.get(run.id)?.attachments["file"]?.data.toString()).toBe(`of ${run.id}`);
  }, 30_000);
});

/** What else firewalls answer with, and what a wrong address answers with, too. */
const FOREIGN: [string, Behaviour][] = [
  ["406", { do: "answer", status: 406, body: "<html>not acceptable</html>" }],
  ["a redirect", { do: "answer", status: 302, headers: { location: "/blocked" } }],
  ["a page with 200", { do: "answer", status: 200, body: "<html>request rejected</html>" }],
  ["404", { do: "answer", status: 404 }],
  ["405", { do: "answer", status: 405 }],
  ["451", { do: "answer", status: 451 }],
];

describe.each(FOREIGN)("%s where runs were taken before", (_, behaviour) => {
  it("to each request with one of two runs costs these two", async () => {
    const delivery = deliver();
    send(delivery, make(10));
    await delivery.flush(5_000);
    const runs = make(300);
    poison(
      [runs[20], runs[150]].flatMap((run) => run ?? []),
      behaviour,
    );
    send(delivery, runs);
    await until(() => server.runs.size === 308);
    await delivery.shutdown(5_000);
    const { sent, lost } = delivery.stats();
    expect([sent, Object.values(lost).reduce((sum, runs) => sum + runs, 0)]).toEqual([308, 2]);
  }, 30_000);

  it("to everything for a while loses nothing", async () => {
    const delivery = deliver();
    send(delivery, make(10));
    await delivery.flush(5_000);
    server.behave = () => behaviour;
    const runs = make(300);
    send(delivery, runs);
    await delivery.flush(500);
    expect(delivery.stats()).toMatchObject({ sent: 10, lost: {} });
    server.behave = () => ({ do: "take" });
    // A flush ends early where an answer that was under way says that waiting is in vain.
    while (delivery.stats().sent < 310) await delivery.flush(5_000);
    expect(delivery.stats().lost).toEqual({});
  }, 60_000);
});

describe("403 to everything", () => {
  const refused: Behaviour = { do: "answer", status: 403, body: '{"error":"Forbidden"}' };

  it("from the start keeps all runs, tries one at a time at a bounded pace, and sends them when the key is set right", async () => {
    server.behave = () => refused;
    const delivery = deliver();
    const runs = make(300);
    send(delivery, runs);
    await until(() => server.requests.length >= 7);
    // Three that were under way together, compressed and plain, and then one run each.
    for (const { operations } of server.requests.slice(6)) expect(operations).toHaveLength(1);
    const before = server.requests.length;
    await delivery.flush(500);
    expect(server.requests.length - before).toBeLessThanOrEqual(3);
    expect(delivery.stats()).toMatchObject({ sent: 0, lost: {} });
    server.behave = () => ({ do: "take" });
    await delivery.flush(20_000);
    expect(delivery.stats()).toMatchObject({ sent: 300, lost: {} });
  }, 60_000);

  it.each([3, 300])(
    "after runs were taken (a key that is revoked) loses none of %i runs, and sends them when it is back",
    async (count) => {
      const delivery = deliver();
      send(delivery, make(50));
      await delivery.flush(5_000);
      server.behave = () => refused;
      const runs = make(count);
      send(delivery, runs);
      await until(() => server.requests.length >= 4);
      await delivery.flush(300);
      expect(delivery.stats()).toMatchObject({ sent: 50, lost: {} });
      server.behave = () => ({ do: "take" });
      send(delivery, make(1));
      await delivery.flush(10_000);
      await until(() => delivery.stats().sent === 51 + count);
      expect(delivery.stats().lost).toEqual({});
    },
    60_000,
  );

  it("at one of two destinations leaves the other alone", async () => {
    const other = await startMisbehavingServer();
    server.behave = () => refused;
    const [one, two] = [deliver(), deliver({ apiUrl: other.url })];
    const runs = make(30);
    send(one, runs);
    send(two, runs);
    await two.flush(5_000);
    expect(other.runs.size).toBe(30);
    expect(two.stats()).toMatchObject({ sent: 30, lost: {} });
    await other.stop();
  });
});

describe("an outage", () => {
  it.each([500, 502, 503])(
    "with %i to everything halves no request, and loses nothing",
    async (status) => {
      const delivery = deliver();
      send(delivery, make(100));
      await delivery.flush(5_000);
      server.behave = () => ({ do: "answer", status });
      server.requests.length = 0;
      const runs = make(400);
      send(delivery, runs);
      await until(() => server.requests.length >= 10);
      // Whole, or one run alone that asks whether the service is well.
      for (const { operations } of server.requests) expect([100, 1]).toContain(operations.length);
      server.behave = () => ({ do: "take" });
      await delivery.flush(20_000);
      expect(delivery.stats()).toMatchObject({ sent: 500, repeated: 0, lost: {} });
    },
    30_000,
  );

  it("of which nobody knows whether it took the request changes no operation when it is halved", async () => {
    const runs = make(40);
    const [bad, ...good] = runs;
    poison(bad ? [bad] : [], { do: "take_then_answer", status: 500 });
    const delivery = deliver();
    send(delivery, runs);
    await until(() => delivery.stats().sent >= good.length);
    await delivery.shutdown(5_000);
    expect(server.runs.size).toBe(40);
    expect(server.changed).toBe(0);
  }, 30_000);
});
