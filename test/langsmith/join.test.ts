// One tree with the native `langsmith` package, LangChain and LangGraph in the same process.
import { AsyncLocalStorage } from "node:async_hooks";
import { RunnableLambda } from "@langchain/core/runnables";
import { tool } from "@langchain/core/tools";
import { context, ROOT_CONTEXT, SpanStatusCode, trace } from "@opentelemetry/api";
import { Client } from "langsmith";
import { evaluate } from "langsmith/evaluation";
import { RunTree } from "langsmith/run_trees";
import { getCurrentRunTree, traceable, withRunTree } from "langsmith/traceable";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { movedOrder } from "../../src/langsmith/client-in-time.js";
import { type Joined, joinLangSmith } from "../../src/langsmith.js";
import { getRunReference, tracingContext, withRun } from "../../src/propagation/index.js";
import { segmentOf } from "../../src/wire/dotted-order.js";
import { uuid7 } from "../../src/wire/ids.js";
import { threadOf } from "../../src/wire/thread.js";
import { startBridge, type TestBridge, treeOf } from "../processor/bridge.js";
import { orphansOf, type Receiver } from "../receiver.js";

let joined: Joined;
let native: Client;
const variables = ["LANGSMITH_TRACING", "LANGSMITH_ENDPOINT", "LANGSMITH_API_KEY", "LANGSMITH_PROJECT"];

/** A bridge and a native client that send to the same receiver. */
async function startBoth(options: Parameters<typeof startBridge>[0] = {}): Promise<TestBridge> {
  const bridge = await startBridge(options);
  process.env.LANGSMITH_TRACING = "true";
  process.env.LANGSMITH_ENDPOINT = bridge.receiver.url;
  process.env.LANGSMITH_API_KEY = "test";
  process.env.LANGSMITH_PROJECT = "test";
  native = new Client({ apiUrl: bridge.receiver.url, apiKey: "test", autoBatchTracing: true });
  Reflect.set(RunTree, "sharedClient", native);
  return bridge;
}

async function finish(bridge: TestBridge): Promise<Receiver> {
  await native.awaitPendingTraceBatches();
  await bridge.processor.shutdown();
  const { receiver } = bridge;
  // The native package's ends are whole milliseconds, its starts are not: the service takes that.
  expect(receiver.problems.filter((problem) => !problem.includes("ends before it starts"))).toEqual([]);
  expect(orphansOf(receiver.runs.values())).toEqual([]);
  expect(bridge.processor.stats()).toMatchObject({ faults: 0, open: 0, waiting: 0, lost: {} });
  return receiver;
}

beforeEach(() => {
  joined = joinLangSmith();
});
afterEach(() => {
  joined.leave();
  Reflect.set(RunTree, "sharedClient", null);
  for (const name of variables) delete process.env[name];
});

describe("native runs under a span", () => {
  it("nest under its run, and spans under them, through promises and timers", async () => {
    const bridge = await startBoth();
    const inner = traceable(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return bridge.tracer.startActiveSpan("span below", async (span) => {
          await traceable(async () => "x", { name: "deepest" })();
          span.end();
          return 1;
        });
      },
      { name: "native" },
    );
    await bridge.tracer.startActiveSpan("outer span", async (span) => {
      await inner();
      span.end();
    });
    const at = await finish(bridge);
    expect(treeOf(at)).toEqual(["outer span(native(span below(deepest)))"]);
    expect(new Set([...at.runs.values()].map((run) => run.trace_id)).size).toBe(1);
    expect(new Set([...at.runs.values()].map((run) => run.session_name))).toEqual(new Set(["test"]));
  });

  it("open a trace that is held: their parent is always sent", async () => {
    const bridge = await startBoth();
    const call = traceable(async () => 1, { name: "native" });
    await bridge.tracer.startActiveSpan("handler", async (handler) => {
      await bridge.tracer.startActiveSpan("step", async (step) => {
        await call();
        step.end();
      });
      handler.end();
    });
    expect(treeOf(await finish(bridge))).toEqual(["handler(step(native))"]);
  });

  it("live in the trace's project and carry its thread", async () => {
    const bridge = await startBoth();
    await tracingContext({ projectName: "chosen", threadId: "t-1" }, () =>
      bridge.tracer.startActiveSpan("root", async (root) => {
        await traceable(async () => 1, { name: "native" })();
        root.end();
      }),
    );
    const run = (await finish(bridge)).one("native");
    expect(run.session_name).toBe("chosen");
    expect(run.extra.metadata.thread_id).toBe("t-1");
  });

  it.each<[string, () => unknown]>([
    ["a traceable's metadata", () => traceable(async () => 1, { name: "native", metadata: { thread_id: "T" } })()],
    [
      "LangChain's config",
      () => RunnableLambda.from(async (x: number) => x).invoke(1, { runName: "native", metadata: { thread_id: "T" } }),
    ],
    [
      "a run below another native one",
      () =>
        traceable(() => traceable(async () => 1, { name: "native", metadata: { session_id: "T" } })(), {
          name: "above",
        })(),
    ],
  ])("name the thread of the trace that they hang in: %s", async (_, call) => {
    const bridge = await startBoth();
    await bridge.tracer.startActiveSpan("root", async (root) => {
      await call();
      root.end();
    });
    const at = await finish(bridge);
    expect(threadOf(at.one("native").extra.metadata)).toBe("T");
    expect(threadOf(at.one("root").extra.metadata)).toBe("T");
  });

  it("stand behind ten siblings of one millisecond, under the last of them", async () => {
    const bridge = await startBoth();
    const chain = RunnableLambda.from(async (x: number) => x).withConfig({ runName: "chain" });
    for (let round = 0; round < 5; round++) {
      await bridge.genai.startActiveSpan("root", async (root) => {
        let last = root;
        for (let at = 0; at < 10; at++) {
          last = bridge.genai.startSpan(`sibling ${at}`);
          if (at < 9) last.end();
        }
        await context.with(
          trace.setSpan(context.active(), last),
          traceable(async () => 1, { name: "native" }),
        );
        await context.with(trace.setSpan(context.active(), last), () => chain.invoke(1));
        await traceable(async () => 1, { name: "native beside" })();
        bridge.genai.startSpan("after").end();
        last.end();
        root.end();
      });
    }
    // The receiver holds every order against the rules: no child earlier than its parent.
    const at = await finish(bridge);
    const siblings = Array.from({ length: 9 }, (_, each) => `sibling ${each}`).join(", ");
    expect(treeOf(at)).toEqual(Array(5).fill(`root(${siblings}, sibling 9(native, chain), native beside, after)`));
  });

  it("hang under a header's or a reference's place where no span was started since", async () => {
    const bridge = await startBoth();
    const outer = bridge.genai.startSpan("outer");
    const reference = getRunReference(trace.setSpan(ROOT_CONTEXT, outer));
    await withRun(
      reference,
      traceable(async () => 1, { name: "native" }),
    );
    outer.end();
    expect(treeOf(await finish(bridge))).toEqual(["outer(native)"]);
  });

  it("are untraced where tracing is switched off, and not sent under a trace that was sampled out", async () => {
    const bridge = await startBoth({ samplingRate: 0 });
    const call = traceable(async () => 1, { name: "native" });
    await tracingContext({ enabled: false }, () => call());
    await bridge.genai.startActiveSpan("root", async (root) => {
      await call();
      root.end();
    });
    expect(treeOf(await finish(bridge))).toEqual([]);
  });

  it("are left alone where native tracing is off", async () => {
    const bridge = await startBoth();
    process.env.LANGSMITH_TRACING = "false";
    await bridge.tracer.startActiveSpan("handler", async (handler) => {
      await traceable(async () => expect(getCurrentRunTree(true)?.dotted_order).toBeUndefined(), { name: "native" })();
      handler.end();
    });
    expect(treeOf(await finish(bridge))).toEqual([]);
  });

  it("leave nothing on a span that lives for days", async () => {
    const bridge = await startBoth();
    const call = traceable(async () => 1, { name: "native" });
    await bridge.genai.startActiveSpan("loop", async (loop) => {
      const tree = await withStore();
      for (let at = 0; at < 50; at++) await call();
      expect(tree.child_runs).toHaveLength(0);
      expect(Reflect.get(tree, Symbol.for("lc:child_run_end_promises"))).toHaveLength(0);
      // It ends as a span; nobody posts it twice.
      await tree.postRun();
      await tree.patchRun();
      loop.end();
    });
    const at = await finish(bridge);
    expect(at.operations.filter(({ run }) => run.name === "loop" || run.name === "span")).toHaveLength(1);
    expect(at.byName("native")).toHaveLength(50);
  });

  async function withStore(): Promise<RunTree> {
    const tree = getCurrentRunTree(true);
    if (!tree) throw new Error("no run tree");
    return tree;
  }
});

describe("spans under a native run", () => {
  it("nest under it, in its project, ties in order", async () => {
    const bridge = await startBoth();
    const root = traceable(
      async () => {
        for (let at = 0; at < 5; at++) bridge.tracer.startSpan(`span ${at}`).end();
      },
      { name: "native root", project_name: "native project" },
    );
    await root();
    const at = await finish(bridge);
    expect(treeOf(at)).toEqual(["native root(span 0, span 1, span 2, span 3, span 4)"]);
    expect(at.one("span 0").session_name).toBe("native project");
  });

  it("nest under a run tree that was set by hand", async () => {
    const bridge = await startBoth();
    const tree = new RunTree({ name: "by hand", client: native });
    await tree.postRun();
    await withRunTree(tree, async () => bridge.tracer.startSpan("span").end());
    await tree.end();
    await tree.patchRun();
    expect(treeOf(await finish(bridge))).toEqual(["by hand(span)"]);
  });

  it("and natively again after the span has ended: back under the native run", async () => {
    const bridge = await startBoth();
    const root = traceable(
      async () => {
        await bridge.tracer.startActiveSpan("span", async (span) => span.end());
        await traceable(async () => 1, { name: "after" })();
      },
      { name: "root" },
    );
    await root();
    expect(treeOf(await finish(bridge))).toEqual(["root(span, after)"]);
  });

  it("keep apart in parallel", async () => {
    const bridge = await startBoth();
    const one = (name: string) =>
      traceable(
        async () => {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
          await bridge.tracer.startActiveSpan(`span ${name}`, async (span) => {
            await new Promise((resolve) => setImmediate(resolve));
            await traceable(async () => 1, { name: `inner ${name}` })();
            span.end();
          });
        },
        { name },
      );
    const names = Array.from({ length: 20 }, (_, at) => `n${at}`);
    await Promise.all(names.map((name) => one(name)()));
    const trees = treeOf(await finish(bridge)).sort();
    expect(trees).toEqual(names.map((name) => `${name}(span ${name}(inner ${name}))`).sort());
  });
});

describe("LangChain", () => {
  it("nests under our span, our spans inside its runnables and tools, and its runnables inside those", async () => {
    const bridge = await startBoth();
    const deepest = RunnableLambda.from(async (x: number) => x + 1).withConfig({ runName: "deepest" });
    const lookUp = tool(
      async ({ city }: { city: string }) =>
        bridge.tracer.startActiveSpan("span in tool", async (span) => {
          await deepest.invoke(1);
          span.end();
          return `sunny in ${city}`;
        }),
      { name: "look_up", description: "x", schema: z.object({ city: z.string() }) },
    );
    const chain = RunnableLambda.from(async (city: string) => lookUp.invoke({ city })).withConfig({ runName: "chain" });
    await bridge.tracer.startActiveSpan("handler", async (handler) => {
      expect(await chain.invoke("Rome")).toBe("sunny in Rome");
      handler.end();
    });
    expect(treeOf(await finish(bridge))).toEqual(["handler(chain(look_up(span in tool(deepest))))"]);
  });

  it("is warned about where an instrumentation traces it, too", async () => {
    const seen: string[] = [];
    const keep = (warning: Error & { code?: string }) => void seen.push(warning.code ?? "", warning.message);
    process.on("warning", keep);
    const bridge = await startBoth();
    bridge.provider.getTracer("@arizeai/openinference-instrumentation-langchain").startSpan("chain").end();
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", keep);
    expect(seen).toContain("LSB_WARN_TRACED_TWICE");
    expect(seen.join("\n")).toMatch(/unset LANGSMITH_TRACING.*joinLangSmith\(\)/s);
    await finish(bridge);
  });
});

describe("evaluate()", () => {
  it("finds what runs inside its target: spans hang under the experiment's run, in its project", async () => {
    const bridge = await startBoth();
    // No datasets here: what asks for them is answered by hand, the runs go over the wire.
    const client = Object.assign(native, {
      createProject: async () => ({ id: uuid7(), name: "experiment", extra: {}, start_time: new Date().toISOString() }),
      getDatasetUrl: async () => "http://localhost",
      updateProject: async () => ({}),
    });
    const seen: string[] = [];
    const target = async ({ x }: { x: number }) =>
      bridge.tracer.startActiveSpan("our span", async (span) => {
        const inner = traceable(async () => x * 2, { name: "native inside" });
        const y = await inner();
        span.end();
        return { y };
      });
    const now = new Date().toISOString();
    const data = [1, 2].map((x) => ({
      id: uuid7(),
      dataset_id: uuid7(),
      inputs: { x },
      outputs: { y: x * 2 },
      created_at: now,
      modified_at: now,
      runs: [],
    }));
    await evaluate(target, {
      data,
      client,
      experimentPrefix: "experiment",
      evaluators: [
        ({ outputs }: { outputs: Record<string, unknown> }) => {
          seen.push(String(outputs.y));
          return { key: "seen", score: 1 };
        },
      ],
    }).catch((error: unknown) => seen.push(String(error)));
    expect(seen.sort()).toEqual(["2", "4"]);
    await native.awaitPendingTraceBatches();
    await bridge.processor.shutdown();
    const { receiver } = bridge;
    const targets = receiver.byName("target");
    expect(targets).toHaveLength(2);
    for (const run of targets) {
      const [span] = receiver.byName("our span").filter((one) => one.parent_run_id === run.id);
      expect(span?.session_name).toBe(run.session_name);
      expect(receiver.byName("native inside").map((one) => one.parent_run_id)).toContain(span?.id);
    }
  });
});

describe("joining", () => {
  it("happens once, and is undone", () => {
    const key = Symbol.for("ls:tracing_async_local_storage");
    const store = Reflect.get(globalThis, key);
    const again = joinLangSmith();
    expect(Reflect.get(globalThis, key)).toBe(store);
    again.leave();
    expect(Reflect.get(globalThis, key)).toBe(store);
    joined.leave();
    expect(Reflect.get(globalThis, key)).toBeInstanceOf(AsyncLocalStorage);
    joined = joinLangSmith();
  });

  it("lets what the native code throws through", async () => {
    const bridge = await startBoth();
    const broken = traceable(
      async () => {
        throw new TypeError("boom");
      },
      { name: "broken" },
    );
    await bridge.tracer.startActiveSpan("span", async (span) => {
      await expect(broken()).rejects.toThrow(TypeError);
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    });
    expect((await finish(bridge)).one("broken").error).toContain("boom");
  });
});

describe("a clock that is ahead", () => {
  it("moves native runs up with the tree, so that the service takes them", async () => {
    const bridge = await startBoth();
    const ahead = Date.now() + 30_000;
    const root = segmentOf(ahead * 1000, uuid7());
    await withRun(root, async () => {
      await traceable(
        async () => {
          await traceable(async () => 1, { name: "below" })();
        },
        { name: "native" },
      )();
      bridge.genai.startSpan("span").end();
    });
    await native.awaitPendingTraceBatches();
    await bridge.processor.shutdown();
    const { receiver } = bridge;
    expect(receiver.problems).toEqual([]);
    expect(receiver.one("native").dotted_order.startsWith(`${root}.`)).toBe(true);
    expect(receiver.one("below").parent_run_id).toBe(receiver.one("native").id);
    expect(Date.parse(receiver.one("below").start_time)).toBeGreaterThanOrEqual(ahead);
  });

  it("moves each segment to the one before it", () => {
    const [a, b, c] = [uuid7(), uuid7(), uuid7()];
    const order = [segmentOf(2_000_000_000, a), segmentOf(1_000_000_000, b), segmentOf(3_000_000_000, c)].join(".");
    expect(movedOrder(order)).toEqual({
      dottedOrder: [segmentOf(2_000_000_000, a), segmentOf(2_000_000_000, b), segmentOf(3_000_000_000, c)].join("."),
      startMicros: 3_000_000_000,
    });
    expect(movedOrder("nonsense")).toBeUndefined();
  });
});
