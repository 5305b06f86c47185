// Spans below a local root that has ended: closed as aborted when nothing happens there any more.
import { context, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { getRunReference } from "../../src/propagation/index.js";
import { startBridge, type TestBridge } from "./bridge.js";

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const OPTIONS = { pendingAfterMillis: 20, orphanedAfterMillis: 60 };
const under = (span: ReturnType<TestBridge["genai"]["startSpan"]>) => trace.setSpan(context.active(), span);

/** A chat whose stop button was pressed: the root ends, its stream does not. */
function stopped(bridge: TestBridge) {
  const root = bridge.tracer.startSpan("request");
  const agent = bridge.genai.startSpan("agent", { attributes: { "input.value": "hello" } }, under(root));
  const stream = bridge.genai.startSpan("stream", {}, under(agent));
  root.end();
  return { agent, stream };
}

describe("a span that is open below a root that has ended", () => {
  it("is closed as aborted, with all that is known, when nothing has happened there for orphanedAfterMillis", async () => {
    const bridge = await startBridge(OPTIONS);
    const { agent, stream } = stopped(bridge);
    stream.setAttribute("seen", 1);
    await until(() => bridge.receiver.byName("agent")[0]?.end_time !== undefined);
    await until(() => bridge.receiver.byName("stream")[0]?.end_time !== undefined);
    expect(bridge.receiver.one("agent")).toMatchObject({
      error: expect.stringMatching(/LSB_ERR_NEVER_ENDED: aborted/),
    });
    expect(bridge.receiver.one("stream").extra.metadata.seen).toBe(1);
    // It ended when something last happened there, not when that was noticed.
    const [request, aborted] = ["request", "stream"].map((name) =>
      Date.parse(bridge.receiver.one(name).end_time ?? ""),
    );
    expect(Math.abs((aborted ?? 0) - (request ?? 0))).toBeLessThan(OPTIONS.orphanedAfterMillis);
    const payloads = bridge.receiver.operations.length;
    agent.end();
    stream.end();
    await bridge.processor.forceFlush();
    expect(bridge.receiver.operations).toHaveLength(payloads);
    expect(bridge.processor.stats().lateEnds).toBe(2);
    await bridge.finish();
  });

  it("is left alone while something starts or ends below that root, or while the root is open", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 20, orphanedAfterMillis: 400 });
    const { agent, stream } = stopped(bridge);
    const open = bridge.genai.startSpan("open root");
    const child = bridge.genai.startSpan("child", {}, under(open));
    for (let n = 0; n < 40; n += 1) {
      bridge.genai.startSpan("chunk", {}, under(stream)).end();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(bridge.receiver.byName("agent")[0]?.end_time).toBeUndefined();
    for (const span of [stream, agent, child, open]) span.end();
    const receiver = await bridge.finish();
    expect([...receiver.runs.values()].filter(({ error }) => error)).toEqual([]);
  });

  it("is left alone for ever where a reference to its run was taken", async () => {
    const bridge = await startBridge(OPTIONS);
    const { agent, stream } = stopped(bridge);
    expect(context.with(under(agent), () => getRunReference())).toBeDefined();
    await until(() => bridge.receiver.byName("stream")[0]?.end_time !== undefined);
    expect(bridge.receiver.one("agent").end_time).toBeUndefined();
    agent.end();
    stream.end();
    await bridge.processor.forceFlush();
    expect(bridge.receiver.one("agent").error).toBeUndefined();
    expect(bridge.receiver.one("agent").end_time).toBeDefined();
  });
});
