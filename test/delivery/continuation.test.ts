// Traces without end: no trace gets more than the service takes, and every run's place is whole.
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { checkRun } from "../../src/delivery/check.js";
import { createContinuations } from "../../src/delivery/continuation.js";
import { createDelivery } from "../../src/delivery/index.js";
import type { Run } from "../../src/wire/run.js";
import { type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { newRun, pendingOf } from "./runs.js";

let server: MisbehavingServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

describe("continuations", () => {
  it("keep every trace within the limit, every run valid, every parent in its own trace, whatever the order", () => {
    const step = fc.record({
      // The parent, counted back from the newest; the root when there is none.
      parent: fc.integer({ min: 0, max: 30 }),
      pending: fc.boolean(),
      // How many runs later it is posted: complete runs come at their end.
      delay: fc.integer({ min: 0, max: 12 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 150 }), (steps) => {
        const [softLimit, hardLimit] = [20, 30];
        const continuations = createContinuations({ softLimit, hardLimit, onContinued: () => {} });
        const root = newRun({ end_time: "2027-01-01T00:00:00.000000Z" });
        const made: Run[] = [root];
        const posts: { at: number; run: Run }[] = [{ at: -1, run: pendingOf(root) }];
        const ends: Run[] = [root];
        steps.forEach(({ parent, pending, delay }, at) => {
          const run = newRun({}, made[Math.max(0, made.length - 1 - parent)]);
          made.push(run);
          posts.push({ at: pending ? at : at + delay, run: pending ? pendingOf(run) : run });
          if (pending) ends.push(run);
        });
        const placed = new Map<string, Run>();
        for (const { run } of posts.sort((a, b) => a.at - b.at)) {
          const { operation, opening } = continuations.place({ kind: "post", run });
          if (opening) placed.set(opening.id, opening);
          placed.set(run.id, operation.run);
        }
        for (const run of ends) {
          const { operation } = continuations.place({ kind: "end", run });
          const post = placed.get(run.id);
          expect(operation.run.dotted_order).toBe(post?.dotted_order);
          expect(operation.run.trace_id).toBe(post?.trace_id);
        }
        const counts = new Map<string, number>();
        for (const run of placed.values()) {
          expect(checkRun(run)).toBeUndefined();
          counts.set(run.trace_id, (counts.get(run.trace_id) ?? 0) + 1);
          if (run.parent_run_id) expect(placed.get(run.parent_run_id)?.trace_id).toBe(run.trace_id);
        }
        for (const count of counts.values()) expect(count).toBeLessThanOrEqual(hardLimit);
        expect(placed.size).toBe(made.length + counts.size - 1);
      }),
      { numRuns: 100 },
    );
  });

  it("name the first trace in the metadata of the continuation's root, keep the thread, and say so once a chapter", () => {
    const said: unknown[] = [];
    const continuations = createContinuations({
      softLimit: 2,
      hardLimit: 4,
      onContinued: (...what) => said.push(what),
    });
    const root = newRun({ extra: { metadata: { thread_id: "a thread" } } });
    continuations.place({ kind: "post", run: root });
    continuations.place({ kind: "post", run: newRun({}, root) });
    const run = newRun({ extra: { metadata: { thread_id: "a thread" } } }, root);
    const { operation, opening } = continuations.place({ kind: "post", run });
    expect(opening).toMatchObject({
      session_name: "tests",
      extra: { metadata: { continues_trace_id: root.id, continuation: 1, thread_id: "a thread" } },
    });
    expect(operation.run).toMatchObject({ id: run.id, trace_id: opening?.id, parent_run_id: opening?.id });
    expect(said).toEqual([[root.id, 1]]);
    // The same root in another process.
    const other = createContinuations({ softLimit: 1, hardLimit: 4, onContinued: () => {} });
    other.place({ kind: "post", run: root });
    expect(other.place({ kind: "post", run }).opening?.id).toBe(opening?.id);
  });

  it("take a trace of 26,000 runs over the service's limit of 25,000 without losing one", async () => {
    server = await startMisbehavingServer();
    const delivery = createDelivery({ apiUrl: server.url, apiKey: "a-key", batchDelayMillis: 10 });
    const root = newRun();
    delivery.send({ kind: "post", run: root });
    for (let i = 1; i < 26_000; i += 1) {
      delivery.send({ kind: "post", run: newRun({ inputs: {}, outputs: {} }, root) });
      // Lets requests go out now and then.
      if (i % 1_000 === 0) await delivery.flush(20_000);
    }
    await delivery.shutdown(20_000);
    const traces = new Map<unknown, number>();
    for (const run of server.runs.values())
      traces.set(run.fields["trace_id"], (traces.get(run.fields["trace_id"]) ?? 0) + 1);
    expect(server.runs.size).toBe(26_001);
    expect(traces.size).toBe(2);
    for (const count of traces.values()) expect(count).toBeLessThanOrEqual(25_000);
  }, 60_000);
});
