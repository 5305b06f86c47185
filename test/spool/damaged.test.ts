// Files of a spool that cannot be read: kept, counted and reported, and nothing else is lost with them.
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDelivery, type Delivery } from "../../src/delivery/index.js";
import type { Loss } from "../../src/delivery/operation.js";
import { decodeRecords, encodeRecord, newFileHead } from "../../src/spool/record.js";
import { forgetWarnings } from "../../src/warnings.js";
import { newItem } from "../delivery/items.js";
import { type MisbehavingServer, startMisbehavingServer } from "../delivery/misbehaving-server.js";
import { until } from "../delivery/network-fixtures.js";
import { newRun } from "../delivery/runs.js";

let server: MisbehavingServer;
let dir: string;
let losses: Loss[];
let warned: string[];
const open: Delivery[] = [];

beforeEach(async () => {
  server = await startMisbehavingServer();
  dir = await mkdtemp(join(tmpdir(), "otel-langsmith-damaged-"));
  losses = [];
  warned = [];
  forgetWarnings();
  vi.spyOn(process, "emitWarning").mockImplementation((_, options) => {
    warned.push(String(Reflect.get(Object(options), "code")));
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((delivery) => delivery.shutdown(0)));
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

function deliver(options: Partial<Parameters<typeof createDelivery>[0]> = {}): Delivery {
  const delivery = createDelivery({
    apiUrl: server.url,
    batchDelayMillis: 1,
    retry: { initialDelayMillis: 10, maxDelayMillis: 100 },
    spool: { dir },
    onError: (loss) => losses.push(loss),
    ...options,
  });
  open.push(delivery);
  return delivery;
}

/** Twenty runs on disk, and the path of their file. */
async function leave(destination?: string, count = 20): Promise<{ path: string; ids: string[] }> {
  await server.stop();
  const delivery = deliver({ ...(destination && { destination }) });
  const runs = Array.from({ length: count }, () => newRun({ inputs: { text: "x".repeat(500) } }));
  for (const run of runs) delivery.send({ kind: "post", run });
  await delivery.shutdown(0);
  await server.start();
  const [name = ""] = (await readdir(dir)).filter((file) => file.endsWith(".spool"));
  return { path: join(dir, name), ids: runs.map((run) => run.id) };
}

const flipped = (file: Buffer, at: number) => {
  file[at] = (file[at] ?? 0) ^ 0xff;
  return file;
};

describe("a file", () => {
  it.each<[string, (file: Buffer) => Buffer, number, number]>([
    ["whose first line is damaged", (file) => flipped(file, 3), 20, 0],
    ["whose key is damaged", (file) => flipped(file, 30), 20, 0],
    ["with a changed byte", (file) => flipped(file, file.length >> 1), 19, 1],
    ["whose end is missing", (file) => file.subarray(0, -10), 19, 1],
    ["with something in its middle", (file) => Buffer.concat([file.subarray(0, 3_000), file]), 20, 0],
    ["of which nothing is left", () => Buffer.alloc(0), 0, 1],
    ["of other bytes", () => Buffer.alloc(5_000, 7), 0, 1],
  ])(
    "%s is set aside as it was, counted and warned of, and what can be read is sent",
    async (_, damage, sent, lost) => {
      const { path } = await leave();
      const damaged = damage(await readFile(path));
      await writeFile(path, damaged);
      const next = deliver();
      const kept = path.replace(/\.spool$/, ".unreadable");
      await until(async () => (await readdir(dir)).some((name) => kept.endsWith(name)));
      expect(await readFile(kept)).toEqual(damaged);
      expect(next.stats()).toMatchObject({ onDisk: 0, unreadableFiles: 1 });
      expect([server.runs.size >= sent - 1, server.runs.size <= sent]).toEqual([true, true]);
      expect(next.stats().lost.unreadable ?? 0).toBeGreaterThanOrEqual(lost);
      expect(warned).toContain("LSB_WARN_SPOOL_DAMAGED");
      // Whoever comes next neither sends nor removes it.
      await next.shutdown(1_000);
      await deliver().shutdown(1_000);
      expect(await readFile(kept)).toEqual(damaged);
    },
  );

  it.each<[string, (path: string) => unknown]>([
    ["a pipe", (path) => execFileSync("mkfifo", [path])],
    ["a folder", (path) => mkdir(path)],
  ])("that is %s stays where it is, is counted and warned of, and the others are sent", async (_, make) => {
    const { path, ids } = await leave();
    const odd = path.replace("00000001", "00000009");
    await make(odd);
    const next = deliver();
    await until(() => ids.every((id) => server.runs.has(id)));
    await until(() => next.stats().unreadableFiles === 1);
    await next.shutdown(1_000);
    expect(next.stats().lost).toEqual({ unreadable: 1 });
    expect(losses).toEqual([expect.objectContaining({ cause: "unreadable", message: expect.stringContaining(odd) })]);
    expect((await stat(odd)).isFile()).toBe(false);
    expect(warned).toContain("LSB_WARN_SPOOL_UNREADABLE");
  });
});

describe("a record inside an attachment", () => {
  const forged = encodeRecord(newFileHead(), 5, newItem({}, newRun({ name: "forged" })));

  it("is not believed after damage: only the file's own key makes records", () => {
    const head = newFileHead();
    const outer = newItem({}, newRun());
    const attachments = [{ name: "file", mimeType: "image/png", data: Buffer.concat([Buffer.from("PNG"), forged]) }];
    const records = [
      encodeRecord(head, 0, { ...outer, parts: { ...outer.parts, attachments } }),
      encodeRecord(head, 1, newItem({}, newRun())),
    ];
    for (const at of [4, 9, 13, 17, 40]) {
      const file = Buffer.concat([
        head.bytes,
        flipped(Buffer.from(records[0] ?? ""), at),
        records[1] ?? Buffer.alloc(0),
      ]);
      expect(decodeRecords(file).records.map(({ index }) => index)).toEqual([1]);
    }
    const torn = Buffer.concat([head.bytes, (records[0] ?? Buffer.alloc(0)).subarray(0, -1)]);
    expect(decodeRecords(torn)).toMatchObject({ records: [], damaged: 1, isTailDamaged: true });
  });
});

describe("lanes of another destination", () => {
  it("that fill the bound push out nothing of this one's", async () => {
    await leave("elsewhere", 400);
    server.behave = () => ({ do: "answer", status: 503 });
    const own = deliver({ queue: { maxBytes: 1 }, spool: { dir, maxBytes: 200_000 } });
    const runs = Array.from({ length: 100 }, () => newRun());
    for (const run of runs) own.send({ kind: "post", run });
    await own.shutdown(0);
    expect(own.stats()).toMatchObject({ onDisk: 100, lost: {} });
  });
});

describe("a spool that cannot be written", () => {
  it("is one process warning, and the runs are sent from memory", async () => {
    await writeFile(join(dir, "file"), "");
    for (const mode of ["failures", "always"] as const) {
      for (const folder of [join(dir, "file"), join(dir, "file", "below"), "\0bad"]) {
        const delivery = deliver({ spool: { dir: folder, mode } });
        delivery.send({ kind: "post", run: newRun() });
        await delivery.shutdown(2_000);
      }
    }
    expect(server.runs.size).toBe(6);
    expect(warned.filter((code) => code === "LSB_WARN_SPOOL")).toEqual(["LSB_WARN_SPOOL"]);
  });
});
