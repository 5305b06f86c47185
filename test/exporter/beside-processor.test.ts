// The exporter behind processors and beside others: runs that were placed at their start, copies, two of everything.
import { context, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import {
  BatchSpanProcessor,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { computeRunIdForSecondaryReplica } from "langsmith";
import { describe, expect, it } from "vitest";
import { traceable } from "../../src/authoring/index.js";
import { replicaRunId } from "../../src/identity/replica-ids.js";
import { RunIdentityProcessor } from "../../src/processor/identity-processor.js";
import { LangSmithLogRecordProcessor } from "../../src/processor/log-records.js";
import { LangSmithPropagator, tracingContext } from "../../src/propagation/index.js";
import { startBridge, treeOf } from "../processor/bridge.js";
import type { Receiver } from "../receiver.js";
import { startExporter, startRecorder, type TestExporter } from "./bridge.js";

const model = { attributes: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" } };

/** A processor that hands on something else than the span it got. */
function handsOn(make: (span: ReadableSpan) => ReadableSpan, under: TestExporter): SpanProcessor {
  return {
    onStart: () => {},
    onEnd: (span) => under.export([make(span)]),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

/** What processors that redact or enrich hand on: a new object with the span's fields. */
function copyOf(span: ReadableSpan): ReadableSpan {
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => ({ ...span.spanContext() }),
    ...(span.parentSpanContext && { parentSpanContext: { ...span.parentSpanContext } }),
    startTime: span.startTime,
    endTime: span.endTime,
    status: span.status,
    attributes: { ...span.attributes, copied: true },
    links: span.links,
    events: span.events,
    duration: span.duration,
    ended: span.ended,
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

const objects: [string, (span: ReadableSpan) => ReadableSpan][] = [
  ["copied", copyOf],
  ["copied and frozen", (span) => Object.freeze(copyOf(span))],
  ["wrapped", (span) => Object.create(span, { attributes: { value: { ...span.attributes, copied: true } } })],
];

describe.each(objects)("spans that another processor %s", (_, make) => {
  it("carry their run node all the same: they are found by their span id", async () => {
    const under = await startExporter();
    const identity = new RunIdentityProcessor({ projectName: "test", spans: ({ name }) => name !== "middle" });
    const { genai, tracer } = startRecorder([identity, handsOn(make, under)]);
    genai.startActiveSpan(
      "root",
      { attributes: { "langsmith.span.id": "0198c5f0-7b1e-7abc-8def-0123456789ab" } },
      (root) => {
        tracer.startActiveSpan("middle", (middle) => {
          tracer.startSpan("leaf").end();
          middle.end();
        });
        root.end();
      },
    );
    const receiver = await under.finish();
    expect(treeOf(receiver)).toEqual(["root(leaf)"]);
    expect(receiver.one("root").id).toBe("0198c5f0-7b1e-7abc-8def-0123456789ab");
    expect(receiver.one("leaf").extra.metadata["copied"]).toBe(true);
  });

  it("are assembled all the same where no processor has seen them, by two exporters", async () => {
    const [one, two] = [await startExporter(), await startExporter({ projectName: "second" })];
    const { genai } = startRecorder([handsOn(make, one), handsOn(make, two)]);
    genai.startActiveSpan("root", (root) => {
      genai.startSpan("child").end();
      root.end();
    });
    expect(treeOf(await one.finish())).toEqual(["root(child)"]);
    expect(treeOf(await two.finish())).toEqual(["root(child)"]);
  });

  it("keep what traceable left beside the span", async () => {
    const under = await startExporter();
    const { provider } = startRecorder([new RunIdentityProcessor({ projectName: "test" }), handsOn(make, under)]);
    trace.setGlobalTracerProvider(provider);
    await traceable(async (question: string) => `about ${question}`, { name: "answer" })("cats");
    trace.disable();
    const run = (await under.finish()).one("answer");
    expect(JSON.stringify([run.inputs, run.outputs])).toMatch(/cats.*about cats/);
  });
});

/** Every run of the second receiver is the first's, remapped by the project. */
function expectRemapped(first: Receiver, second: Receiver, project: string): void {
  expect(treeOf(second)).toEqual(treeOf(first));
  for (const run of first.runs.values()) {
    const other = second.runs.get(replicaRunId(run.id, project));
    expect(other).toMatchObject({ name: run.name, session_name: project, extra: { metadata: run.extra.metadata } });
    expect(other?.tags).toEqual(run.tags);
    expect(other?.id).toBe(computeRunIdForSecondaryReplica(run.id, project));
    expect(other?.trace_id).toBe(computeRunIdForSecondaryReplica(run.trace_id, project));
  }
}

describe("the exporter twice in one process, with different projects", () => {
  it("sends both the same trees; the second remaps its ids", async () => {
    const first = await startExporter({ projectName: "first" });
    const second = await startExporter({ projectName: "second" });
    const { genai, tracer, ended } = startRecorder();
    genai.startActiveSpan("root", (root) => {
      tracer.startActiveSpan("step", (step) => {
        genai.startSpan("chat", model).end();
        step.end();
      });
      root.end();
    });
    first.export(ended);
    second.export([...ended].reverse());
    expectRemapped(await first.finish(), await second.finish(), "second");
  });

  it("each by its own filter", async () => {
    const first = await startExporter({ spans: ({ name }) => name !== "step" });
    const second = await startExporter({ projectName: "second", spans: ({ name }) => name !== "root" });
    const { genai, tracer, ended } = startRecorder();
    genai.startActiveSpan("root", (root) => {
      tracer.startActiveSpan("step", (step) => {
        genai.startSpan("chat").end();
        step.end();
      });
      root.end();
    });
    for (const under of [first, second]) under.export(ended);
    expect(treeOf(await first.finish())).toEqual(["root(chat)"]);
    expect(treeOf(await second.finish())).toEqual(["step(chat)"]);
  });

  it("both behind batches, over more spans than are remembered", async () => {
    const first = await startExporter({ projectName: "first" });
    const second = await startExporter({ projectName: "second" });
    const { genai, ended } = startRecorder();
    genai.startActiveSpan("root", (root) => {
      for (let at = 0; at < 2_500; at += 1) {
        genai.startActiveSpan(`step ${at}`, (step) => {
          genai.startSpan(`leaf ${at}`).end();
          step.end();
        });
      }
      root.end();
    });
    for (const under of [first, second]) under.export(ended);
    const receivers = [await first.finish(), await second.finish()];
    for (const { runs } of receivers) {
      expect(runs.size).toBe(5_001);
      const missing = [...runs.values()].filter((run) => run.extra.metadata.OTEL_MISSING_PARENT_SPAN_ID);
      expect(missing).toEqual([]);
    }
  }, 60_000);
});

describe("a processor and an exporter in one process", () => {
  it("the processor keeps the ids, the exporter remaps them; remote parents, inherited metadata and custom ids are the processor's", async () => {
    let under: TestExporter | undefined;
    const bridge = await startBridge({
      beside: [
        {
          onStart: () => {},
          onEnd: (span) => under?.export([span]),
          forceFlush: async () => {},
          shutdown: async () => {},
        },
      ],
    });
    under = await startExporter({ projectName: "second" });
    propagation.setGlobalPropagator(new LangSmithPropagator());
    const caller = bridge.genai.startSpan("caller");
    const headers: Record<string, string> = {};
    propagation.inject(trace.setSpan(ROOT_CONTEXT, caller), headers);
    expect(headers["langsmith-trace"]).toBeDefined();
    const inbound = propagation.extract(ROOT_CONTEXT, headers);
    tracingContext({ metadata: { customer: "c-1" }, tags: ["prod"] }, () =>
      bridge.genai.startActiveSpan("handler", {}, inbound, (handler) => {
        bridge.tracer.startSpan("chat", model).end();
        handler.end();
      }),
    );
    context.with(ROOT_CONTEXT, () => caller.end());
    await bridge.provider.forceFlush();
    const first = await bridge.finish();
    const second = await under.finish();
    expect(treeOf(first)).toEqual(["caller(handler(chat))"]);
    expectRemapped(first, second, "test");
  });

  it("a run that was sent long before the exporter's batch says the same there: content and log records too", async () => {
    const under = await startExporter({ projectName: "second" });
    const batch = new BatchSpanProcessor(under.exporter, { scheduledDelayMillis: 3_600_000 });
    const bridge = await startBridge({ beside: [batch] });
    bridge.tracer.startActiveSpan("chat", model, (span) => {
      new LangSmithLogRecordProcessor().onEmit({
        hrTime: [1, 0],
        spanContext: span.spanContext(),
        eventName: "gen_ai.user.message",
        body: { content: "Rain in Oslo?" },
      });
      span.end();
    });
    await traceable(async (question: string) => `about ${question}`, { name: "answer" })("cats");
    await bridge.processor.forceFlush();
    expect(bridge.receiver.runs.size).toBe(2);
    await batch.forceFlush();
    const first = await bridge.finish();
    const second = await under.finish();
    for (const name of ["chat", "answer"]) {
      expect(second.one(name).inputs).toEqual(first.one(name).inputs);
      expect(second.one(name).outputs).toEqual(first.one(name).outputs);
    }
    expect(JSON.stringify(second.one("chat").inputs)).toContain("Rain in Oslo?");
  });
});

describe("behind a RunIdentityProcessor", () => {
  it("spans are sent at once, without waiting for their root", async () => {
    const under = await startExporter();
    const { genai } = startRecorder([
      new RunIdentityProcessor({ projectName: "test" }),
      new SimpleSpanProcessor(under.exporter),
    ]);
    await genai.startActiveSpan("root", async (root) => {
      genai.startSpan("child").end();
      await under.exporter.forceFlush();
      expect(under.receiver.byName("child")).toHaveLength(1);
      root.end();
    });
    expect(treeOf(await under.finish())).toEqual(["root(child)"]);
  });

  it("its spans, traces and projectName count, not the exporter's", async () => {
    const under = await startExporter({ spans: "application", traces: "genai", projectName: "exporter's" });
    const identity = new RunIdentityProcessor({ spans: "all", traces: "all", projectName: "identity's" });
    const { provider } = startRecorder([identity, new SimpleSpanProcessor(under.exporter)]);
    provider.getTracer("@opentelemetry/instrumentation-http").startActiveSpan("GET", (root) => {
      provider.getTracer("@opentelemetry/instrumentation-net").startSpan("connect").end();
      root.end();
    });
    const receiver = await under.finish();
    expect(treeOf(receiver)).toEqual(["GET(connect)"]);
    expect(receiver.one("GET").session_name).toBe("identity's");
  });

  it("held traces stay held, and are sent whole when a GenAI span shows itself", async () => {
    const under = await startExporter();
    const { tracer } = startRecorder([new RunIdentityProcessor(), new SimpleSpanProcessor(under.exporter)]);
    await tracer.startActiveSpan("handler", async (handler) => {
      tracer.startSpan("step").end();
      await under.exporter.forceFlush();
      expect(under.receiver.runs.size).toBe(0);
      tracer.startSpan("chat", model).end();
      handler.end();
    });
    tracer.startSpan("health check").end();
    expect(treeOf(await under.finish())).toEqual(["handler(step, chat)"]);
  });
});
