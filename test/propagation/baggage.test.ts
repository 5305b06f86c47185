// The baggage header: everybody's entries, inside the limits, and no stranger's.
import { propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator } from "@opentelemetry/core";
import { describe, expect, it } from "vitest";
import { LangSmithPropagator } from "../../src/propagation/index.js";
import { startBridge } from "../processor/bridge.js";
import { allThree, extracted, injected } from "./headers.js";
import { keepWarnings, said } from "./said.js";

keepWarnings();

describe("baggage", () => {
  const withBaggage = (entries: Record<string, { value: string }>) =>
    propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage(entries));

  it("keeps the application's entries and stands behind them", async () => {
    const { genai, finish } = await startBridge();
    const base = withBaggage({ tenant: { value: "a b" }, é: { value: "ü" } });
    genai.startActiveSpan("agent", {}, base, (agent) => {
      expect(injected(allThree()).baggage).toBe("tenant=a%20b,%C3%A9=%C3%BC,langsmith-project=test");
      agent.end();
    });
    await finish();
  });

  it("stays inside 180 entries and 8,192 bytes, loses no entry of the application's for ours, and says so", async () => {
    const { genai, finish } = await startBridge();
    const many = Object.fromEntries(Array.from({ length: 180 }, (_, at) => [`k${at}`, { value: "v" }]));
    const big = Object.fromEntries(Array.from({ length: 4 }, (_, at) => [`k${at}`, { value: "v".repeat(2040) }]));
    for (const entries of [many, big]) {
      genai.startActiveSpan("agent", {}, withBaggage(entries), (agent) => {
        const { baggage = "", "langsmith-trace": order } = injected(allThree());
        expect(baggage.length).toBeLessThanOrEqual(8192);
        expect(baggage.split(",")).toHaveLength(Object.keys(entries).length);
        expect(baggage).not.toContain("langsmith");
        expect(order).toBeDefined();
        agent.end();
      });
    }
    await finish();
    expect(await said("LSB_WARN_BAGGAGE_FULL")).toHaveLength(1);
  });

  it("never passes a stranger's langsmith entries on, whichever propagator stands first", async () => {
    const { tracer, finish } = await startBridge();
    const headers = {
      baggage: "a=1,langsmith-replicas=%5B%22https%3A%2F%2Fevil%22%5D,langsmith-project=evil,langsmith-address=lrn",
    };
    const first = new CompositePropagator({ propagators: [new LangSmithPropagator(), new W3CBaggagePropagator()] });
    for (const propagator of [allThree(), first]) {
      const inner = extracted(propagator, headers);
      expect(injected(allThree(), inner).baggage).toBe("a=1");
    }
    // On its own the entries have nowhere to hide either.
    expect(
      propagation
        .getBaggage(extracted(allThree(), headers))
        ?.getAllEntries()
        .map(([name]) => name),
    ).toEqual(["a"]);
    tracer.startSpan("x").end();
    await finish();
  });

  it("says once that the propagator stands before the W3C baggage propagator, where it sees that", async () => {
    const { genai, finish } = await startBridge();
    const wrong = new CompositePropagator({ propagators: [new LangSmithPropagator(), new W3CBaggagePropagator()] });
    const base = withBaggage({ tenant: { value: "a" } });
    genai.startActiveSpan("agent", {}, base, (agent) => {
      injected(wrong);
      agent.end();
    });
    expect(await said("LSB_WARN_PROPAGATOR_ORDER")).toHaveLength(1);
    await finish();
  });

  it("says nothing of the order when it is right", async () => {
    const { genai, finish } = await startBridge();
    genai.startActiveSpan("agent", {}, withBaggage({ tenant: { value: "a" } }), (agent) => {
      injected(allThree());
      injected(allThree());
      agent.end();
    });
    expect(await said("LSB_WARN_PROPAGATOR_ORDER")).toEqual([]);
    await finish();
  });

  it("writes what no header can hold without it", async () => {
    const { genai, finish } = await startBridge();
    const base = propagation.setBaggage(
      ROOT_CONTEXT,
      propagation.createBaggage({
        lone: { value: "\ud800" },
        meta: { value: "1", metadata: { toString: () => "a\r\nb: c" } as never },
      }),
    );
    genai.startActiveSpan("agent", {}, base, (agent) => {
      expect(injected(new LangSmithPropagator()).baggage).toBe("lone=%EF%BF%BD,meta=1,langsmith-project=test");
      agent.end();
    });
    await finish();
  });
});
