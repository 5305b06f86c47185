// What runs started inside inherit, and new traces inside old ones.
import { context } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { getRunReference, startTrace, tracingContext } from "../../src/propagation/index.js";
import { startBridge, treeOf } from "../processor/bridge.js";
import { allThree, extracted, foreignOrder, idsIn, injected, settle } from "./headers.js";

describe("tracingContext", () => {
  it("gives every run inside, children too, its metadata, tags, thread and project; the inner one wins", async () => {
    const bridge = await startBridge();
    tracingContext({ projectName: "mine", metadata: { a: 1, b: 1 }, tags: ["x"], threadId: "t" }, () =>
      bridge.tracer.startActiveSpan("root", (root) => {
        bridge.tracer.startSpan("child").end();
        tracingContext({ metadata: { b: 2 }, tags: ["y"] }, () => bridge.tracer.startSpan("inner").end());
        root.end();
      }),
    );
    const at = await bridge.finish();
    for (const run of [at.one("root"), at.one("child")]) {
      expect(run).toMatchObject({ session_name: "mine", tags: ["x"] });
      expect(run.extra.metadata).toMatchObject({ a: 1, b: 1, thread_id: "t" });
    }
    expect(at.one("inner")).toMatchObject({ session_name: "mine", tags: ["x", "y"] });
    expect(at.one("inner").extra.metadata).toMatchObject({ a: 1, b: 2, thread_id: "t" });
  });

  it("opens a held trace, so that what is injected inside names it", async () => {
    const bridge = await startBridge();
    let header: string | undefined;
    bridge.tracer.startActiveSpan("handler", (handler) => {
      expect(injected(allThree())).not.toHaveProperty("langsmith-trace");
      header = tracingContext({ threadId: "t" }, () => injected(allThree())["langsmith-trace"]);
      handler.end();
    });
    expect((await bridge.finish()).one("handler").dotted_order).toBe(header);
  });

  it("leaves what is inside untraced with enabled: false", async () => {
    const bridge = await startBridge();
    bridge.genai.startActiveSpan("agent", (agent) => {
      tracingContext({ enabled: false }, () =>
        bridge.genai.startActiveSpan("secret", (secret) => {
          bridge.genai.startSpan("below").end();
          secret.end();
        }),
      );
      agent.end();
    });
    expect(treeOf(await bridge.finish())).toEqual(["agent"]);
  });

  it("hangs what starts inside under its parent, and returns what fn returns", async () => {
    const bridge = await startBridge();
    const order = foreignOrder();
    const result = tracingContext({ parent: order, threadId: "t" }, () => {
      bridge.genai.startSpan("x").end();
      return 7;
    });
    expect(result).toBe(7);
    const run = (await settle(bridge)).one("x");
    expect(run.parent_run_id).toBe(idsIn(order)[0]);
    expect(run.extra.metadata.thread_id).toBe("t");
  });
});

describe("startTrace", () => {
  it("begins a LangSmith trace of its own for each job, the old one named in its metadata", async () => {
    const bridge = await startBridge();
    let loop = "";
    await bridge.genai.startActiveSpan("consumer", async (consumer) => {
      loop = getRunReference(consumer)?.id ?? "";
      for (const job of ["a", "b"]) {
        await startTrace(`job ${job}`, async () => {
          bridge.genai.startSpan(`work ${job}`).end();
          tracingContext({ threadId: job }, () => bridge.genai.startSpan(`more ${job}`).end());
        });
      }
      bridge.genai.startSpan("of the loop").end();
      consumer.end();
    });
    const at = await bridge.finish();
    // The three roots may tie.
    expect(treeOf(at).sort()).toEqual(["consumer(of the loop)", "job a(work a, more a)", "job b(work b, more b)"]);
    expect(at.one("job a").extra.metadata).toMatchObject({
      LANGSMITH_CONTINUES_TRACE: loop,
      LANGSMITH_CONTINUES_RUN: loop,
    });
    expect(at.one("work a").extra.metadata).not.toHaveProperty("LANGSMITH_CONTINUES_TRACE");
    // OpenTelemetry's own trace goes on.
    expect(at.one("job a").extra.metadata.OTEL_TRACE_ID).toBe(at.one("consumer").extra.metadata.OTEL_TRACE_ID);
  });

  it("takes what tracingContext takes, ends with what fn returns, and records what it throws", async () => {
    const bridge = await startBridge();
    expect(startTrace("value", { threadId: "t", projectName: "jobs", tags: ["j"] }, () => 3)).toBe(3);
    expect(() =>
      startTrace("throws", () => {
        throw new Error("boom");
      }),
    ).toThrow("boom");
    await expect(startTrace("rejects", () => Promise.reject(new Error("late")))).rejects.toThrow("late");
    const at = await bridge.finish();
    expect(at.one("value")).toMatchObject({ session_name: "jobs", tags: ["j"] });
    expect(at.one("value").extra.metadata.thread_id).toBe("t");
    expect(at.one("throws").error).toContain("boom");
    expect(at.one("rejects").error).toContain("late");
  });

  it("roots its own trace inside one that came in by a header", async () => {
    const bridge = await startBridge();
    const order = foreignOrder();
    context.with(extracted(allThree(), { "langsmith-trace": order }), () => startTrace("job", () => undefined));
    const run = (await settle(bridge)).one("job");
    expect(run.parent_run_id).toBeUndefined();
    expect(run.extra.metadata.LANGSMITH_CONTINUES_TRACE).toBe(idsIn(order)[0]);
  });
});
