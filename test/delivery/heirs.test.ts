// What earlier processes left in a spool: taken over by one heir of several, and sent under the live runs.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDelivery } from "../../src/delivery/index.js";
import { type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { type Child, sourceUrl, startChild, until } from "./network-fixtures.js";
import { newRun } from "./runs.js";

const RUNS = 200;

let server: MisbehavingServer;
let dir: string;
const children: Child[] = [];

beforeEach(async () => {
  server = await startMisbehavingServer();
  dir = await mkdtemp(join(tmpdir(), "otel-langsmith-heirs-"));
});

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()));
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

const PROCESS = `
  const { DiagLogLevel, diag } = await import("@opentelemetry/api");
  const { createDelivery } = await import(${sourceUrl("delivery/index.ts")});
  const { newRun } = await import(${sourceUrl("../test/delivery/runs.ts")});
  const [apiUrl, dir, count] = process.argv.slice(-3);
  const note = (line) => console.log(line);
  diag.setLogger({ error: note, warn: note, info: note, debug: () => {}, verbose: () => {} }, DiagLogLevel.INFO);
  const delivery = createDelivery({ apiUrl, batchDelayMillis: 1, spool: { dir, mode: "always" } });
  for (let i = 0; i < Number(count); i += 1) delivery.send({ kind: "post", run: newRun() });
  console.log("up");
  process.stdin.resume().on("end", () => delivery.shutdown(20_000));
`;

function start(runs: number): Child {
  const child = startChild(PROCESS, {}, [server.url, dir, String(runs)]);
  children.push(child);
  return child;
}

describe("the spool of a killed process", () => {
  it("is taken over by exactly one of two heirs, and nothing is stored twice", async () => {
    server.behave = () => ({ do: "hang" });
    const killed = start(RUNS);
    // With a journal a request goes out only when its runs are on disk.
    await until(() => server.requests.flatMap((request) => request.operations).length >= RUNS);
    await killed.kill();
    expect(server.runs.size).toBe(0);

    server.behave = () => ({ do: "take" });
    const before = server.requests.length;
    const heirs = [start(0), start(0)];
    await until(() => heirs.every((heir) => heir.out().includes("up")) && server.runs.size === RUNS);
    expect(await Promise.all(heirs.map((heir) => heir.end()))).toEqual([0, 0]);
    const found = heirs.filter((heir) => heir.out().includes("LSB_INFO_SPOOL_FOUND"));
    expect(found.map((heir) => /(\d+) operation\(s\) of an earlier process/.exec(heir.out())?.[1])).toEqual([
      String(RUNS),
    ]);
    expect(server.repeated).toBe(0);
    expect(server.requests.slice(before).flatMap((request) => request.operations)).toHaveLength(RUNS);
    expect((await readdir(dir)).filter((name) => name.endsWith(".spool"))).toEqual([]);
  }, 60_000);
});

describe("what lies on the spool at start", () => {
  it("is sent in the background: live runs overtake it", async () => {
    const old = createDelivery({ apiUrl: server.url, spool: { dir } });
    await server.stop();
    const spooled = new Set(
      Array.from({ length: RUNS }, () => newRun()).map((run) => {
        old.send({ kind: "post", run });
        return `post.${run.id}`;
      }),
    );
    await old.shutdown(0);
    await server.start();

    const isSpooled = (operations: readonly string[]) => operations.some((key) => spooled.has(key));
    server.behave = ({ operations }) => (isSpooled(operations) ? { do: "hang" } : { do: "take" });
    const delivery = createDelivery({ apiUrl: server.url, batchDelayMillis: 1, spool: { dir } });
    await until(() => server.requests.some(({ operations }) => isSpooled(operations)));
    for (let i = 0; i < 3; i += 1) {
      const run = newRun();
      delivery.send({ kind: "post", run });
      await delivery.flush(10_000);
      expect(server.runs.has(run.id)).toBe(true);
    }
    // One request at a time for what is old, and none of it has been answered.
    expect(server.requests.filter(({ operations }) => isSpooled(operations))).toHaveLength(1);
    expect(server.runs.size).toBe(3);
    expect(delivery.stats()).toMatchObject({ sent: 3, onDisk: RUNS });

    server.behave = () => ({ do: "take" });
    await server.stop();
    await server.start();
    await until(() => delivery.stats().onDisk === 0);
    expect(server.runs.size).toBe(3 + RUNS);
    expect(server.repeated).toBe(0);
    await delivery.shutdown(1_000);
  });
});
