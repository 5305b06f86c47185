// The langsmith SDK's variables of failed traces, through the processor: they make a spool of ours, which the next process sends.
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { resolveOptions } from "../../src/options/options.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { sourceUrl, startChild, until } from "./network-fixtures.js";

let server: MisbehavingServer;
let dir: string;

beforeEach(async () => {
  server = await startMisbehavingServer();
  dir = await mkdtemp(join(tmpdir(), "otel-langsmith-variables-"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

const spoolFiles = async () => (await readdir(dir)).filter((name) => name.endsWith(".spool"));

/** Spans through the processor while nobody listens. */
async function traceWhileDown(count: number, inputs: string) {
  await server.stop();
  const processor = new LangSmithSpanProcessor({ apiUrl: server.url, shutdownTimeoutMillis: 4_000 });
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  const tracer = provider.getTracer("app");
  for (let i = 0; i < count; i += 1) {
    const attributes = { "gen_ai.operation.name": "chat", "langsmith.metadata.text": inputs };
    tracer.startSpan(`call ${i}`, { attributes }).end();
  }
  await provider.shutdown();
  return processor.stats();
}

const NEXT_PROCESS = `
  const { LangSmithSpanProcessor } = await import(${sourceUrl("processor/index.ts")});
  const processor = new LangSmithSpanProcessor();
  process.stdin.resume().on("end", async () => {
    await processor.shutdown();
    console.log("over");
  });
`;

describe("LANGSMITH_FAILED_TRACES_DIR and LANGSMITH_FAILED_TRACES_MAX_MB", () => {
  it("make a spool of what could not be sent, and a second process sends it", async () => {
    vi.stubEnv("LANGSMITH_FAILED_TRACES_DIR", dir);
    const stats = await traceWhileDown(20, "short");
    expect(stats).toMatchObject({ destinations: [{ spooled: 20 }], lost: {} });
    expect(await spoolFiles()).toHaveLength(1);

    await server.start();
    const child = startChild(NEXT_PROCESS, { LANGSMITH_ENDPOINT: server.url, LANGSMITH_FAILED_TRACES_DIR: dir });
    await until(() => server.runs.size === 20);
    expect(await child.end()).toBe(0);
    expect(child.out()).toContain("over");
    expect([...server.runs.values()].map(({ fields }) => fields["name"]).sort()).toEqual(
      Array.from({ length: 20 }, (_, i) => `call ${i}`).sort(),
    );
    expect(server.repeated).toBe(0);
    expect(await spoolFiles()).toEqual([]);
  });

  it("bound it in megabytes: the oldest goes, counted", async () => {
    vi.stubEnv("LANGSMITH_FAILED_TRACES_DIR", dir);
    vi.stubEnv("LANGSMITH_FAILED_TRACES_MAX_MB", "1");
    const stats = await traceWhileDown(300, "x".repeat(10_000));
    let bytes = 0;
    for (const name of await spoolFiles()) bytes += (await stat(join(dir, name))).size;
    expect(bytes).toBeGreaterThan(500_000);
    expect(bytes).toBeLessThanOrEqual(1.2 * 1_048_576);
    expect(stats.lost.spool_full).toBeGreaterThan(100);
    expect(stats.lost.spool_full).toBeLessThan(300);
  });

  it("are read by their LANGCHAIN_ names too, stand behind the option, and make no spool without a directory", () => {
    expect(resolveOptions({}, { LANGCHAIN_FAILED_TRACES_DIR: "a", LANGCHAIN_FAILED_TRACES_MAX_MB: "2" }).spool).toEqual(
      { dir: "a", maxBytes: 2 * 1_048_576 },
    );
    const given = { dir: "mine", mode: "always" } as const;
    expect(resolveOptions({ spool: given }, { LANGSMITH_FAILED_TRACES_DIR: "a" }).spool).toEqual(given);
    expect(resolveOptions({}, { LANGSMITH_FAILED_TRACES_MAX_MB: "2" }).spool).toBeUndefined();
  });

  it.each(["many", "0", "-5"])("name the variable that holds no size: %s", (megabytes) => {
    expect(() =>
      resolveOptions({}, { LANGSMITH_FAILED_TRACES_DIR: "a", LANGSMITH_FAILED_TRACES_MAX_MB: megabytes }),
    ).toThrow(/LSB_ERR_OPTION: LANGSMITH_FAILED_TRACES_MAX_MB must be a number/);
  });
});
