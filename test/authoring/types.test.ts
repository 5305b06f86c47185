// What traceable does to types: nothing, but for the parent that may stand before the arguments.
import { describe, expectTypeOf, it } from "vitest";
import { ROOT, type RunTree, startActiveRun, traceable } from "../../src/authoring/index.js";

declare const tree: RunTree;

describe("types", () => {
  it("a function keeps its parameters and its result, sync or not", () => {
    const sync = traceable((a: number, b?: string) => `${a}${b}`);
    const asynchronous = traceable(async (a: { id: string }) => ({ ...a, found: true }));
    const check = () => {
      expectTypeOf(sync(1)).toEqualTypeOf<string>();
      expectTypeOf(sync(ROOT, 1, "b")).toEqualTypeOf<string>();
      expectTypeOf(sync(tree, 1)).toEqualTypeOf<string>();
      expectTypeOf(asynchronous({ id: "1" })).toEqualTypeOf<Promise<{ found: boolean; id: string }>>();
      expectTypeOf(asynchronous({ callbacks: [] }, { id: "1" })).toEqualTypeOf<
        Promise<{ found: boolean; id: string }>
      >();
      // @ts-expect-error a parameter of another type
      sync("1");
      // @ts-expect-error a parameter too many
      sync(1, "b", 3);
      // @ts-expect-error a parameter too few
      asynchronous();
    };
    expectTypeOf(check).toBeFunction();
    expectTypeOf<Parameters<typeof sync>>().toExtend<unknown[]>();
  });

  it("generics, overloads, `this` and own properties stay", () => {
    function identity<Value>(value: Value): Value {
      return value;
    }
    interface Read {
      (how: "text"): string;
      (how: "json"): object;
    }
    const read: Read = (how: string) => (how === "text" ? "" : {}) as never;
    const traced = traceable(identity);
    const tracedRead = traceable(read);
    const noted = traceable(Object.assign(() => 1, { note: "n" }));
    const check = () => {
      expectTypeOf(traced({ a: 1 })).toEqualTypeOf<{ a: number }>();
      expectTypeOf(tracedRead("text")).toEqualTypeOf<string>();
      expectTypeOf(tracedRead("json")).toEqualTypeOf<object>();
      expectTypeOf(noted.note).toEqualTypeOf<string>();
      expectTypeOf([1, 2].map((n) => traced(n))).toEqualTypeOf<number[]>();
    };
    expectTypeOf(check).toBeFunction();
  });

  it("generators and streams stay what they are", () => {
    const generator = traceable(function* (n: number): Generator<number, string, boolean> {
      yield n;
      return "";
    });
    const asyncGenerator = traceable(async function* () {
      yield 1;
    });
    expectTypeOf<ReturnType<typeof generator>>().toEqualTypeOf<Generator<number, string, boolean>>();
    expectTypeOf<ReturnType<typeof asyncGenerator>>().toExtend<AsyncGenerator<number>>();
  });

  it("a run tree as the first parameter is given as the parent", () => {
    const child = traceable((run: RunTree, q: string) => `${run.id}${q}`);
    const check = () => {
      expectTypeOf(child(tree, "q")).toEqualTypeOf<string>();
      expectTypeOf(child(ROOT, "q")).toEqualTypeOf<string>();
      // @ts-expect-error a parent is needed
      child("q");
    };
    expectTypeOf(check).toBeFunction();
  });

  it("the config's functions know the function's types", () => {
    traceable((q: string) => q.length, {
      processInputs: (inputs) => {
        expectTypeOf(inputs).toEqualTypeOf<Readonly<{ input: string }>>();
        return inputs;
      },
      processOutputs: (outputs) => {
        expectTypeOf(outputs).toEqualTypeOf<Readonly<{ outputs: number }>>();
        return outputs;
      },
      getInvocationParams: (q) => ({ ls_model_name: q }),
      extractAttachments: (q) => [undefined, { q }],
    });
    interface Question {
      q: string;
    }
    traceable((question: Question): Question => question, {
      processInputs: ({ q }) => ({ q }),
      processOutputs: ({ q }) => ({ q }),
    });
    expectTypeOf(startActiveRun<Promise<number>>).returns.toEqualTypeOf<Promise<number>>();
  });
});
