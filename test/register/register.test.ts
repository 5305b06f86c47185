// register in real processes: `--import`, `--require` and from code, and how it lives with the application's own SDK.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { orphansOf, type Receiver, startReceiver } from "../receiver.js";
import { type Application, ASK, layApplication, SDK } from "./application.js";

let application: Application;
let receiver: Receiver;
const to = (more: Record<string, string> = {}) => ({ LANGSMITH_ENDPOINT: receiver.url, ...more });

beforeAll(async () => {
  application = await layApplication([...SDK, "@opentelemetry/sdk-node", "@opentelemetry/sdk-trace-node"]);
  await application.write("esm.mjs", `import { trace } from "@opentelemetry/api";${ASK}ask("asked");`);
  await application.write("cjs.cjs", `const { trace } = require("@opentelemetry/api");${ASK}ask("asked");`);
}, 60_000);
afterAll(() => application.remove());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

function expectOneTree(): void {
  expect(receiver.problems).toEqual([]);
  expect(orphansOf(receiver.runs.values())).toEqual([]);
  expect(receiver.one("asked child").parent_run_id).toBe(receiver.one("asked").id);
  expect(receiver.one("asked").end_time).toBeDefined();
  expect(receiver.runs.size).toBe(2);
}

describe("register", () => {
  it.each([
    ["--import", "esm.mjs"],
    ["--import", "cjs.cjs"],
    ["--require", "cjs.cjs"],
    ["--require", "esm.mjs"],
  ])("%s sets up %s, whose runs arrive before it ends by itself", async (flag, program) => {
    const running = application.start([flag, "otel-langsmith/register", program], to({ LANGSMITH_PROJECT: "weather" }));
    const { code, stdout, stderr } = await running.ended();
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "" });
    expect(stderr.trimEnd().split("\n")).toEqual([
      `otel-langsmith: runs go to project "weather" at ${receiver.url}; no automatic instrumentation (npm install @opentelemetry/auto-instrumentations-node)`,
    ]);
    expectOneTree();
    expect(receiver.one("asked").session_name).toBe("weather");
  });

  it("is the same from code, once: a second call gives the first one's registration", async () => {
    await application.write(
      "code.mjs",
      `import { register } from "otel-langsmith";
       import { createRequire } from "node:module";
       import { trace } from "@opentelemetry/api";
       const first = register({ projectName: "from code", apiUrl: process.argv[2] });
       const copy = createRequire(import.meta.url)("otel-langsmith");
       if (!first.isRegistered || register() !== first || copy.register() !== first) process.exitCode = 3;
       ${ASK}ask("asked");
       await first.forceFlush();
       process.exit();`,
    );
    const ended = await application.start(["code.mjs", receiver.url]).ended();
    expect(ended).toMatchObject({ code: 0 });
    expectOneTree();
    expect(receiver.one("asked").session_name).toBe("from code");
  });

  it("throws a bad option at the call, but under --import lets the application run and names the variable", async () => {
    await application.write(
      "bad.mjs",
      `import { register } from "otel-langsmith";
       try { register({ spans: 7 }); } catch (error) { console.log(error.code, error.option); }`,
    );
    expect(await application.start(["bad.mjs"]).ended()).toMatchObject({ code: 0, stdout: "LSB_ERR_OPTION spans\n" });
    const bad = to({ LANGSMITH_OTEL_SPANS: "some" });
    const ended = await application.start(["--import", "otel-langsmith/register", "esm.mjs"], bad).ended();
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/LSB_WARN_REGISTER.*LSB_ERR_OPTION: LANGSMITH_OTEL_SPANS must be/s);
    expect(receiver.runs.size).toBe(0);
  });

  it("flushes spans that the application's own beforeExit listener makes, too, and ends", async () => {
    await application.write(
      "before-exit.mjs",
      `import { trace } from "@opentelemetry/api";${ASK}
       process.once("beforeExit", () => setTimeout(() => ask("asked"), 5));`,
    );
    const ended = await application.start(["--import", "otel-langsmith/register", "before-exit.mjs"], to()).ended();
    expect(ended.code).toBe(0);
    expectOneTree();
  });

  it("says without a key that nothing is sent, and sends nothing", async () => {
    const ended = await application
      .start(["--import", "otel-langsmith/register", "esm.mjs"], {
        LANGSMITH_ENDPOINT: "http://user:secret@langsmith.invalid",
      })
      .ended();
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain("otel-langsmith: runs are not sent (LANGSMITH_API_KEY is not set)");
    expect(ended.stderr).not.toContain("secret");
  });
});

describe("register beside the application's own provider", () => {
  it("changes nothing where one is registered already, and says what to do", async () => {
    await application.write(
      "existing.mjs",
      `import { context, trace } from "@opentelemetry/api";
       import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
       import { register } from "otel-langsmith";
       const names = [];
       const processor = { onStart() {}, onEnd: (span) => names.push(span.name), forceFlush: async () => {}, shutdown: async () => {} };
       new NodeTracerProvider({ spanProcessors: [processor] }).register();
       const before = context._getContextManager();
       const registration = register();
       ${ASK}ask("asked");
       console.log(registration.isRegistered, before === context._getContextManager(), names.join());
       console.log(process.listenerCount("SIGTERM"), process.listenerCount("beforeExit"));`,
    );
    const ended = await application.start(["existing.mjs"], to()).ended();
    expect(ended).toMatchObject({ code: 0, stdout: "false true asked child,asked\n0 0\n" });
    expect(ended.stderr).toMatch(/LSB_WARN_PROVIDER_EXISTS.*new LangSmithSpanProcessor\(\)/s);
    expect(receiver.runs.size).toBe(0);
  });

  it.each([
    ["a NodeSDK", `import { NodeSDK } from "@opentelemetry/sdk-node";`, "new NodeSDK().start();"],
    [
      "a NodeTracerProvider",
      `import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";`,
      "new NodeTracerProvider().register();",
    ],
  ])("warns when the application sets up %s later, which OpenTelemetry refuses", async (_name, load, set) => {
    const text = `import { trace } from "@opentelemetry/api"; ${load}${ASK}${set} ask("asked");`;
    await application.write("later.mjs", text);
    const off = { OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none", OTEL_TRACES_EXPORTER: "console" };
    const ended = await application.start(["--import", "otel-langsmith/register", "later.mjs"], to(off)).ended();
    expect(ended.code).toBe(0);
    expect(ended.stderr.match(/LSB_WARN_PROVIDER_REFUSED/g)).toHaveLength(1);
    expect(ended.stderr).toMatch(/drop the application's .* or drop register/s);
    expectOneTree();
  });

  it("does not warn where nothing was refused", async () => {
    const text = `import { trace } from "@opentelemetry/api"; import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
      trace.disable(); new NodeTracerProvider().register();`;
    await application.write("replaced.mjs", text);
    const ended = await application.start(["--import", "otel-langsmith/register", "replaced.mjs"], to()).ended();
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).not.toContain("LSB_WARN");
  });
});

describe("register without an SDK", () => {
  let bare: Application;
  beforeAll(async () => {
    bare = await layApplication([]);
    await bare.write("esm.mjs", `import { trace } from "@opentelemetry/api";${ASK}ask("asked");`);
  }, 60_000);
  afterAll(() => bare.remove());

  it("lets the application run, and says what to install", async () => {
    const ended = await bare.start(["--import", "otel-langsmith/register", "esm.mjs"], to()).ended();
    expect(ended).toMatchObject({ code: 0, stdout: "" });
    expect(ended.stderr).toMatch(/LSB_WARN_NO_SDK.*npm install @opentelemetry\/sdk-trace /s);
  });
});

describe("register finds the SDK", () => {
  it("beside a preload that is given by its path, for an application that has none", async () => {
    const bare = await layApplication([]);
    try {
      await bare.write("esm.mjs", `import { trace } from "@opentelemetry/api";${ASK}ask("asked");`);
      for (const preload of ["register.js", "register.cjs"]) {
        const path = join(application.folder, "node_modules/otel-langsmith/dist", preload);
        const flag = preload === "register.js" ? `--import=${pathToFileURL(path).href}` : `--require=${path}`;
        const ended = await bare.start(["esm.mjs"], to({ NODE_OPTIONS: flag })).ended();
        expect(ended).toMatchObject({ code: 0, stdout: "" });
        expect(ended.stderr).toContain(`runs go to project "default"`);
      }
      expect(receiver.byName("asked")).toHaveLength(2);
    } finally {
      await bare.remove();
    }
  }, 60_000);

  it.each([["@opentelemetry/sdk-node"], ["@opentelemetry/sdk-trace"], ["@opentelemetry/auto-instrumentations-node"]])(
    "that %s brings, where that is all the application has",
    async (name) => {
      const other = await layApplication([name]);
      try {
        await other.write("esm.mjs", `import { trace } from "@opentelemetry/api";${ASK}ask("asked");`);
        const ended = await other.start(["--import", "otel-langsmith/register", "esm.mjs"], to()).ended();
        expect(ended).toMatchObject({ code: 0, stdout: "" });
        expect(ended.stderr).toContain(`runs go to project "default"`);
        expectOneTree();
      } finally {
        await other.remove();
      }
    },
    60_000,
  );
});
