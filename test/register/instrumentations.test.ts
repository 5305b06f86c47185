// register with @opentelemetry/auto-instrumentations-node: on in ES modules and CommonJS, by its own variables.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { orphansOf, type Receiver, startReceiver } from "../receiver.js";
import { type Application, layApplication } from "./application.js";

let application: Application;
let receiver: Receiver;

const body = `
const app = express();
app.get("/weather", (request, response) => {
  trace.getTracer("app").startActiveSpan("chat", { attributes: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" } }, (span) => {
    span.end();
    response.end("sunny");
  });
});
const server = app.listen(0, "127.0.0.1", () => {
  http.get({ host: "127.0.0.1", port: server.address().port, path: "/weather" }, (response) => {
    response.resume().on("end", () => { server.close(); server.closeAllConnections(); });
  });
});
`;

beforeAll(async () => {
  application = await layApplication(["@opentelemetry/auto-instrumentations-node", "express"]);
  await application.write(
    "esm.mjs",
    `import http from "node:http"; import express from "express"; import { trace } from "@opentelemetry/api";${body}`,
  );
  await application.write(
    "cjs.cjs",
    `const http = require("node:http"); const express = require("express"); const { trace } = require("@opentelemetry/api");${body}`,
  );
}, 60_000);
afterAll(() => application.remove());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

async function run(args: readonly string[], env: Record<string, string> = {}) {
  const ended = await application.start(args, { LANGSMITH_ENDPOINT: receiver.url, ...env }).ended();
  expect(ended, ended.stderr).toMatchObject({ code: 0, stdout: "" });
  expect(receiver.problems).toEqual([]);
  expect(orphansOf(receiver.runs.values())).toEqual([]);
  return ended;
}

const names = () => [...receiver.runs.values()].map((run) => run.name).sort();
const REGISTER = ["--import", "otel-langsmith/register"];

describe("automatic instrumentation", () => {
  it.each([
    ["an ES module under --import", [...REGISTER, "esm.mjs"]],
    ["an ES module under --require", ["--require", "otel-langsmith/register", "esm.mjs"]],
    ["CommonJS under --require", ["--require", "otel-langsmith/register", "cjs.cjs"]],
    ["CommonJS under --import", [...REGISTER, "cjs.cjs"]],
  ])("of %s makes the request the trace of its model call", async (_name, args) => {
    const { stderr } = await run(args, { LANGSMITH_OTEL_SPANS: "all" });
    expect(stderr).toMatch(/; \d+ instrumentations on\n$/);
    const chat = receiver.one("chat");
    // Spans of http and of express (its route or its handler) stand above it: both were instrumented.
    const above = [...receiver.runs.values()].filter((run) => chat.dotted_order.startsWith(`${run.dotted_order}.`));
    const scopes = above.map((run) => JSON.stringify(run.extra));
    expect(scopes.some((text) => text.includes("@opentelemetry/instrumentation-http"))).toBe(true);
    expect(scopes.some((text) => text.includes("@opentelemetry/instrumentation-express"))).toBe(true);
  });

  it("passes its infrastructure over by default, but for the request that is the trace's root", async () => {
    await run([...REGISTER, "esm.mjs"]);
    const chat = receiver.one("chat");
    const root = receiver.runs.get(chat.trace_id);
    expect(names()).toHaveLength(2);
    expect(chat.parent_run_id).toBe(root?.id);
  });

  it.each([
    ["OTEL_NODE_DISABLED_INSTRUMENTATIONS", "express", "instrumentation-express", "instrumentation-http"],
    ["OTEL_NODE_ENABLED_INSTRUMENTATIONS", "http", "instrumentation-express", "instrumentation-http"],
  ])("obeys %s=%s", async (variable, value, without, withIt) => {
    await run([...REGISTER, "esm.mjs"], { LANGSMITH_OTEL_SPANS: "all", [variable]: value });
    const text = JSON.stringify([...receiver.runs.values()]);
    expect(text).not.toContain(without);
    expect(text).toContain(withIt);
  });

  it("sets no second loader hook where the command line has one", async () => {
    const hook = ["--no-warnings", "--experimental-loader", "import-in-the-middle/hook.mjs"];
    const here = await layApplication(["@opentelemetry/auto-instrumentations-node", "express", "import-in-the-middle"]);
    try {
      await here.write("hooks.mjs", `import module from "node:module"; console.log(module.registrations);`);
      const count = `data:text/javascript,${encodeURIComponent(
        `import module from "node:module"; module.registrations = 0;
         for (const name of ["register", "registerHooks"]) {
           const original = module[name];
           if (original) module[name] = (...args) => { module.registrations += 1; return original(...args); };
         }
         module.syncBuiltinESMExports();`,
      )}`;
      const env = { LANGSMITH_ENDPOINT: receiver.url };
      const one = await here.start(["--import", count, ...REGISTER, "hooks.mjs"], env).ended();
      const none = await here.start([...hook, "--import", count, ...REGISTER, "hooks.mjs"], env).ended();
      expect([one.stdout, none.stdout], one.stderr + none.stderr).toEqual(["1\n", "0\n"]);
    } finally {
      await here.remove();
    }
  });
});
