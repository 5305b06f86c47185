// One bound for all that is held: spans that wait to be mapped, and runs that wait to be sent.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keepWarnings, said } from "../propagation/said.js";
import { startBridge, type TestBridge } from "./bridge.js";

keepWarnings();

const SPANS = 4_000;
const MAX_BYTES = 1_000_000;
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "otel-langsmith-bound-"));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

/** Ends spans faster than the event loop has a turn; returns the most that was held. */
function outrun(bridge: TestBridge): { waiting: number; bytes: number } {
  const most = { waiting: 0, bytes: 0 };
  const attributes = { text: "x".repeat(1_000) };
  for (let n = 0; n < SPANS; n += 1) {
    bridge.genai.startSpan("run", { attributes }, ROOT_CONTEXT).end();
    const { waiting, destinations } = bridge.processor.stats();
    most.waiting = Math.max(most.waiting, waiting);
    most.bytes = Math.max(most.bytes, destinations[0]?.queuedBytes ?? 0);
  }
  return most;
}

describe("a producer that outruns mapping", () => {
  it("maps what waits above half of the bound itself, and with a spool loses nothing", async () => {
    const bridge = await startBridge({ queue: { maxBytes: MAX_BYTES }, spool: { dir }, shutdownTimeoutMillis: 60_000 });
    const { waiting, bytes } = outrun(bridge);
    // In one turn of the event loop: whoever ended the spans mapped most of them.
    expect(waiting).toBeLessThan(SPANS / 4);
    expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
    expect(bridge.processor.stats().destinations[0]?.spooled).toBeGreaterThan(0);
    await bridge.processor.forceFlush();
    await bridge.processor.shutdown();
    expect(bridge.processor.stats().lost).toEqual({});
    expect(bridge.receiver.runs.size).toBe(SPANS);
  }, 90_000);

  it("without a spool holds no more than the bound, and what is beyond it is counted and said", async () => {
    const bridge = await startBridge({ queue: { maxBytes: MAX_BYTES }, shutdownTimeoutMillis: 60_000 });
    const { bytes } = outrun(bridge);
    expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
    const { queue_full: lost = 0 } = bridge.processor.stats().lost;
    expect(lost).toBeGreaterThan(0);
    expect(await said("LSB_WARN_QUEUE_FULL")).toHaveLength(1);
    await bridge.processor.shutdown();
    expect(bridge.receiver.runs.size).toBe(SPANS - (bridge.processor.stats().lost.queue_full ?? 0));
  }, 90_000);
});
