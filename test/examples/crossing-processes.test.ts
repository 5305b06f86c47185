// The examples of crossing processes, each run by its one command; each asserts its own tree and fails otherwise.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startProgram } from "../from-source/run.js";

const trees: Record<string, string[]> = {
  "two-services": ["GET(invoke_agent(GET /weather(chat)))"],
  "job-queue": ["handle upload(summarize, summarize)"],
  "worker-pool": ["digest(embed, embed, embed)"],
  resume: ["killed by SIGKILL; the service has: job [pending](step 1)", "job(step 1, step 2)"],
  langgraph: [
    "handle question(LangGraph(__start__, model(RunnableLambda), tools(weather(look up)), model(RunnableLambda)))",
  ],
  "start-trace": ["job first(chat)", "job second(chat)"],
};

describe("the examples", () => {
  for (const [name, lines] of Object.entries(trees)) {
    it(`${name} ends with its tree`, { timeout: 90_000 }, async () => {
      const program = startProgram([`examples/${name}/main.mjs`]);
      const { code } = await program.ended;
      const said = program.output().split("\n");
      expect(code, program.output()).toBe(0);
      for (const line of lines) expect(said).toContain(line);
    });
  }

  it.skipIf(!hasRedis())("job-queue ends with its tree over BullMQ and a real Redis", { timeout: 90_000 }, async () => {
    const redis = await startRedis();
    try {
      const program = startProgram(["examples/job-queue/main.mjs"], { REDIS_URL: redis.url });
      const { code } = await program.ended;
      expect(code, program.output()).toBe(0);
      expect(program.output().split("\n")).toContain("handle upload(summarize, summarize)");
      // In a process of its own.
      expect(program.output()).toMatch(/process \d+ consumes/);
    } finally {
      await redis.stop();
    }
  });
});

function hasRedis(): boolean {
  try {
    execFileSync("redis-server", ["--version"]);
    return true;
  } catch {
    return false;
  }
}

async function startRedis(): Promise<{ url: string; stop(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), "otel-langsmith-redis-"));
  const port = await freePort();
  const server = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", dir]);
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.on("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
    server.stdout.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("Ready to accept connections")) resolve();
    });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.removeAllListeners("exit").on("exit", () => {
          rmSync(dir, { recursive: true, force: true });
          resolve();
        });
        server.kill();
      }),
  };
}

/** redis-server takes no port 0. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
