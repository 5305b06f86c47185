// What the authoring API says of calls that make less of a run than was meant: once, and the call is as it was.
import { context, trace } from "@opentelemetry/api";
import { AlwaysOffSampler, BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { startLocalServer } from "otel-langsmith-local";
import { describe, expect, it, onTestFinished } from "vitest";
import { configureAuthoring, RunTree, traceable } from "../../src/authoring/index.js";
import { startBridge } from "../processor/bridge.js";
import { foreignOrder } from "../propagation/headers.js";
import { keepWarnings, said } from "../propagation/said.js";

keepWarnings();

describe("said once", () => {
  it("a call whose spans nobody records makes no run (LSB_WARN_NOT_RECORDED)", async () => {
    const bridge = await startBridge({ sampler: new AlwaysOffSampler() });
    const double = traceable((n: number) => n * 2, { name: "double" });
    expect([double(1), double(2)]).toEqual([2, 4]);
    expect((await bridge.finish()).runs.size).toBe(0);
    expect(await said("LSB_WARN_NOT_RECORDED")).toEqual([expect.stringContaining("LangSmithSampler")]);
  });

  it("a provider of one's own without the processor makes no run either (LSB_WARN_NOT_RECORDED)", async () => {
    const bridge = await startBridge();
    configureAuthoring({ tracerProvider: new BasicTracerProvider() });
    try {
      expect(traceable((n: number) => n * 2, { name: "double" })(1)).toBe(2);
    } finally {
      configureAuthoring({ tracerProvider: trace });
    }
    expect((await bridge.finish()).runs.size).toBe(0);
    expect(await said("LSB_WARN_NOT_RECORDED")).toEqual([expect.stringContaining("configureAuthoring")]);
  });

  it("without a context manager runs are sent but do not nest (LSB_WARN_NO_CONTEXT_MANAGER)", async () => {
    const bridge = await startBridge();
    context.disable();
    const inner = traceable(() => 1, { name: "inner" });
    const outer = traceable(() => inner() + inner(), { name: "outer" });
    expect(outer()).toBe(2);
    const at = await bridge.finish();
    expect([at.byName("outer").length, at.byName("inner").length]).toEqual([1, 2]);
    expect(await said("LSB_WARN_NO_CONTEXT_MANAGER")).toEqual([expect.stringContaining("do not nest")]);
  });

  it("an attachment that is none is left out, the others go (LSB_WARN_ATTACHMENT)", async () => {
    const bridge = await startBridge();
    const bytes = new Uint8Array([1, 2, 3]);
    const tree = new RunTree({
      name: "run",
      attachments: { bad: ["text/plain"] as never, worse: { mimeType: 7 } as never, good: ["image/png", bytes] },
    });
    await tree.end({});
    await tree.postRun();
    expect((await bridge.finish()).one("run").name).toBe("run");
    expect(await said("LSB_WARN_ATTACHMENT")).toEqual([expect.stringContaining('"bad"')]);
  });

  it("an argument that cannot be watched reaches the function untouched (LSB_WARN_INPUT)", async () => {
    const bridge = await startBridge();
    const odd = Object.assign(new ReadableStream(), {
      getReader(): never {
        throw new Error("do not touch");
      },
    });
    const same = traceable((arg: object) => arg === odd, { name: "same" });
    expect([same(odd), same(odd)]).toEqual([true, true]);
    expect((await bridge.finish()).byName("same")).toHaveLength(2);
    expect(await said("LSB_WARN_INPUT")).toEqual([expect.stringContaining("cannot be watched (Error)")]);
  });

  it("a run of another process that cannot be ended throws nothing (LSB_WARN_NOT_ENDED)", async () => {
    const service = await startLocalServer();
    onTestFinished(() => service.close());
    const bridge = await startBridge({ apiUrl: service.url });
    const parent = RunTree.fromHeaders({ "langsmith-trace": foreignOrder() });
    if (!parent) throw new Error("no tree");
    // Its name and type are asked for, and the service knows no such run.
    await parent.end({ done: true });
    await parent.patchRun();
    await bridge.processor.shutdown();
    expect(bridge.processor.stats()).toMatchObject({ faults: 0, lost: {} });
    expect(bridge.processor.stats().destinations[0]?.sent).toBe(0);
    expect(await said("LSB_WARN_NOT_ENDED")).toEqual([expect.stringContaining(parent.id)]);
  });
});
