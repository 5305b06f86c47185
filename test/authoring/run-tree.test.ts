// RunTree by hand: what is readable before it is sent, what is sent when, and what is said of mistakes.
import { context } from "@opentelemetry/api";
import { describe, expect, it, vi } from "vitest";
import type { RunTreeConfig } from "../../src/authoring/index.js";
import { getCurrentRunTree, RunTree, traceable, withRunTree } from "../../src/authoring/index.js";
import { tracingContext } from "../../src/propagation/index.js";
import { millisOfUuid7, uuid7, uuid7FromTime } from "../../src/wire/ids.js";
import { startBridge, treeOf, until } from "../processor/bridge.js";

async function warnings(body: () => unknown): Promise<string[]> {
  const codes: string[] = [];
  const emit = vi.spyOn(process, "emitWarning").mockImplementation((_message, options) => {
    if (typeof options === "object" && options?.code) codes.push(options.code);
  });
  await body();
  emit.mockRestore();
  return codes;
}

describe("before postRun", () => {
  it("id, trace id, order and parent are readable, and nothing is sent", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 0 });
    const parent = new RunTree({ name: "parent" });
    const child = parent.createChild({ name: "child" });
    expect(child.trace_id).toBe(parent.id);
    expect(child.parent_run_id).toBe(parent.id);
    expect(child.dotted_order).toBe(`${parent.dotted_order}.${child.dotted_order.split(".")[1]}`);
    expect(millisOfUuid7(child.id)).toBe(Math.floor(child.start_time));
    const receiver = await bridge.finish();
    expect(receiver.operations).toEqual([]);
  });

  it("what was readable is what is sent, start time and microsecond digits too", async () => {
    const bridge = await startBridge();
    const start = Date.now() - 5000;
    const parent = new RunTree({ name: "parent", id: uuid7FromTime(start), start_time: start });
    const children = [0, 1, 2].map((at) => parent.createChild({ name: `child ${at}`, start_time: start }));
    const orders = [parent, ...children].map((tree) => tree.dotted_order);
    for (const tree of [...children, parent]) {
      await tree.postRun();
      await tree.end({}, undefined, start + 100);
      await tree.patchRun();
    }
    const receiver = await bridge.finish();
    expect(treeOf(receiver)).toEqual(["parent(child 0, child 1, child 2)"]);
    expect([parent, ...children].map((tree) => receiver.runs.get(tree.id)?.dotted_order)).toEqual(orders);
    expect(receiver.one("parent").end_time).toBe(`${new Date(start + 100).toISOString().slice(0, 23)}000Z`);
  });
});

describe("payloads", () => {
  it("end and postRun alone make one payload", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 0 });
    const tree = new RunTree({ name: "tree", inputs: { a: 1 }, end_time: Date.now() + 5 });
    await tree.postRun();
    const receiver = await bridge.finish();
    expect(receiver.operations.map((operation) => operation.kind)).toEqual(["post"]);
    expect(receiver.one("tree").end_time).toBeDefined();
  });

  it("a long one is posted with its inputs, and patched with what it became", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 0 });
    const inputs = { question: ["why"] };
    const tree = new RunTree({ name: "tree", inputs, tags: ["t"] });
    await tree.postRun();
    inputs.question.push("changed later");
    tree.metadata = { stage: "running" };
    await bridge.processor.forceFlush();
    await until(() => bridge.receiver.operations.length === 1, "the pending post");
    expect(bridge.receiver.one("tree")).toMatchObject({ inputs: { question: ["why"] }, tags: ["t"] });
    tree.extra.metadata = { ...tree.metadata, late: 1 };
    tree.addEvent("half way");
    const outputs = { answer: ["because"] };
    await tree.end(outputs);
    outputs.answer.push("changed later");
    await tree.patchRun();
    const receiver = await bridge.finish();
    expect(receiver.operations.map((operation) => operation.kind)).toEqual(["post", "patch"]);
    expect(receiver.one("tree")).toMatchObject({
      inputs: { question: ["why"] },
      outputs: { answer: ["because"] },
      events: [{ name: "event", message: "half way" }],
      extra: { metadata: { stage: "running", late: 1 } },
    });
  });

  it("inputs that are set while it runs are sent", async () => {
    const bridge = await startBridge();
    await traceable(
      async (_q: string) => {
        getCurrentRunTree().inputs = { replaced: true };
      },
      { name: "f" },
    )("q");
    expect((await bridge.finish()).one("f").inputs).toEqual({ replaced: true });
  });

  it("a function that returns nothing leaves the outputs standing that it set", async () => {
    const bridge = await startBridge();
    await traceable(
      async () => {
        getCurrentRunTree().outputs = { set: "by hand" };
      },
      { name: "f" },
    )();
    expect((await bridge.finish()).one("f").outputs).toEqual({ set: "by hand" });
  });

  it("a run tree is sent inside tracingContext({ enabled: false }); a traceable is not, unless it insists", async () => {
    const bridge = await startBridge();
    await tracingContext({ enabled: false }, async () => {
      const tree = new RunTree({ name: "tree" });
      await tree.postRun();
      await tree.end();
      await tree.patchRun();
      await traceable(async () => 1, { name: "untraced" })();
      await traceable(async () => 1, { name: "insists", tracingEnabled: true })();
    });
    expect(treeOf(await bridge.finish()).sort()).toEqual(["insists", "tree"]);
  });

  it("attachments travel beside the run, without dots in their names", async () => {
    const bridge = await startBridge();
    const bytes = new TextEncoder().encode("hi");
    const tree = new RunTree({ name: "tree", attachments: { "a.txt": ["text/plain", bytes] } });
    await tree.end();
    await tree.postRun();
    bytes.fill(0);
    const receiver = await bridge.finish();
    // The bytes are those of the moment of posting, whatever was written over them since.
    expect([...receiver.attachments]).toEqual([[`${tree.id}.a_txt`, { mimeType: "text/plain", text: "hi" }]]);
  });
});

describe("parents", () => {
  it("a parent_run_id beside the parent's dotted order, or the run's own", async () => {
    await startBridge();
    const parent = new RunTree({ name: "parent" });
    const config: RunTreeConfig = { name: "child", parent_run_id: parent.id, dotted_order: parent.dotted_order };
    const under = new RunTree(config);
    expect(under.dotted_order.startsWith(`${parent.dotted_order}.`)).toBe(true);
    const same = new RunTree({
      name: "child",
      id: under.id,
      parent_run_id: parent.id,
      dotted_order: under.dotted_order,
    });
    expect([same.id, same.trace_id, same.dotted_order]).toEqual([under.id, parent.id, under.dotted_order]);
  });

  it("a parent_run_id alone is found in this process", async () => {
    const bridge = await startBridge();
    await traceable(
      async () => {
        const child = new RunTree({ name: "child", parent_run_id: getCurrentRunTree().id });
        await child.postRun();
        await child.end();
        await child.patchRun();
      },
      { name: "parent" },
    )();
    expect(treeOf(await bridge.finish())).toEqual(["parent(child)"]);
  });

  it("what is traced inside withRunTree hangs under the tree, before it is posted and after", async () => {
    const bridge = await startBridge();
    const tree = new RunTree({ name: "tree", metadata: { handed: "down" } });
    const inner = traceable(async (n: number) => n, { name: "inner" });
    expect(await withRunTree(tree, () => inner(1))).toBe(1);
    await withRunTree(tree, async () => expect(getCurrentRunTree()).toBe(tree));
    await tree.postRun();
    await withRunTree(tree, async () => {
      await inner(2);
      bridge.tracer.startSpan("plain").end();
    });
    await tree.end();
    await tree.patchRun();
    const receiver = await bridge.finish();
    expect(treeOf(receiver)).toEqual(["tree(inner, inner, plain)"]);
    for (const run of receiver.byName("inner")) expect(run.extra.metadata).toMatchObject({ handed: "down" });
  });

  it("the current run tree inside an instrumentation's span is that span's run, and can be written to", async () => {
    const bridge = await startBridge();
    await traceable(
      async () => {
        const outer = getCurrentRunTree();
        await bridge.tracer.startActiveSpan("plain", async (span) => {
          const tree = getCurrentRunTree();
          expect(tree.parent_run_id).toBe(outer.id);
          expect(getCurrentRunTree()).toBe(tree);
          tree.metadata = { note: "from inside" };
          tree.outputs = { seen: true };
          await traceable(async () => 1, { name: "below" })();
          span.end();
        });
      },
      { name: "outer" },
    )();
    const receiver = await bridge.finish();
    expect(treeOf(receiver)).toEqual(["outer(plain(below))"]);
    expect(receiver.one("plain")).toMatchObject({
      outputs: { seen: true },
      extra: { metadata: { note: "from inside" } },
    });
  });

  it("metadata of a traceable reaches the spans of instrumentations inside it", async () => {
    const bridge = await startBridge();
    traceable(() => void bridge.tracer.startSpan("plain").end(), { name: "f", metadata: { thread_id: "t1" } })();
    expect((await bridge.finish()).one("plain").extra.metadata).toMatchObject({ thread_id: "t1" });
  });
});

describe("across processes", () => {
  it("headers there and back, and nothing dangerous is read from them", async () => {
    await startBridge();
    const tree = new RunTree({ name: "sender", metadata: { a: "ä,=;" }, tags: ["x"], project_name: "p q" });
    const headers = new Headers();
    tree.toHeaders(headers);
    const received = RunTree.fromHeaders(headers);
    expect(received).toMatchObject({ id: tree.id, dotted_order: tree.dotted_order, project_name: "p q", tags: ["x"] });
    expect(received?.metadata).toEqual({ a: "ä,=;" });
    const evil = `langsmith-replicas=${encodeURIComponent('[{"apiUrl":"http://evil","apiKey":"k"}]')},langsmith-metadata=%7B`;
    const plain = RunTree.fromHeaders({ "langsmith-trace": tree.dotted_order, baggage: evil });
    expect(plain?.replicas).toBeUndefined();
    for (const bad of ["", "nonsense", `${tree.dotted_order}.x`, "20260101T000000000000Zno-uuid"]) {
      expect(RunTree.fromHeaders({ "langsmith-trace": bad })).toBeUndefined();
      expect(RunTree.fromDottedOrder(bad)).toBeUndefined();
    }
  });

  it("a run of another process is ended by one patch", async () => {
    const bridge = await startBridge();
    const elsewhere = new RunTree({ name: "step", run_type: "tool" });
    const { id, dotted_order, trace_id } = elsewhere;
    const resumed = RunTree.fromRun({
      id,
      dotted_order,
      trace_id,
      name: "step",
      run_type: "tool",
      session_name: "test",
    });
    const child = resumed.createChild({ name: "after the restart" });
    await child.end({});
    await child.postRun();
    await resumed.end({ done: true });
    await resumed.patchRun();
    await bridge.processor.shutdown();
    const patch = bridge.receiver.operations.find((operation) => operation.id === id);
    expect(patch).toMatchObject({ kind: "patch", run: { name: "step", run_type: "tool", outputs: { done: true } } });
    expect(patch?.run.extra).toBeUndefined();
    expect(bridge.receiver.one("after the restart").parent_run_id).toBe(id);
  });
});

describe("ids", () => {
  it("an id that is no UUID is a clear error, at definition", () => {
    expect(() => new RunTree({ name: "f", id: "run-1" })).toThrow(/LSB_ERR_RUN_ID: .*"run-1".*uuid7\(\)/);
    expect(() => traceable(() => 1, { id: "run-1" })).toThrow(/LSB_ERR_RUN_ID/);
    expect(() => traceable(() => 1).withConfig({ id: "run-1" })).toThrow(/LSB_ERR_RUN_ID/);
  });

  it("an id of another version is taken, with LangSmith's own warning, once", async () => {
    const bridge = await startBridge();
    const id = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
    const codes = await warnings(() => {
      traceable(() => 1, { name: "f", id })();
      traceable(() => 1, { name: "g", id: "7ba7b810-9dad-41d1-80b4-00c04fd430c8" })();
    });
    expect(codes).toEqual(["LSB_WARN_ID_NOT_V7"]);
    expect((await bridge.finish()).one("f").id).toBe(id);
  });

  it("the config's id, used twice, is a duplicate and said so; withConfig gives one call its own", async () => {
    const bridge = await startBridge();
    const fixed = traceable((n: number) => n, { name: "fixed", id: uuid7() });
    fixed(1);
    const own = [uuid7(), uuid7()];
    expect(await warnings(() => own.map((id) => fixed.withConfig({ id })(2)))).toEqual([]);
    expect(await warnings(() => fixed(3))).toEqual(["LSB_WARN_DUPLICATE_ID"]);
    await bridge.processor.shutdown();
    const ids = new Set(bridge.receiver.byName("fixed").map((run) => run.id));
    expect([...ids]).toEqual(expect.arrayContaining(own));
    expect(ids.size).toBe(3);
  });

  it("uuid7FromTime holds its time", () => {
    expect(millisOfUuid7(uuid7FromTime(1_700_000_000_000))).toBe(1_700_000_000_000);
    expect(millisOfUuid7(uuid7FromTime("2026-01-01T00:00:00Z"))).toBe(Date.parse("2026-01-01"));
  });
});

describe("mistakes cost nothing but what they are", () => {
  it("postRun and patchRun twice", async () => {
    const bridge = await startBridge();
    const tree = new RunTree({ name: "tree" });
    const codes = await warnings(async () => {
      await tree.postRun();
      await tree.postRun();
      await tree.end({});
      await tree.patchRun();
      await tree.patchRun();
    });
    expect(codes).toEqual(["LSB_WARN_POSTED_TWICE"]);
    expect((await bridge.finish()).operations.length).toBe(1);
  });

  it("odd configs", async () => {
    const bridge = await startBridge();
    const odd: RunTreeConfig[] = [
      { name: "" },
      { name: "type", run_type: "agent" },
      { name: "time", start_time: "yesterday" },
      { name: "order", dotted_order: "nonsense" },
      { name: "inputs", inputs: "text" as never },
      { name: "tags", tags: "text" as never },
      {
        name: "callback",
        on_end: () => {
          throw new Error("callback");
        },
      },
    ];
    const codes = await warnings(async () => {
      for (const config of odd) {
        const tree = new RunTree(config);
        await tree.postRun();
        await tree.end("text" as never);
        await tree.patchRun();
      }
    });
    const receiver = await bridge.finish();
    expect(receiver.runs.size).toBe(odd.length);
    expect(receiver.one("type").run_type).toBe("chain");
    expect(receiver.one("inputs").inputs).toEqual({ input: "text" });
    expect(receiver.one("tags").outputs).toEqual({ outputs: "text" });
    expect(new Set(codes)).toEqual(
      new Set(["LSB_WARN_RUN_TYPE", "LSB_WARN_TIME", "LSB_WARN_DOTTED_ORDER", "LSB_WARN_CALLBACK"]),
    );
  });

  it("no current run is an error that says so, or undefined where asked", async () => {
    await startBridge();
    expect(() => getCurrentRunTree()).toThrow(/LSB_ERR_NO_RUN_TREE: Could not get the current run tree/);
    expect(getCurrentRunTree(true)).toBeUndefined();
    expect(context.active()).toBeDefined();
  });
});
