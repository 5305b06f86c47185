// The queue is fair between traces, keeps their order, and counts exactly.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFairQueue } from "../../src/delivery/queue.js";
import { newItem } from "./items.js";

describe("the queue", () => {
  it("gives a small trace its turn although an endless one came first", () => {
    const queue = createFairQueue();
    for (let i = 0; i < 10_000; i += 1) queue.push(newItem({ traceId: "endless" }));
    queue.push(newItem({ traceId: "small" }));
    expect(queue.take(100, 1e9).some((item) => item.traceId === "small")).toBe(true);
  });

  it("keeps each trace's order, loses nothing, and counts what it holds", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ trace: fc.integer({ min: 0, max: 4 }), bytes: fc.integer({ min: 1, max: 1_000 }) }), {
          maxLength: 200,
        }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 3_000 }),
        (entries, maxCount, maxBytes) => {
          const queue = createFairQueue();
          const items = entries.map(({ trace, bytes }) => newItem({ traceId: `trace ${trace}`, bytes }));
          for (const item of items) queue.push(item);
          expect(queue.bytes).toBe(items.reduce((sum, item) => sum + item.bytes, 0));
          const taken = [];
          while (queue.count > 0) {
            const batch = queue.take(maxCount, maxBytes);
            expect(batch.length).toBeGreaterThan(0);
            expect(batch.length).toBeLessThanOrEqual(maxCount);
            if (batch.length > 1)
              expect(batch.reduce((sum, item) => sum + item.bytes, 0)).toBeLessThanOrEqual(maxBytes);
            taken.push(...batch);
          }
          expect(queue.bytes).toBe(0);
          for (const trace of new Set(items.map((item) => item.traceId))) {
            const of = (list: typeof items) => list.filter((item) => item.traceId === trace).map((item) => item.seq);
            expect(of(taken)).toEqual(of(items));
          }
        },
      ),
    );
  });

  it("takes one item out, and puts one ahead of its trace's others", () => {
    const queue = createFairQueue();
    const [first, second, third] = [1, 2, 3].map(() => newItem({ traceId: "one" }));
    if (!first || !second || !third) throw new Error("three items");
    queue.push(first);
    queue.push(second);
    queue.pushFirst(third);
    expect(queue.remove(first)).toBe(true);
    expect(queue.remove(first)).toBe(false);
    expect(queue.take(10, 1e9)).toEqual([third, second]);
  });
});
