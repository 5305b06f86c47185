// Two processors in one process, and several destinations of one: each its own nodes, one of them the run ids.
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { computeRunIdForSecondaryReplica } from "langsmith";
import { describe, expect, it, onTestFinished } from "vitest";
import { runIdOf } from "../../src/identity/run-ids.js";
import type { LangSmithOptions } from "../../src/options/options.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { getRunId } from "../../src/propagation/index.js";
import { orphansOf, type Receiver, startReceiver } from "../receiver.js";
import { startBridge, type TestBridge, treeOf } from "./bridge.js";

const model = { attributes: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" } };

interface Two {
  readonly bridge: TestBridge;
  readonly beside: LangSmithSpanProcessor;
  finish(): Promise<{ first: Receiver; second: Receiver }>;
}

/** A processor of project `test`, and one beside it of project `second`. */
async function startTwo(first: LangSmithOptions, second: LangSmithOptions): Promise<Two> {
  const other = await startReceiver();
  onTestFinished(() => other.close());
  // The provider tells processors in the order in which it has them, but `beside` must be made second.
  let beside: LangSmithSpanProcessor | undefined;
  const bridge = await startBridge({
    ...first,
    beside: [
      {
        onStart: (span, context) => beside?.onStart(span, context),
        onEnd: (span) => beside?.onEnd(span),
        forceFlush: async () => beside?.forceFlush(),
        shutdown: async () => beside?.shutdown(),
      },
    ],
  });
  beside = new LangSmithSpanProcessor({ apiUrl: other.url, projectName: "second", batchDelayMillis: 1, ...second });
  const processor = beside;
  return {
    bridge,
    beside: processor,
    async finish() {
      await Promise.all([bridge.finish(), processor.shutdown()]);
      expect(other.problems).toEqual([]);
      expect(orphansOf(other.runs.values())).toEqual([]);
      expect(processor.stats()).toMatchObject({ faults: 0, open: 0, waiting: 0, lost: {} });
      return { first: bridge.receiver, second: other };
    },
  };
}

function traceOnce(bridge: TestBridge): void {
  bridge.tracer.startActiveSpan("root", (root) => {
    bridge.tracer.startActiveSpan("step", (step) => {
      bridge.tracer.startSpan("chat", model).end();
      step.end();
    });
    root.end();
  });
}

describe("where two processors stand in one process", () => {
  it("each has its own nodes: two filters make two trees of one trace, in two projects", async () => {
    const { bridge, finish } = await startTwo(
      { spans: ({ name }) => name !== "step" },
      { spans: ({ name }) => name !== "root" },
    );
    traceOnce(bridge);
    const { first, second } = await finish();
    expect(treeOf(first)).toEqual(["root(chat)"]);
    expect(treeOf(second)).toEqual(["step(chat)"]);
    expect(new Set([...first.runs.values()].map((run) => run.session_name))).toEqual(new Set(["test"]));
    expect(new Set([...second.runs.values()].map((run) => run.session_name))).toEqual(new Set(["second"]));
  });

  it("the first keeps the ids, the second remaps all of them by its project as the langsmith SDK does", async () => {
    const { bridge, finish } = await startTwo({}, {});
    traceOnce(bridge);
    const { first, second } = await finish();
    expect(treeOf(second)).toEqual(treeOf(first));
    for (const name of ["root", "step", "chat"]) {
      const [kept, remapped] = [first.one(name), second.one(name)];
      const { OTEL_TRACE_ID: traceId, OTEL_SPAN_ID: spanId } = kept.extra.metadata;
      const millis = Date.parse(kept.start_time);
      const start: [number, number] = [Math.floor(millis / 1000), (millis % 1000) * 1e6];
      expect(kept.id).toBe(runIdOf({ traceId: String(traceId), spanId: String(spanId) }, start));
      const of = (id: string) => computeRunIdForSecondaryReplica(id, "second");
      expect(remapped.id).toBe(of(kept.id));
      expect(remapped.trace_id).toBe(of(kept.trace_id));
      expect(remapped.parent_run_id).toBe(kept.parent_run_id && of(kept.parent_run_id));
      const segments = kept.dotted_order.split(".").map((segment) => segment.slice(0, -36) + of(segment.slice(-36)));
      expect(remapped.dotted_order).toBe(segments.join("."));
    }
  });

  it("the one marked primary keeps the ids, wherever it stands", async () => {
    const { bridge, finish } = await startTwo({}, { primary: true });
    traceOnce(bridge);
    const { first, second } = await finish();
    expect(first.one("root").id).toBe(computeRunIdForSecondaryReplica(second.one("root").id, "test"));
  });

  it("pending posts and their patches carry the remapped id alike", async () => {
    const { bridge, beside, finish } = await startTwo({}, { pendingAfterMillis: 0 });
    const span = bridge.genai.startSpan("long");
    await beside.forceFlush();
    span.end();
    const { first, second } = await finish();
    expect(second.operations.map(({ kind }) => kind)).toEqual(["post", "patch"]);
    expect(second.one("long").id).toBe(computeRunIdForSecondaryReplica(first.one("long").id, "second"));
  });

  it("what asks for the current run speaks of the primary", async () => {
    const { bridge, finish } = await startTwo({}, { primary: true, spans: ({ name }) => name !== "step" });
    const ids = new Map<string, string | undefined>();
    bridge.genai.startActiveSpan("root", (root) => {
      bridge.tracer.startActiveSpan("step", (step) => {
        ids.set("step", getRunId());
        step.end();
      });
      root.end();
    });
    const { second } = await finish();
    expect(ids.get("step")).toBe(second.one("root").id);
  });

  it("one that is shut down or held leaves the other alone", async () => {
    const { bridge, beside, finish } = await startTwo({ traces: "all" }, {});
    bridge.tracer.startSpan("plain").end();
    await beside.shutdown();
    traceOnce(bridge);
    const { first, second } = await finish();
    expect(treeOf(first)).toEqual(["plain", "root(step(chat))"]);
    expect(second.runs.size).toBe(0);
    expect(beside.stats().droppedTraces).toEqual({ noGenAi: 1, bounds: 0 });
  });
});

describe("replicas", () => {
  async function receivers(count: number): Promise<Receiver[]> {
    const started: Receiver[] = [];
    for (let at = 0; at < count; at += 1) {
      const receiver = await startReceiver();
      onTestFinished(() => receiver.close());
      started.push(receiver);
    }
    return started;
  }

  it("get every run: the first keeps the ids, every other one has them remapped by its project", async () => {
    const [one, two, three] = (await receivers(3)) as [Receiver, Receiver, Receiver];
    const bridge = await startBridge({
      replicas: [
        { apiUrl: one.url, project: "one", apiKey: "key-1" },
        { apiUrl: two.url, project: "two", apiKey: "key-2", workspaceId: "w-2" },
        { apiUrl: three.url, apiKey: "key-3", updates: { tags: ["copy"], id: "not for a replica to change" } },
      ],
    });
    traceOnce(bridge);
    await bridge.finish();
    expect(bridge.receiver.runs.size).toBe(0);
    for (const receiver of [one, two, three]) {
      expect(receiver.problems).toEqual([]);
      expect(treeOf(receiver)).toEqual(["root(step(chat))"]);
    }
    const { id } = one.one("chat");
    expect(one.one("chat").session_name).toBe("one");
    expect(two.one("chat")).toMatchObject({ id: computeRunIdForSecondaryReplica(id, "two"), session_name: "two" });
    expect(three.one("chat")).toMatchObject({
      id: computeRunIdForSecondaryReplica(id, "test"),
      session_name: "test",
      tags: ["copy"],
    });
    expect(one.headers[0]?.["x-api-key"]).toBe("key-1");
    expect(two.headers[0]).toMatchObject({ "x-api-key": "key-2", "x-tenant-id": "w-2" });
  });

  it("the one marked primary keeps the ids", async () => {
    const [one, two] = (await receivers(2)) as [Receiver, Receiver];
    const bridge = await startBridge({
      replicas: [
        { apiUrl: one.url, project: "one" },
        { apiUrl: two.url, project: "two", primary: true },
      ],
    });
    const span = bridge.genai.startSpan("chat", model);
    const runId = getRunId(span);
    span.end();
    await bridge.finish();
    expect(two.one("chat").id).toBe(runId);
    expect(one.one("chat").id).toBe(computeRunIdForSecondaryReplica(String(runId), "one"));
  });

  it("one that is away does not keep runs from the others", async () => {
    const [one] = (await receivers(1)) as [Receiver];
    const bridge = await startBridge({
      replicas: [
        { apiUrl: "http://127.0.0.1:1", project: "away" },
        { apiUrl: one.url, project: "here" },
      ],
      shutdownTimeoutMillis: 1_000,
    });
    traceOnce(bridge);
    await bridge.processor.shutdown();
    expect(treeOf(one)).toEqual(["root(step(chat))"]);
    expect(bridge.processor.stats().lost).toEqual({ shutdown: 3 });
  });

  it("come from LANGSMITH_RUNS_ENDPOINTS where no option names them", async () => {
    const [one] = (await receivers(1)) as [Receiver];
    process.env["LANGSMITH_RUNS_ENDPOINTS"] = JSON.stringify([
      { api_url: one.url, api_key: "key-1", project_name: "from the environment" },
    ]);
    onTestFinished(() => {
      delete process.env["LANGSMITH_RUNS_ENDPOINTS"];
    });
    const bridge = await startBridge();
    traceOnce(bridge);
    await bridge.finish();
    expect(one.one("chat").session_name).toBe("from the environment");
  });
});

describe("keys of replicas", () => {
  it("go to the host they were given for, and to no other", async () => {
    const receivers = await Promise.all([startReceiver(), startReceiver()]);
    const [own, other] = receivers;
    if (!own || !other) throw new Error("no receivers");
    onTestFinished(async () => {
      for (const receiver of receivers) await receiver.close();
    });
    const processor = new LangSmithSpanProcessor({
      apiUrl: own.url,
      apiKey: "own-key",
      traces: "all",
      batchDelayMillis: 1,
      replicas: [{}, { apiUrl: other.url, project: "elsewhere" }],
    });
    const provider = new BasicTracerProvider({ spanProcessors: [processor] });
    provider.getTracer("app").startSpan("run").end();
    await provider.shutdown();
    expect(own.headers.map((headers) => headers["x-api-key"])).toContain("own-key");
    expect(other.headers.map((headers) => headers["x-api-key"])).not.toContain("own-key");
    expect(other.one("run").session_name).toBe("elsewhere");
  });
});
