// Spans that never end: the heap after many rounds is the heap after one.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { startMisbehavingServer } from "../delivery/misbehaving-server.js";
import { startBridge, type TestBridge, until } from "./bridge.js";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

const SPANS = 300;
const ROUNDS = 6;

/** Roots that are never ended, each with an open child and an ended one, 16 KB of attributes each. */
function leak({ genai }: TestBridge): void {
  for (let n = 0; n < SPANS; n += 1) {
    // Of a buffer: a repeated string would share its parts.
    const attributes = { n, text: Buffer.alloc(16_384, String(n)).toString() };
    const root = genai.startSpan("root", { attributes }, ROOT_CONTEXT);
    const inside = trace.setSpan(ROOT_CONTEXT, root);
    genai.startSpan("open", { attributes }, inside);
    genai.startSpan("ended", { attributes }, inside).end();
  }
}

async function heapAfterRound(bridge: TestBridge): Promise<number> {
  leak(bridge);
  await until(() => {
    // The collector is asked for only where there is something to find: it takes longer than a turn.
    if (bridge.processor.stats().open > 0) collect();
    return bridge.processor.stats().open === 0;
  }, "all of a round is collected");
  await bridge.processor.forceFlush();
  // What the collector finalizes is let go a turn later.
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}

describe("a process that makes spans that never end", () => {
  it("stays flat", async () => {
    // Keeps no runs: a receiver that did would be what grows.
    const server = await startMisbehavingServer();
    try {
      const bridge = await startBridge({ apiUrl: server.url, pendingAfterMillis: 10 });
      const forget = () => {
        server.runs.clear();
        server.requests.length = 0;
      };
      // The first one warms up: code, buffers, connections.
      await heapAfterRound(bridge);
      forget();
      const first = await heapAfterRound(bridge);
      forget();
      let last = first;
      for (let round = 0; round < ROUNDS; round += 1) {
        last = await heapAfterRound(bridge);
        forget();
      }
      // Six rounds that were kept would be 88 MB of attributes alone.
      expect(last).toBeLessThan(first * 1.3);
      expect(bridge.processor.stats()).toMatchObject({ open: 0, waiting: 0, faults: 0, lost: {} });
    } finally {
      await server.stop();
    }
  }, 120_000);
});
