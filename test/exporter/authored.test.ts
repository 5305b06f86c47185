// traceable, RunTree and wrapOpenAI over an exporter alone: the runs are those that a processor gives.
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  SimpleSpanProcessor,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type ModelServer, startModelServer } from "../../demo/model-server.mjs";
import { getCurrentRunTree, RunTree, startActiveRun, startRun, traceable } from "../../src/authoring/index.js";
import { wrapOpenAI } from "../../src/authoring/wrappers/openai.js";
import { LangSmithSpanExporter } from "../../src/exporter/index.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { startTrace, tracingContext } from "../../src/propagation/index.js";
import { forgetWarnings } from "../../src/warnings.js";
import { uuid7 } from "../../src/wire/ids.js";
import { orphansOf, type Receiver, startReceiver } from "../receiver.js";

let model: ModelServer;
beforeAll(async () => {
  model = await startModelServer();
});
afterAll(() => model.close());

type Program = (tools: { tracer: ReturnType<typeof trace.getTracer>; ids: Map<string, string> }) => Promise<unknown>;

const see = (ids: Map<string, string>) => {
  const tree = getCurrentRunTree();
  ids.set(String(tree.name), `${tree.id} in ${tree.trace_id}`);
};

const programs: [string, Program][] = [
  [
    "nested functions",
    async ({ ids }) => {
      const inner = traceable(
        async (city: string) => {
          see(ids);
          return `${city} is fine`;
        },
        { name: "inner", run_type: "tool" },
      );
      const outer = traceable(
        async (question: string) => {
          see(ids);
          return [await inner("Paris"), await inner("Rome"), question];
        },
        { name: "outer", tags: ["t"], metadata: { user: "u" } },
      );
      await outer("weather?");
    },
  ],
  [
    "a span between two functions, and one above both",
    async ({ tracer, ids }) => {
      const within = (name: string, work: () => Promise<unknown>) =>
        tracer.startActiveSpan(name, async (span) => {
          await work();
          span.end();
        });
      const leaf = traceable((n: number) => n + 1, { name: "leaf" });
      const top = traceable(
        async () => {
          see(ids);
          await within("between", () => Promise.resolve(leaf(1)));
        },
        { name: "top" },
      );
      await within("request", top);
    },
  ],
  [
    "an error, a generator and a promise of inputs",
    async () => {
      const failing = traceable(async () => Promise.reject(new TypeError("no")), { name: "failing" });
      const stream = traceable(
        async function* () {
          yield "a";
          yield "b";
        },
        { name: "stream", aggregator: (parts) => parts.join("") },
      );
      const slow = traceable(async (x: number) => x, { name: "slow", processInputs: async () => ({ hidden: true }) });
      await traceable(
        async () => {
          await failing().catch(() => {});
          for await (const _ of stream());
          await slow(1);
        },
        { name: "all" },
      )();
    },
  ],
  [
    "what is set around them: project, metadata, tags, a trace of its own",
    async () => {
      const job = traceable(async () => 1, { name: "job" });
      await tracingContext({ projectName: "other", metadata: { tenant: "a" }, tags: ["x"] }, () =>
        traceable(
          async () => {
            await job();
            await startTrace("own trace", () => traceable(async () => 2, { name: "own" })());
          },
          { name: "around" },
        )(),
      );
    },
  ],
  [
    "run trees and blocks",
    async () => {
      const tree = new RunTree({ name: "tree", inputs: { a: 1 }, id: uuid7() });
      await tree.postRun();
      const child = tree.createChild({ name: "child", run_type: "llm", inputs: { b: 2 } });
      await child.postRun();
      await child.end({ c: 3 });
      await child.patchRun();
      await tree.end({ d: 4 });
      await tree.patchRun();
      await startActiveRun("block", { inputs: { q: 1 } }, async () => {
        const run = startRun("part", { run_type: "tool" });
        await run.end({ rows: 2 });
        run[Symbol.dispose]();
      });
    },
  ],
  [
    "a wrapped OpenAI client",
    async () => {
      const client = wrapOpenAI(new OpenAI({ baseURL: model.url, apiKey: "not-a-key", maxRetries: 0 }));
      const messages = [{ role: "user" as const, content: "What is the weather like?" }];
      await traceable(
        async () => {
          await client.chat.completions.create({ model: "gpt-5.4-mini", messages });
          for await (const _ of await client.chat.completions.create({
            model: "gpt-5.4-mini",
            messages,
            stream: true,
          }));
        },
        { name: "agent" },
      )();
    },
  ],
];

type Way = (url: string) => SpanProcessor;
const exporter = (url: string) => new LangSmithSpanExporter({ apiUrl: url, projectName: "test" });
const ways: [string, Way][] = [
  ["SimpleSpanProcessor", (url) => new SimpleSpanProcessor(exporter(url))],
  ["BatchSpanProcessor", (url) => new BatchSpanProcessor(exporter(url))],
];

async function runsOf(program: Program, way: Way): Promise<{ runs: unknown; warnings: string[]; ids: string[] }> {
  const receiver = await startReceiver();
  const manager = new AsyncLocalStorageContextManager().enable();
  const provider = new BasicTracerProvider({ spanProcessors: [way(receiver.url)] });
  context.setGlobalContextManager(manager);
  trace.setGlobalTracerProvider(provider);
  const warnings: string[] = [];
  const hear = (warning: Error & { code?: string }) => void warnings.push(warning.code ?? warning.message);
  process.on("warning", hear);
  onTestFinished(() => receiver.close());
  const ids = new Map<string, string>();
  try {
    await program({ tracer: trace.getTracer("app"), ids });
  } finally {
    await provider.shutdown();
    process.off("warning", hear);
    context.disable();
    trace.disable();
    forgetWarnings();
  }
  expect(receiver.problems).toEqual([]);
  expect(orphansOf(receiver.runs.values())).toEqual([]);
  const told = [...ids].filter(([name, id]) => {
    const run = receiver.byName(name).at(-1);
    return id !== `${run?.id} in ${run?.trace_id}`;
  });
  return {
    runs: comparable(receiver),
    warnings,
    ids: told.map(
      ([name, id]) => `${name}: ${id}, sent as ${receiver.byName(name).map((run) => `${run.id} in ${run.trace_id}`)}`,
    ),
  };
}

function comparable(receiver: Receiver) {
  const names = new Map([...receiver.runs.values()].map((run) => [run.id, run.name]));
  return [...receiver.runs.values()]
    .map((run) => ({
      name: run.name,
      parent: run.parent_run_id === undefined ? undefined : names.get(run.parent_run_id),
      root: names.get(run.trace_id),
      type: run.run_type,
      project: run.session_name,
      inputs: run.inputs,
      outputs: run.outputs,
      error: run.error?.split("\n")[0],
      tags: run.tags,
      metadata: Object.fromEntries(
        Object.entries(run.extra.metadata ?? {}).filter(
          ([key]) => !/^OTEL_(TRACE|SPAN)_ID$|^LANGSMITH_CONTINUES_/.test(key),
        ),
      ),
    }))
    .sort((a, b) => `${a.name} ${JSON.stringify(a)}`.localeCompare(`${b.name} ${JSON.stringify(b)}`));
}

describe.each(ways)("behind a %s", (_, way) => {
  it.each(programs)("%s give the runs that a processor gives, with nothing to warn of", async (_name, program) => {
    const { runs } = await runsOf(program, (url) => new LangSmithSpanProcessor({ apiUrl: url, projectName: "test" }));
    const alone = await runsOf(program, way);
    expect(alone).toEqual({ runs, warnings: [], ids: [] });
    expect(runs).not.toEqual([]);
  });
});
