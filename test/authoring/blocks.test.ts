// Blocks, classes, and no processor at all.
import { trace } from "@opentelemetry/api";
import { describe, expect, it, vi } from "vitest";
import {
  configureAuthoring,
  getCurrentRunTree,
  RunTree,
  startActiveRun,
  startRun,
  traceable,
  traceableClass,
} from "../../src/authoring/index.js";
import { bridges } from "../../src/bridges.js";
import { startBridge, treeOf } from "../processor/bridge.js";

describe("startActiveRun", () => {
  it("gives the block its live tree, and takes what it returns as outputs", async () => {
    const bridge = await startBridge();
    const child = traceable(async () => 1, { name: "child" });
    const result = await startActiveRun("block", { inputs: { a: 1 }, run_type: "tool", tags: ["t"] }, async (run) => {
      expect(getCurrentRunTree()).toBe(run);
      await child();
      return { b: 2 };
    });
    expect(result).toEqual({ b: 2 });
    const receiver = await bridge.finish();
    expect(treeOf(receiver)).toEqual(["block(child)"]);
    expect(receiver.one("block")).toMatchObject({ inputs: { a: 1 }, outputs: { b: 2 }, run_type: "tool", tags: ["t"] });
  });

  it("keeps the outputs that the block ended its run with, stays sync, and passes errors on", async () => {
    const bridge = await startBridge();
    expect(
      startActiveRun("sync", (run) => {
        void run.end({ mine: true });
        return 7;
      }),
    ).toBe(7);
    expect(() =>
      startActiveRun("fails", () => {
        throw new Error("in the block");
      }),
    ).toThrow("in the block");
    const receiver = await bridge.finish();
    expect(receiver.one("sync").outputs).toEqual({ mine: true });
    expect(receiver.one("fails").error).toMatch(/^Error: in the block/);
  });
});

describe("startRun", () => {
  it("ends where its block is left, under the current run", async () => {
    const bridge = await startBridge();
    traceable(
      () => {
        using run = startRun("used", { run_type: "tool", inputs: { path: "p" } });
        run.outputs = { rows: 3 };
      },
      { name: "outer" },
    )();
    const receiver = await bridge.finish();
    expect(treeOf(receiver)).toEqual(["outer(used)"]);
    expect(receiver.one("used")).toMatchObject({ inputs: { path: "p" }, outputs: { rows: 3 }, run_type: "tool" });
    expect(receiver.one("used").end_time).toBeDefined();
  });
});

describe("traceableClass", () => {
  class Base {
    #count = 0;
    constructor(readonly some: number) {}
    add(other: number) {
      this.#count += 1;
      return this.some + other;
    }
    async later() {
      return this.#hidden();
    }
    *steps() {
      yield 1;
      yield this.#count;
    }
    get sum() {
      return this.some;
    }
    set sum(_value: number) {}
    _internal() {
      return "internal";
    }
    #hidden() {
      return `hidden ${this.#count}`;
    }
    static make(some: number) {
      return new Base(some);
    }
    static Inner = class Inner {};
    arrow = () => this.some;
    [Symbol.toPrimitive]() {
      return this.some;
    }
  }

  it("traces every public method, static ones too, and nothing else", async () => {
    const bridge = await startBridge();
    const Traced = traceableClass(Base);
    expect(Traced).toBe(Base);
    const made = Traced.make(13);
    expect(made).toBeInstanceOf(Base);
    expect(made.add(29)).toBe(42);
    expect(await made.later()).toBe("hidden 1");
    expect([...made.steps()]).toEqual([1, 1]);
    expect([made.sum, made._internal(), made.arrow(), +made, new Base.Inner() instanceof Base.Inner]).toEqual([
      13,
      "internal",
      13,
      13,
      true,
    ]);
    expect(treeOf(await bridge.finish()).sort()).toEqual(["Base.add", "Base.later", "Base.make", "Base.steps"]);
  });

  it("names inherited methods by the class that inherits, and nests what calls super", async () => {
    const bridge = await startBridge();
    class Parent {
      greet() {
        return "hi";
      }
      bye() {
        return "bye";
      }
    }
    class Child extends Parent {
      override greet() {
        return `${super.greet()}!`;
      }
    }
    traceableClass(Parent);
    traceableClass(Child, { run_type: "tool", exclude: ["none"] });
    const child = new Child();
    expect([child.greet(), child.bye(), new Parent().bye()]).toEqual(["hi!", "bye", "bye"]);
    const receiver = await bridge.finish();
    expect(treeOf(receiver).sort()).toEqual(["Child.bye", "Child.greet(Parent.greet)", "Parent.bye"]);
    expect(receiver.one("Child.bye").run_type).toBe("tool");
  });

  it("leaves what the language calls by itself, and what its own classes gave, as they are", async () => {
    const bridge = await startBridge();
    class Point {
      constructor(readonly x: number) {}
      toJSON() {
        return { self: this.x, again: `${this}` };
      }
      toString() {
        return `at ${this.x}`;
      }
      itself() {
        return this;
      }
    }
    class Later extends Promise<number> {
      twice() {
        return this.then((n) => n * 2);
      }
    }
    class Shelf extends Map<string, number> {
      total() {
        return [...this.values()].reduce((sum, n) => sum + n, 0);
      }
    }
    traceableClass(Point);
    expect(JSON.stringify(new Point(3).itself())).toBe('{"self":3,"again":"at 3"}');
    const later = new (traceableClass(Later))((resolve) => resolve(21));
    expect([await later, await later.twice()]).toEqual([21, 42]);
    expect(new (traceableClass(Shelf))([["a", 1]]).set("b", 2)).toHaveProperty("size", 2);
    expect(new Shelf([["a", 1]]).total()).toBe(1);
    const receiver = await bridge.finish();
    expect(treeOf(receiver).sort()).toEqual(["Later.twice", "Point.itself", "Shelf.total"]);
    expect(receiver.one("Point.itself").outputs).toEqual({ outputs: { self: 3, again: "at 3" } });
  });

  it("decorates a class, by the language's decorators too", async () => {
    const bridge = await startBridge();
    class Plain {
      run() {
        return 1;
      }
    }
    const context: ClassDecoratorContext<typeof Plain> = {
      kind: "class",
      name: "Plain",
      metadata: { not: "the run's" },
      addInitializer() {},
    };
    new (traceableClass(Plain, context))().run();
    const run = (await bridge.finish()).one("Plain.run");
    expect(run.extra.metadata).not.toHaveProperty("not");
  });

  it("takes only what is wanted", async () => {
    const bridge = await startBridge();
    class Tools {
      a() {}
      b() {}
      c() {}
    }
    const tools = new (traceableClass(Tools, { include: ["a", "b"], exclude: ["b"], name: "T" }))();
    tools.a();
    tools.b();
    tools.c();
    expect(treeOf(await bridge.finish())).toEqual(["T.a"]);
  });
});

describe("content and attributes", () => {
  it("content stays out of the attributes, unless asked for", async () => {
    const seen: Record<string, unknown>[] = [];
    const beside = {
      onStart() {},
      onEnd: (span: { attributes: Record<string, unknown> }) => void seen.push(span.attributes),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    await startBridge({ beside: [beside] });
    traceable((q: string) => ({ answer: q }), { name: "f" })("secret");
    traceable((q: string) => ({ answer: q }), { name: "g", contentAsAttributes: true })("shown");
    expect(JSON.stringify(seen[0])).not.toContain("secret");
    expect(seen[1]).toMatchObject({
      "gen_ai.prompt": '{"input":"shown"}',
      "gen_ai.completion": '{"answer":"shown"}',
      "langsmith.span.kind": "chain",
    });
  });
});

describe("no processor", () => {
  it("everything runs untraced, and it is said once", async () => {
    trace.disable();
    expect(bridges().length).toBe(0);
    const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const add = traceable((a: number, b: number) => a + b, { name: "add" });
    expect([
      add(1, 2),
      await traceable(async () => 3)(),
      [
        ...traceable(function* () {
          yield 4;
        })(),
      ],
    ]).toEqual([3, 3, [4]]);
    const tree = new RunTree({ name: "tree" });
    await tree.postRun();
    await tree.end({});
    await tree.patchRun();
    expect(traceable((given: RunTree, b: number) => [given, b])(tree, 1)).toEqual([tree, 1]);
    expect(startActiveRun("block", (run) => run.name)).toBe("block");
    {
      using run = startRun("run");
      expect(run.name).toBe("run");
    }
    expect(emit.mock.calls.map(([, options]) => (typeof options === "object" ? options.code : options))).toEqual([
      "LSB_WARN_NO_PROCESSOR",
    ]);
    emit.mockRestore();
  });

  it("spans of a provider of one's own are used where it is named", async () => {
    const bridge = await startBridge();
    trace.disable();
    configureAuthoring({ tracerProvider: bridge.provider });
    traceable(() => 1, { name: "isolated" })();
    configureAuthoring({ tracerProvider: trace.getTracerProvider() });
    expect(treeOf(await bridge.finish())).toEqual(["isolated"]);
  });
});
