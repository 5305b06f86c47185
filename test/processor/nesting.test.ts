import { EventEmitter } from "node:events";
import { setTimeout as timer } from "node:timers/promises";
import { context, type Span, trace } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runIdOf, spanIdOf } from "../../src/identity/run-ids.js";
import { startBridge, treeOf } from "./bridge.js";

const all = { spans: "all", traces: "all" } as const;

describe("runs nest by OpenTelemetry's context alone", () => {
  it("through startActiveSpan, Promise.all and timers", async () => {
    const { tracer, finish } = await startBridge(all);
    const step = (name: string) =>
      tracer.startActiveSpan(name, async (span) => {
        await timer(1);
        await tracer.startActiveSpan(`${name}.inner`, async (inner) => {
          await null;
          inner.end();
        });
        span.end();
      });
    await tracer.startActiveSpan("root", async (span) => {
      await Promise.all([step("a"), step("b"), step("c")]);
      span.end();
    });
    expect(treeOf(await finish())).toEqual(["root(a(a.inner), b(b.inner), c(c.inner))"]);
  });

  it("through streams and async generators", async () => {
    const { tracer, finish } = await startBridge(all);
    async function* numbers() {
      for (const n of [1, 2]) {
        await timer(1);
        tracer.startSpan(`yield ${n}`).end();
        yield n;
      }
    }
    await tracer.startActiveSpan("consumer", async (span) => {
      for await (const n of numbers()) tracer.startSpan(`got ${n}`).end();
      const stream = new ReadableStream({
        pull(controller) {
          tracer.startSpan("pull").end();
          controller.close();
        },
      });
      await stream.getReader().read();
      span.end();
    });
    expect(treeOf(await finish())).toEqual(["consumer(yield 1, got 1, yield 2, got 2, pull)"]);
  });

  it("through an event emitter with a bound listener", async () => {
    const { tracer, finish } = await startBridge(all);
    const emitter = new EventEmitter();
    const span = tracer.startSpan("owner");
    const inside = trace.setSpan(context.active(), span);
    emitter.on(
      "tick",
      context.bind(inside, () => tracer.startSpan("listener").end()),
    );
    tracer.startActiveSpan("other", (other) => {
      emitter.emit("tick");
      other.end();
    });
    span.end();
    expect(treeOf(await finish()).sort()).toEqual(["other", "owner(listener)"]);
  });

  it("through a parent that is a bare span context in the same process", async () => {
    const { tracer, finish } = await startBridge(all);
    const parent = tracer.startSpan("parent");
    const bare = trace.setSpan(context.active(), trace.wrapSpanContext(parent.spanContext()));
    tracer.startSpan("child", {}, bare).end();
    parent.end();
    tracer.startSpan("after", {}, bare).end();
    expect(treeOf(await finish())).toEqual(["parent(child, after)"]);
  });

  it("through a wrapper around the span", async () => {
    const { tracer, finish } = await startBridge(all);
    const parent = tracer.startSpan("parent");
    const wrapper = new Proxy(
      {},
      { get: (_, key) => (key === "spanContext" ? () => parent.spanContext() : undefined) },
    );
    tracer.startSpan("child", {}, trace.setSpan(context.active(), wrapper as Span)).end();
    parent.end();
    expect(treeOf(await finish())).toEqual(["parent(child)"]);
  });

  it("under a parent that ended before, and with a child that outlives its parent", async () => {
    const { tracer, finish, receiver } = await startBridge(all);
    const parent = tracer.startSpan("parent");
    const inside = trace.setSpan(context.active(), parent);
    const outliving = tracer.startSpan("outliving", {}, inside);
    parent.end();
    await timer(3);
    tracer.startSpan("late", {}, inside).end();
    outliving.end();
    expect(treeOf(await finish())).toEqual(["parent(outliving, late)"]);
    expect(receiver.one("outliving").end_time ?? "").toBeTruthy();
    expect((receiver.one("outliving").end_time ?? "") > (receiver.one("parent").end_time ?? "")).toBe(true);
  });
});

describe("a run's place", () => {
  it("is computed from the span context and leads back to the span", async () => {
    const { tracer, finish } = await startBridge(all);
    const { root, child } = tracer.startActiveSpan("root", (span) => {
      const inner = tracer.startSpan("child");
      inner.end();
      span.end();
      return { root: span, child: inner };
    });
    const receiver = await finish();
    const run = receiver.one("root");
    expect(run.id).toBe(run.trace_id);
    expect(spanIdOf(run.id)).toBe(root.spanContext().spanId);
    const start = (child as unknown as { startTime: [number, number] }).startTime;
    expect(receiver.one("child").id).toBe(runIdOf(child.spanContext(), start));
    expect(receiver.one("child").extra.metadata).toMatchObject({
      OTEL_TRACE_ID: child.spanContext().traceId,
      OTEL_SPAN_ID: child.spanContext().spanId,
    });
  });

  it("takes langsmith.span.id when it is a UUID, and ignores it with a warning when not", async () => {
    const warned: string[] = [];
    const listen = (warning: Error & { code?: string }) => warned.push(warning.code ?? "");
    process.on("warning", listen);
    const { tracer, finish } = await startBridge(all);
    const id = "01976d5c-2a5a-7d3c-9a3e-0d3c5a1b2c3d";
    tracer.startActiveSpan("mine", { attributes: { "langsmith.span.id": id } }, (span) => {
      // An ancestor's id, taken over by a library, is not the child's.
      tracer.startSpan("child", { attributes: { "langsmith.span.id": id } }).end();
      span.end();
    });
    tracer.startSpan("broken", { attributes: { "langsmith.span.id": "run-1" } }).end();
    const receiver = await finish();
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", listen);
    expect(receiver.one("mine").id).toBe(id);
    expect(receiver.one("child").parent_run_id).toBe(id);
    expect(receiver.one("child").id).not.toBe(id);
    expect(receiver.one("broken").id).toMatch(/^[0-9a-f-]{36}$/);
    expect(warned).toContain("LSB_WARN_SPAN_ID");
  });

  it("keeps siblings that tie in their start order, and moves early children up to their parent", async () => {
    const { tracer, finish } = await startBridge(all);
    const at = Date.now() - 5000;
    tracer.startActiveSpan("root", { startTime: at }, (span) => {
      for (let n = 0; n < 20; n += 1) tracer.startSpan(`child ${n}`, { startTime: at }).end(at);
      tracer.startSpan("early", { startTime: at - 1000 }).end(at - 500);
      span.end(at + 10);
    });
    const receiver = await finish();
    expect(treeOf(receiver)).toEqual([`root(${Array.from({ length: 20 }, (_, n) => `child ${n}`).join(", ")}, early)`]);
    expect(Date.parse(receiver.one("early").end_time ?? "")).toBeGreaterThanOrEqual(at);
  });
});

describe("random trees", () => {
  const nodes = fc.array(fc.tuple(fc.nat(1000), fc.nat(3), fc.boolean()), { minLength: 1, maxLength: 40 });

  it("nest the same under every interleaving of starts and ends, over sync and async work", async () => {
    await fc.assert(
      fc.asyncProperty(nodes, fc.array(fc.nat(1000), { maxLength: 40 }), async (shape, endings) => {
        const { tracer, processor, receiver, finish } = await startBridge(all);
        const spans: Span[] = [tracer.startSpan("0")];
        const parents: number[] = [-1];
        const open = new Set([0]);
        for (const [at, [pick, turns, endsFirst]] of shape.entries()) {
          const parent = pick % spans.length;
          for (let turn = 0; turn < turns; turn += 1) await null;
          if (endsFirst && endings.length > 0) {
            const victim = [...open][(endings.pop() ?? 0) % Math.max(1, open.size)];
            if (victim !== undefined && open.delete(victim)) spans[victim]?.end();
          }
          const inside = trace.setSpan(context.active(), spans[parent] as Span);
          spans.push(context.with(inside, () => tracer.startSpan(`${at + 1}`)));
          parents.push(parent);
          open.add(at + 1);
        }
        for (const at of open) spans[at]?.end();
        await processor.forceFlush();
        await finish();
        const idOf = (at: number) => receiver.one(`${at}`).id;
        for (const [at, parent] of parents.entries()) {
          expect(receiver.one(`${at}`).parent_run_id).toBe(parent < 0 ? undefined : idOf(parent));
        }
        await receiver.close();
      }),
      { numRuns: 25 },
    );
  });
});
