// The inert module for the edge runtime: what it wraps goes on working, and nothing is recorded.
import { describe, expect, it } from "vitest";
import * as edge from "../src/edge.js";
import { isUuid, uuidVersion } from "../src/wire/ids.js";

describe("at the edge", () => {
  it("runs a traceable function as it is, with and without a parent as its first argument", async () => {
    const add = edge.traceable((a: number, b: number) => a + b);
    expect(add(1, 2)).toBe(3);
    expect(Reflect.apply(add, undefined, [edge.ROOT, 1, 2])).toBe(3);
    expect(Reflect.apply(add, undefined, [new edge.RunTree({ name: "parent" }), 1, 2])).toBe(3);
    expect(edge.isTraceableFunction(add)).toBe(true);
    expect(edge.isTraceableFunction(() => {})).toBe(false);
  });

  it("keeps this, the name and what is thrown", () => {
    const owner = {
      name: "owner",
      greet: edge.traceable(function greet(this: { name: string }) {
        return this.name;
      }),
    };
    expect(owner.greet()).toBe("owner");
    expect(owner.greet.name).toBe("greet");
    const failing = edge.traceable(() => {
      throw new Error("boom");
    });
    expect(failing).toThrow("boom");
  });

  it("runs what the block forms are given, and returns what it returns", async () => {
    expect(edge.startActiveRun("block", (run) => run.name)).toBe("block");
    expect(edge.startTrace("block", {}, () => 7)).toBe(7);
    expect(edge.tracingContext({}, () => 7)).toBe(7);
    expect(edge.withRun(undefined, () => 7)).toBe(7);
    expect(await edge.withRunTree(undefined, async () => 7)).toBe(7);
  });

  it("makes run trees that can be read, nested and ended, and are never sent", async () => {
    const parent = new edge.RunTree({ name: "parent", inputs: { question: "why" } });
    const child = parent.createChild({ name: "child" });
    await child.postRun();
    await child.end({ answer: 42 });
    await child.patchRun();
    expect(child).toMatchObject({ trace_id: parent.id, parent_run_id: parent.id, outputs: { answer: 42 } });
    expect(child.dotted_order).toMatch(new RegExp(`^\\d{8}T\\d{12}Z${parent.id}\\.\\d{8}T\\d{12}Z${child.id}$`));
  });

  it("makes UUIDs v7 that carry their time", () => {
    const id = edge.uuid7FromTime(1_767_225_600_000);
    expect(isUuid(id)).toBe(true);
    expect(uuidVersion(id)).toBe(7);
    expect(id.startsWith("019b76da-a800-7")).toBe(true);
    expect(edge.uuid7()).not.toBe(edge.uuid7());
  });

  it("takes spans, log records and exports, and asks the inner sampler", async () => {
    const processor = new edge.LangSmithSpanProcessor();
    processor.onStart();
    processor.onEnd();
    await processor.forceFlush();
    await processor.shutdown();
    const codes: number[] = [];
    new edge.LangSmithSpanExporter().export([], (result) => codes.push(result.code));
    expect(codes).toEqual([0]);
    const inner = { shouldSample: (...args: unknown[]) => args.length, toString: () => "inner" };
    const sampler = new edge.LangSmithSampler(inner);
    expect([sampler.shouldSample(1, 2, 3), String(sampler)]).toEqual([3, "inner"]);
    expect(edge.register().isRegistered).toBe(false);
  });

  it("says that runs cannot be read there", async () => {
    const client = new edge.Client();
    await client.flush();
    await expect(client.readRun()).rejects.toThrow("LSB_ERR_EDGE");
    await expect(client.listRuns().next()).rejects.toThrow("LSB_ERR_EDGE");
  });
});
