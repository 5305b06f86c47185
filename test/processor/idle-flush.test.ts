// A script that just ends: its runs arrive, it ends no later than it must, and says what it could not send.

import { readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Receiver, startReceiver } from "../receiver.js";
import { type Application, ASK, layApplication, SDK } from "../register/application.js";

let application: Application;
let receiver: Receiver;
beforeAll(async () => {
  application = await layApplication([...SDK, "@opentelemetry/sdk-node"]);
}, 60_000);
afterAll(() => application.remove());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const processor = (options = "") => `spanProcessors: [new LangSmithSpanProcessor({${options}})]`;

const NODE_SDK = (setting: string) => `
  import { NodeSDK } from "@opentelemetry/sdk-node";
  import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
  import { trace } from "@opentelemetry/api";
  import { LangSmithSpanExporter, LangSmithSpanProcessor } from "otel-langsmith";
  ${ASK}
  new NodeSDK({ ${setting} }).start();
`;

async function run(text: string, env: Record<string, string> = {}) {
  await application.write("script.mjs", text);
  return application.start(["script.mjs"], { LANGSMITH_ENDPOINT: receiver.url, ...env }).ended();
}

const arrived = () => [...receiver.runs.values()].map((run) => run.name).sort();
const BOTH = ["asked", "asked child"];

/** Milliseconds that the process lived on after it had nothing left to do; printed last. */
const TIMED = `process.once("beforeExit", () => {
  const idleAt = performance.now();
  process.once("exit", () => console.log(Math.round(performance.now() - idleAt)));
});`;

/** A port at which nobody listens. */
async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
}

describe("a script that ends by itself, without a shutdown,", () => {
  it.each([
    ["the processor", processor()],
    ["the exporter behind NodeSDK's batch", "traceExporter: new LangSmithSpanExporter()"],
    ["the exporter in a batch", "spanProcessors: [new BatchSpanProcessor(new LangSmithSpanExporter())]"],
    [
      "two processors for two projects",
      `spanProcessors: ["a", "b"].map((projectName) => new LangSmithSpanProcessor({ projectName }))`,
    ],
  ])("sends its runs through %s", async (name, setting) => {
    const ended = await run(`${NODE_SDK(setting)} ask("asked");`);
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    expect(arrived()).toEqual(name.startsWith("two") ? [...BOTH, ...BOTH].sort() : BOTH);
    expect(receiver.problems).toEqual([]);
  });

  it("sends what the application does in its own beforeExit, too", async () => {
    const text = `${NODE_SDK(processor())} ask("asked"); process.once("beforeExit", () => setImmediate(() => ask("last")));`;
    expect(await run(text)).toMatchObject({ code: 0 });
    expect(arrived()).toEqual([...BOTH, "last", "last child"]);
  });

  it.each([
    ["the option", processor("flushBeforeExit: false"), {}],
    ["the variable", processor(), { LANGSMITH_OTEL_FLUSH_BEFORE_EXIT: "false" }],
  ])("sends nothing where %s is against it", async (_name, setting, env) => {
    expect(await run(`${NODE_SDK(setting)} ask("asked");`, env)).toMatchObject({ code: 0 });
    expect(arrived()).toEqual([]);
  });

  it("has one listener for all bridges, and none after their shutdown", async () => {
    const text = `import { LangSmithSpanExporter, LangSmithSpanProcessor } from "otel-langsmith";
      import { createRequire } from "node:module";
      const other = createRequire(import.meta.url)("otel-langsmith");
      const count = () => process.listenerCount("beforeExit");
      const all = [count()];
      const bridges = [new LangSmithSpanProcessor(), new other.LangSmithSpanProcessor(), new LangSmithSpanExporter()];
      all.push(count());
      for (const bridge of bridges) await bridge.shutdown();
      console.log(...all, count());`;
    expect(await run(text)).toMatchObject({ code: 0, stdout: "0 1 0\n" });
  });
});

describe("where the service is away, such a script", () => {
  it("ends after five seconds at the most, and says what is lost", async () => {
    const text = `${NODE_SDK(processor())} ${TIMED} ask("asked");`;
    const ended = await run(text, { LANGSMITH_ENDPOINT: await deadUrl() });
    expect(ended).toMatchObject({ code: 0 });
    expect(Number(ended.stdout)).toBeLessThan(6_500);
    expect(ended.stderr).toContain("[LSB_WARN_UNSENT_AT_EXIT]");
    expect(ended.stderr).toContain("2 runs could not be sent");
  });

  it("does not wait once that is known", async () => {
    // A refused key opens the circuit at once.
    await receiver.close();
    const { createServer: http } = await import("node:http");
    const server = http((request, response) => {
      request.resume();
      response.writeHead(request.url === "/info" ? 200 : 401, { "content-type": "application/json" }).end("{}");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const text = `${NODE_SDK(processor())} ${TIMED} ask("asked");
      const alive = setInterval(() => {}, 1000);
      process.on("warning", ({ code }) => code === "LSB_WARN_KEY_REFUSED" && clearInterval(alive));`;
    const ended = await run(text, { LANGSMITH_ENDPOINT: `http://127.0.0.1:${port}`, LANGSMITH_API_KEY: "wrong" });
    server.closeAllConnections();
    server.close();
    expect(ended.stderr).toContain("[LSB_WARN_UNSENT_AT_EXIT]");
    expect(Number(ended.stdout)).toBeLessThan(1_000);
  });

  it("leaves its runs in the spool, where it has one, and says nothing of a loss", async () => {
    const text = `${NODE_SDK(processor())} ask("asked");`;
    const env = { LANGSMITH_ENDPOINT: await deadUrl(), LANGSMITH_FAILED_TRACES_DIR: join(application.folder, "spool") };
    const ended = await run(text, env);
    expect(ended.stderr).not.toContain("UNSENT_AT_EXIT");
    expect((await readdir(join(application.folder, "spool"), { recursive: true })).length).toBeGreaterThan(0);
  });
});
