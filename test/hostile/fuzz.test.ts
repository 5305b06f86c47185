// Values that break what reads them, through every way in: nothing is thrown into the application, no neighbour is lost.
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { getPlace } from "../../src/identity/context.js";
import { LangSmithPropagator, startActiveRun, traceable } from "../../src/index.js";
import { mapSpan } from "../../src/mapping/index.js";
import { textOfThrown } from "../../src/thrown.js";
import { spanOf } from "../mapping/span.js";
import { startBridge } from "../processor/bridge.js";
import { orphansOf } from "../receiver.js";
import { hostile, hostileValues, type Recipe } from "./values.js";

const values = Object.entries(hostileValues);

function made(recipes: Readonly<Record<string, Recipe>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(recipes).map(([key, { make }]) => [key, make()]));
}

/** What is thrown may be hostile, too: an assertion that shows it would fail on it. */
function throws(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

/** Holds what arrived against the rules: all neighbours are there, and hostile values changed nothing of the process. */
async function expectWhole(bridge: Awaited<ReturnType<typeof startBridge>>, neighbours: number): Promise<void> {
  await bridge.processor.shutdown();
  const { receiver } = bridge;
  expect(receiver.problems).toEqual([]);
  expect(orphansOf(receiver.runs.values())).toEqual([]);
  const good = receiver.byName("neighbour").filter((run) => run.end_time !== undefined);
  expect(good).toHaveLength(neighbours);
  expect(bridge.processor.stats().lost).toEqual({});
  expect(Object.prototype).not.toHaveProperty("polluted");
}

describe("hostile values", () => {
  it("as arguments, results, errors and metadata of a traceable are the caller's own, and each run arrives", async () => {
    const bridge = await startBridge({ traces: "all" });
    const same: unknown[] = [];
    for (const [name, make] of values) {
      const value = make();
      const given = await traceable(async (input: unknown) => ({ input }), { name: `in: ${name}` })(value);
      same.push(given.input === value);
      const failing = traceable(
        async () => {
          throw value;
        },
        { name: `error: ${name}`, metadata: { value } },
      );
      same.push(
        await failing().then(
          () => false,
          (error: unknown) => Object.is(error, value),
        ),
      );
      bridge.genai.startSpan("neighbour").end();
    }
    expect(same.filter((isSame) => !isSame)).toEqual([]);
    await expectWhole(bridge, values.length);
    const names = new Set([...bridge.receiver.runs.values()].map((run) => run.name));
    expect(values.flatMap(([name]) => [`in: ${name}`, `error: ${name}`]).filter((name) => !names.has(name))).toEqual(
      [],
    );
  }, 60_000);

  it("of any mixture come back from a traceable and a run as they are, and cost no neighbour", async () => {
    const bridge = await startBridge({ traces: "all" });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(hostile, async (recipe) => {
        count += 1;
        const box = { value: recipe.make() };
        expect(await traceable(async (given: typeof box) => given, { name: "mixed" })(box)).toBe(box);
        const thrown = await startActiveRun("throwing", async () => {
          throw box;
        }).catch((error: unknown) => error);
        expect(thrown).toBe(box);
        bridge.genai.startSpan("neighbour").end();
      }),
      { numRuns: 150, endOnFailure: true },
    );
    await expectWhole(bridge, count);
  }, 60_000);

  const fields = ["name", "kind", "startTime", "endTime", "status", "attributes", "links", "events", "resource"];
  const broken: readonly (readonly [string, () => unknown])[] = [
    [
      "throws",
      () => {
        throw new Error("a getter");
      },
    ],
    ["is a proxy that throws", () => hostileValues["a proxy whose traps throw"]?.()],
    ["is missing", () => undefined],
  ];

  it.each(fields.flatMap((field) => broken.map(([what, get]) => [field, what, get] as const)))(
    "in a span whose %s %s cost that span at the most",
    async (field, _what, get) => {
      const bridge = await startBridge({ traces: "all", pendingAfterMillis: 0 });
      const real = bridge.genai.startSpan("hostile");
      const span = Object.create(real, { [field]: { get } });
      expect(throws(() => bridge.processor.onStart(span, ROOT_CONTEXT))).toBe(false);
      // Its pending run is asked for while it is open.
      await bridge.processor.forceFlush();
      expect(throws(() => bridge.processor.onEnd(span))).toBe(false);
      real.end();
      bridge.genai.startSpan("neighbour").end();
      await bridge.processor.shutdown();
      expect(bridge.receiver.byName("neighbour")).toHaveLength(1);
    },
  );

  it("in any field of a span, in any mixture, cost no neighbour", async () => {
    const bridge = await startBridge({ traces: "all" });
    const tracer = new BasicTracerProvider().getTracer("hostile");
    let count = 0;
    const field = fc.constantFrom("attributes", "events", "status", "resource", "links", "name");
    await fc.assert(
      fc.asyncProperty(field, hostile, fc.boolean(), async (name, recipe, isInside) => {
        count += 1;
        const made = recipe.make();
        const value = isInside && name === "attributes" ? { "gen_ai.prompt": made, x: made } : made;
        const span = Object.create(tracer.startSpan("hostile"), { [name]: { get: () => value } });
        expect(throws(() => bridge.processor.onStart(span, ROOT_CONTEXT))).toBe(false);
        expect(throws(() => bridge.processor.onEnd(span))).toBe(false);
        bridge.genai.startSpan("neighbour").end();
      }),
      { numRuns: 300, endOnFailure: true },
    );
    await expectWhole(bridge, count);
  }, 60_000);

  it("one span with more than the whole bound costs no neighbour", async () => {
    const bridge = await startBridge({ queue: { maxBytes: 1_000_000 } });
    const attributes = { "gen_ai.prompt": "x".repeat(8_000_000) };
    for (let n = 0; n < 100; n += 1) bridge.genai.startSpan("neighbour").end();
    bridge.genai.startSpan("large", { attributes }).end();
    for (let n = 0; n < 100; n += 1) bridge.genai.startSpan("neighbour").end();
    await bridge.processor.shutdown();
    expect(bridge.receiver.byName("neighbour")).toHaveLength(200);
  });

  it("in a span's attributes map to a run", () => {
    const keys = ["gen_ai.input.messages", "input.value", "gen_ai.usage.input_tokens", "langsmith.metadata.a", "x"];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), hostile, { maxKeys: 5 }), (recipes) => {
        const { content } = mapSpan(spanOf({ ...made(recipes), "gen_ai.operation.name": "chat" } as never), {});
        expect([content.name, ["llm", "chain"].includes(content.run_type)]).toEqual(["span", true]);
      }),
      { numRuns: 500 },
    );
  }, 60_000);

  it("as headers, and as what carries them, are no place, and throw nothing", () => {
    vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const propagator = new LangSmithPropagator();
    const getter = {
      get: (carrier: never, name: string) => carrier[name],
      keys: (carrier: object) => Object.keys(carrier),
    };
    fc.assert(
      fc.property(hostile, hostile, (recipe, recipeOfCarrier) => {
        const [value, carrier] = [recipe.make(), recipeOfCarrier.make()];
        const headers = { "langsmith-trace": value, baggage: value };
        for (const each of [headers, carrier]) {
          expect(getPlace(propagator.extract(ROOT_CONTEXT, each as never, getter))).toBeUndefined();
        }
      }),
      { numRuns: 1_000 },
    );
  }, 60_000);
});

describe("the text of what was thrown", () => {
  it.each<[string, unknown, string]>([
    ["an error", new TypeError("no"), "TypeError: no"],
    ["a list", ["a", [1, null]], "a,1,"],
    ["a long list", Array.from({ length: 101 }, () => 1), `${"1,".repeat(100)}… [cut: 101 items]`],
    ["lists in lists", [[[[["deep"]]]]], "…"],
  ])("of %s is what String writes, within bounds", (_, thrown, text) => {
    expect(textOfThrown(thrown)).toBe(text);
  });

  it("of a list with four thousand million holes is there at once", () => {
    const began = performance.now();
    expect(textOfThrown(Object.assign([], { length: 4_294_967_295 }))).toMatch(/cut: 4294967295 items/);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
