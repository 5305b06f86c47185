// The pools that people have, as they are: they copy or move their tasks, and end their threads without asking.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { Tinypool } from "tinypool";
import { expect, it } from "vitest";
import { traced, tracePool } from "../../src/worker.js";
import { startBridge, treeOf } from "../processor/bridge.js";

const filename = fileURLToPath(new URL("./pool-worker.mjs", import.meta.url));
const execArgv = ["--import", new URL("../from-source/register.mjs", import.meta.url).href];

it.each([
  ["Piscina", Piscina],
  ["Tinypool", Tinypool],
])("%s gets its tasks as they were given, and its runs have arrived when it is gone", async (_, Pool) => {
  const bridge = await startBridge();
  const env = { ...process.env, LANGSMITH_ENDPOINT: bridge.receiver.url } as Record<string, string>;
  const pool = tracePool(new Pool({ filename, execArgv, env, minThreads: 1, maxThreads: 1 }));
  const buffer = new ArrayBuffer(8);
  await bridge.genai.startActiveSpan("caller", async (caller) => {
    expect(await pool.run("copied")).toBe("copied");
    expect(await pool.run(Pool.move(buffer))).toBe("8 bytes");
    caller.end();
  });
  expect(buffer.byteLength).toBe(0);
  await pool.destroy();
  expect(treeOf(await bridge.finish())).toEqual(["caller(work, work)"]);
});

it("an answer waits for its runs no longer than flushMillis", async () => {
  // Takes connections and never answers.
  const hanging = createServer(() => {});
  await new Promise<void>((resolve) => hanging.listen(0, "127.0.0.1", resolve));
  const { port } = hanging.address() as AddressInfo;
  const bridge = await startBridge({ apiUrl: `http://127.0.0.1:${port}`, shutdownTimeoutMillis: 1000 });
  const work = traced(
    async (task: string) => {
      bridge.genai.startSpan("work").end();
      return task;
    },
    { flushMillis: 1 },
  );
  const began = performance.now();
  expect(await work("done")).toBe("done");
  expect(performance.now() - began).toBeLessThan(1000);
  hanging.closeAllConnections();
  hanging.close();
});

it("a flushMillis that is no duration is refused by name", () => {
  expect(() => traced(() => {}, { flushMillis: -1 })).toThrow("flushMillis");
});
