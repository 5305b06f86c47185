// Programs of users of the langsmith package, through it and through this one, both sending to the local server: the
// same runs, but for the differences that docs/authoring.md lists. Each program names those it shows, and shows no other.
import { readFile } from "node:fs/promises";
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { Client as NativeClient, RunTree as NativeRunTree, uuid7, uuid7FromTime } from "langsmith";
import * as langchain from "langsmith/langchain";
import * as native from "langsmith/traceable";
import { wrapOpenAI as wrapNative } from "langsmith/wrappers";
import OpenAI from "openai";
import { type LocalServer, startLocalServer } from "otel-langsmith-local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ModelServer, startModelServer } from "../../demo/model-server.mjs";
import * as ours from "../../src/authoring/index.js";
import { wrapOpenAI } from "../../src/authoring/wrappers/openai.js";
import { Client, type StoredRun } from "../../src/client/client.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { tracingContext } from "../../src/propagation/index.js";
import { uuid7 as ourUuid7, uuid7FromTime as ourUuid7FromTime } from "../../src/wire/ids.js";
import { calls } from "./ported/calls.js";
import { clients } from "./ported/clients.js";
import { differencesOf, items } from "./ported/differences.js";
import { langchain as langchainPrograms } from "./ported/langchain.js";
import { openai as openaiPrograms } from "./ported/openai.js";
import type { Api, Program, Programs } from "./ported/program.js";
import { redaction } from "./ported/redaction.js";
import { runTrees } from "./ported/run-trees.js";
import { settings } from "./ported/settings.js";
import { streams } from "./ported/streams.js";

const all: Programs = {
  ...{ ...calls, ...streams, ...runTrees, ...clients, ...settings },
  ...{ ...openaiPrograms, ...langchainPrograms, ...redaction },
};

let server: LocalServer;
let model: ModelServer;
const { warn, error, log } = console;

beforeAll(async () => {
  [server, model] = await Promise.all([startLocalServer(), startModelServer()]);
  const common = { LANGSMITH_ENDPOINT: server.url, LANGSMITH_API_KEY: "not-a-key", LANGSMITH_TRACING: "true" };
  Object.assign(process.env, common);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  // The programs fail on purpose, and the langsmith package prints it.
  Object.assign(console, { warn() {}, error() {}, log() {} });
});

afterAll(async () => {
  Object.assign(console, { warn, error, log });
  context.disable();
  await Promise.all([server.close(), model.close()]);
});

const openai = () => new OpenAI({ baseURL: model.url, apiKey: "not-a-key", maxRetries: 0 });
const common = { openai, ...langchain };
const there: Api = {
  ...native,
  Client: NativeClient,
  RunTree: NativeRunTree,
  wrapOpenAI: wrapNative,
  uuid7,
  uuid7FromTime,
  ...common,
};
const here: Api = { ...ours, Client, wrapOpenAI, uuid7: ourUuid7, uuid7FromTime: ourUuid7FromTime, ...common };

interface Ran {
  readonly returned: unknown;
  readonly trees: unknown[];
}

async function through(package_: "there" | "here", program: Program, project: string): Promise<Ran> {
  const env = { LANGSMITH_PROJECT: project, ...program.env };
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  Object.assign(process.env, env);
  const client = new NativeClient();
  Object.assign(NativeRunTree, { sharedClient: client });
  let stop: (() => Promise<void>) | undefined;
  try {
    let returned: unknown;
    if (package_ === "there") returned = await program.run(there);
    else {
      const processor = new LangSmithSpanProcessor({ batchDelayMillis: 1, traces: "all" });
      trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
      returned = await tracingContext({ projectName: project }, async () => program.run(here));
      await processor.forceFlush();
      stop = () => processor.shutdown();
    }
    await client.flush();
    await client.awaitPendingTraceBatches();
    return { returned, trees: treesOf(await runsOf(project), project) };
  } finally {
    // What is open at shutdown is closed as an error; the langsmith package has no shutdown.
    await stop?.();
    trace.disable();
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

async function runsOf(project: string): Promise<StoredRun[]> {
  const runs: StoredRun[] = [];
  const client = new Client({ apiUrl: server.url, apiKey: "not-a-key" });
  try {
    for await (const run of client.listRuns({ projectName: project })) runs.push(run);
  } catch {
    // No such project: nothing was sent.
  }
  return runs;
}

interface Tree {
  readonly name: unknown;
  readonly children: Tree[];
}

function treesOf(runs: StoredRun[], project: string): Tree[] {
  const sorted = [...runs].sort((a, b) => ((a.dotted_order ?? "") < (b.dotted_order ?? "") ? -1 : 1));
  const trees = new Map(sorted.map((run) => [run.id, comparable(run, project)]));
  const roots: Tree[] = [];
  for (const run of sorted) {
    const tree = trees.get(run.id);
    if (tree) (trees.get(run.parent_run_id ?? "")?.children ?? roots).push(tree);
  }
  const order = (a: Tree, b: Tree) => (`${a.name}${JSON.stringify(a)}` < `${b.name}${JSON.stringify(b)}` ? -1 : 1);
  for (const tree of trees.values()) tree.children.sort(order);
  return roots.sort(order);
}

/** Items 1 to 3 of the list, which hold for every run. */
const ENVIRONMENT =
  /^(?:LANGSMITH_|LANGCHAIN_|OTEL_|otel\.|service\.|telemetry\.|process\.)|^(?:ls_run_depth|ls_model_type|ls_message_format)$/;

function comparable(run: StoredRun, project: string): Tree {
  const { metadata, runtime: _, ...extra } = run.extra ?? {};
  const kept = Object.entries((metadata ?? {}) as object).filter(([key]) => !ENVIRONMENT.test(key));
  const { prompt_tokens, completion_tokens, total_tokens, total_cost, first_token_time } = run;
  const events = (run.events ?? []) as Record<string, unknown>[];
  const shown = {
    name: run.name,
    run_type: run.run_type,
    status: run.status,
    inputs: run.inputs,
    outputs: run.outputs,
    error: run.error?.split("\n", 1)[0]?.replace(/: $/, "") ?? null,
    tags: [...(run.tags ?? [])].sort(),
    metadata: Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1))),
    extra,
    events: events.map(({ time: _time, ...event }) => event),
    counts: [prompt_tokens ?? 0, completion_tokens ?? 0, total_tokens ?? 0, total_cost ?? null],
    isFirstTokenTimed: first_token_time != null,
    reference_example_id: run.reference_example_id ?? null,
    thread_id: run["thread_id"] ?? null,
    ended: run.end_time != null,
  };
  const text = JSON.stringify(shown).replaceAll(project, "the project");
  return { ...(JSON.parse(text) as { name: string }), children: [] };
}

describe("a program makes the same runs, but for the differences that it names", () => {
  let count = 0;
  for (const [name, program] of Object.entries(all)) {
    it(name, async () => {
      count += 1;
      const expected = await through("there", program, `there-${count}`);
      const got = await through("here", program, `here-${count}`);
      const found = [
        ...differencesOf(expected.trees, got.trees),
        ...differencesOf(expected.returned, got.returned, "returned"),
      ];
      const named = (program.differs ?? []).map((number) => [number, items[number]] as const);
      const unexplained = found.filter((one) => !named.some(([, item]) => item?.explains?.(one)));
      expect(unexplained, "differences that docs/authoring.md does not list for this program").toEqual([]);
      const idle = named.filter(([, item]) => !found.some((one) => item?.explains?.(one)));
      expect(
        idle.map(([number]) => number),
        "differences that it names and does not show",
      ).toEqual([]);
    });
  }
});

it("docs/authoring.md lists exactly the differences that programs show", async () => {
  const docs = await readFile(new URL("../../docs/authoring.md", import.meta.url), "utf8");
  const list = docs.slice(docs.indexOf("## What differs from the langsmith package"));
  const listed = [...list.matchAll(/^(\d+)\. \*\*(.+?)\*\*/gm)].map(([, number, title]) => [Number(number), title]);
  expect(listed).toEqual(Object.entries(items).map(([number, { title }]) => [Number(number), title]));
  const shown = new Set(Object.values(all).flatMap(({ differs = [] }) => differs));
  const unseen = Object.entries(items).filter(([number, { explains }]) => explains && !shown.has(Number(number)));
  expect(unseen.map(([number]) => Number(number))).toEqual([]);
});
