// SIGKILL in the middle of ingestion, again and again: whatever was answered 202 is there afterwards.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { serveIn } from "../process.js";
import { makeRun, query, sendMultipart, type TestRun } from "../support.js";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "local-kill-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const ROUNDS = 12;

test("a killed server has lost nothing that it answered 202", { timeout: 240_000 }, async () => {
  const taken: TestRun[] = [];
  const refused: TestRun[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const server = await serveIn(directory);
    // Killed once so many requests were answered, with others still under way.
    const killAfter = 1 + round;
    let answered = 0;
    const send = async (): Promise<void> => {
      for (;;) {
        const runs = Array.from({ length: 20 }, () => makeRun({ inputs: { text: "x".repeat(500) } }));
        const response = await sendMultipart(server.url, { post: runs }).catch(() => undefined);
        if (response?.status !== 202) {
          refused.push(...runs);
          return;
        }
        taken.push(...runs);
        answered += 1;
        if (answered === killAfter) server.child.kill("SIGKILL");
      }
    };
    const exit = new Promise((resolve) => server.child.once("exit", resolve));
    await Promise.all([send(), send(), send(), send()]);
    await exit;
  }
  expect(refused.length).toBeGreaterThan(0);

  const server = await serveIn(directory);
  const found = new Set<unknown>();
  for (let from = 0; from < taken.length; from += 1000) {
    const id = taken.slice(from, from + 1000).map((run) => run.id);
    for (const run of await query(server.url, { id, select: ["id"] })) found.add(run["id"]);
  }
  expect(taken.filter((run) => !found.has(run.id))).toEqual([]);
  // A request is stored whole or not at all, and the indexes agree with what is stored.
  const whole = await query(server.url, { id: refused.map((run) => run.id), select: ["id"] });
  expect(whole.length % 20).toBe(0);
  expect(await query(server.url, { filter: 'neq(name, "run")' })).toEqual([]);
  expect(await server.stop("SIGTERM")).toBe(0);
});
