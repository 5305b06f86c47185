// The packed tarball in services on both lines of OpenTelemetry's SDK, in both module systems: it installs without a
// conflict, and whichever it is, the same runs arrive.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, type Run } from "langsmith";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { startLocalServer } from "../../local/src/index.js";
import { type Consumer, installConsumer, installNode, type Line } from "./consumer.js";
import { exporterProgram, type Format, processorProgram, registeredProgram } from "./programs.js";

const lines: (Line & { node: number | "this" })[] = [
  {
    name: "2.x on this Node",
    node: "this",
    packages: [
      "@opentelemetry/api@~1.9.0",
      "@opentelemetry/sdk-trace-base@2",
      "@opentelemetry/context-async-hooks@2",
      "@opentelemetry/sdk-node@0.223",
      "@opentelemetry/auto-instrumentations-node@0.81",
    ],
    provider: { module: "@opentelemetry/sdk-trace-base", className: "BasicTracerProvider" },
  },
  {
    name: "3.x on Node 24",
    node: 24,
    packages: [
      "@opentelemetry/api@~1.10.0",
      "@opentelemetry/sdk-trace@3",
      "@opentelemetry/context-async-hooks@3",
      "@opentelemetry/sdk-node@0.301",
      "@opentelemetry/auto-instrumentations-node@0.82",
    ],
    provider: { module: "@opentelemetry/sdk-trace", className: "TracerProvider" },
  },
];

let dataDir: string;
let server: Awaited<ReturnType<typeof startLocalServer>>;
let client: Client;
/** What the first of all programs sent; every other must send the same. */
let reference: unknown;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "otel-langsmith-consumers-"));
  server = await startLocalServer({ dataDir, port: 0 });
  client = new Client({ apiUrl: server.url, apiKey: "none" });
});
afterAll(async () => {
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

describe.each(lines)("a service on OpenTelemetry $name", (line) => {
  let consumer: Consumer;
  const undo: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    let nodePath = process.execPath;
    if (line.node !== "this") {
      const node = await installNode(line.node);
      undo.push(node.remove);
      nodePath = node.path;
    }
    consumer = await installConsumer([inject("tarballs").bridge, ...line.packages], nodePath);
    undo.push(consumer.remove);
  });
  afterAll(async () => {
    for (const remove of undo) await remove();
  });

  it.each<[string, Format]>([
    ["an ES module", "esm"],
    ["CommonJS", "cjs"],
  ])("sends the same runs through a provider of its own, as %s", async (_, format) => {
    const runs = await runsOf(line, `own-${format}`, format, processorProgram(format, line), []);
    reference ??= runs;
    expect(runs).toEqual(reference);
    expect(runs).toHaveLength(3);
  });

  it.each<[string, Format]>([
    ["an ES module", "esm"],
    ["CommonJS", "cjs"],
  ])("sends the same runs through the exporter behind its BatchSpanProcessor, as %s", async (_, format) => {
    const runs = await runsOf(line, `exporter-${format}`, format, exporterProgram(format, line), []);
    expect(runs).toEqual(reference);
  });

  it.each<[string, Format, string]>([
    ["--import, as an ES module", "esm", "--import"],
    ["--require, as CommonJS", "cjs", "--require"],
  ])("sends the same runs under register with %s", async (_, format, flag) => {
    const args = [flag, "otel-langsmith/register"];
    const runs = await runsOf(line, `registered-${format}`, format, registeredProgram(format), args);
    expect(runs).toEqual(reference);
  });

  async function runsOf(line: Line, name: string, format: Format, text: string, flags: string[]): Promise<unknown> {
    const project = `${name} ${line.name}`;
    const file = `${name}.${format === "esm" ? "mjs" : "cjs"}`;
    await writeFile(join(consumer.folder, file), text);
    const env = {
      LANGSMITH_ENDPOINT: server.url,
      LANGSMITH_PROJECT: project,
      OTEL_SERVICE_NAME: "consumer",
      OTEL_NODE_RESOURCE_DETECTORS: "none",
    };
    const ended = await consumer.node([...flags, file], env);
    expect(ended, ended.output).toMatchObject({ code: 0 });
    const runs: Run[] = [];
    for await (const run of client.listRuns({ projectName: project })) runs.push(run);
    return comparable(runs, ended.output);
  }
});

/** What must be alike in every consumer: the tree and the content, without ids, times and versions. */
function comparable(runs: Run[], output: string): unknown {
  expect(runs, output).not.toHaveLength(0);
  const names = new Map(runs.map((run) => [run.id, run.name]));
  return runs
    .map((run) => ({
      name: run.name,
      parent: run.parent_run_id ? names.get(run.parent_run_id) : null,
      run_type: run.run_type,
      status: run.status,
      inputs: run.inputs,
      outputs: run.outputs,
      tokens: run.total_tokens,
      model: run.extra?.["metadata"]?.ls_model_name,
      scope: run.extra?.["metadata"]?.["otel.scope.name"],
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
