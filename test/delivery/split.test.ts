// Splitting: one bad run costs one run, and a fault that is not the runs' costs none.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Evidence } from "../../src/delivery/evidence.js";
import { type Batch, batchOf, type Item } from "../../src/delivery/item.js";
import { createSplit, type Fate } from "../../src/delivery/split.js";
import { type FailureKind, ServiceError } from "../../src/service/errors.js";
import { fakeNext, newItem } from "./items.js";
import { createManualClock } from "./manual-clock.js";

const refused = (kind: FailureKind) => new ServiceError(kind, kind, { reach: "refused" });
const signal = new AbortController().signal;

function bench(decide: (batch: Batch) => "taken" | ServiceError, cut: (item: Item) => boolean = () => false) {
  const clock = createManualClock();
  const fates = new Map<Item, Fate>();
  const requeued: Item[] = [];
  const warnings: string[] = [];
  const suspected: Item[] = [];
  const next = fakeNext((batch) => decide(batch));
  const split = createSplit(next, {
    timers: clock.timers,
    settle: (item, fate) => {
      item.isSettled = true;
      expect(fates.has(item), "settled twice").toBe(false);
      fates.set(item, fate);
    },
    requeue: (items) => requeued.push(...items),
    cut,
    evidence: new Evidence(),
    suspect: (item) => suspected.push(item),
    onKeyRefused: () => {},
    takeAny: () => undefined,
    warn: (code) => warnings.push(code),
  });
  return { split, next, fates, requeued, warnings, clock };
}

describe("split", () => {
  it("loses exactly the bad runs of any batch, and sends every other one once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 100 }), async (goods) => {
        fc.pre(goods.filter((good) => !good).length < 20);
        const items = goods.map((good) => newItem({ verb: good ? "post" : "patch" }));
        const { split, next, fates } = bench((batch) =>
          batch.items.some((item) => item.verb === "patch") ? refused("malformed") : "taken",
        );
        await split.send(batchOf(items), signal);
        split.conclude();
        for (const item of items) expect(fates.get(item)?.kind).toBe(item.verb === "post" ? "sent" : "lost");
        const accepted = next.batches
          .filter((batch) => batch.items.every((item) => item.verb === "post"))
          .flatMap((batch) => batch.items);
        expect(new Set(accepted).size).toBe(accepted.length);
      }),
      { numRuns: 60 },
    );
  });

  it("finds one bad run of a hundred with at most fifteen requests", async () => {
    const items = Array.from({ length: 100 }, (_, i) => newItem({ verb: i === 63 ? "patch" : "post" }));
    const { split, next } = bench((batch) =>
      batch.items.some((item) => item.verb === "patch") ? refused("malformed") : "taken",
    );
    await split.send(batchOf(items), signal);
    expect(next.batches.length).toBeLessThanOrEqual(15);
  });

  it("stops after twenty single refusals in a row, says so, keeps all runs, and goes on when the service takes them", async () => {
    let isWell = false;
    const { split, next, fates, requeued, warnings, clock } = bench(() => (isWell ? "taken" : refused("malformed")));
    const items = Array.from({ length: 100 }, () => newItem());
    await split.send(batchOf(items), signal);
    expect(fates.size).toBe(0);
    expect(new Set(requeued)).toEqual(new Set(items));
    expect(warnings).toEqual(["LSB_WARN_ALL_REFUSED"]);
    const before = next.batches.length;
    const again = split.send(batchOf(items), signal);
    await clock.run(59_000);
    expect(next.batches).toHaveLength(before);
    isWell = true;
    await clock.run(2_000);
    await again;
    expect([...fates.values()].every((fate) => fate.kind === "sent")).toBe(true);
    expect(fates.size).toBe(100);
  });

  it("halves a conflict down to the runs that were there already, which are not lost", async () => {
    const known = new Set<Item>();
    const { split, fates } = bench((batch) => {
      if (batch.items.some((item) => known.has(item))) return refused("conflict");
      return "taken";
    });
    const items = Array.from({ length: 30 }, () => newItem());
    for (const i of [3, 17, 18]) if (items[i]) known.add(items[i]);
    await split.send(batchOf(items), signal);
    for (const item of items) expect(fates.get(item)).toEqual({ kind: known.has(item) ? "repeated" : "sent" });
  });

  it("splits what is too large, then cuts, and loses only what cannot be cut", async () => {
    const stubborn = newItem({ bytes: 5_000 });
    const items = [newItem({ bytes: 900 }), newItem({ bytes: 5_000 }), stubborn, newItem({ bytes: 900 })];
    const { split, fates } = bench(
      (batch) => (batch.bytes > 1_000 ? refused("too_large") : "taken"),
      (item) => {
        if (item === stubborn) return false;
        item.bytes = Math.floor(item.bytes / 2);
        return true;
      },
    );
    await split.send(batchOf(items), signal);
    expect(items.map((item) => fates.get(item)?.kind)).toEqual(["sent", "sent", "lost", "sent"]);
    expect(fates.get(stubborn)).toMatchObject({ cause: "too_large" });
  });
});
