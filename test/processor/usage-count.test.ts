// Usage on runs that are no model calls: an author's stays, an instrumentation's counts where nothing below has any.
import { context, type Span, trace } from "@opentelemetry/api";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import { RunTree, traceable } from "../../src/authoring/index.js";
import { LangSmithSpanExporter } from "../../src/exporter/index.js";
import { startReceiver } from "../receiver.js";
import { startBridge, type TestBridge } from "./bridge.js";

const agent = {
  "gen_ai.operation.name": "invoke_agent",
  "gen_ai.usage.input_tokens": 10,
  "gen_ai.usage.output_tokens": 2,
};
const call = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" };
const counted = { ...call, "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 2 };

/** An agent that says what it used, and what happens in it. */
function under({ tracer }: TestBridge, inside: (span: Span) => void): void {
  tracer.startActiveSpan("agent", { attributes: agent }, (span) => {
    inside(span);
    span.end();
  });
}

describe("what an instrumentation says that an agent used", () => {
  it.each<[string, (bridge: TestBridge) => void, boolean]>([
    ["nothing is below it", () => undefined, true],
    ["a call below it does not say", ({ tracer }) => tracer.startSpan("call", { attributes: call }).end(), true],
    ["a call below it has usage", ({ tracer }) => tracer.startSpan("call", { attributes: counted }).end(), false],
    [
      "a call far below it has usage",
      ({ tracer }) =>
        tracer.startActiveSpan("step", (step) => {
          tracer.startSpan("call", { attributes: counted }).end();
          step.end();
        }),
      false,
    ],
    [
      "an author states costs below it",
      () => void traceable(() => ({ usage_metadata: { total_cost: 1 } }), { name: "tool", run_type: "tool" })(),
      false,
    ],
  ])("counts by whether %s", async (_, inside, counts) => {
    const bridge = await startBridge();
    under(bridge, () => inside(bridge));
    const { metadata } = (await bridge.finish()).one("agent").extra;
    if (counts) {
      expect(metadata["usage_metadata"]).toMatchObject({ input_tokens: 10, output_tokens: 2, total_tokens: 12 });
      expect(metadata["gen_ai.usage.input_tokens"]).toBeUndefined();
    } else {
      expect(metadata["usage_metadata"]).toBeUndefined();
      expect(metadata["gen_ai.usage.input_tokens"]).toBe(10);
    }
  });

  it("does not count while a call below it is open", async () => {
    const bridge = await startBridge();
    let open: Span | undefined;
    under(bridge, (span) => {
      open = bridge.tracer.startSpan("call", { attributes: call }, trace.setSpan(context.active(), span));
    });
    await bridge.processor.forceFlush();
    open?.setAttributes(counted).end();
    const receiver = await bridge.finish();
    expect(receiver.one("agent").extra.metadata["usage_metadata"]).toBeUndefined();
    expect(receiver.one("call").extra.metadata["usage_metadata"]).toMatchObject({ input_tokens: 10 });
  });

  it("does not count where the call below ends right after it", async () => {
    const bridge = await startBridge();
    let open: Span | undefined;
    under(bridge, (span) => {
      open = bridge.tracer.startSpan("call", { attributes: call }, trace.setSpan(context.active(), span));
    });
    open?.setAttributes(counted).end();
    const receiver = await bridge.finish();
    expect(receiver.one("agent").extra.metadata["usage_metadata"]).toBeUndefined();
    expect(receiver.one("call").extra.metadata["usage_metadata"]).toMatchObject({ input_tokens: 10 });
  });

  it("does not count while a library's span is open below it that has not shown what it is", async () => {
    const bridge = await startBridge();
    let open: Span | undefined;
    under(bridge, (span) => {
      open = bridge.genai.startSpan("unknown", {}, trace.setSpan(context.active(), span));
    });
    await bridge.processor.forceFlush();
    open?.setAttributes(counted).end();
    const receiver = await bridge.finish();
    expect(receiver.one("agent").extra.metadata["usage_metadata"]).toBeUndefined();
    expect(receiver.one("unknown").extra.metadata["usage_metadata"]).toMatchObject({ input_tokens: 10 });
  });

  it("is said once: not in the metadata again where it stood in the outputs", async () => {
    const bridge = await startBridge();
    const usage = { input_tokens: 1, output_tokens: 2, total_tokens: 3 };
    const attributes = {
      "openinference.span.kind": "CHAIN",
      "output.value": JSON.stringify({ a: 1, usage_metadata: usage }),
    };
    bridge.tracer.startSpan("chain", { attributes }).end();
    const { metadata } = (await bridge.finish()).one("chain").extra;
    expect(metadata["usage_metadata"]).toEqual(usage);
    expect(metadata).not.toHaveProperty("outputs.usage_metadata");
  });

  it("counts once in agents inside one another", async () => {
    const bridge = await startBridge();
    under(bridge, () => under(bridge, () => undefined));
    const runs = [...(await bridge.finish()).runs.values()];
    expect(
      runs
        .filter((run) => run.extra.metadata["usage_metadata"] !== undefined)
        .map((run) => run.parent_run_id !== undefined),
    ).toEqual([true]);
  });

  it("counts the same for an exporter alone", async () => {
    const receiver = await startReceiver();
    const exporter = new LangSmithSpanExporter({ apiUrl: receiver.url, projectName: "test" });
    const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer("app");
    const alone = tracer.startSpan("alone", { attributes: agent });
    alone.end();
    const above = tracer.startSpan("above", { attributes: agent });
    tracer.startSpan("call", { attributes: counted }, trace.setSpan(context.active(), above)).end();
    above.end();
    await exporter.shutdown();
    expect(receiver.one("alone").extra.metadata["usage_metadata"]).toMatchObject({ input_tokens: 10 });
    expect(receiver.one("above").extra.metadata["usage_metadata"]).toBeUndefined();
    await receiver.close();
  });
});

describe("what an author states", () => {
  it("stays on runs of every type, whatever is below them", async () => {
    const bridge = await startBridge();
    await traceable(
      async () => {
        bridge.tracer.startSpan("call", { attributes: counted }).end();
        return { x: 1, usage_metadata: { total_cost: 0.0015 } };
      },
      { name: "tool", run_type: "tool" },
    )();
    const tree = new RunTree({ name: "tree", run_type: "retriever" });
    await tree.postRun();
    await tree.end({ x: 1 }, undefined, undefined, { usage_metadata: { total_cost: 0.5 } });
    await tree.patchRun();
    bridge.tracer
      .startSpan("span", {
        attributes: { "langsmith.span.kind": "chain", "langsmith.usage_metadata": '{"total_cost":2}' },
      })
      .end();
    const receiver = await bridge.finish();
    const costOf = (name: string) => receiver.one(name).extra.metadata["usage_metadata"];
    expect([costOf("tool"), costOf("tree"), costOf("span")]).toMatchObject([
      { total_cost: 0.0015 },
      { total_cost: 0.5 },
      { total_cost: 2 },
    ]);
  });
});
