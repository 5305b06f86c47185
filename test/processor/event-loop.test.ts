// The application is never blocked: what ended is mapped and sent in slices, between which the event loop turns.
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { startBridge } from "./bridge.js";

const SPANS = 5_000;
const MESSAGES = JSON.stringify([{ role: "user", parts: [{ type: "text", content: "ten kilobytes ".repeat(730) }] }]);

describe("while 5,000 spans of 10 KB are mapped and sent", () => {
  it("the event loop turns between slices, and nothing is mapped inside the application's own call", async () => {
    let mapped = 0;
    const bridge = await startBridge({
      queue: { maxBytes: 256 * 1024 * 1024 },
      transformRun: (run) => {
        mapped += 1;
        return run;
      },
    });
    for (let n = 0; n < SPANS; n += 1) {
      const attributes = { "gen_ai.operation.name": "chat", "gen_ai.input.messages": MESSAGES };
      bridge.genai.startSpan("chat", { attributes }, ROOT_CONTEXT).end();
    }
    expect(mapped).toBe(0);
    // How many runs were made by the time of each turn of the application's own.
    const atTurn: number[] = [];
    let isOver = false;
    const turn = () => {
      atTurn.push(mapped);
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    await bridge.processor.forceFlush();
    isOver = true;
    const { runs } = await bridge.finish();
    expect(runs.size).toBe(SPANS);
    const slices = new Set(atTurn);
    expect(slices.size).toBeGreaterThan(10);
    const steps = atTurn.map((made, at) => made - (atTurn[at - 1] ?? 0));
    // One slice never takes more than a part of the work.
    expect(Math.max(...steps)).toBeLessThan(SPANS / 4);
  }, 120_000);
});
