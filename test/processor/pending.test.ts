import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { indexSize } from "../../src/identity/node.js";
import { startBridge, type TestBridge, treeOf, until } from "./bridge.js";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

describe("pending runs", () => {
  it("posts a span that ends soon once, complete", async () => {
    const bridge = await startBridge();
    bridge.genai.startSpan("quick").end();
    const receiver = await bridge.finish();
    expect(receiver.operations.map(({ kind, run }) => [kind, run.end_time !== undefined])).toEqual([["post", true]]);
  });

  it("posts a longer one as pending with what is known, and patches it once at its end", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 20 });
    const span = bridge.genai.startSpan("slow", { attributes: { known: "at start" } });
    await until(() => bridge.receiver.operations.length === 1, "the pending post");
    expect(bridge.receiver.one("slow").end_time).toBeUndefined();
    expect(bridge.receiver.one("slow").extra.metadata.known).toBe("at start");
    span.setAttribute("learnt", "later");
    span.end();
    const receiver = await bridge.finish();
    expect(receiver.operations.map(({ kind }) => kind)).toEqual(["post", "patch"]);
    expect(receiver.one("slow").end_time).toBeDefined();
    expect(receiver.one("slow").extra.metadata).toMatchObject({ known: "at start", learnt: "later" });
  });

  it("posts at start with 0, and never with Infinity", async () => {
    const now = await startBridge({ pendingAfterMillis: 0 });
    const first = now.genai.startSpan("first");
    await until(() => now.receiver.operations.length === 1, "the post at start");
    first.end();
    expect((await now.finish()).operations.map(({ kind }) => kind)).toEqual(["post", "patch"]);
    const never = await startBridge({ pendingAfterMillis: Number.POSITIVE_INFINITY });
    const second = never.genai.startSpan("second");
    await never.processor.forceFlush();
    second.end();
    expect((await never.finish()).operations.map(({ kind }) => kind)).toEqual(["post"]);
  });

  it("posts what is open of open traces at forceFlush, and leaves held traces held", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 60_000 });
    const open = bridge.genai.startSpan("open", {}, ROOT_CONTEXT);
    const held = bridge.tracer.startSpan("held", {}, ROOT_CONTEXT);
    await bridge.processor.forceFlush();
    expect([...bridge.receiver.runs.values()].map((run) => run.name)).toEqual(["open"]);
    bridge.genai.startSpan("shows", {}, trace.setSpan(ROOT_CONTEXT, held)).end();
    held.end();
    open.end();
    expect(treeOf(await bridge.finish()).sort()).toEqual(["held(shows)", "open"]);
  });

  it("posts a held trace's old spans when it opens", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 20 });
    const root = bridge.tracer.startSpan("root");
    const inside = trace.setSpan(ROOT_CONTEXT, root);
    await until(
      () => bridge.processor.stats().heldTraces === 1 && bridge.processor.stats().waiting === 0,
      "the root is held",
    );
    const chat = bridge.genai.startSpan("chat", {}, inside);
    await until(() => bridge.receiver.byName("root").length === 1, "the root's pending post");
    expect(bridge.receiver.one("root").end_time).toBeUndefined();
    chat.end();
    root.end();
    expect(treeOf(await bridge.finish())).toEqual(["root(chat)"]);
  });
});

describe("spans that never end", () => {
  it("are closed as an error that says so when they were garbage-collected", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 20 });
    (() => bridge.genai.startSpan("rejected", { attributes: { model: "gpt" } }))();
    await until(() => bridge.receiver.byName("rejected").length === 1, "its pending post");
    await until(() => {
      collect();
      return bridge.receiver.byName("rejected")[0]?.end_time !== undefined;
    }, "its end");
    const receiver = await bridge.finish();
    expect(receiver.one("rejected").error).toMatch(/LSB_ERR_NEVER_ENDED.*garbage-collected/);
    expect(receiver.one("rejected").extra.metadata.model).toBe("gpt");
  });

  it("are closed at shutdown with what is known of them", async () => {
    const bridge = await startBridge();
    const span = bridge.genai.startSpan("open at the end");
    span.setAttribute("seen", 1);
    const receiver = await bridge.finish();
    expect(receiver.one("open at the end").error).toMatch(/still open at shutdown/);
    expect(receiver.one("open at the end").extra.metadata.seen).toBe(1);
    span.end();
    expect(receiver.operations).toHaveLength(1);
  });

  it("are closed after abandonedAfterMillis, and their own late end changes nothing", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 10, abandonedAfterMillis: 40 });
    const span = bridge.genai.startSpan("forgotten");
    await until(() => bridge.receiver.byName("forgotten")[0]?.end_time !== undefined, "its closing");
    const closed = bridge.receiver.operations.length;
    span.end();
    const receiver = await bridge.finish();
    expect(receiver.one("forgotten").error).toMatch(/still open after 40 ms/);
    expect(receiver.operations).toHaveLength(closed);
  });

  it("leave memory flat, however many there are", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 10 });
    const leak = (bridge: TestBridge) => {
      for (let n = 0; n < 2_000; n += 1) bridge.genai.startSpan("leaked", { attributes: { n } }, ROOT_CONTEXT);
    };
    for (let round = 1; round <= 4; round += 1) {
      leak(bridge);
      await until(() => {
        collect();
        return bridge.processor.stats().open === 0;
      }, `round ${round} is collected`);
      await bridge.processor.forceFlush();
      expect(indexSize().open).toBe(0);
    }
    expect((await bridge.finish()).runs.size).toBe(8_000);
  }, 60_000);
});

describe("flush and shutdown", () => {
  it("may be called twice and at once", async () => {
    const bridge = await startBridge();
    bridge.genai.startSpan("run").end();
    await Promise.all([bridge.processor.forceFlush(), bridge.processor.forceFlush()]);
    await Promise.all([bridge.processor.shutdown(), bridge.processor.shutdown(), bridge.processor.forceFlush()]);
    await bridge.processor.shutdown();
    expect(bridge.receiver.operations).toHaveLength(1);
    bridge.genai.startSpan("after").end();
    expect(bridge.receiver.operations).toHaveLength(1);
  });
});
