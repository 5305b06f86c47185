// The circuit breaker: a dead service costs one probe now and then.
import { describe, expect, it } from "vitest";
import { createBreaker } from "../../src/delivery/breaker.js";
import { batchOf } from "../../src/delivery/item.js";
import { ServiceError } from "../../src/service/errors.js";
import { fakeNext, newItem } from "./items.js";
import { createManualClock } from "./manual-clock.js";

const down = () => new ServiceError("unavailable", "down", { reach: "never_written" });
const signal = new AbortController().signal;
const send = (breaker: ReturnType<typeof createBreaker>) =>
  breaker.send(batchOf([newItem()]), signal).catch((error: ServiceError) => error.kind);

describe("the breaker", () => {
  it("lets one request at a time try, at growing pauses, while the service is dead, and all when it is back", async () => {
    const clock = createManualClock();
    let isDown = true;
    const next = fakeNext(() => (isDown ? down() : "taken"));
    const breaker = createBreaker(next, { timers: clock.timers, now: clock.now, random: () => 1 });
    for (let i = 0; i < 5; i += 1) await send(breaker);
    expect(breaker.isClosed).toBe(false);
    const sent = Array.from({ length: 10 }, () => send(breaker));
    await clock.run(999);
    expect(next.batches).toHaveLength(5);
    // Pauses of 1, 2, 4 and 8 s: four probes in 15 s, whoever waits.
    await clock.run(15_001);
    expect(next.batches).toHaveLength(9);
    isDown = false;
    await clock.run(30_000);
    expect(breaker.isClosed).toBe(true);
    await Promise.all(sent);
    expect(next.batches).toHaveLength(15);
  });

  it("pauses at once for Retry-After, and not even a flush goes before that time", async () => {
    const clock = createManualClock();
    const next = fakeNext((_, attempt) =>
      attempt === 0
        ? new ServiceError("throttled", "slow down", { reach: "refused", retryAfterMillis: 5_000 })
        : "taken",
    );
    const breaker = createBreaker(next, { timers: clock.timers, now: clock.now });
    await send(breaker);
    const sent = send(breaker);
    breaker.hurry?.();
    await clock.run(4_999);
    expect(next.batches).toHaveLength(1);
    await clock.run(2);
    expect(await sent).toBe("taken");
  });

  it("probes at once for somebody who awaits a flush, when the pause is its own", async () => {
    const clock = createManualClock();
    const next = fakeNext((_, attempt) => (attempt < 5 ? down() : "taken"));
    const breaker = createBreaker(next, { timers: clock.timers, now: clock.now });
    for (let i = 0; i < 5; i += 1) await send(breaker);
    const sent = send(breaker);
    breaker.hurry?.();
    await clock.run(0);
    expect(await sent).toBe("taken");
  });

  it.each([
    ["a refused key", "unauthorized", undefined, 60_000],
    ["an exhausted quota", "throttled", 600_000, 600_000],
  ] as const)("pauses long after %s", async (_, kind, quotaPauseMillis, pause) => {
    const clock = createManualClock();
    const next = fakeNext((__, attempt) =>
      attempt === 0
        ? new ServiceError(kind, "no", { reach: "refused", ...(quotaPauseMillis && { quotaPauseMillis }) })
        : "taken",
    );
    const breaker = createBreaker(next, { timers: clock.timers, now: clock.now });
    await send(breaker);
    const sent = send(breaker);
    await clock.run(pause - 1);
    expect(next.batches).toHaveLength(1);
    await clock.run(2);
    expect(await sent).toBe("taken");
  });

  it("goes by Retry-After, however long a usage limit lasts by itself", async () => {
    const clock = createManualClock();
    const limit = { reach: "refused", quotaPauseMillis: 600_000, retryAfterMillis: 1_000 } as const;
    const next = fakeNext((_, attempt) => (attempt === 0 ? new ServiceError("throttled", "no", limit) : "taken"));
    const breaker = createBreaker(next, { timers: clock.timers, now: clock.now });
    await send(breaker);
    const sent = send(breaker);
    await clock.run(1_001);
    expect(await sent).toBe("taken");
  });

  it("after one pause lets three try where the service answers, those first that have failed least", async () => {
    const clock = createManualClock();
    const broken = () => new ServiceError("unavailable", "HTTP 500", { reach: "unknown", status: 500 });
    const next = fakeNext((batch) => (batch.failures < 9 ? broken() : "taken"));
    const breaker = createBreaker(next, { timers: clock.timers, now: clock.now, random: () => 1 });
    for (let i = 0; i < 5; i += 1) await send(breaker);
    for (const failures of [3, 0, 2, 1]) {
      const batch = { ...batchOf([newItem()]), failures };
      void breaker.send(batch, signal).catch(() => {});
    }
    await clock.run(1_001);
    expect(next.batches.slice(5).map(({ failures }) => failures)).toEqual([0, 1, 2]);
  });
});
