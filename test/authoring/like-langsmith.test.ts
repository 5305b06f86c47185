// The same programs against the langsmith package and against this one, both sending to the local server; the runs are
// compared field by field. What may differ is the list in docs/authoring.md, and nothing else is normalised away here.
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { type Client as NativeClient, RunTree as NativeRunTree } from "langsmith";
import * as native from "langsmith/traceable";
import { type LocalServer, startLocalServer } from "otel-langsmith-local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as ours from "../../src/authoring/index.js";
import { Client, type StoredRun } from "../../src/client/client.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { tracingContext } from "../../src/propagation/index.js";
import { programs } from "./programs.js";

let server: LocalServer;
let provider: BasicTracerProvider;
let nativeClient: NativeClient;
const said = { log: console.log, warn: console.warn, error: console.error };

beforeAll(async () => {
  server = await startLocalServer();
  Object.assign(process.env, {
    LANGSMITH_TRACING: "true",
    LANGSMITH_ENDPOINT: server.url,
    LANGSMITH_API_KEY: "not-a-key",
  });
  const processor = new LangSmithSpanProcessor({ batchDelayMillis: 1, traces: "all" });
  provider = new BasicTracerProvider({ spanProcessors: [processor] });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  nativeClient = NativeRunTree.getSharedClient();
  // The programs fail on purpose, and langsmith prints it.
  console.warn = () => {};
  console.error = () => {};
});

afterAll(async () => {
  Object.assign(console, said);
  await provider.shutdown();
  await server.close();
  context.disable();
  trace.disable();
});

interface Tree {
  [field: string]: unknown;
  children: Tree[];
}

async function runsOf(project: string): Promise<StoredRun[]> {
  const runs: StoredRun[] = [];
  for await (const run of new Client().listRuns({ projectName: project })) runs.push(run);
  return runs;
}

/** Runs as trees, without what each run has of its own. */
function treesOf(runs: StoredRun[]): Tree[] {
  const sorted = [...runs].sort((a, b) => ((a.dotted_order ?? "") < (b.dotted_order ?? "") ? -1 : 1));
  const trees = new Map(sorted.map((run) => [run.id, comparable(run)]));
  const roots: Tree[] = [];
  for (const run of sorted) {
    const tree = trees.get(run.id);
    if (!tree) continue;
    const parent = run.parent_run_id ? trees.get(run.parent_run_id) : undefined;
    (parent?.children ?? roots).push(tree);
  }
  // Roots of one millisecond have no order of their own.
  return roots.sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
}

const ENVIRONMENT =
  /^(?:LANGSMITH_|LANGCHAIN_|OTEL_|otel\.|service\.|telemetry\.|process\.|host\.|os\.)|^(?:ls_run_depth|revision_id)$/;
/** What the bridge says of each model call: its type, and the form of its messages. */
const OF_OURS = ["ls_model_type", "ls_message_format"];
const OF_ONE_CALL = ["ls_provider", "ls_model_name", "ls_model_type", "ls_invocation_params"];

function comparable(run: StoredRun): Tree {
  const { metadata, runtime: _runtime, ...extra } = (run.extra ?? {}) as Record<string, unknown>;
  const isModelCall = run.run_type === "llm" || run.run_type === "embedding";
  const kept = Object.entries((metadata ?? {}) as object).filter(
    ([key]) => !ENVIRONMENT.test(key) && (isModelCall ? !OF_OURS.includes(key) : !OF_ONE_CALL.includes(key)),
  );
  const { usage_metadata: _usage, ...outputs } = (run.outputs ?? {}) as Record<string, unknown>;
  const events = (run.events ?? []) as Record<string, unknown>[];
  const firstToken = events.findIndex((event) => event.name === "new_token");
  return {
    name: run.name,
    run_type: run.run_type,
    status: run.status,
    inputs: run.inputs,
    outputs,
    error: run.error ? run.error.split("\n", 1)[0] : run.error,
    tags: run.tags ?? [],
    metadata: Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1))),
    extra,
    events: events
      .filter((event, at) => event.name !== "new_token" || at === firstToken)
      .map(({ time: _time, ...event }) => event),
    reference_example_id: run.reference_example_id ?? null,
    hasEnded: run.end_time != null,
    children: [],
  };
}

describe("a program makes the same runs as with the langsmith package", () => {
  let count = 0;
  for (const [name, program] of Object.entries(programs)) {
    it(name, async () => {
      count += 1;
      const [there, here] = [`native-${count}`, `ours-${count}`];
      process.env.LANGSMITH_PROJECT = there;
      await program({ ...native, RunTree: NativeRunTree });
      await nativeClient.awaitPendingTraceBatches();
      await tracingContext({ projectName: here }, () => program(ours));
      await new Client().flush();
      await expect.poll(async () => (await runsOf(there)).every((run) => run.end_time), { timeout: 10_000 }).toBe(true);
      const expected = treesOf(await runsOf(there));
      expect(expected.length).toBeGreaterThan(0);
      expect(treesOf(await runsOf(here))).toEqual(expected);
    });
  }
});
