// The queue of spans that are to be made into runs: slices that yield to the event loop, unless a journal is behind.
import { describe, expect, it } from "vitest";
import { createOutbox } from "../../src/processor/outbox.js";

/** How many of 40 jobs of a millisecond each are done when the event loop has had its next turn. */
async function doneInOneTurn(lateAfterMillis?: number): Promise<number> {
  let done = 0;
  const outbox = createOutbox<number>(
    () => {
      for (const until = performance.now() + 1; performance.now() < until; );
      done += 1;
    },
    () => {},
    lateAfterMillis,
  );
  for (let job = 0; job < 40; job += 1) outbox.push(job);
  await new Promise((resolve) => setImmediate(resolve));
  const atOnce = done;
  await outbox.drain();
  expect(done).toBe(40);
  return atOnce;
}

describe("spans that wait to be made into runs", () => {
  it("are made in slices that yield to the event loop", async () => {
    expect(await doneInOneTurn()).toBeLessThan(40);
  });

  it("are made at once where they are late, which a journal may not be", async () => {
    expect(await doneInOneTurn(1)).toBe(40);
  });
});
