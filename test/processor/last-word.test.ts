// What the user says last about a run, and what asks the bridge for one: transformRun, getRunId.
import { context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { getRunId } from "../../src/propagation/index.js";
import type { Run } from "../../src/wire/run.js";
import { startBridge, treeOf } from "./bridge.js";

const question = JSON.stringify([{ role: "user", parts: [{ type: "text", content: "why?" }] }]);
const asked = { attributes: { "gen_ai.operation.name": "chat", "gen_ai.input.messages": question } };

describe("transformRun", () => {
  it("gets a copy: what it does to it and keeps of it changes nothing that is sent", async () => {
    const kept: Run[] = [];
    const bridge = await startBridge({
      transformRun(run) {
        kept.push(run);
        return { ...run, name: `${run.name}!` };
      },
    });
    const span = bridge.genai.startSpan("chat", asked);
    span.end();
    await bridge.processor.forceFlush();
    const [copy] = kept;
    (copy as Run).inputs = { spoiled: true };
    (copy as Run).extra.metadata["spoiled"] = true;
    const receiver = await bridge.finish();
    expect(receiver.one("chat!").inputs).toHaveProperty("messages");
    expect(receiver.one("chat!").extra.metadata["spoiled"]).toBeUndefined();
    expect(trace.getSpan(trace.setSpan(ROOT_CONTEXT, span))).toBe(span);
    expect((span as unknown as { attributes: object }).attributes).toEqual(asked.attributes);
  });

  it("sees the span, and its pending post too", async () => {
    const seen: [string, string, boolean][] = [];
    const bridge = await startBridge({
      pendingAfterMillis: 0,
      transformRun(run, span) {
        seen.push([span.name, span.scope.name, run.end_time !== undefined]);
        return run;
      },
    });
    const span = bridge.genai.startSpan("chat");
    await bridge.processor.forceFlush();
    span.end();
    await bridge.finish();
    expect(seen).toEqual([
      ["chat", "openinference-core", false],
      ["chat", "openinference-core", true],
    ]);
  });

  it("can withhold a run, which is counted", async () => {
    const bridge = await startBridge({ transformRun: (run) => (run.name === "secret" ? undefined : run) });
    bridge.genai.startSpan("secret").end();
    bridge.genai.startSpan("open").end();
    expect(treeOf(await bridge.finish())).toEqual(["open"]);
    expect(bridge.processor.stats().withheld).toBe(1);
  });

  it("cannot move a run, and one for which it throws is withheld", async () => {
    const bridge = await startBridge({
      transformRun(run) {
        if (run.name === "throws") throw new Error("no");
        return { ...run, id: "x", trace_id: "x", dotted_order: "x", parent_run_id: "x", start_time: "x" };
      },
    });
    bridge.genai.startActiveSpan("agent", (agent) => {
      bridge.genai.startSpan("throws").end();
      bridge.genai.startSpan("moves").end();
      agent.end();
    });
    const receiver = await bridge.finish();
    expect(receiver.byName("agent")).toHaveLength(1);
    expect(treeOf(receiver)).toEqual(["agent(moves)"]);
    expect(bridge.processor.stats().withheld).toBe(1);
  });
});

describe("getRunId", () => {
  it("is the id of the active span's run, and of a span that is handed over", async () => {
    const bridge = await startBridge();
    const ids: (string | undefined)[] = [];
    bridge.genai.startActiveSpan("agent", (agent) => {
      ids.push(getRunId());
      const chat = bridge.genai.startSpan("chat");
      ids.push(getRunId(chat));
      chat.end();
      agent.end();
    });
    const receiver = await bridge.finish();
    expect(ids).toEqual([receiver.one("agent").id, receiver.one("chat").id]);
  });

  it("is the nearest kept run's for a span that is passed over, and nothing where there is no run", async () => {
    const bridge = await startBridge();
    const ids: (string | undefined)[] = [];
    bridge.genai.startActiveSpan("agent", (agent) => {
      const http = bridge.provider.getTracer("@opentelemetry/instrumentation-http").startSpan("GET");
      ids.push(getRunId(http));
      http.end();
      agent.end();
    });
    expect(getRunId()).toBeUndefined();
    expect(context.with(ROOT_CONTEXT, () => getRunId())).toBeUndefined();
    const receiver = await bridge.finish();
    expect(ids).toEqual([receiver.one("agent").id]);
  });

  it("neither sends anything nor opens a held trace", async () => {
    const bridge = await startBridge();
    const span = bridge.tracer.startSpan("plain");
    expect(getRunId(span)).toMatch(/^[0-9a-f-]{36}$/);
    span.end();
    expect((await bridge.finish()).runs.size).toBe(0);
  });
});
