// register with GenAI libraries: what the line at start tells, and content where LangSmith alone gets it.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ModelServer, startModelServer } from "../../demo/model-server.mjs";
import { type Receiver, startReceiver } from "../receiver.js";
import { type Application, layApplication } from "./application.js";

let application: Application;
let bare: Application;
let receiver: Receiver;
let model: ModelServer;

const ASKING = `
  const client = new OpenAI({ baseURL: process.env.MODEL, apiKey: "none", maxRetries: 0 });
  const messages = [{ role: "user", content: "What is the weather like?" }];
  const stream_options = { include_usage: true };
  (async () => {
    await client.chat.completions.create({ model: "gpt-5.4-mini", messages });
    for await (const _ of await client.chat.completions.create({ model: "gpt-5.4-mini", messages, stream: true, stream_options }));
  })();`;

beforeAll(async () => {
  model = await startModelServer();
  application = await layApplication([
    "@opentelemetry/auto-instrumentations-node",
    "@opentelemetry/api-logs",
    "openai",
  ]);
  bare = await layApplication([]);
  await application.write("esm.mjs", `import OpenAI from "openai";${ASKING}`);
  await application.write("cjs.cjs", `const { OpenAI } = require("openai");${ASKING}`);
}, 60_000);
afterAll(() => Promise.all([application.remove(), bare.remove(), model.close()]));
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const REGISTER = ["--import", "otel-langsmith/register"];

async function run(args: readonly string[], env: Record<string, string> = {}) {
  const ended = await application.start(args, { MODEL: model.url, LANGSMITH_ENDPOINT: receiver.url, ...env }).ended();
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  return ended;
}

const contents = () => [...receiver.runs.values()].map(({ inputs, outputs }) => JSON.stringify([inputs, outputs]));

/** Puts a package of that version into an application, as npm would: only its package.json is looked at. */
async function pretend(into: Application, name: string, version: string) {
  const folder = join(into.folder, "node_modules", name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ name, version, main: "index.js" }));
  await writeFile(join(folder, "index.js"), "");
  return () => rm(folder, { recursive: true });
}

describe("openai under register", () => {
  it.each([
    ["an ES module", [...REGISTER, "esm.mjs"]],
    ["CommonJS", ["--require", "otel-langsmith/register", "cjs.cjs"]],
  ])("as %s gives whole runs: inputs, outputs and usage, whole and streamed", async (_name, args) => {
    const { stderr } = await run(args);
    expect(receiver.runs.size).toBe(2);
    for (const content of contents()) expect(content).toMatch(/What is the weather like\?.*I am a mock model/);
    for (const run of receiver.runs.values()) {
      expect(run).toMatchObject({ run_type: "llm", extra: { metadata: { usage_metadata: { total_tokens: 34 } } } });
    }
    expect(stderr).toMatch(
      /openai 6\.\d+: traced · \d+ instrumentations on; inputs and outputs are captured, for LangSmith alone\n$/,
    );
  });

  it.each([
    ["another exporter", { OTEL_TRACES_EXPORTER: "console" }, "console may get them, too"],
    ["an exporter of logs", { OTEL_LOGS_EXPORTER: "console" }, "console (logs) may get them, too"],
    [
      "an OTLP address",
      { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_TRACES_EXPORTER: "none" },
      "otlp (logs) may get them, too",
    ],
  ])("captures no content where %s would get it, and tells who", async (_name, env, told) => {
    const { stderr } = await run([...REGISTER, "esm.mjs"], env);
    expect(contents().join()).not.toContain("What is the weather like?");
    expect(stderr).toContain("set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true");
    expect(stderr).toContain(told);
  });

  it("captures content beside another exporter once its user has set the variable", async () => {
    await run([...REGISTER, "esm.mjs"], {
      OTEL_TRACES_EXPORTER: "console",
      OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "true",
    });
    expect(contents().join()).toContain("What is the weather like?");
  });

  it.each([
    ["the variable says no", { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "false" }],
    ["inputs and outputs are hidden", { LANGSMITH_HIDE_INPUTS: "true", LANGSMITH_HIDE_OUTPUTS: "true" }],
  ])("captures no content where %s", async (_name, env) => {
    const { stderr } = await run([...REGISTER, "esm.mjs"], env);
    expect(contents().join()).not.toContain("What is the weather like?");
    expect(stderr).not.toContain("are captured");
  });

  it("captures content no more once the application registers a logger provider", async () => {
    await application.write(
      "logging.mjs",
      `import OpenAI from "openai"; import { logs } from "@opentelemetry/api-logs";
       const seen = [];
       logs.setGlobalLoggerProvider({ getLogger: () => ({ emit: (record) => seen.push(record), enabled: () => true }) });
       process.on("exit", () => console.log(JSON.stringify(seen).includes("weather")));
       ${ASKING}`,
    );
    const { stdout, stderr } = await run([...REGISTER, "logging.mjs"]);
    expect(stdout).toBe("false\n");
    expect(stderr).toContain("[LSB_WARN_CONTENT_OFF]");
  });
});

const found: [name: string, version: string, told: string, env?: Record<string, string>][] = [
  ["openai", "7.59.1", "openai 7.59: no instrumentation, use wrapOpenAI"],
  ["ai", "6.0.1", "ai 6.0: traced where experimental_telemetry is set"],
  ["ai", "7.0.1", "ai 7.0: not traced, install @ai-sdk/otel"],
  ["@anthropic-ai/sdk", "1.11.0", "@anthropic-ai/sdk 1.11: traced, with content where"],
  ["@anthropic-ai/sdk", "0.60.0", "@anthropic-ai/sdk 0.60: no instrumentation, use wrapAnthropic"],
  ["@google/genai", "1.2.3", "@google/genai 1.2: no instrumentation, use wrapSDK"],
  ["@langchain/core", "1.0.0", "@langchain/core 1.0: traced where LANGSMITH_TRACING=true is set"],
  ["@langchain/core", "1.0.0", "@langchain/core 1.0: traced by the langsmith package", { LANGSMITH_TRACING: "true" }],
  ["langsmith", "0.12.0", "langsmith 0.12: traced where LANGSMITH_TRACING=true is set"],
];

describe("the line at start", () => {
  it.each(found)("names %s %s and how it is traced", async (name, version, told, env = {}) => {
    const own = await layApplication(["@opentelemetry/sdk-trace-base"]);
    await pretend(own, name, version);
    await own.write("empty.mjs", "");
    const { stderr } = await own
      .start([...REGISTER, "empty.mjs"], { LANGSMITH_ENDPOINT: receiver.url, ...env })
      .ended();
    await own.remove();
    expect(stderr).toContain(told);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("without an SDK", () => {
  it.each([
    ["npm install", undefined],
    ["pnpm add", "pnpm-lock.yaml"],
    ["yarn add", "yarn.lock"],
  ])("the warning is one command to copy, complete for the project: %s", async (command, lock) => {
    const undo = await pretend(bare, "ai", "7.0.1");
    await bare.write("package.json", JSON.stringify({ dependencies: { ai: "7", "otel-langsmith": "0" } }));
    if (lock) await bare.write(lock, "");
    await bare.write("empty.mjs", "");
    const { stderr } = await bare.start([...REGISTER, "empty.mjs"], { LANGSMITH_ENDPOINT: receiver.url }).ended();
    await undo();
    if (lock) await rm(join(bare.folder, lock));
    expect(stderr).toContain("[LSB_WARN_NO_SDK]");
    expect(stderr).toContain(
      `Run: ${command} @opentelemetry/sdk-trace @opentelemetry/auto-instrumentations-node @ai-sdk/otel\n`,
    );
  });
});
