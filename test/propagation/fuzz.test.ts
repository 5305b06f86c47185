// Header values of every kind: none throws, none redirects, none is kept without bound.
import { propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { getPlace } from "../../src/identity/context.js";
import { LangSmithPropagator, setRun } from "../../src/propagation/index.js";
import { parseDottedOrder } from "../../src/wire/dotted-order.js";
import { allThree, extracted, foreignOrder, injected } from "./headers.js";

const piece = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("%", "%E0", "=", ",", ";", "\r\n", "\0", "{}", "[]", "null", "__proto__", '{"__proto__":{"a":1}}'),
  fc.json(),
  fc.constantFrom(foreignOrder(), foreignOrder(3), foreignOrder(1, Date.now() + 1e9), "20240231T000000000000Z"),
);
const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
const encoded = text.map((value) => encodeURIComponent(value.replace(/[\ud800-\udfff]/g, "?")));
const member = fc
  .tuple(
    fc.constantFrom("langsmith-project", "langsmith-metadata", "langsmith-tags", "langsmith-replicas", "tenant", ""),
    fc.oneof(text, encoded),
  )
  .map(([name, value]) => `${name}=${value}`);
const baggage = fc.oneof(
  text,
  fc.array(member, { maxLength: 8 }).map((members) => members.join(",")),
);
const almost = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.nat(), fc.string({ unit: "binary", maxLength: 3 }))
  .map(([depth, at, change]) => {
    const order = foreignOrder(depth);
    return order.slice(0, at % order.length) + change + order.slice((at % order.length) + change.length);
  });
const value = fc.oneof(text, almost, fc.array(text, { maxLength: 3 }), fc.constant(undefined));

// Thousands of refusals would be told of.
beforeAll(() => void process.removeAllListeners("warning"));

describe("header values from strangers", () => {
  it("never throw, and what is taken obeys every rule and goes on as it was", () => {
    const propagators = [
      allThree(),
      new LangSmithPropagator({ inbound: { project: ["*"], tags: true, metadata: ["thread_id", "__proto__", "a"] } }),
    ];
    fc.assert(
      fc.property(
        value,
        fc.oneof(baggage, fc.array(baggage)),
        fc.constantFrom(...propagators),
        (order, bag, propagator) => {
          const headers = { "langsmith-trace": order, baggage: bag };
          const inner = extracted(propagator, headers);
          const taken = getPlace(inner);
          if (taken) {
            expect(parseDottedOrder(taken.place.dottedOrder)).toBeDefined();
            expect(String(order).trim().toLowerCase()).toBe(taken.place.dottedOrder.toLowerCase());
            expect(taken.place.startMicros).toBeLessThan((Date.now() + 301_000) * 1000);
            expect((taken.project ?? "").length).toBeLessThanOrEqual(256);
            expect(Object.getPrototypeOf(taken.metadata ?? {})).toBe(Object.prototype);
            expect(taken.tags?.length ?? 0).toBeLessThanOrEqual(32);
          }
          for (const [name] of propagation.getBaggage(inner)?.getAllEntries() ?? []) {
            if (propagator === propagators[0]) expect(name.startsWith("langsmith-")).toBe(false);
          }
          const out = injected(propagator, inner);
          // Where nothing was taken, OpenTelemetry's own propagator alone has written.
          if (taken) for (const line of Object.values(out)) expect(line).toMatch(/^[\x20-\x7e]*$/);
          expect((out.baggage ?? "").length).toBeLessThanOrEqual(8192);
        },
      ),
      { numRuns: 3000 },
    );
    expect(Object.prototype).not.toHaveProperty("a");
  });

  it("never throw from carriers that are broken themselves", () => {
    const getter = {
      get(): never {
        throw new Error("a broken carrier");
      },
      keys: () => [],
    };
    const propagator = new LangSmithPropagator();
    expect(propagator.extract(ROOT_CONTEXT, {}, getter)).toBe(ROOT_CONTEXT);
    expect(propagator.stats().refused).toEqual({ carrier: 1 });
    const setter = {
      set(): never {
        throw new Error("a broken carrier");
      },
    };
    expect(() => propagator.inject(setRun(ROOT_CONTEXT, foreignOrder()), {}, setter)).not.toThrow();
    for (const odd of [null, undefined, 3, "x", [], new Map()]) {
      expect(() => extracted(propagator, odd as never)).not.toThrow();
    }
  });
});
