// The same deterministic run id in two processes: the service stores the run once, and neither process takes harm.
import { type LocalServer, startLocalServer } from "otel-langsmith-local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uuid7FromTime } from "../../src/wire/ids.js";
import { type Application, layApplication, SDK } from "../register/application.js";
import { readRuns } from "./trees.js";

let application: Application;
let server: LocalServer;

beforeAll(async () => {
  [application, server] = await Promise.all([layApplication(SDK), startLocalServer()]);
}, 120_000);
afterAll(async () => {
  await Promise.all([application.remove(), server.close()]);
});

describe("traceable({ id }) in two processes", () => {
  it.each([
    ["one after the other", false],
    ["at once", true],
  ])("%s is one run, counted, and no error", async (how, isAtOnce) => {
    const id = uuid7FromTime("2026-03-04T05:06:07Z");
    const project = `same id, ${how}`;
    await application.write(
      "job.mjs",
      `import { context, trace } from "@opentelemetry/api";
       import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
       import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
       import { LangSmithSpanProcessor, traceable } from "otel-langsmith";
       const processor = new LangSmithSpanProcessor();
       context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
       trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
       const job = traceable((n) => n + 1, { name: "job", id: ${JSON.stringify(id)} });
       const result = job(1);
       traceable(() => "beside", { name: "beside" })();
       await processor.shutdown();
       console.log(JSON.stringify({ result, stats: processor.stats() }));`,
    );
    const start = () =>
      application.start(["job.mjs"], { LANGSMITH_ENDPOINT: server.url, LANGSMITH_PROJECT: project }).ended();
    const ended = isAtOnce ? await Promise.all([start(), start()]) : [await start(), await start()];
    let repeated = 0;
    for (const { code, stdout, stderr } of ended) {
      expect(code, stderr).toBe(0);
      const { result, stats } = JSON.parse(stdout);
      expect(result).toBe(2);
      expect(stats).toMatchObject({ faults: 0, lost: {} });
      repeated += stats.destinations[0].repeated;
      expect(stderr).not.toMatch(/LSB_ERR|LSB_WARN/);
    }
    // Whoever came second is told that its run was there already: counted, and nothing is lost.
    expect(repeated).toBe(1);
    const runs = await readRuns(server.url, project);
    // The id is stored once; what else each process ran is all there.
    expect(runs.filter((run) => run.id === id)).toHaveLength(1);
    expect(runs.find((run) => run.id === id)?.outputs).toEqual({ outputs: 2 });
    expect(runs.filter((run) => run.name === "beside")).toHaveLength(2);
  });
});
