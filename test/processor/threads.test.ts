// A trace is in a thread when a run of it names one: which runs carry its key, and which of several keys it is.
import { context, type Span, trace } from "@opentelemetry/api";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, it } from "vitest";
import { traceable } from "../../src/authoring/index.js";
import { LangSmithSpanExporter } from "../../src/exporter/index.js";
import { defaultVocabularies, type Vocabulary } from "../../src/mapping/index.js";
import { tracingContext } from "../../src/propagation/index.js";
import { threadOf } from "../../src/wire/thread.js";
import type { Receiver } from "../receiver.js";
import { startReceiver } from "../receiver.js";
import { startBridge, type TestBridge } from "./bridge.js";

/** The thread of each run by its name, as LangSmith reads it. */
function threadsOf(receiver: Receiver): Record<string, string | undefined> {
  return Object.fromEntries([...receiver.runs.values()].map((run) => [run.name, threadOf(run.extra.metadata)]));
}

const acme: Vocabulary = {
  name: "acme",
  markers: ["acme.chat"],
  rules: [
    { keys: ["acme.chat"], to: "thread_id", as: (value) => (typeof value === "string" ? `acme-${value}` : undefined) },
  ],
};

const chat = { "gen_ai.operation.name": "chat" };

/** A root, a step in it that does something, and a second step after that. */
async function around(bridge: TestBridge, something: (step: Span) => unknown): Promise<void> {
  await bridge.tracer.startActiveSpan("root", async (root) => {
    await bridge.tracer.startActiveSpan("step", async (step) => {
      await something(step);
      step.end();
    });
    bridge.tracer.startSpan("after").end();
    root.end();
  });
}

describe("a thread that is named on a child only", () => {
  it.each<[string, (bridge: TestBridge) => unknown]>([
    [
      "gen_ai.conversation.id",
      ({ tracer }) => tracer.startSpan("child", { attributes: { ...chat, "gen_ai.conversation.id": "T" } }).end(),
    ],
    [
      "the AI SDK's metadata",
      ({ tracer }) =>
        tracer
          .startSpan("child", {
            attributes: { "ai.operationId": "ai.generateText", "ai.telemetry.metadata.threadId": "T" },
          })
          .end(),
    ],
    [
      "a Langfuse session",
      ({ tracer }) =>
        tracer
          .startSpan("child", { attributes: { "langfuse.observation.type": "generation", "langfuse.session.id": "T" } })
          .end(),
    ],
    [
      "LangSmith's metadata",
      ({ tracer }) =>
        tracer.startSpan("child", { attributes: { ...chat, "langsmith.metadata.session_id": "T" } }).end(),
    ],
    [
      "an attribute set at its end",
      ({ tracer }) => tracer.startSpan("child", { attributes: chat }).setAttribute("session.id", "T").end(),
    ],
    [
      "OpenInference's metadata, which is JSON",
      ({ tracer }) =>
        tracer.startSpan("child", { attributes: { ...chat, metadata: JSON.stringify({ session_id: "T" }) } }).end(),
    ],
    [
      "Langfuse's metadata, which is JSON",
      ({ tracer }) =>
        tracer
          .startSpan("child", { attributes: { ...chat, "langfuse.trace.metadata": JSON.stringify({ threadId: "T" }) } })
          .end(),
    ],
    ["a traceable's metadata", () => traceable(async () => 1, { name: "child", metadata: { thread_id: "T" } })()],
    [
      "tracingContext",
      ({ tracer }) => tracingContext({ threadId: "T" }, () => tracer.startSpan("child", { attributes: chat }).end()),
    ],
  ])("is on the root and on the runs between and after: %s", async (_, name) => {
    const bridge = await startBridge();
    await around(bridge, () => name(bridge));
    expect(threadsOf(await bridge.finish())).toEqual({ root: "T", step: "T", child: "T", after: "T" });
  });

  it("is on the root by a vocabulary of the user's own, and inherited by the runs below the child", async () => {
    const bridge = await startBridge({ mapping: { vocabularies: [acme, ...defaultVocabularies] } });
    await around(bridge, () =>
      bridge.tracer.startActiveSpan("child", { attributes: { "acme.chat": "T" } }, (child) => {
        bridge.tracer.startSpan("below").end();
        child.end();
      }),
    );
    const thread = "acme-T";
    expect(threadsOf(await bridge.finish())).toEqual({
      root: thread,
      step: thread,
      child: thread,
      below: thread,
      after: thread,
    });
  });

  it.each([
    ["metadata", { session_id: "T" }],
    ["langfuse.observation.metadata", { conversationId: "T" }],
  ])("is inherited by the runs below the child, where %s is JSON", async (key, metadata) => {
    const bridge = await startBridge();
    await bridge.tracer.startActiveSpan(
      "child",
      { attributes: { ...chat, [key]: JSON.stringify(metadata) } },
      (child) => {
        bridge.tracer.startSpan("below").end();
        child.end();
      },
    );
    expect(threadsOf(await bridge.finish())).toEqual({ child: "T", below: "T" });
  });

  it("is on a root that ends right before the child", async () => {
    const bridge = await startBridge();
    const root = bridge.tracer.startSpan("root");
    const child = bridge.tracer.startSpan("child", { attributes: chat }, trace.setSpan(context.active(), root));
    root.end();
    child.setAttribute("gen_ai.conversation.id", "T").end();
    expect(threadsOf(await bridge.finish())).toEqual({ root: "T", child: "T" });
  });

  it.each(["gen_ai.conversation.id", "session.id", "langsmith.metadata.thread_id"])(
    "is none where %s is blank",
    async (key) => {
      const bridge = await startBridge();
      await bridge.tracer.startActiveSpan("root", async (root) => {
        bridge.tracer.startSpan("blank", { attributes: { ...chat, [key]: "  " } }).end();
        bridge.tracer.startSpan("child", { attributes: { ...chat, [key]: "T" } }).end();
        root.end();
      });
      expect(threadsOf(await bridge.finish())).toEqual({ root: "T", blank: "T", child: "T" });
    },
  );

  it("comes with the patch of a root that was posted before it was known", async () => {
    const bridge = await startBridge({ traces: "all" });
    await bridge.tracer.startActiveSpan("root", async (root) => {
      await bridge.processor.forceFlush();
      expect(bridge.receiver.one("root").extra.metadata["thread_id"]).toBeUndefined();
      bridge.tracer.startSpan("child", { attributes: { ...chat, "gen_ai.conversation.id": "T" } }).end();
      root.end();
    });
    expect(threadsOf(await bridge.finish())).toEqual({ root: "T", child: "T" });
  });

  it("is on a root that ends while the child is still open", async () => {
    const bridge = await startBridge();
    const root = bridge.tracer.startSpan("root");
    const child = bridge.tracer.startSpan("child", { attributes: chat }, trace.setSpan(context.active(), root));
    child.setAttribute("gen_ai.conversation.id", "T");
    root.end();
    await bridge.processor.forceFlush();
    expect(bridge.receiver.one("root").extra.metadata["thread_id"]).toBe("T");
    child.end();
    await bridge.finish();
  });

  it("is not on a root that names its own", async () => {
    const bridge = await startBridge();
    await bridge.tracer.startActiveSpan("root", { attributes: { "session.id": "own" } }, async (root) => {
      bridge.tracer.startSpan("child", { attributes: { ...chat, "gen_ai.conversation.id": "T" } }).end();
      root.end();
    });
    expect(threadsOf(await bridge.finish())).toEqual({ root: "own", child: "T" });
  });

  it("is on nobody above children that name different ones: a batch job is in no conversation", async () => {
    const bridge = await startBridge();
    await bridge.tracer.startActiveSpan("job", async (job) => {
      for (const id of ["1", "2"]) {
        await bridge.tracer.startActiveSpan(`item ${id}`, async (item) => {
          bridge.tracer.startSpan(`call ${id}`, { attributes: { ...chat, "gen_ai.conversation.id": id } }).end();
          item.end();
        });
      }
      job.end();
    });
    expect(threadsOf(await bridge.finish())).toEqual({
      job: undefined,
      "item 1": "1",
      "call 1": "1",
      "item 2": "2",
      "call 2": "2",
    });
  });

  it("is on the root of an exporter's trace too", async () => {
    const receiver = await startReceiver();
    const exporter = new LangSmithSpanExporter({ apiUrl: receiver.url, projectName: "test" });
    const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer("app");
    const root = tracer.startSpan("root");
    tracer
      .startSpan(
        "child",
        { attributes: { ...chat, "gen_ai.conversation.id": "T" } },
        trace.setSpan(context.active(), root),
      )
      .end();
    root.end();
    await exporter.shutdown();
    expect(threadsOf(receiver)).toEqual({ root: "T", child: "T" });
    await receiver.close();
  });
});

describe("where a run names several threads", () => {
  it("the key that LangSmith reads wins, below it too, and the others stay under their own names", async () => {
    const bridge = await startBridge();
    const attributes = {
      ...chat,
      "langsmith.metadata.thread_id": "third",
      "langsmith.metadata.conversation_id": "second",
      "langsmith.metadata.session_id": "first",
      "session.id": "an attribute",
    };
    await bridge.tracer.startActiveSpan("root", { attributes }, async (root) => {
      bridge.tracer.startSpan("child", { attributes: chat }).end();
      root.end();
    });
    const receiver = await bridge.finish();
    expect(threadsOf(receiver)).toEqual({ root: "first", child: "first" });
    expect(receiver.one("root").extra.metadata).toMatchObject({
      session_id: "first",
      conversation_id: "second",
      thread_id: "third",
      "session.id": "an attribute",
    });
  });

  it("the most specific attribute wins where none of LangSmith's keys is there", async () => {
    const bridge = await startBridge();
    bridge.tracer
      .startSpan("root", { attributes: { ...chat, "session.id": "s", "gen_ai.conversation.id": "c" } })
      .end();
    const { metadata } = (await bridge.finish()).one("root").extra;
    expect(metadata).toMatchObject({ thread_id: "c", "session.id": "s" });
  });
});
