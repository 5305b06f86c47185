// Calls of traced functions: what stands for their inputs, outputs and errors, and how they nest.
import { caught, type Programs } from "./program.js";

const iso = (millis: number) => new Date(millis).toISOString();
const usage = { input_tokens: 10, output_tokens: 20, total_tokens: 30 };

export const calls: Programs = {
  "arguments of every number and kind": {
    run({ traceable }) {
      const all = [[], ["one"], [{ a: 1 }], [1, 2], [[1, 2]], [null], [undefined], [undefined, 1], [true], [""], [0]];
      const more = [[{ a: undefined, b: null }], [{ a: 1 }, { b: 2 }], ["a", undefined]];
      [...all, ...more].forEach((args, at) => {
        traceable((..._: unknown[]) => args.length, { name: `f${at}` })(...args);
      });
    },
  },
  "results of every kind": {
    async run({ traceable }) {
      const results = { undef: undefined, nul: null, num: 5, str: "s", empty: "", bool: false, list: [1, 2] };
      const objects = { obj: { a: 1 }, undefs: { a: undefined }, none: {}, noItems: [], named: { outputs: 1 } };
      for (const [name, value] of Object.entries({ ...results, ...objects })) {
        traceable(() => value, { name })();
        await traceable(async () => value, { name: `async ${name}` })();
      }
    },
  },
  "values that JSON has no word for": {
    differs: [7],
    run({ traceable }) {
      const values = {
        nan: Number.NaN,
        inf: Number.POSITIVE_INFINITY,
        invalid: new Date(Number.NaN),
        fn: function foo() {},
        sym: Symbol("s"),
        promised: Promise.resolve(1),
        weak: new WeakMap(),
        bytes: Buffer.from("ab"),
        floats: new Float32Array([1.5]),
        form: new FormData(),
        headers: new Headers({ a: "b" }),
        stream: (async function* () {})(),
      };
      for (const [name, v] of Object.entries(values)) traceable((_: unknown) => {}, { name })({ v });
    },
  },
  "values that have a form": {
    run({ traceable }) {
      class Point {
        x = 1;
        get double() {
          return 2 * this.x;
        }
      }
      const loop: Record<string, unknown> = { a: 1 };
      loop.self = loop;
      const list: unknown[] = [1];
      list.push(list);
      const values = {
        date: new Date(0),
        map: new Map([["a", 1]]),
        set: new Set([1, 2]),
        big: 10n,
        like: /x/g,
        error: new Error("e"),
        url: new URL("http://x/y"),
        instance: new Point(),
        json: { toJSON: () => ({ tj: 1 }) },
        loop,
        list,
        bare: Object.assign(Object.create(null), { a: 1 }),
        holes: [1, undefined, 3],
      };
      for (const [name, v] of Object.entries(values)) traceable((_: unknown) => ({ v }), { name })({ v });
      traceable((_: unknown) => loop, { name: "loop itself" })(loop);
    },
  },
  "everything that can be thrown": {
    async run({ traceable }) {
      class Mine extends Error {
        override name = "Mine";
        code = 7;
      }
      const thrown: Record<string, unknown> = {
        error: new Error("boom"),
        type: new TypeError("tt"),
        text: "plain",
        undef: undefined,
        nul: null,
        object: { a: 1 },
        number: 42,
        mine: new Mine("my"),
        many: new AggregateError([new Error("1")], "agg"),
        caused: new Error("outer", { cause: new Error("inner") }),
        empty: new Error(""),
        abort: AbortSignal.abort().reason,
      };
      for (const [name, value] of Object.entries(thrown)) {
        await caught(() => traceable(async () => Promise.reject(value), { name })());
        await caught(() =>
          traceable(
            () => {
              throw value;
            },
            { name: `sync ${name}` },
          )(),
        );
      }
      const inner = traceable(async () => Promise.reject(new Error("in")), { name: "inner" });
      await caught(() => traceable(async () => inner(), { name: "outer" })());
      await traceable(async () => caught(inner), { name: "catcher" })();
    },
  },
  "processInputs and processOutputs": {
    async run({ traceable }) {
      const both = {
        processInputs: (inputs: object) => ({ got: inputs }),
        processOutputs: (outputs: object) => ({ got: outputs }),
      };
      await traceable(async (a: object) => ({ o: a }), { name: "object", ...both })({ a: 1 });
      await traceable(async (_a: number, _b: number) => [1, 2], { name: "several", ...both })(1, 2);
      await traceable(async (_: string) => "s", { name: "text", ...both })("x");
      await traceable(async () => undefined, { name: "nothing", ...both })();
      await traceable(async (_: string) => "s", {
        name: "later",
        processInputs: async (inputs: object) => ({ got: inputs }),
        processOutputs: async (outputs: object) => ({ got: outputs }),
      })("x");
    },
  },
  "processInputs and processOutputs that throw": {
    run: async ({ traceable }) => {
      const broken = () => {
        throw new Error("x");
      };
      return [
        await traceable(async (_: string) => "s", { name: "inputs", processInputs: broken })("secret"),
        await traceable(async (_: string) => "s", { name: "outputs", processOutputs: broken })("v"),
      ];
    },
  },
  "promises, generators and streams as arguments": {
    async run({ traceable }) {
      const read = async (given: AsyncIterable<unknown>) => {
        const chunks: unknown[] = [];
        for await (const chunk of given) chunks.push(chunk);
        return chunks;
      };
      await traceable(async (p: Promise<string>, s: number) => [await p, s], { name: "f" })(Promise.resolve("v"), 1);
      await traceable(async (p: Promise<string>) => caught(() => p), { name: "g" })(Promise.reject(new Error("rej")));
      await traceable(read, { name: "h" })(
        (async function* () {
          yield 1;
          yield 2;
        })(),
      );
      traceable((given: Iterable<number>) => [...given], { name: "k" })(
        (function* () {
          yield 1;
        })(),
      );
    },
  },
  "a config of the one call": {
    async run({ traceable }) {
      const base = { name: "f", tags: ["base"], metadata: { base: 1 } };
      const over = { name: "over", tags: ["x"], metadata: { m: 2 } };
      const echo = async (a: unknown, o?: unknown) => [a, o];
      await traceable(echo, { ...base, argsConfigPath: [1, "langsmithExtra"] })(
        { q: 1 },
        { o: 1, langsmithExtra: over },
      );
      await traceable(echo, { ...base, name: "g", argsConfigPath: [1] })({ q: 1 }, { ...over, name: "over g" });
    },
  },
  "invocation params, extra, attachments, an example": {
    async run({ traceable }) {
      await traceable(async (p: { model: string }) => p.model, {
        name: "params",
        run_type: "llm",
        getInvocationParams: (p: { model: string }) => ({
          ls_provider: "openai",
          ls_model_name: p.model,
          ls_model_type: "chat",
        }),
      })({ model: "m" });
      await traceable(async () => 1, {
        name: "extra",
        extra: { metadata: { e: 1 }, z: { a: 1 } },
        metadata: { m: 1 },
      })();
      await traceable(async (a: string, _b: string) => a, {
        name: "files",
        extractAttachments: (a: string) => [{ pic: ["image/png", new Uint8Array([1, 2])] }, { a }],
        reference_example_id: "11111111-1111-4111-8111-111111111111",
      })("x", "y");
    },
  },
  "a callback that throws": {
    differs: [9],
    run: ({ traceable }) =>
      caught(
        traceable(async () => 1, {
          name: "f",
          getInvocationParams: () => {
            throw new Error("x");
          },
        }),
      ),
  },
  "on_start and on_end": {
    async run({ traceable }) {
      const log: unknown[] = [];
      // biome-ignore lint/suspicious/noExplicitAny: two packages' run trees
      const on_end = (run: any) =>
        log.push([run.name, run.outputs, run.inputs, run.error?.split("\n")[0], !!run.end_time]);
      // biome-ignore lint/suspicious/noExplicitAny: two packages' run trees
      const on_start = (run: any) => log.push(["start", run.name]);
      await traceable(async (x: number) => x, { name: "f", on_end, on_start })(1);
      await caught(() => traceable(async () => Promise.reject(new Error("z")), { name: "g", on_end })());
      return log;
    },
  },
  "usage of a model call and of other runs": {
    differs: [5],
    async run({ traceable, getCurrentRunTree }) {
      for (const run_type of ["llm", "embedding", "tool", "retriever", "chain"]) {
        await traceable(async () => ({ a: 1, usage_metadata: { ...usage, foo: "bar" } }), {
          name: run_type,
          run_type,
        })();
      }
      const priced = { ...usage, input_token_details: { cache_read: 3, audio: 0 }, total_cost: 0.3 };
      await traceable(async () => ({ usage_metadata: priced }), { name: "priced", run_type: "llm" })();
      const cost = { total_cost: 0.0015 };
      await traceable(async () => ({ usage_metadata: cost }), { name: "cost", run_type: "tool" })();
      await traceable(
        async () => {
          getCurrentRunTree().metadata.usage_metadata = cost;
          return { a: 1 };
        },
        { name: "metadata", run_type: "tool" },
      )();
    },
  },
  "what is inherited": {
    differs: [5],
    async run({ traceable }) {
      const child = traceable(async () => 1, { name: "child", metadata: { c: 1 }, tags: ["ct"] });
      const between = traceable(async () => child(), { name: "between" });
      const metadata = { user: "u", ls_model_name: "m", ls_provider: "p", thread_id: "t" };
      await traceable(async () => between(), { name: "root", metadata, tags: ["rt"] })();
    },
  },
  "tracingEnabled: false": {
    differs: [10],
    async run({ traceable }) {
      const child = traceable(async () => 1, { name: "child" });
      const off = traceable(async () => child(), { name: "off", tracingEnabled: false });
      await off();
      await traceable(async () => [await child(), await off()], { name: "root" })();
    },
  },
  "what is set while a run runs": {
    differs: [6],
    async run({ traceable, getCurrentRunTree }) {
      await traceable(
        async () => {
          const run = getCurrentRunTree();
          run.name = "renamed";
          run.inputs = { set: 1 };
          run.tags = ["late"];
          run.addEvent({ name: "e", time: iso(1), kwargs: { a: 1 } });
          run.extra.metadata.inPlace = 1;
          return { a: 1 };
        },
        { name: "live" },
      )({ given: 1 });
    },
  },
  "parents given as the first argument": {
    async run({ traceable, RunTree, ROOT }) {
      const f = traceable(async (_run: unknown, x: number) => x, { name: "f" });
      const tree = new RunTree({ name: "tree" });
      await tree.postRun();
      await f(tree, 1);
      await tree.end();
      await tree.patchRun();
      await traceable(async () => f(ROOT, 2), { name: "outer" })();
    },
  },
  "work that nobody awaits, timers and microtasks": {
    async run({ traceable }) {
      const child = traceable(async () => 1, { name: "child" });
      const slow = traceable(async () => new Promise((resolve) => setTimeout(resolve, 20, "s")), { name: "slow" });
      let done: Promise<unknown> = Promise.resolve();
      await traceable(
        async () => {
          done = slow();
          await new Promise<void>((resolve) => setTimeout(async () => resolve(void (await child())), 5));
          await new Promise<void>((resolve) => process.nextTick(async () => resolve(void (await child()))));
          await Promise.all([1, 2, 3].map(() => child()));
        },
        { name: "root" },
      )();
      await done;
    },
  },
  "a thenable with methods of its own": {
    async run({ traceable }) {
      class Lazy {
        // biome-ignore lint/suspicious/noThenProperty: it is what is tried
        then(onValue: (value: string) => unknown, onError: () => unknown) {
          return Promise.resolve("lazy").then(onValue, onError);
        }
        withResponse() {
          return "response";
        }
      }
      const result = traceable(() => new Lazy(), { name: "f" })();
      return [typeof result.withResponse, await result];
    },
  },
  "the face of a traced function": {
    differs: [12],
    async run({ traceable, isTraceableFunction, getCurrentRunTree }) {
      const f = traceable(function foo(a: number, _b: number) {
        return a;
      });
      return [
        isTraceableFunction(f),
        isTraceableFunction(() => 1),
        f.name,
        f.length,
        getCurrentRunTree(true) === undefined,
      ];
    },
  },
  "the current run tree": {
    differs: [12],
    async run({ traceable, getCurrentRunTree }) {
      const child = traceable(
        async () => {
          const run = getCurrentRunTree();
          return [run.parent_run?.name, run.parent_run?.parent_run?.name, run.parent_run_id === run.parent_run?.id];
        },
        { name: "child" },
      );
      return traceable(
        async () => {
          const run = getCurrentRunTree();
          const shown = [run.id === run.trace_id, run.name, run.run_type, run.tags, run.metadata.k, run.inputs];
          const kinds = [typeof run.start_time, run.end_time, typeof run.createChild, Array.isArray(run.child_runs)];
          return [
            shown,
            kinds,
            typeof run.toHeaders()["langsmith-trace"],
            await traceable(async () => child(), { name: "b" })(),
          ];
        },
        { name: "f", metadata: { k: 1 }, tags: ["t"] },
      )({ a: 1 });
    },
  },
};
