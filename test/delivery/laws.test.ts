// Laws of delivery under any trouble: each run arrives once, whole and unchanged, and a patch never before its post.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDelivery } from "../../src/delivery/index.js";
import type { Run } from "../../src/wire/run.js";
import { type Behaviour, startMisbehavingServer } from "./misbehaving-server.js";
import { newRun, pendingOf } from "./runs.js";

const trouble = fc.constantFrom<Behaviour>(
  { do: "take" },
  { do: "take" },
  { do: "answer", status: 503 },
  { do: "answer", status: 500 },
  { do: "answer", status: 408 },
  { do: "answer", status: 429 },
  { do: "take_then_answer", status: 502 },
  { do: "reset_after" },
  { do: "reset_before" },
  { do: "reset_middle" },
  { do: "hang", millis: 5 },
);
const step = fc.record({
  how: fc.constantFrom("complete", "pending"),
  flushes: fc.boolean(),
  bad: fc.constantFrom(false, false, false, false, true),
});

describe("under any trouble", () => {
  it("each good run arrives once, whole and unchanged, each bad one is counted, and the counters are the service's", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(trouble, { maxLength: 12 }),
        fc.array(step, { minLength: 1, maxLength: 25 }),
        async (troubles, steps) => {
          const server = await startMisbehavingServer();
          server.behave = (_, index) => troubles[index] ?? { do: "take" };
          const delivery = createDelivery({
            apiUrl: server.url,
            apiKey: "a-key",
            batchDelayMillis: 0,
            maxBatchCount: 7,
            retry: { initialDelayMillis: 1, maxDelayMillis: 4 },
          });
          const good: Run[] = [];
          const open: Run[] = [];
          for (const { how, flushes, bad } of steps) {
            const run = newRun({ name: bad ? "bad run" : "good run" });
            if (!bad) good.push(run);
            if (how === "complete") delivery.send({ kind: "post", run });
            else {
              delivery.send({ kind: "post", run: pendingOf(run) });
              open.push(run);
            }
            if (flushes) await delivery.flush(20);
          }
          for (const run of open) delivery.send({ kind: "end", run });
          await delivery.shutdown(20_000);
          await server.stop();
          const stored = [...server.runs.values()].filter((run) => run.fields["name"] === "good run");
          expect(stored).toHaveLength(good.length);
          for (const run of good) expect(server.runs.get(run.id)?.fields).toMatchObject(run);
          expect(server.changed).toBe(0);
          expect(server.refusals).toEqual([]);
          const operations = [...server.runs.values()].reduce(
            (sum, run) => sum + (run.post ? 1 : 0) + (run.patch ? 1 : 0),
            0,
          );
          const { sent, queued, queuedBytes, inFlight, lost } = delivery.stats();
          expect({ sent, queued, queuedBytes, inFlight }).toEqual({
            sent: operations,
            queued: 0,
            queuedBytes: 0,
            inFlight: 0,
          });
          expect((lost.refused ?? 0) >= steps.filter(({ bad }) => bad).length).toBe(true);
          expect(Object.keys(lost).filter((cause) => cause !== "refused")).toEqual([]);
          // No patch in a request before the answer of its post.
          const seen = new Set<string>();
          for (const request of server.requests) {
            for (const key of request.operations)
              if (key.startsWith("patch.")) expect(seen.has(key.slice(6))).toBe(true);
            for (const key of request.operations) if (key.startsWith("post.")) seen.add(key.slice(5));
          }
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);
});
