// Real worker threads: what they do hangs under the run that asked.
import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import { context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { tracingContext } from "../../src/propagation/index.js";
import { isCarried } from "../../src/worker/carry.js";
import { carry, onMessage, traced, tracePool, traceWorker } from "../../src/worker.js";
import { startBridge, type TestBridge, treeOf } from "../processor/bridge.js";
import { allThree } from "../propagation/headers.js";

const preload = new URL("../from-source/register.mjs", import.meta.url).href;

/** A thread with a bridge of its own, that sends to the same receiver; `close` lets it send what it has. */
function startThread(bridge: TestBridge): { worker: Worker; close(): Promise<void> } {
  const worker = new Worker(new URL("./thread.mjs", import.meta.url), {
    execArgv: ["--import", preload],
    workerData: { apiUrl: bridge.receiver.url },
  });
  return {
    worker,
    async close() {
      worker.postMessage({ close: true });
      await once(worker, "exit");
    },
  };
}

describe("a worker", () => {
  it("works under the run a message was posted under, in its project and thread, whatever the order of answers", async () => {
    const bridge = await startBridge();
    const { worker, close } = startThread(bridge);
    traceWorker(worker);
    expect(traceWorker(worker)).toBe(worker);
    await Promise.all(
      ["a", "b", "c"].map((name) =>
        tracingContext({ threadId: `thread ${name}`, projectName: `project ${name}`, tags: [name] }, () =>
          bridge.genai.startActiveSpan(`ask ${name}`, async (span) => {
            const answer = new Promise((resolve) => {
              worker.on("message", (message) => message.name === name && resolve(message.length));
            });
            worker.postMessage({ name, text: "xyz" });
            expect(await answer).toBe(3);
            span.end();
          }),
        ),
      ),
    );
    await close();
    const at = await bridge.finish();
    expect(treeOf(at).sort()).toEqual(["ask a(work a)", "ask b(work b)", "ask c(work c)"]);
    expect(at.one("work b")).toMatchObject({ session_name: "project b", tags: ["b"] });
    expect(at.one("work b").extra.metadata.thread_id).toBe("thread b");
  });

  it("gets the plain message, and works on its own, where nothing was active", async () => {
    const bridge = await startBridge();
    const { worker, close } = startThread(bridge);
    traceWorker(worker).postMessage({ name: "alone", text: "x" });
    const [answer] = await once(worker, "message");
    expect(answer).toEqual({ name: "alone", length: 1 });
    await close();
    expect(treeOf(await bridge.finish())).toEqual(["work alone"]);
  });

  it("opens a trace that is held: whoever hands work out wants to see it", async () => {
    const bridge = await startBridge();
    bridge.tracer.startActiveSpan("handler", (handler) => {
      expect(isCarried(carry(1))).toBe(true);
      handler.end();
    });
    expect(treeOf(await bridge.finish())).toEqual(["handler"]);
  });

  it("is told nothing where tracing is off or the trace was sampled out", async () => {
    const bridge = await startBridge({ samplingRate: 0 });
    expect(tracingContext({ enabled: false }, () => carry(1))).not.toHaveProperty("run");
    bridge.genai.startActiveSpan("root", (root) => {
      expect(carry(1)).not.toHaveProperty("run");
      root.end();
    });
    await bridge.finish();
  });

  it("is not traced for a caller that is not, by choice or by sampling, and is for the next one", async () => {
    const bridge = await startBridge();
    const { worker, close } = startThread(bridge);
    traceWorker(worker);
    const ask = async (name: string) => {
      worker.postMessage({ name, text: "x" });
      await once(worker, "message");
    };
    await tracingContext({ enabled: false }, () => ask("private"));
    await ask("public");
    await close();
    expect(treeOf(await bridge.finish())).toEqual(["work public"]);

    const sampled = await startBridge({ samplingRate: 0, primary: true });
    const carried = sampled.genai.startActiveSpan("root", (root) => {
      root.end();
      return carry("x");
    });
    expect(carried).toMatchObject({ untraced: true });
    traced(() => sampled.genai.startSpan("below").end())(carried as never);
    expect((await sampled.finish()).runs.size).toBe(0);
  });
});

describe("a pool", () => {
  it("runs each task under the run that gave it, and hands results and errors back", async () => {
    const bridge = await startBridge();
    propagation.setGlobalPropagator(allThree());
    const task = traced(async (name: string, more: number) => {
      bridge.tracer.startSpan(`task ${name}`).end();
      if (name === "bad") throw new Error("boom");
      return more;
    });
    // Cloned, and run outside of the caller's context, as threads do.
    const pool = tracePool({
      run: (message: unknown, more: number) =>
        context.with(ROOT_CONTEXT, () => task(structuredClone(message) as string, more)),
    });
    await bridge.genai.startActiveSpan("caller", async (caller) => {
      expect(await pool.run("good", 7)).toBe(7);
      await expect(pool.run("bad", 0)).rejects.toThrow("boom");
      caller.end();
    });
    expect(treeOf(await bridge.finish())).toEqual(["caller(task good, task bad)"]);
  });

  it("is refused where it has no such method", () => {
    expect(() => tracePool({}, "exec")).toThrow("exec");
    expect(() => traceWorker({} as never)).toThrow("postMessage");
    expect(() => onMessage(null, () => {})).toThrow("parentPort");
  });
});

describe("a port", () => {
  it("carries both ways, and hands on what carries nothing", async () => {
    const bridge = await startBridge();
    const { port1, port2 } = new MessageChannel();
    const got: unknown[] = [];
    const heard = (count: number) =>
      new Promise<void>((resolve) => {
        const stop = onMessage(port2, (message) => {
          got.push(message);
          bridge.tracer.startSpan(`heard ${message}`).end();
          if (got.length === count) {
            stop();
            resolve();
          }
        });
      });
    const both = heard(2);
    port1.postMessage("plain");
    bridge.genai.startActiveSpan("caller", (caller) => {
      traceWorker(port1).postMessage("traced");
      caller.end();
    });
    await both;
    port1.close();
    expect(got).toEqual(["plain", "traced"]);
    const at = await bridge.finish();
    expect(treeOf(at)).toContain("caller(heard traced)");
  });
});
