// Over real HTTP between real processes: three clients, two servers, instrumented and not, and one tree for each call.
import { startLocalServer } from "otel-langsmith-local";
import { describe, expect, it } from "vitest";
import { startProgram } from "../from-source/run.js";
import { readTrees } from "./trees.js";

const calls = ["node:http", "Express"].flatMap((server) =>
  ["fetch", "undici", "node:http"].map((client) => `${client} to ${server}`),
);

describe("two services over HTTP", () => {
  for (const instrumented of ["yes", "no"]) {
    it(`are one tree a call, with clients and servers ${instrumented === "yes" ? "" : "not "}instrumented`, {
      timeout: 90_000,
    }, async () => {
      const local = await startLocalServer();
      const env = {
        LANGSMITH_ENDPOINT: local.url,
        LANGSMITH_PROJECT: "http",
        INSTRUMENTED: instrumented,
        // Where nothing is instrumented the headers are the program's own business.
        ...(instrumented === "no" && { OTEL_NODE_ENABLED_INSTRUMENTATIONS: "none" }),
      };
      const preloaded = ["--import", "otel-langsmith/register"];
      const servers = startProgram([...preloaded, "test/interop/servers.mjs"], env);
      try {
        const [, addresses = "{}"] = await servers.line(/listening (\{.*\})/);
        const caller = startProgram([...preloaded, "test/interop/caller.mjs"], { ...env, SERVERS: addresses });
        expect((await caller.ended).code, caller.output()).toBe(0);
        servers.process.kill("SIGTERM");
        await servers.ended;
        const trees = await readTrees(local.url, "http");
        expect(trees.sort(), servers.output()).toEqual(calls.map((call) => `${call}(answer ${call})`).sort());
      } finally {
        servers.process.kill("SIGKILL");
        await local.close();
      }
    });
  }
});
