// The first hour of a newcomer, from the packed tarball in empty folders: each way of the README, and GenAI libraries of
// several versions, as a script that ends by itself and as a service that gets SIGTERM.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { type ModelServer, startModelServer } from "../../demo/model-server.mjs";
import { waysOf } from "../readme.js";
import { orphansOf, type Receiver, startReceiver } from "../receiver.js";
import { type Consumer, installConsumer } from "./consumer.js";

let model: ModelServer;
let receiver: Receiver;
beforeAll(async () => {
  model = await startModelServer();
});
afterAll(() => model.close());
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const ways = waysOf(await readFile("README.md", "utf8"));

/** The environment of the newcomer; nothing of it leaves this machine. */
const environment = () => ({
  PATH: process.env["PATH"] ?? "",
  HOME: process.env["HOME"] ?? "",
  LANGSMITH_ENDPOINT: receiver.url,
  OPENAI_BASE_URL: model.url,
  OPENAI_API_KEY: "none",
  OTEL_TRACES_EXPORTER: "none",
});

/** A program that has done its work, and then waits as a service does. */
const SERVING = `\nsetInterval(() => {}, 1000);\nprocess.stdout.write("ready\\n");\n`;

async function run(folder: string, args: readonly string[], isService: boolean) {
  const child = spawn(process.execPath, args, { cwd: folder, env: environment() });
  const closed = once(child, "close");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (isService && output.includes("ready\n")) child.kill("SIGTERM");
    });
  }
  await closed;
  expect(isService ? child.signalCode : child.exitCode, output).toBe(isService ? "SIGTERM" : 0);
  return output;
}

function expectWhole(output: string): void {
  expect(receiver.problems).toEqual([]);
  expect(orphansOf(receiver.runs.values())).toEqual([]);
  expect(receiver.runs.size, output).toBeGreaterThan(0);
  for (const run of receiver.runs.values()) {
    expect(run, output).toMatchObject({ inputs: expect.anything(), outputs: expect.anything() });
    expect(run.end_time).toBeDefined();
    expect(run.error).toBeUndefined();
  }
  const models = [...receiver.runs.values()].filter(({ run_type }) => run_type === "llm");
  for (const { extra } of models)
    expect(extra.metadata).toMatchObject({ usage_metadata: { total_tokens: expect.any(Number) } });
}

describe.each(ways.map((way) => [way.title, way] as const))("%s", (_title, { packages, files, command }) => {
  let consumer: Consumer;
  beforeAll(async () => {
    const { bridge } = inject("tarballs");
    consumer = await installConsumer(
      packages.map((name) => (name === "otel-langsmith" ? bridge : name)),
      process.execPath,
    );
    for (const [name, text] of Object.entries(files)) await writeFile(join(consumer.folder, name), text);
    await writeFile(join(consumer.folder, "service.mjs"), (files["app.mjs"] ?? "") + SERVING);
  });
  afterAll(() => consumer.remove());

  it.each([
    ["a script that ends by itself", false],
    ["a service that gets SIGTERM", true],
  ])("as %s, ends with a whole trace", async (_form, isService) => {
    const args = command.slice(1).map((word) => (isService && word === "app.mjs" ? "service.mjs" : word));
    expectWhole(await run(consumer.folder, args, isService));
  });
});

const ASKING = `const messages = [{ role: "user", content: "What is the weather like?" }];
  await client.chat.completions.create({ model: "gpt-5.4-mini", messages });`;

const libraries: [library: string, packages: string[], program: string][] = [
  ["openai 4", ["openai@4"], `import OpenAI from "openai"; const client = new OpenAI(); ${ASKING}`],
  ["openai 5", ["openai@5"], `import OpenAI from "openai"; const client = new OpenAI(); ${ASKING}`],
  [
    "openai 7 with wrapOpenAI",
    ["openai@latest"],
    `import OpenAI from "openai"; import { wrapOpenAI } from "otel-langsmith"; const client = wrapOpenAI(new OpenAI()); ${ASKING}`,
  ],
  [
    "ai 6",
    ["ai@6", "@ai-sdk/openai@3"],
    `import { createOpenAI } from "@ai-sdk/openai"; import { generateText } from "ai";
     const model = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL }).chat("gpt-4o-mini");
     await generateText({ model, prompt: "What is the weather like?", experimental_telemetry: { isEnabled: true } });`,
  ],
];

describe.each(libraries)("%s under register", (_library, packages, program) => {
  let consumer: Consumer;
  beforeAll(async () => {
    const sdk = [
      "@opentelemetry/api@~1.9.0",
      "@opentelemetry/sdk-trace@2",
      "@opentelemetry/auto-instrumentations-node@0.81",
    ];
    consumer = await installConsumer([inject("tarballs").bridge, ...sdk, ...packages], process.execPath);
    await writeFile(join(consumer.folder, "app.mjs"), program);
    await writeFile(join(consumer.folder, "service.mjs"), program + SERVING);
  });
  afterAll(() => consumer.remove());

  it.each([
    ["a script that ends by itself", "app.mjs", false],
    ["a service that gets SIGTERM", "service.mjs", true],
  ])("gives whole runs as %s", async (_form, file, isService) => {
    expectWhole(await run(consumer.folder, ["--import", "otel-langsmith/register", file], isService));
  });
});
