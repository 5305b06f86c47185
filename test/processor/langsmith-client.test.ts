// The real langsmith client reads back what the bridge sent, from a server that holds to the service's rules.
import { context, propagation } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, type SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Client, type Run } from "langsmith";
import { startLocalServer } from "otel-langsmith-local";
import { describe, expect, it, onTestFinished } from "vitest";
import { LangSmithSpanExporter } from "../../src/exporter/index.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { getRunId } from "../../src/propagation/index.js";

async function startService(processorOf: (apiUrl: string) => SpanProcessor) {
  const server = await startLocalServer({ dataDir: ":memory:" });
  const provider = new BasicTracerProvider({ spanProcessors: [processorOf(server.url)] });
  const manager = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(manager);
  onTestFinished(async () => {
    await provider.shutdown();
    await server.close();
    context.disable();
    propagation.disable();
  });
  return { provider, client: new Client({ apiUrl: server.url, apiKey: "any" }) };
}

async function listed(client: Client, params: object): Promise<Run[]> {
  const runs: Run[] = [];
  for await (const run of client.listRuns({ order: "asc", ...params })) runs.push(run);
  return runs;
}

const question = JSON.stringify([{ role: "user", parts: [{ type: "text", content: "Rain in Oslo?" }] }]);
const answer = JSON.stringify([
  { role: "assistant", parts: [{ type: "text", content: "Yes." }], finish_reason: "stop" },
]);

/** An agent over a model call and a failing tool that works on after an await. */
async function ask(provider: BasicTracerProvider): Promise<string | undefined> {
  const tracer = provider.getTracer("weather");
  let rootId: string | undefined;
  await tracer.startActiveSpan("answer", { attributes: { "langsmith.metadata.user_id": "u-1" } }, async (root) => {
    rootId = getRunId();
    await Promise.all([
      tracer.startActiveSpan(
        "chat",
        {
          attributes: {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.input.messages": question,
          },
        },
        async (chat) => {
          await new Promise((resolve) => setImmediate(resolve));
          chat.setAttributes({
            "gen_ai.output.messages": answer,
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 3,
          });
          chat.end();
        },
      ),
      tracer.startActiveSpan(
        "forecast",
        { attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "forecast" } },
        async (tool) => {
          await tracer.startActiveSpan("look up", async (step) => {
            await new Promise((resolve) => setImmediate(resolve));
            step.end();
          });
          tool.recordException(new Error("no forecast for Oslo"));
          tool.setStatus({ code: 2, message: "no forecast for Oslo" });
          tool.end();
        },
      ),
    ]);
    root.end();
  });
  return rootId;
}

describe.each<[string, (apiUrl: string) => SpanProcessor]>([
  ["the processor", (apiUrl) => new LangSmithSpanProcessor({ apiUrl, projectName: "weather" })],
  ["the exporter", simpleExporter],
])("the langsmith client reads back what %s sent", (face, processorOf) => {
  it("with listRuns, nested right", async () => {
    const { provider, client } = await startService(processorOf);
    const rootId = await ask(provider);
    await provider.shutdown();
    const runs = await listed(client, { projectName: "weather" });
    const byName = new Map(runs.map((run) => [run.name, run]));
    const [root, chat, tool, step] = ["answer", "chat", "forecast", "look up"].map((name) => byName.get(name));
    expect(runs).toHaveLength(4);
    if (face === "the processor") expect(root?.id).toBe(rootId);
    expect(root?.parent_run_id ?? undefined).toBeUndefined();
    expect(chat?.parent_run_id).toBe(root?.id);
    expect(tool?.parent_run_id).toBe(root?.id);
    expect(step?.parent_run_id).toBe(tool?.id);
    for (const run of runs) expect(run.trace_id).toBe(root?.id);
    expect(runs.map((run) => run.run_type).sort()).toEqual(["chain", "chain", "llm", "tool"]);
    expect(chat).toMatchObject({ total_tokens: 15, prompt_tokens: 12, completion_tokens: 3, status: "success" });
    expect(tool).toMatchObject({ status: "error" });
    expect(tool?.error).toContain("no forecast for Oslo");
    expect(root).toMatchObject({ total_tokens: 15 });
    expect(root?.extra?.["metadata"]).toMatchObject({ user_id: "u-1" });
    expect((await listed(client, { projectName: "weather", isRoot: true })).map((run) => run.name)).toEqual(["answer"]);
    expect((await listed(client, { projectName: "weather", error: true })).map((run) => run.name)).toEqual([
      "forecast",
    ]);
  });

  it("with readRun, child runs and content", async () => {
    const { provider, client } = await startService(processorOf);
    await ask(provider);
    await provider.shutdown();
    const [root] = await listed(client, { projectName: "weather", isRoot: true });
    const read = await client.readRun(root?.id ?? "", { loadChildRuns: true });
    expect(drawn(read)).toBe("answer(chat, forecast(look up))");
    const chat = read.child_runs?.find((run) => run.name === "chat");
    expect(JSON.stringify((await client.readRun(chat?.id ?? "")).inputs)).toContain("Rain in Oslo?");
    expect(JSON.stringify(chat?.outputs)).toContain("Yes.");
  });
});

describe("the langsmith client, while a run is going on", () => {
  it("reads a pending run, and its end when that has come", async () => {
    const { provider, client } = await startService(
      (apiUrl) => new LangSmithSpanProcessor({ apiUrl, projectName: "weather", pendingAfterMillis: 0 }),
    );
    const span = provider.getTracer("openinference-core").startSpan("long");
    const runId = getRunId(span) ?? "";
    await provider.forceFlush();
    expect(await client.readRun(runId)).toMatchObject({ name: "long", status: "pending" });
    span.end();
    await provider.forceFlush();
    expect(await client.readRun(runId)).toMatchObject({ name: "long", status: "success" });
  });
});

/** `name(child, child)`, in the order of the dotted orders. */
function drawn(run: Run): string {
  const children = [...(run.child_runs ?? [])].sort((a, b) =>
    String(a.dotted_order) < String(b.dotted_order) ? -1 : 1,
  );
  return children.length > 0 ? `${run.name}(${children.map(drawn).join(", ")})` : run.name;
}

function simpleExporter(apiUrl: string): SpanProcessor {
  const exporter = new LangSmithSpanExporter({ apiUrl, projectName: "weather" });
  return {
    onStart: () => {},
    onEnd: (span) => exporter.export([span], (result) => expect(result.code).toBe(0)),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}
