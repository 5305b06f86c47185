// Nesting holds however calls interleave: random trees of traced functions and plain spans, thousands at once.
import { setImmediate as turn } from "node:timers/promises";
import { trace } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { getCurrentRunTree, ROOT, type RunTree, traceable } from "../../src/authoring/index.js";
import { startBridge } from "../processor/bridge.js";

/** How a node of the tree is made, and what it waits for before each child. */
interface Node {
  readonly how: "async" | "sync" | "generator" | "stream" | "span" | "thenable" | "tree";
  readonly waits: "no" | "microtask" | "turn" | "timer";
  readonly isParallel: boolean;
  readonly children: readonly Node[];
}

const node = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.record({
    how: fc.constantFrom("async", "sync", "generator", "stream", "span", "thenable", "tree"),
    waits: fc.constantFrom("no", "microtask", "turn", "timer"),
    isParallel: fc.boolean(),
    children: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constant([]),
      fc.array(tie("node"), { maxLength: 3 }),
    ),
  }),
})).node;

async function wait(how: Node["waits"]): Promise<void> {
  if (how === "microtask") await undefined;
  else if (how === "turn") await turn();
  else if (how === "timer") await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
}

/** Works when it is awaited, as a query builder does. */
class Lazily {
  constructor(readonly work: () => Promise<void>) {}
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
  then(ok: (value: unknown) => void, no: (error: unknown) => void): void {
    this.work().then(ok, no);
  }
}

/** Runs a tree; every call's name says its path, so that the runs alone tell whether they nested right. */
async function runNode(at: Node, path: string): Promise<void> {
  const children = async () => {
    const run = async (child: Node, index: number) => {
      await wait(at.waits);
      await runNode(child, `${path}.${index}`);
    };
    if (at.isParallel) await Promise.all(at.children.map(run));
    else for (const [index, child] of at.children.entries()) await run(child, index);
  };
  const config = { name: path };
  switch (at.how) {
    case "async":
      return traceable(children, config)();
    case "sync": {
      const [pending] = traceable(() => [children()], { ...config, processOutputs: () => ({}) })();
      return pending;
    }
    case "generator":
      for await (const _ of traceable(async function* () {
        yield "first";
        await children();
        yield "last";
      }, config)());
      return;
    case "stream": {
      const work = () => children();
      const stream = traceable(
        () =>
          new ReadableStream({
            async pull(controller) {
              await work();
              controller.close();
            },
          }),
        config,
      )();
      for await (const _ of stream);
      return;
    }
    case "span":
      return trace.getTracer("app").startActiveSpan(path, async (span) => {
        await children();
        span.end();
      });
    case "thenable":
      await traceable(() => new Lazily(children), config)();
      return;
    case "tree":
      return traceable(async (_tree: RunTree) => children(), config)(getCurrentRunTree());
  }
}

function problemsOf(
  runs: Iterable<{ id: string; name: string; parent_run_id?: string; dotted_order: string }>,
): string[] {
  const all = [...runs];
  const byId = new Map(all.map((run) => [run.id, run]));
  const problems: string[] = [];
  for (const run of all) {
    const expected = run.name.includes(".") ? run.name.slice(0, run.name.lastIndexOf(".")) : undefined;
    const parent = run.parent_run_id === undefined ? undefined : byId.get(run.parent_run_id);
    if (parent?.name !== expected) problems.push(`${run.name} hangs under ${parent?.name ?? "nothing"}`);
    if (parent && !run.dotted_order.startsWith(`${parent.dotted_order}.`))
      problems.push(`${run.name} has another order`);
  }
  return problems;
}

const size = (at: Node): number => 1 + at.children.reduce((sum, child) => sum + size(child), 0);

describe("nesting", () => {
  it("is the call's own, in every random tree of traced functions, streams and spans", async () => {
    const bridge = await startBridge({ traces: "all" });
    let trees = 0;
    let expected = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(node, { minLength: 1, maxLength: 4 }), async (roots) => {
        await Promise.all(
          roots.map((root) => {
            trees += 1;
            expected += 1 + size(root);
            return traceable((_tree: unknown) => runNode(root, `${trees}.0`), { name: String(trees) })(ROOT);
          }),
        );
      }),
      { numRuns: 60 },
    );
    const receiver = await bridge.finish();
    expect(problemsOf(receiver.runs.values())).toEqual([]);
    expect(receiver.runs.size).toBe(expected);
  });

  it("survives 10,000 concurrent interleaved async chains", async () => {
    const bridge = await startBridge({ queue: { maxBytes: 256 * 1024 * 1024 }, shutdownTimeoutMillis: 240_000 });
    const chains = 10_000;
    const step = async (path: string, depth: number): Promise<void> => {
      await wait(depth % 2 === 0 ? "turn" : "microtask");
      if (depth === 0) return;
      await traceable((name: string) => step(name, depth - 1), { name: `${path}.0` })(`${path}.0`);
      await wait("microtask");
    };
    await Promise.all(
      Array.from({ length: chains }, (_, at) =>
        traceable((_tree: unknown) => step(String(at), 3), { name: String(at) })(ROOT),
      ),
    );
    const receiver = await bridge.finish();
    expect(receiver.runs.size).toBe(chains * 4);
    expect(problemsOf(receiver.runs.values())).toEqual([]);
  }, 300_000);
});
