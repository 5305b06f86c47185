// Trying again: the same batch each time, never earlier than asked, until it passes or is too old.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Evidence } from "../../src/delivery/evidence.js";
import { batchOf } from "../../src/delivery/item.js";
import { createRetry } from "../../src/delivery/retry.js";
import { type FailureKind, ServiceError } from "../../src/service/errors.js";
import { fakeNext, newItem } from "./items.js";
import { createManualClock } from "./manual-clock.js";

const POLICY = { initialDelayMillis: 100, maxDelayMillis: 5_000, maxAgeMillis: 60_000 };
const failure = (kind: FailureKind, reach: ServiceError["reach"] = "refused", retryAfterMillis?: number) =>
  new ServiceError(kind, kind, { reach, ...(retryAfterMillis === undefined ? {} : { retryAfterMillis }) });
const never = new AbortController().signal;

describe("retry", () => {
  it("sends the same batch until it passes, within its delays, and never before the time the service named", async () => {
    const trouble = fc.record({
      kind: fc.constantFrom<FailureKind>("unavailable", "throttled", "unauthorized"),
      retryAfterMillis: fc.option(fc.integer({ min: 0, max: 4_000 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(trouble, { maxLength: 8 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (troubles, random) => {
          const clock = createManualClock();
          const next = fakeNext((_, attempt) => {
            const now = troubles[attempt];
            return now ? failure(now.kind, "refused", now.retryAfterMillis) : "taken";
          });
          const retry = createRetry(next, {
            ...POLICY,
            evidence: new Evidence(),
            isNothingElse: () => false,
            timers: clock.timers,
            now: clock.now,
            random: () => random,
          });
          const batch = batchOf([newItem()]);
          const sent = retry.send(batch, never);
          await clock.run(59_000);
          expect(await sent).toBe("taken");
          expect(next.batches.every((seen) => seen === batch)).toBe(true);
          expect(next.batches).toHaveLength(troubles.length + 1);
          clock.sleeps.forEach((millis, attempt) => {
            const asked = troubles[attempt]?.retryAfterMillis;
            const ceiling = Math.min(POLICY.maxDelayMillis, POLICY.initialDelayMillis * 2 ** attempt);
            expect(millis).toBeGreaterThanOrEqual(asked ?? 0);
            expect(millis).toBeLessThanOrEqual((asked ?? 0) + ceiling);
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it("takes 409 for success on a repeat after an unknown outcome, and for a conflict otherwise", async () => {
    const clock = createManualClock();
    for (const [reach, expected] of [
      ["unknown", "taken_before"],
      ["refused", "conflict"],
      ["never_written", "conflict"],
    ] as const) {
      const next = fakeNext((_, attempt) => (attempt === 0 ? failure("unavailable", reach) : failure("conflict")));
      const retry = createRetry(next, {
        ...POLICY,
        evidence: new Evidence(),
        isNothingElse: () => false,
        timers: clock.timers,
        now: clock.now,
      });
      const sent = retry
        .send(batchOf([newItem({ receivedAt: clock.now() })]), never)
        .catch((error: ServiceError) => error.kind);
      await clock.run(1_000);
      expect(await sent).toBe(expected);
    }
  });

  it("gives up what is too old, but not for a refused key or an exhausted quota", async () => {
    for (const [error, expected] of [
      [failure("unavailable"), "expired"],
      [failure("unauthorized"), "waiting"],
      [new ServiceError("throttled", "month", { reach: "refused", quotaPauseMillis: 600_000 }), "waiting"],
    ] as const) {
      const clock = createManualClock();
      const retry = createRetry(
        fakeNext(() => error),
        { ...POLICY, evidence: new Evidence(), isNothingElse: () => false, timers: clock.timers, now: clock.now },
      );
      let outcome = "waiting";
      retry.send(batchOf([newItem()]), never).catch((thrown: ServiceError) => {
        outcome = thrown.kind;
      });
      await clock.run(200_000);
      expect(outcome).toBe(expected);
    }
  });

  it.each(["malformed", "conflict", "too_large", "encoding"] as const)("hands %s on at once", async (kind) => {
    const clock = createManualClock();
    const next = fakeNext(() => failure(kind));
    const retry = createRetry(next, {
      ...POLICY,
      evidence: new Evidence(),
      isNothingElse: () => false,
      timers: clock.timers,
      now: clock.now,
    });
    await expect(retry.send(batchOf([newItem()]), never)).rejects.toMatchObject({ kind });
    expect(next.batches).toHaveLength(1);
  });

  it("stops when it is told to, and says what is known of the outcome", async () => {
    const clock = createManualClock();
    const stop = new AbortController();
    const retry = createRetry(
      fakeNext(() => failure("unavailable", "unknown")),
      { ...POLICY, evidence: new Evidence(), isNothingElse: () => false, timers: clock.timers, now: clock.now },
    );
    const sent = retry.send(batchOf([newItem()]), stop.signal);
    await clock.run(0);
    stop.abort();
    await expect(sent).rejects.toMatchObject({ kind: "stopped", reach: "unknown" });
  });
});
