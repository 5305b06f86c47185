// Content of the authoring API stands beside the span: limits of attributes do not cut it, other exporters do not see it.
import { context, type Span, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { leaveContent } from "../../src/authoring/content.js";
import { configureAuthoring, RunTree, traceable } from "../../src/authoring/index.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { uuid7 } from "../../src/wire/ids.js";
import { startReceiver } from "../receiver.js";

/** Longer than any limit below, and easy to find. */
const SECRET = `the prompt ${"and more ".repeat(2_000)}end`;

/** A provider that cuts attributes to ten characters and two of them, with another exporter beside the bridge. */
async function startLimited() {
  const receiver = await startReceiver();
  const processor = new LangSmithSpanProcessor({ apiUrl: receiver.url, projectName: "test", batchDelayMillis: 1 });
  const others = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [processor, new SimpleSpanProcessor(others)],
    spanLimits: { attributeValueLengthLimit: 10, attributeCountLimit: 2 },
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(provider);
  onTestFinished(async () => {
    await provider.shutdown();
    await receiver.close();
    context.disable();
    trace.disable();
  });
  return {
    provider,
    /** What the other exporter got, as text. */
    seenByOthers: () =>
      JSON.stringify(others.getFinishedSpans().map(({ name, attributes, events }) => ({ name, attributes, events }))),
    async finish() {
      await processor.shutdown();
      expect(receiver.problems).toEqual([]);
      return receiver;
    },
  };
}

afterEach(() => configureAuthoring({ contentAsAttributes: false }));

const ways: [string, (provider: BasicTracerProvider) => void | Promise<void>][] = [
  ["traceable", () => void traceable((text: string) => ({ said: text }), { name: "run" })(SECRET)],
  [
    "RunTree",
    async () => {
      const tree = new RunTree({ name: "run", inputs: { input: SECRET } });
      await tree.end({ said: SECRET });
      await tree.postRun();
    },
  ],
  [
    "leaveContent",
    (provider) => {
      const span: Span = provider.getTracer("openinference-core").startSpan("run");
      leaveContent(span, { inputs: { input: SECRET }, outputs: { said: SECRET } });
      span.end();
    },
  ],
];

describe("content of the authoring API", () => {
  it.each(ways)("of %s is whole, however little the limits of attributes leave", async (_, work) => {
    const limited = await startLimited();
    await work(limited.provider);
    const run = (await limited.finish()).one("run");
    expect(run.inputs).toEqual({ input: SECRET });
    expect(run.outputs).toEqual({ said: SECRET });
  });

  it.each(ways)("of %s stands in no attribute that other exporters see", async (_, work) => {
    const limited = await startLimited();
    await work(limited.provider);
    await limited.finish();
    expect(limited.seenByOthers()).toContain('"name":"run"');
    // The limit leaves ten characters: "the prompt" is exactly that.
    expect(limited.seenByOthers()).not.toContain("the prompt");
    expect(limited.seenByOthers()).not.toContain("gen_ai.prompt");
  });

  it("has a place that limits of attributes do not cut either: ids, nesting and types are those of the trees", async () => {
    const limited = await startLimited();
    const root = new RunTree({ name: "root", run_type: "chain" });
    const middle = root.createChild({ name: "middle", run_type: "retriever" });
    const leaf = middle.createChild({ name: "leaf", run_type: "llm" });
    for (const tree of [root, middle, leaf]) await tree.postRun();
    for (const tree of [leaf, middle, root]) {
      await tree.end();
      await tree.patchRun();
    }
    const id = uuid7();
    traceable(() => 1, { name: "own id", id, run_type: "retriever" })();
    const at = await limited.finish();
    for (const tree of [root, middle, leaf]) {
      const { id, trace_id, dotted_order, parent_run_id, run_type } = tree;
      expect(at.one(tree.name)).toMatchObject({ id, trace_id, dotted_order, run_type });
      expect(at.one(tree.name).parent_run_id).toBe(parent_run_id);
    }
    expect(at.one("own id")).toMatchObject({ id, run_type: "retriever" });
  });

  it("stands in attributes too where that is asked for, and is still whole in the run", async () => {
    const receiver = await startReceiver();
    const others = new InMemorySpanExporter();
    const processor = new LangSmithSpanProcessor({ apiUrl: receiver.url, projectName: "test", batchDelayMillis: 1 });
    const provider = new BasicTracerProvider({
      spanProcessors: [processor, new SimpleSpanProcessor(others)],
      spanLimits: { attributeValueLengthLimit: 10 },
    });
    onTestFinished(async () => {
      await provider.shutdown();
      await receiver.close();
    });
    configureAuthoring({ contentAsAttributes: true, tracerProvider: provider });
    onTestFinished(() => configureAuthoring({ tracerProvider: trace }));
    traceable((text: string) => ({ said: text }), { name: "run" })(SECRET);
    const attributes = others.getFinishedSpans()[0]?.attributes;
    expect(attributes?.["gen_ai.prompt"]).toBe('{"input":"');
    expect(attributes?.["gen_ai.completion"]).toBe('{"said":"t');
    await processor.shutdown();
    expect(receiver.one("run").inputs).toEqual({ input: SECRET });
    expect(receiver.one("run").outputs).toEqual({ said: SECRET });
  });
});
