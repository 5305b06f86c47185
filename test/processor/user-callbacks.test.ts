// Functions of the user that make spans themselves: the bridge does not call them for those.
import { type MeterProvider, ROOT_CONTEXT } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import type { LangSmithOptions } from "../../src/index.js";
import { startBridge, type TestBridge } from "./bridge.js";

const content = { "gen_ai.prompt": "a question", "gen_ai.completion": "an answer", customer: "x" };

/** A meter that calls `record` for each measurement. */
function meterProviderOf(record: () => void): MeterProvider {
  const instrument = { add: record, record, addCallback() {}, removeCallback() {} };
  const meter = new Proxy({}, { get: (_, name) => (String(name).startsWith("create") ? () => instrument : () => {}) });
  return { getMeter: () => meter } as unknown as MeterProvider;
}

/** Acts, and returns what it got. */
function also(act: () => void) {
  return <T>(value: T): T => {
    act();
    return value;
  };
}

describe("a function of the user that makes spans", () => {
  const functions: Record<string, (act: () => void) => LangSmithOptions> = {
    transformRun: (act) => ({ transformRun: also(act) }),
    hideInputs: (act) => ({ hideInputs: also(act) }),
    hideOutputs: (act) => ({ hideOutputs: also(act) }),
    hideMetadata: (act) => ({ hideMetadata: also(act) }),
    spans: (act) => ({ spans: () => also(act)(true) }),
    "a vocabulary's read": (act) => ({
      mapping: { vocabularies: [{ name: "own", rules: [{ keys: ["customer"], to: "metadata" }], read: act }] },
    }),
    "a meter": (act) => ({ meterProvider: meterProviderOf(act) }),
  };

  it.each(Object.entries(functions))("is called for no span of its own: %s", async (_name, optionsOf) => {
    let bridge: TestBridge | undefined;
    let calls = 0;
    const act = () => {
      calls += 1;
      // The root context says nothing of suppressed tracing.
      bridge?.genai.startSpan("inside", { attributes: content }, ROOT_CONTEXT).end();
      bridge?.genai.startSpan("inside").end();
    };
    bridge = await startBridge({ traces: "all", ...optionsOf(act) });
    for (let n = 0; n < 20; n += 1) bridge.genai.startSpan("mine", { attributes: content }, ROOT_CONTEXT).end();
    const { runs, byName } = await bridge.finish();
    expect([runs.size, byName("inside").length]).toEqual([20, 0]);
    expect(calls).toBeGreaterThan(0);
    expect(calls).toBeLessThan(200);
  });

  it("onError that makes spans is called once for each loss of the application's own spans", async () => {
    let bridge: TestBridge | undefined;
    let depth = 0;
    let calls = 0;
    bridge = await startBridge({
      queue: { maxBytes: 20_000 },
      onError: () => {
        calls += 1;
        depth += 1;
        expect(depth).toBe(1);
        bridge?.genai.startSpan("about the loss", { attributes: { text: "x".repeat(5_000) } }, ROOT_CONTEXT).end();
        depth -= 1;
      },
    });
    const attributes = { text: "x".repeat(25_000) };
    for (let n = 0; n < 300; n += 1) bridge.genai.startSpan("mine", { attributes }, ROOT_CONTEXT).end();
    await bridge.processor.forceFlush();
    const lost = Object.values(bridge.processor.stats().lost).reduce((sum, runs) => sum + (runs ?? 0), 0);
    expect(lost).toBeGreaterThan(0);
    expect(calls).toBeLessThanOrEqual(lost);
    expect((await bridge.finish()).byName("about the loss")).toEqual([]);
  });
});
