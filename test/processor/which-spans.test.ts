import { context, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { describe, expect, it, vi } from "vitest";
import { isSampledById } from "../../src/identity/sampling.js";
import type { SpansOption } from "../../src/options/options.js";
import { tracingContext } from "../../src/propagation/index.js";
import { startBridge, type TestBridge, treeOf } from "./bridge.js";

const http = (bridge: TestBridge) => bridge.provider.getTracer("@opentelemetry/instrumentation-http");
const express = (bridge: TestBridge) => bridge.provider.getTracer("@opentelemetry/instrumentation-express");
const model = { attributes: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o" } };

describe("which spans become runs, by default", () => {
  it("keeps the request's span as the root and passes over the infrastructure below it", async () => {
    const bridge = await startBridge();
    http(bridge).startActiveSpan("GET /ask", { kind: SpanKind.SERVER }, (request) => {
      express(bridge).startActiveSpan("middleware", (middleware) => {
        bridge.tracer.startActiveSpan("handler", (handler) => {
          bridge.tracer.startActiveSpan("chat", model, (chat) => {
            http(bridge).startSpan("POST").end();
            chat.end();
          });
          handler.end();
        });
        middleware.end();
      });
      request.end();
    });
    const receiver = await bridge.finish();
    expect(treeOf(receiver)).toEqual(["GET /ask(handler(chat))"]);
    expect(receiver.one("GET /ask").run_type).toBe("chain");
    expect(receiver.one("chat").run_type).toBe("llm");
  });

  it('keeps everything with "all"', async () => {
    const bridge = await startBridge({ spans: "all", traces: "all" });
    http(bridge).startActiveSpan("GET", (request) => {
      express(bridge).startSpan("middleware").end();
      request.end();
    });
    expect(treeOf(await bridge.finish())).toEqual(["GET(middleware)"]);
  });

  it("keeps a span of infrastructure that carries a GenAI attribute at its start", async () => {
    const bridge = await startBridge();
    const aws = bridge.provider.getTracer("@opentelemetry/instrumentation-aws-sdk");
    bridge.genai.startActiveSpan("agent", (agent) => {
      aws.startSpan("S3.GetObject").end();
      aws
        .startSpan("BedrockRuntime.Converse", {
          attributes: { "gen_ai.system": "aws.bedrock", "gen_ai.request.model": "claude" },
        })
        .end();
      agent.end();
    });
    const [tree] = treeOf(await bridge.finish());
    expect(tree).toMatch(/^agent\([^,]*Converse[^,]*\)$/);
  });

  it("lets a function decide from what exists at start, with the default beside it", async () => {
    const seen: [string, string, boolean][] = [];
    const bridge = await startBridge({
      traces: "all",
      spans: (span, byDefault) => {
        seen.push([span.name, span.scope, byDefault]);
        if (span.name === "boom") throw new Error("mine");
        return span.name !== "secret" && byDefault;
      },
    });
    bridge.tracer.startActiveSpan("root", (root) => {
      bridge.tracer.startActiveSpan("secret", (secret) => {
        bridge.tracer.startSpan("inner").end();
        secret.end();
      });
      http(bridge).startSpan("GET").end();
      bridge.tracer.startSpan("boom").end();
      root.end();
    });
    expect(treeOf(await bridge.finish())).toEqual(["root(inner, boom)"]);
    expect(seen).toContainEqual(["GET", "@opentelemetry/instrumentation-http", false]);
    expect(seen).toContainEqual(["secret", "app", true]);
  });
});

describe("which traces are sent, by default", () => {
  it("drops a trace without a GenAI span, counts it, and says so once", async () => {
    const codes: (string | undefined)[] = [];
    const listen = (warning: Error & { code?: string }) => codes.push(warning.code);
    process.on("warning", listen);
    const bridge = await startBridge();
    for (let n = 0; n < 3; n += 1) http(bridge).startActiveSpan("GET /health", (span) => span.end());
    const receiver = await bridge.finish();
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    expect(receiver.runs.size).toBe(0);
    expect(bridge.processor.stats().droppedTraces).toEqual({ noGenAi: 3, bounds: 0 });
    expect(codes.filter((code) => code === "LSB_WARN_TRACE_DROPPED")).toHaveLength(1);
  });

  it("says nothing of a trace that its user switched off, and counts none", async () => {
    const emitWarning = vi.spyOn(process, "emitWarning").mockReturnValue();
    const bridge = await startBridge();
    tracingContext({ enabled: false }, () => bridge.tracer.startActiveSpan("private", (span) => span.end()));
    expect((await bridge.finish()).runs.size).toBe(0);
    expect(bridge.processor.stats().droppedTraces).toEqual({ noGenAi: 0, bounds: 0 });
    expect(emitWarning).not.toHaveBeenCalled();
    emitWarning.mockRestore();
  });

  it('sends every trace with "all"', async () => {
    const bridge = await startBridge({ traces: "all" });
    http(bridge).startActiveSpan("GET /health", (span) => span.end());
    expect(treeOf(await bridge.finish())).toEqual(["GET /health"]);
  });

  it("sends what was held as soon as a span shows itself as GenAI: at start, later, or at its end", async () => {
    const bridge = await startBridge();
    bridge.tracer.startActiveSpan("by attributes at end", (root) => {
      bridge.tracer.startSpan("before").end();
      const chat = bridge.tracer.startSpan("chat");
      chat.setAttributes(model.attributes);
      chat.end();
      root.end();
    });
    bridge.tracer.startActiveSpan("by scope at start", (root) => {
      bridge.genai.startSpan("step").end();
      root.end();
    });
    expect(treeOf(await bridge.finish()).sort()).toEqual([
      "by attributes at end(before, chat)",
      "by scope at start(step)",
    ]);
  });

  it("lets a GenAI span that comes after its trace was dropped root its own", async () => {
    const bridge = await startBridge();
    const request = bridge.tracer.startSpan("request");
    const inside = trace.setSpan(ROOT_CONTEXT, request);
    request.end();
    const agent = bridge.genai.startSpan("late agent", {}, inside);
    bridge.tracer.startSpan("below", {}, trace.setSpan(inside, agent)).end();
    agent.end();
    expect(treeOf(await bridge.finish())).toEqual(["late agent(below)"]);
  });

  it("drops the oldest held trace at the bounds of what is held, and counts it", async () => {
    const bridge = await startBridge({ held: { maxTraces: 2 } });
    const roots = [0, 1, 2].map((n) => bridge.tracer.startSpan(`root ${n}`, {}, ROOT_CONTEXT));
    for (const root of roots) {
      const chat = bridge.tracer.startSpan("chat", model, trace.setSpan(ROOT_CONTEXT, root));
      chat.end();
      root.end();
    }
    const receiver = await bridge.finish();
    expect(treeOf(receiver).sort()).toEqual(["chat", "root 1(chat)", "root 2(chat)"]);
    expect(bridge.processor.stats().droppedTraces.bounds).toBe(1);
  });

  it("bounds what is held in bytes", async () => {
    const bridge = await startBridge({ held: { maxBytes: 10_000 } });
    bridge.tracer.startActiveSpan("root", (root) => {
      bridge.tracer.startSpan("big", { attributes: { text: "x".repeat(20_000) } }).end();
      root.end();
    });
    await bridge.finish();
    expect(bridge.processor.stats().droppedTraces).toEqual({ noGenAi: 0, bounds: 1 });
  });

  it("hangs a span with a sampled-out parent under the one open local root of its trace", async () => {
    const bridge = await startBridge({ traces: "all" });
    bridge.tracer.startActiveSpan("root", (root) => {
      const unseen = { ...root.spanContext(), spanId: "00000000000000aa" };
      const between = trace.setSpan(context.active(), trace.wrapSpanContext(unseen));
      bridge.tracer.startSpan("child", {}, between).end();
      root.end();
    });
    expect(treeOf(await bridge.finish())).toEqual(["root(child)"]);
  });

  it("roots its own trace under a remote parent that brought no run, and names that parent in the metadata", async () => {
    const bridge = await startBridge({ traces: "all" });
    const remote = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1, isRemote: true };
    bridge.tracer.startSpan("served", {}, trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext(remote))).end();
    const receiver = await bridge.finish();
    expect(receiver.one("served").parent_run_id).toBeUndefined();
    expect(receiver.one("served").extra.metadata.OTEL_REMOTE_PARENT_SPAN_ID).toBe(remote.spanId);
  });
});

describe("sampling", () => {
  it("decides whole traces by their id, the same in every process", async () => {
    const bridge = await startBridge({ traces: "all", samplingRate: 0.5 });
    const ids: string[] = [];
    for (let n = 0; n < 400; n += 1) {
      bridge.tracer.startActiveSpan("root", {}, ROOT_CONTEXT, (root) => {
        bridge.tracer.startSpan("child").end();
        root.end();
      });
    }
    const receiver = await bridge.finish();
    for (const run of receiver.runs.values()) ids.push(run.trace_id);
    const traces = new Set(ids);
    expect(ids).toHaveLength(2 * traces.size);
    expect(traces.size).toBeGreaterThan(120);
    expect(traces.size).toBeLessThan(280);
    for (const id of traces) expect(isSampledById(id, 0.5)).toBe(true);
  });

  it("sends nothing at rate 0", async () => {
    const bridge = await startBridge({ traces: "all", samplingRate: 0 });
    bridge.genai.startActiveSpan("root", (root) => root.end());
    expect((await bridge.finish()).runs.size).toBe(0);
  });

  it("decides for all that is kept below a root that is passed over, too", async () => {
    const onlyModels: SpansOption = ({ attributes }) => attributes["gen_ai.operation.name"] !== undefined;
    const bridge = await startBridge({ samplingRate: 0.5, spans: onlyModels });
    for (let n = 0; n < 200; n += 1) {
      bridge.tracer.startActiveSpan("passed over", {}, ROOT_CONTEXT, (root) => {
        for (const step of ["first", "second"]) {
          const attributes = { "gen_ai.operation.name": "chat", request: n };
          bridge.tracer.startSpan(step, { attributes }).end();
        }
        root.end();
      });
    }
    const { runs } = await bridge.finish();
    const requests = new Set([...runs.values()].map((run) => run.extra.metadata.request));
    expect(requests.size).toBeGreaterThan(50);
    expect(requests.size).toBeLessThan(150);
    expect(runs.size).toBe(2 * requests.size);
  });
});
