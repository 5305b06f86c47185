// References: saved, resumed, finished, in this process and from what LangSmith returns.
import { context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { describe, expect, it, vi } from "vitest";
import { endRun } from "../../src/client/end-run.js";
import { createFeedback } from "../../src/client/feedback.js";
import { runIdOf, spanIdOf } from "../../src/identity/run-ids.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import {
  getRunId,
  getRunReference,
  LangSmithPropagator,
  type RunReference,
  setRun,
  withRun,
} from "../../src/propagation/index.js";
import { segmentOf } from "../../src/wire/dotted-order.js";
import { uuid7 } from "../../src/wire/ids.js";
import { startBridge, type TestBridge, treeOf } from "../processor/bridge.js";
import { foreignOrder, idsIn, settle } from "./headers.js";
import { keepWarnings, said } from "./said.js";

keepWarnings();

/** A second processor over the same receiver: another process, as far as the service can tell. */
function resumeWith({ receiver }: TestBridge): LangSmithSpanProcessor {
  return new LangSmithSpanProcessor({ apiUrl: receiver.url, projectName: "another", batchDelayMillis: 1 });
}

describe("taking a reference", () => {
  it("is plain JSON in LangSmith's field names, of the nearest kept run", async () => {
    const bridge = await startBridge();
    let reference: RunReference | undefined;
    let ofSpan: RunReference | undefined;
    bridge.genai.startActiveSpan("agent", (agent) => {
      const http = bridge.provider.getTracer("@opentelemetry/instrumentation-http").startSpan("GET");
      reference = getRunReference(trace.setSpan(context.active(), http));
      ofSpan = getRunReference(agent);
      http.end();
      agent.end();
    });
    const run = (await bridge.finish()).one("agent");
    expect(JSON.parse(JSON.stringify(reference))).toEqual({
      id: run.id,
      trace_id: run.trace_id,
      dotted_order: run.dotted_order,
      session_name: "test",
      name: "agent",
      run_type: run.run_type,
      start_time: run.start_time,
    });
    expect(ofSpan).toEqual(reference);
  });

  it("is of the same shape as asking for the id: a span, a context, or what is active", async () => {
    const bridge = await startBridge();
    const agent = bridge.genai.startSpan("agent");
    const inside = trace.setSpan(ROOT_CONTEXT, agent);
    const ask = [
      () => [getRunReference(agent)?.id, getRunId(agent)],
      () => [getRunReference(inside)?.id, getRunId(inside)],
    ];
    const answers = [...ask, () => context.with(inside, () => [getRunReference()?.id, getRunId()])].map((one) => one());
    const reference = getRunReference(agent);
    const resumed = setRun(ROOT_CONTEXT, reference);
    expect([getRunReference(resumed)?.id, getRunId(resumed)]).toEqual([reference?.id, reference?.id]);
    expect([getRunReference(ROOT_CONTEXT), getRunId(ROOT_CONTEXT)]).toEqual([undefined, undefined]);
    agent.end();
    const { id } = (await bridge.finish()).one("agent");
    expect(answers).toEqual([
      [id, id],
      [id, id],
      [id, id],
    ]);
  });

  it("opens a held trace and posts the run and its unsent ancestors at once, and nothing else of it", async () => {
    const bridge = await startBridge({ pendingAfterMillis: Number.POSITIVE_INFINITY });
    const handler = bridge.tracer.startSpan("handler");
    const inHandler = trace.setSpan(ROOT_CONTEXT, handler);
    const step = bridge.tracer.startSpan("step", {}, inHandler);
    bridge.tracer.startSpan("beside", {}, inHandler);
    expect(getRunReference(trace.setSpan(inHandler, step))).toMatchObject({ name: "step" });
    await bridge.processor.forceFlush();
    const sent = bridge.receiver.operations.map(({ kind, run }) => `${kind} ${run.name} ${run.end_time ?? "pending"}`);
    expect(sent.sort()).toEqual(["post handler pending", "post step pending"]);
    step.end();
    handler.end();
    await settle(bridge);
  });

  it("gives nothing where nothing is traced, and nothing of a trace that was sampled out", async () => {
    const bridge = await startBridge({ samplingRate: 0 });
    expect(getRunReference()).toBeUndefined();
    bridge.genai.startActiveSpan("agent", (agent) => {
      expect(getRunReference()).toBeUndefined();
      agent.end();
    });
    await bridge.finish();
  });

  it("gives the set run back where no local span stands between", async () => {
    const bridge = await startBridge();
    const saved = { id: "", dotted_order: foreignOrder(2), name: "job", run_type: "tool", session_name: "elsewhere" };
    const reference = { ...saved, id: idsIn(saved.dotted_order)[1] ?? "" };
    expect(getRunReference(setRun(ROOT_CONTEXT, reference))).toMatchObject(reference);
    await bridge.finish();
  });

  it("leaves the run pending at shutdown, so that endRun is its one patch", async () => {
    const bridge = await startBridge();
    const job = bridge.genai.startSpan("job", { attributes: { "gen_ai.operation.name": "invoke_agent" } });
    const inJob = trace.setSpan(ROOT_CONTEXT, job);
    bridge.genai.startSpan("step 1", {}, inJob).end();
    const reference = JSON.parse(JSON.stringify(getRunReference(job)));
    await settle(bridge);
    expect(bridge.receiver.one("job").end_time).toBeUndefined();
    const posted = bridge.receiver.one("job");

    const later = resumeWith(bridge);
    bridge.provider.getTracer("unused");
    await endRun(reference, { outputs: { answer: 42 } });
    await later.forceFlush();
    await later.shutdown();
    const ofJob = bridge.receiver.operations.filter(({ id }) => id === reference.id);
    expect(ofJob.map(({ kind }) => kind)).toEqual(["post", "patch"]);
    const run = bridge.receiver.one("job");
    expect(run).toMatchObject({ outputs: { answer: 42 }, session_name: "test" });
    expect(run.end_time).toBeDefined();
    expect(run.extra).toEqual(posted.extra);
  });
});

describe("setting a run", () => {
  const order = foreignOrder(2);
  const [traceId, runId] = idsIn(order);

  it("hangs what starts inside under it: from a reference, a run, a RunTree, an order, a node", async () => {
    const bridge = await startBridge();
    const whole = {
      id: runId,
      trace_id: traceId,
      dotted_order: order,
      session_name: "theirs",
      name: "x",
      run_type: "chain",
    };
    withRun(JSON.parse(JSON.stringify(whole)), () => bridge.tracer.startSpan("reference").end());
    withRun(order, () => bridge.tracer.startSpan("order").end());
    withRun({ ...whole, session_name: undefined, project_name: "tree" } as never, () =>
      bridge.tracer.startSpan("tree").end(),
    );
    withRun({ ...whole, extra: { metadata: { thread_id: "t", tier: 1 } } } as never, () =>
      bridge.tracer.startSpan("returned").end(),
    );
    const at = await settle(bridge);
    for (const name of ["reference", "order", "tree", "returned"]) {
      expect(at.one(name)).toMatchObject({ parent_run_id: runId, trace_id: traceId });
    }
    expect(["reference", "order", "tree"].map((name) => at.one(name).session_name)).toEqual(["theirs", "test", "tree"]);
    expect(at.one("returned").extra.metadata.thread_id).toBe("t");
    expect(at.one("returned").extra.metadata).not.toHaveProperty("tier");
  });

  it("hangs what starts inside under it whether or not the run is still open", async () => {
    const bridge = await startBridge();
    const agent = bridge.genai.startSpan("agent");
    const reference = getRunReference(agent);
    withRun(reference, () => bridge.genai.startSpan("while open").end());
    agent.end();
    withRun(reference, () => bridge.genai.startSpan("after its end").end());
    const at = await bridge.finish();
    expect(treeOf(at)).toEqual(["agent(while open, after its end)"]);
  });

  it("keeps the order of children that start in one millisecond under one reference, taken again and again", async () => {
    const bridge = await startBridge();
    const agent = bridge.genai.startSpan("agent");
    const reference = getRunReference(agent);
    const names = Array.from({ length: 30 }, (_, n) => `child ${n}`);
    const copy = () => JSON.parse(JSON.stringify(reference));
    for (const name of names) withRun(copy(), () => bridge.genai.startSpan(name).end());
    agent.end();
    expect(treeOf(await bridge.finish())).toEqual([`agent(${names.join(", ")})`]);
  });

  it("obeys the inbound rules where headers are given", async () => {
    const bridge = await startBridge();
    const headers = { "LangSmith-Trace": order, Baggage: "langsmith-project=theirs" };
    new LangSmithPropagator({ inbound: { project: ["theirs"] } });
    withRun(headers, () => bridge.tracer.startSpan("accepted").end());
    withRun(new Headers(headers), () => bridge.tracer.startSpan("from Headers").end());
    new LangSmithPropagator();
    withRun(headers, () => bridge.genai.startSpan("refused").end());
    new LangSmithPropagator({ inbound: { trace: false } });
    withRun({ "langsmith-trace": order }, () => bridge.genai.startSpan("off").end());
    withRun({ accept: "*/*" }, () => bridge.genai.startSpan("no header").end());
    new LangSmithPropagator();
    const at = await settle(bridge);
    expect(at.one("accepted")).toMatchObject({ parent_run_id: runId, session_name: "theirs" });
    expect(at.one("from Headers")).toMatchObject({ parent_run_id: runId, session_name: "theirs" });
    for (const name of ["refused", "off", "no header"]) expect(at.one(name).parent_run_id).toBeUndefined();
  });

  it("is an error that names findRun for a bare id", () => {
    const id = uuid7();
    for (const given of [id, { id }]) {
      expect(() => setRun(ROOT_CONTEXT, given)).toThrow(expect.objectContaining({ code: "LSB_ERR_RUN_ID" }));
      expect(() => setRun(ROOT_CONTEXT, given)).toThrow(`findRun("${id}")`);
    }
    expect(() => setRun(ROOT_CONTEXT, 3 as never)).toThrow("LSB_ERR_RUN_REFERENCE");
  });

  it("leaves the context as it is where nothing was saved, and warns where what was saved is broken or far ahead", async () => {
    const inner = ROOT_CONTEXT;
    expect(setRun(inner, undefined)).toBe(inner);
    expect(setRun(inner, null)).toBe(inner);
    expect(await said("LSB_WARN_REFERENCE")).toEqual([]);
    for (const broken of ["20240231T", `${order}x`, { id: uuid7(), dotted_order: order }, { dotted_order: "x" }]) {
      expect(setRun(inner, broken)).toBe(inner);
    }
    expect(await said("LSB_WARN_REFERENCE")).toHaveLength(1);
    expect(setRun(inner, segmentOf((Date.now() + 400_000) * 1000, uuid7()))).toBe(inner);
    expect(await said("LSB_WARN_REFERENCE_AHEAD")).toHaveLength(1);
  });
});

describe("ending a run", () => {
  const order = foreignOrder(2);
  const reference = (): RunReference => ({
    id: idsIn(order)[1] ?? "",
    trace_id: idsIn(order)[0] ?? "",
    dotted_order: order,
    session_name: "theirs",
    name: "job",
    run_type: "chain",
    start_time: new Date(Date.now() - 5000).toISOString(),
  });

  it("patches outputs or an error, at a time that is never before its start", async () => {
    const bridge = await startBridge();
    await endRun(reference(), { error: new TypeError("lost"), endTime: 0, outputs: [1] });
    await bridge.processor.shutdown();
    const [operation, ...more] = bridge.receiver.operations;
    expect(more).toEqual([]);
    expect(operation).toMatchObject({
      kind: "patch",
      run: { name: "job", session_name: "theirs", outputs: { output: [1] } },
    });
    expect(operation?.run.error).toMatch(/^TypeError: lost\n/);
    expect(operation?.run.end_time).toBe(operation?.run.start_time);
    expect(operation?.run).not.toHaveProperty("extra");
    expect(operation?.run).not.toHaveProperty("inputs");
  });

  it("says an error of any kind, and that an endTime is none", async () => {
    const emitWarning = vi.spyOn(process, "emitWarning").mockReturnValue();
    const bridge = await startBridge();
    const before = Date.now();
    await endRun(reference(), { error: { status: 429, toString: () => "too many" }, endTime: "soon" });
    await bridge.processor.shutdown();
    const [operation] = bridge.receiver.operations;
    expect(operation?.run.error).toBe("too many");
    expect(Date.parse(String(operation?.run.end_time))).toBeGreaterThanOrEqual(before);
    expect(String(emitWarning.mock.calls)).toContain("endTime soon");
    emitWarning.mockRestore();
  });

  it("posts the run whole where its post is known never to have arrived", async () => {
    const bridge = await startBridge();
    await endRun(reference(), { complete: true, inputs: { q: 1 }, outputs: { a: 2 }, endTime: "2030-01-01T00:00:00Z" });
    await bridge.processor.shutdown();
    expect(bridge.receiver.problems).toEqual([]);
    expect(bridge.receiver.operations).toMatchObject([
      {
        kind: "post",
        run: { name: "job", inputs: { q: 1 }, outputs: { a: 2 }, end_time: "2030-01-01T00:00:00.000000Z" },
      },
    ]);
  });

  it("is refused for a span that is open in this process, for what is no run, and without a processor", async () => {
    const bridge = await startBridge();
    const agent = bridge.genai.startSpan("agent");
    await expect(endRun(getRunReference(agent) ?? "")).rejects.toMatchObject({ code: "LSB_ERR_RUN_OPEN" });
    agent.end();
    await expect(endRun("hello")).rejects.toMatchObject({ code: "LSB_ERR_RUN_REFERENCE" });
    await settle(bridge);
    await expect(endRun(reference())).rejects.toMatchObject({ code: "LSB_ERR_NO_BRIDGE" });
  });
});

describe("ids both ways", () => {
  it("leads from a run id to its span, and is undefined for custom ids", async () => {
    const bridge = await startBridge();
    const agent = bridge.genai.startSpan("agent");
    const id = getRunReference(agent)?.id ?? "";
    expect(id).toBe(runIdOf(agent.spanContext(), (agent as unknown as { startTime: [number, number] }).startTime));
    expect(spanIdOf(id)).toBe(agent.spanContext().spanId);
    const custom = uuid7();
    const other = bridge.genai.startSpan("custom", { attributes: { "langsmith.span.id": custom } });
    expect(getRunReference(other)?.id).toBe(custom);
    expect(spanIdOf(custom)).toBeUndefined();
    expect(spanIdOf("00000000-0000-4000-8000-000000000000")).toBeUndefined();
    agent.end();
    other.end();
    await bridge.finish();
  });
});

describe("feedback", () => {
  it("is refused for what is no run id before anything is asked", async () => {
    await expect(createFeedback({ runId: "x", key: "k" })).rejects.toMatchObject({ code: "LSB_ERR_RUN_ID" });
  });
});
