// What goes wrong beside the runs is said once, with a stable code, and costs only what it names.
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import type { Loss } from "../../src/delivery/operation.js";
import { keepWarnings, said } from "../propagation/said.js";
import { startBridge, type TestBridge } from "./bridge.js";

keepWarnings();

function boom(): never {
  throw new Error("boom");
}

/** Three GenAI traces of a root and a child. */
function ask(bridge: TestBridge): void {
  for (let n = 0; n < 3; n += 1) {
    bridge.genai.startActiveSpan("root", { attributes: { "gen_ai.prompt": "mine" } }, ROOT_CONTEXT, (root) => {
      bridge.genai.startSpan("child").end();
      root.end();
    });
  }
}

describe("a function of the user that throws", () => {
  it("spans: the default decides, said once (LSB_WARN_SPANS_OPTION)", async () => {
    const bridge = await startBridge({ spans: boom });
    ask(bridge);
    const http = bridge.provider.getTracer("@opentelemetry/instrumentation-http");
    bridge.genai.startActiveSpan("agent", {}, ROOT_CONTEXT, (agent) => {
      http.startSpan("GET").end();
      agent.end();
    });
    const at = await bridge.finish();
    expect([at.byName("root").length, at.byName("child").length, at.byName("GET").length]).toEqual([3, 3, 0]);
    expect(await said("LSB_WARN_SPANS_OPTION")).toEqual([expect.stringMatching(/threw \(Error\); the default/)]);
  });

  it("transformRun: the run is withheld and counted, warned of once, without the error's text (LSB_WARN_TRANSFORM)", async () => {
    const bridge = await startBridge({ transformRun: boom });
    ask(bridge);
    expect((await bridge.finish()).runs.size).toBe(0);
    expect(bridge.processor.stats().withheld).toBe(6);
    const warnings = await said("LSB_WARN_TRANSFORM");
    expect(warnings).toEqual([expect.stringContaining("transformRun threw (Error)")]);
    expect(warnings[0]).not.toContain("boom");
  });

  it.each(["hideInputs", "hideOutputs", "hideMetadata"] as const)(
    "%s: the field is left out, said once (LSB_WARN_HIDE)",
    async (option) => {
      const bridge = await startBridge({ [option]: boom });
      const attributes = { "gen_ai.prompt": "my question", "gen_ai.completion": "my answer", customer: "my customer" };
      for (let n = 0; n < 3; n += 1) bridge.genai.startSpan("run", { attributes }, ROOT_CONTEXT).end();
      const hidden = { hideInputs: "my question", hideOutputs: "my answer", hideMetadata: "my customer" };
      const sent = JSON.stringify([...(await bridge.finish()).runs.values()]);
      for (const [name, text] of Object.entries(hidden)) expect(sent.includes(text)).toBe(name !== option);
      expect(await said("LSB_WARN_HIDE")).toEqual([expect.stringContaining(`${option} threw (Error)`)]);
    },
  );
});

describe("bounds that are reached", () => {
  it("of what is held: the oldest goes, counted, said once (LSB_WARN_HELD_BOUNDS)", async () => {
    const bridge = await startBridge({ held: { maxTraces: 2 } });
    const held = Array.from({ length: 5 }, () => bridge.tracer.startSpan("held", {}, ROOT_CONTEXT));
    expect(bridge.processor.stats().droppedTraces.bounds).toBe(3);
    expect(await said("LSB_WARN_HELD_BOUNDS")).toEqual([expect.stringContaining("2 traces")]);
    for (const span of held) span.end();
    expect((await bridge.finish()).runs.size).toBe(0);
  });

  it("of what is held for being sent: the newest are refused, counted, said once (LSB_WARN_QUEUE_FULL)", async () => {
    const losses: Loss[] = [];
    const bridge = await startBridge({ queue: { maxBytes: 100_000 }, onError: (loss) => losses.push(loss) });
    const attributes = { text: "x".repeat(10_000) };
    // Beyond 64 waiting spans their memory is counted.
    for (let n = 0; n < 1_200; n += 1) bridge.genai.startSpan("run", { attributes }, ROOT_CONTEXT).end();
    const refused = bridge.processor.stats().lost.queue_full ?? 0;
    expect(refused).toBeGreaterThan(100);
    expect(losses.reduce((sum, { cause, runs }) => sum + (cause === "queue_full" ? runs : 0), 0)).toBe(refused);
    expect(await said("LSB_WARN_QUEUE_FULL")).toEqual([expect.stringContaining("stats().lost.queue_full")]);
    await bridge.processor.shutdown();
    const { queue_full: lost = 0 } = bridge.processor.stats().lost;
    expect(bridge.receiver.runs.size + lost).toBe(1_200);
  });
});
