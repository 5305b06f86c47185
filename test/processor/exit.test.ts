// A process that ends right after its spans: with a spool, what is not mapped yet is mapped and written.
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDelivery } from "../../src/delivery/index.js";
import { type MisbehavingServer, startMisbehavingServer } from "../delivery/misbehaving-server.js";
import { until } from "../delivery/network-fixtures.js";

let server: MisbehavingServer;
let dir: string;

beforeEach(async () => {
  server = await startMisbehavingServer();
  dir = await mkdtemp(join(tmpdir(), "otel-langsmith-exit-"));
});

afterEach(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

describe("a process that ends right after its spans, by", () => {
  it.each([
    ["process.exit, mode failures", "failures", "processor", "exit", 99],
    ["process.exit, mode always", "always", "processor", "exit", 99],
    ["an error that nobody catches", "failures", "processor", "throw", 99],
    ["a rejection that nobody handles", "failures", "processor", "reject", 99],
    ["process.exit, with spans that end in its exit handlers", "failures", "processor", "in_handler", 100],
    ["process.exit, with the exporter alone", "failures", "exporter", "exit", 99],
    ["process.exit, with the exporter behind a RunIdentityProcessor", "failures", "identity", "exit", 99],
  ])("%s: every run that had ended is in the spool", async (_, mode, face, how, runs) => {
    await server.stop();
    const program = fileURLToPath(new URL("./exits-at-once.ts", import.meta.url));
    const child = fork(program, [server.url, dir, mode, face, how], { execArgv: ["--import", "tsx"], stdio: "ignore" });
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(
      how === "throw" || how === "reject" ? 1 : 3,
    );
    await server.start();
    const next = createDelivery({ apiUrl: server.url, apiKey: "a-key", spool: { dir } });
    await until(() => next.stats().onDisk === 0 && server.runs.size >= runs);
    await next.shutdown(2_000);
    const ended = [...server.runs.values()].filter((run) => run.fields["end_time"] !== undefined);
    expect(ended).toHaveLength(runs);
  });
});
