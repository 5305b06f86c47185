// Programs over traceable and RunTree, written once and run against the langsmith package and against this one.

/** The API that both packages have, as far as the programs use it; loosely typed, since its two owners differ. */
export interface Api {
  // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
  traceable: any;
  // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
  RunTree: any;
  // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
  getCurrentRunTree: any;
  // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
  withRunTree: any;
  ROOT: unknown;
}

export type Program = (api: Api) => Promise<unknown>;

const after = <Value>(millis: number, value: Value) =>
  new Promise<Value>((resolve) => setTimeout(resolve, millis, value));

async function drain(stream: AsyncIterable<unknown>, most = Number.POSITIVE_INFINITY): Promise<unknown[]> {
  const chunks: unknown[] = [];
  if (most === 0) return chunks;
  for await (const chunk of stream) {
    chunks.push(chunk);
    if (chunks.length >= most) break;
  }
  return chunks;
}

async function* words(...all: unknown[]) {
  for (const word of all) {
    await Promise.resolve();
    yield word;
  }
}

export const programs: Record<string, Program> = {
  "a function of one string": ({ traceable }) => traceable(async (q: string) => `${q}!`, { name: "f" })("hello"),
  "a function of one object": ({ traceable }) =>
    traceable(async (o: object) => ({ ...o, b: 2 }), { name: "f" })({ a: 1 }),
  "a function of several arguments": ({ traceable }) =>
    traceable(async (a: number, b: string, c: object) => [a, b, c], { name: "f" })(1, "b", { c: true }),
  "a function without arguments": ({ traceable }) => traceable(async () => 42, { name: "f" })(),
  "an argument that is null": ({ traceable }) => traceable(async (_: null) => null, { name: "f" })(null),
  "an argument that is undefined": ({ traceable }) =>
    traceable(async (_?: string) => undefined, { name: "f" })(undefined),
  "an array, in and out": ({ traceable }) =>
    traceable(async (all: number[]) => all.map((n) => n + 1), { name: "f" })([1, 2]),
  "a nested object with dates, maps, sets, bigints and patterns": ({ traceable }) =>
    traceable(async (o: object) => o, { name: "f" })({
      at: new Date(0),
      ids: new Set([1, 2]),
      by: new Map([["a", { b: 1 }]]),
      big: 12345678901234567890n,
      like: /a+/g,
      gone: undefined,
      list: [undefined, null, 1],
    }),
  "an error as a value": ({ traceable }) => traceable(async () => ({ problem: new TypeError("bad") }), { name: "f" })(),
  "an object that contains itself": ({ traceable }) => {
    const loop: Record<string, unknown> = { name: "loop" };
    loop.self = loop;
    return traceable(async (_: object) => "ok", { name: "f" })({ loop });
  },
  "toJSON is honoured": ({ traceable }) =>
    traceable(async (o: object) => o, { name: "f" })({ money: { toJSON: () => "3 EUR" }, url: new URL("http://a/b") }),
  "a class instance": ({ traceable }) => {
    class Point {
      constructor(
        readonly x: number,
        readonly y: number,
      ) {}
      length() {
        return Math.hypot(this.x, this.y);
      }
    }
    return traceable(async (p: Point) => p, { name: "f" })(new Point(3, 4));
  },
  "a sync function": async ({ traceable }) => traceable((a: number) => a * 2, { name: "sync" })(21),
  "the default name is the function's": async ({ traceable }) => {
    const named = {
      async greet(name: string) {
        return `hi ${name}`;
      },
    };
    await traceable(named.greet)("Ada");
    await traceable(async () => 1)();
  },
  "every run type": async ({ traceable }) => {
    for (const run_type of ["tool", "chain", "llm", "retriever", "embedding", "prompt", "parser"]) {
      await traceable(async (q: string) => q, { name: run_type, run_type })("q");
    }
  },
  "nesting, three levels": ({ traceable }) => {
    const c = traceable(async (n: number) => n + 1, { name: "c", run_type: "tool" });
    const b = traceable(async (n: number) => (await c(n)) + (await c(n + 1)), { name: "b" });
    return traceable(async (n: number) => b(n), { name: "a" })(1);
  },
  "sync functions inside an async one": ({ traceable }) => {
    const format = traceable((s: string) => [{ role: "user", content: s }], { name: "format" });
    const parse = traceable((r: { text: string }) => r.text, { name: "parse" });
    return traceable(
      async () => {
        const messages = await format("socks");
        return parse({ text: messages[0].content });
      },
      { name: "pipeline" },
    )();
  },
  "parallel children": ({ traceable }) => {
    const child = traceable(async (n: number) => after(5 - n, n), { name: "child" });
    return traceable(async () => Promise.all([0, 1, 2, 3, 4].map((n) => child(n))), { name: "parent" })();
  },
  "parallel children with children": ({ traceable }) => {
    const leaf = traceable(async (n: number) => after(1, n), { name: "leaf" });
    const child = traceable(async (n: number) => [await leaf(n), await leaf(n + 10)], { name: "child" });
    return traceable(async () => Promise.all([0, 1, 2].map((n) => child(n))), { name: "parent" })();
  },
  recursion: ({ traceable }) => {
    // biome-ignore lint/suspicious/noExplicitAny: it speaks of itself
    const down: any = traceable(async (n: number) => (n === 0 ? 0 : 1 + (await down(n - 1))), { name: "down" });
    return down(6);
  },
  "a child after a timer": ({ traceable }) => {
    const child = traceable(async () => "late", { name: "child" });
    return traceable(() => new Promise((resolve) => setTimeout(() => resolve(child()), 2)), { name: "parent" })();
  },
  "an async function that throws": ({ traceable }) =>
    traceable(async () => Promise.reject(new RangeError("too far")), { name: "f" })().catch(() => "caught"),
  "a sync function that throws": async ({ traceable }) => {
    try {
      await traceable(
        () => {
          throw new Error("no");
        },
        { name: "f" },
      )();
    } catch {}
  },
  "a string is thrown": ({ traceable }) =>
    traceable(async () => Promise.reject("just text"), { name: "f" })().catch(() => "caught"),
  "a child throws and its parent recovers": ({ traceable }) => {
    const child = traceable(async () => Promise.reject(new Error("broken")), { name: "child" });
    return traceable(async () => child().catch(() => "recovered"), { name: "parent" })();
  },
  "a child throws and so does its parent": ({ traceable }) => {
    const child = traceable(async () => Promise.reject(new Error("broken")), { name: "child" });
    return traceable(async () => child(), { name: "parent" })().catch(() => "caught");
  },
  "metadata and tags of the config": ({ traceable }) =>
    traceable(async (q: string) => q, { name: "f", metadata: { version: 2, deep: { a: [1] } }, tags: ["x", "y"] })("q"),
  "metadata is inherited, tags are not": ({ traceable }) => {
    const child = traceable(async () => 1, { name: "child", metadata: { own: true, shared: "child" }, tags: ["c"] });
    return traceable(async () => child(), { name: "parent", metadata: { shared: "parent", top: 1 }, tags: ["p"] })();
  },
  "metadata set while it runs, and then a child": ({ traceable, getCurrentRunTree }) => {
    const child = traceable(async () => 1, { name: "child" });
    return traceable(
      async () => {
        getCurrentRunTree().metadata = { late: "yes" };
        return child();
      },
      { name: "parent", metadata: { early: "yes" } },
    )();
  },
  "extra metadata mutated in place": ({ traceable, getCurrentRunTree }) =>
    traceable(
      async () => {
        getCurrentRunTree().extra.metadata.mutated = 1;
        getCurrentRunTree().tags = ["set"];
        getCurrentRunTree().name = "renamed";
      },
      { name: "f" },
    )(),
  "extra beside the metadata": ({ traceable }) =>
    traceable(async () => 1, { name: "f", extra: { invocation_params: { model: "m" }, note: "n" } })(),
  "an event": ({ traceable, getCurrentRunTree }) =>
    traceable(
      async () => {
        getCurrentRunTree().addEvent({ name: "checkpoint", step: 3 });
        getCurrentRunTree().addEvent("in words");
      },
      { name: "f" },
    )(),
  "invocation params": ({ traceable }) =>
    traceable(async (p: { model: string }) => p.model, {
      name: "llm",
      run_type: "llm",
      getInvocationParams: (p: { model: string }) => ({
        ls_provider: "acme",
        ls_model_name: p.model,
        ls_model_type: "chat",
      }),
    })({ model: "m1" }),
  processInputs: ({ traceable }) =>
    traceable(async (o: { secret: string; q: string }) => o.q, {
      name: "f",
      processInputs: ({ q }: { q: string }) => ({ q, hidden: true }),
    })({ secret: "s", q: "q" }),
  processOutputs: ({ traceable }) =>
    traceable(async () => ({ secret: "s", a: 1 }), { name: "f", processOutputs: ({ a }: { a: number }) => ({ a }) })(),
  "an asynchronous processInputs and processOutputs": ({ traceable }) =>
    traceable(async (q: string) => q, {
      name: "f",
      processInputs: async () => after(2, { processed: "in" }),
      processOutputs: async () => after(2, { processed: "out" }),
    })("q"),
  "a processInputs that throws": ({ traceable }) =>
    traceable(async (q: string) => q, {
      name: "f",
      processInputs: () => {
        throw new Error("processing");
      },
    })("secret"),
  "a processOutputs that throws": ({ traceable }) =>
    traceable(async () => "secret", {
      name: "f",
      processOutputs: () => {
        throw new Error("processing");
      },
    })(),
  "usage in the outputs of a model call": ({ traceable }) =>
    traceable(
      async () => ({
        role: "assistant",
        content: "hi",
        usage_metadata: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
      }),
      { name: "llm", run_type: "llm" },
    )(),
  "on_start and on_end": ({ traceable }) =>
    traceable(async (q: string) => q, {
      name: "f",
      // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
      on_start: (tree: any) => {
        tree.metadata = { started: true };
      },
      // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
      on_end: (tree: any) => {
        tree.metadata = { ended: Object.keys(tree.outputs) };
      },
    })("q"),
  "on_end sees the error, and the end": async ({ traceable, RunTree }) => {
    const seen: unknown[] = [];
    // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
    const on_end = (tree: any) => {
      seen.push([
        tree.name,
        tree.error?.split("\n", 1)[0] ?? null,
        typeof tree.end_time,
        tree.end_time >= tree.start_time,
      ]);
    };
    await traceable(async () => 1, { name: "well", on_end })();
    const fails = async () => Promise.reject(new RangeError("too far"));
    await traceable(fails, { name: "badly", on_end })().catch(() => "caught");
    const note = new RunTree({ name: "what was seen" });
    await note.end({ seen });
    await note.postRun();
  },
  "a run tree's own parent": ({ traceable, getCurrentRunTree }) => {
    const names = () => {
      const all: string[] = [];
      for (let at = getCurrentRunTree(); at; at = at.parent_run) all.push(at.name);
      return all;
    };
    const inner = traceable(async () => names(), { name: "inner" });
    return traceable(async () => inner(), { name: "outer" })();
  },
  argsConfigPath: ({ traceable }) =>
    traceable(async (o: { q: string }, _more?: object) => o.q, { name: "f", argsConfigPath: [1, "langsmithExtra"] })(
      { q: "q" },
      { langsmithExtra: { name: "other", metadata: { m: 1 }, tags: ["t"] }, rest: 1 },
    ),
  "tracingEnabled false": async ({ traceable }) => {
    const inner = traceable(async () => 1, { name: "inner" });
    await traceable(async () => inner(), { name: "outer", tracingEnabled: false })();
    await traceable(async () => inner(), { name: "seen" })();
  },
  "an example": ({ traceable }) =>
    traceable(async () => 1, { name: "f", reference_example_id: "0190f3e7-7f97-74c5-a9b6-8d3f7e8e2f11" })(),
  attachments: ({ traceable }) =>
    traceable(async (q: string, _f: Uint8Array) => q, {
      name: "f",
      extractAttachments: (q: string, file: Uint8Array) => [{ file: ["text/plain", file] }, { q }],
    })("q", new TextEncoder().encode("hello")),
  "an async generator": async ({ traceable }) =>
    drain(
      traceable(
        async function* () {
          yield* words("a", "b", "c");
        },
        { name: "gen" },
      )(),
    ),
  "an async generator with an aggregator": async ({ traceable }) =>
    drain(
      traceable(
        async function* (n: number) {
          for (let i = 0; i < n; i++) yield i;
        },
        {
          name: "gen",
          aggregator: (all: number[]) => ({ sum: all.reduce((a, b) => a + b, 0) }),
        },
      )(5),
    ),
  "an aggregator that throws": async ({ traceable }) =>
    drain(
      traceable(
        async function* () {
          yield 1;
        },
        {
          name: "gen",
          aggregator: () => {
            throw new Error("aggregating");
          },
        },
      )(),
    ),
  "an async generator broken off": async ({ traceable }) =>
    drain(
      traceable(
        async function* () {
          yield* words(1, 2, 3, 4);
        },
        { name: "gen" },
      )(),
      2,
    ),
  "an async generator that throws": async ({ traceable }) =>
    drain(
      traceable(
        async function* () {
          yield 1;
          throw new Error("midway");
        },
        { name: "gen" },
      )(),
    ).catch(() => "caught"),
  "children inside an async generator": async ({ traceable }) => {
    const child = traceable(async (n: number) => n * 2, { name: "child" });
    const gen = traceable(
      async function* () {
        for (const n of [1, 2]) yield await child(n);
      },
      { name: "gen" },
    );
    return traceable(async () => drain(gen()), { name: "parent" })();
  },
  "an async generator inside another": async ({ traceable }) => {
    const inner = traceable(
      async function* () {
        yield* words("A", "response");
      },
      { name: "my_child_function" },
    );
    const outer = traceable(
      async function* () {
        for await (const chunk of inner()) yield chunk;
      },
      { name: "parent_function" },
    );
    return drain(outer());
  },
  "a promise of an async iterable": async ({ traceable }) =>
    drain(await traceable(async () => words("x", "y"), { name: "f" })()),
  "a sync generator read to its end": async ({ traceable }) => {
    const made = await traceable(
      function* () {
        yield 1;
        yield 2;
        return 3;
      },
      { name: "gen" },
    )();
    return [...made];
  },
  "a streamed model call": async ({ traceable }) =>
    drain(
      traceable(
        async function* () {
          yield* words("hel", "lo");
        },
        {
          name: "llm",
          run_type: "llm",
          aggregator: (all: string[]) => ({ role: "assistant", content: all.join("") }),
        },
      )(),
    ),
  "a ReadableStream": async ({ traceable }) => {
    const stream = await traceable(
      async () =>
        new ReadableStream({
          start(controller) {
            for (const chunk of ["a", "b"]) controller.enqueue(chunk);
            controller.close();
          },
        }),
      { name: "stream" },
    )();
    return drain(stream);
  },
  "a ReadableStream that fails": async ({ traceable }) => {
    let count = 0;
    const stream = await traceable(
      async () =>
        new ReadableStream({
          pull(controller) {
            count += 1;
            if (count < 3) controller.enqueue(count);
            else controller.error(new Error("cut"));
          },
        }),
      { name: "stream" },
    )();
    return drain(stream).catch(() => "caught");
  },
  "an async generator as an argument": async ({ traceable }) =>
    traceable(async (source: AsyncIterable<unknown>) => (await drain(source)).length, { name: "f" })(words("p", "q")),
  "a promise as an argument": async ({ traceable }) =>
    traceable(async (later: Promise<string>) => `${await later}!`, { name: "f" })(Promise.resolve("now")),
  "a run tree as the parent": async ({ traceable, RunTree }) => {
    const parent = new RunTree({ name: "parent", inputs: { a: 1 }, metadata: { m: 1 } });
    await parent.postRun();
    // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
    await traceable(async (_tree: any, q: string) => q, { name: "child" })(parent, "q");
    await parent.end({ b: 2 });
    await parent.patchRun();
  },
  "the run tree is passed on": async ({ traceable, RunTree }) => {
    const root = new RunTree({ name: "root" });
    await root.postRun();
    // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
    const inner = traceable(async (_tree: any, q: string) => q, { name: "inner" });
    // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
    await traceable(async (tree: any, q: string) => inner(tree, `${q}!`), { name: "outer" })(root, "q");
    await root.end();
    await root.patchRun();
  },
  "ROOT roots its own trace": async ({ traceable, ROOT }) => {
    // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
    const alone = traceable(async (_tree: any, q: string) => q, { name: "alone" });
    return traceable(async () => alone(ROOT, "q"), { name: "outer" })();
  },
  withRunTree: async ({ traceable, RunTree, withRunTree }) => {
    const root = new RunTree({ name: "root" });
    await root.postRun();
    const child = traceable(async (q: string) => q, { name: "child" });
    await withRunTree(root, async () => child("q"));
    await root.end({ done: true });
    await root.patchRun();
  },
  "what is set on the current run tree inside withRunTree": async ({ RunTree, withRunTree, getCurrentRunTree }) => {
    const root = new RunTree({ name: "root" });
    await root.postRun();
    await withRunTree(root, async () => {
      getCurrentRunTree().metadata = { inside: true };
      getCurrentRunTree().tags = ["inside"];
    });
    await root.end({ isSame: await withRunTree(root, () => getCurrentRunTree() === root) });
    await root.patchRun();
  },
  "getCurrentRunTree().createChild": ({ traceable, getCurrentRunTree }) =>
    traceable(
      async () => {
        const child = getCurrentRunTree().createChild({ name: "by hand", run_type: "tool", inputs: { a: 1 } });
        await child.postRun();
        await child.end({ b: 2 });
        await child.patchRun();
        return "done";
      },
      { name: "outer" },
    )(),
  "a RunTree with everything": async ({ RunTree }) => {
    const tree = new RunTree({
      name: "tree",
      run_type: "retriever",
      inputs: { q: "q" },
      extra: { metadata: { a: 1 }, invocation_params: { k: 3 } },
      metadata: { b: 2 },
      tags: ["t"],
    });
    await tree.postRun();
    tree.addEvent({ name: "found", count: 2 });
    await tree.end({ documents: [] }, undefined, undefined, { later: true });
    await tree.patchRun();
  },
  "a RunTree with an error": async ({ RunTree }) => {
    const tree = new RunTree({ name: "tree" });
    await tree.postRun();
    await tree.end(undefined, "it broke");
    await tree.patchRun();
  },
  "children posted before their parents": async ({ RunTree }) => {
    const parent = new RunTree({ name: "parent" });
    const child = parent.createChild({ name: "child" });
    const grandchild = child.createChild({ name: "grandchild" });
    for (const tree of [grandchild, child, parent]) await tree.postRun();
    for (const tree of [grandchild, child, parent]) {
      await tree.end({ name: tree.name });
      await tree.patchRun();
    }
  },
  "end and postRun alone": async ({ RunTree }) => {
    const tree = new RunTree({ name: "tree", inputs: { a: 1 } });
    await tree.end({ b: 2 });
    await tree.postRun();
  },
  "a RunTree in the past": async ({ RunTree }) => {
    const tree = new RunTree({ name: "past", start_time: Date.now() - 60_000 });
    await tree.postRun();
    await tree.end({ ok: true }, undefined, Date.now() - 30_000);
    await tree.patchRun();
  },
  "headers there and back": async ({ RunTree }) => {
    const tree = new RunTree({ name: "sender", metadata: { m: "1" }, tags: ["t"] });
    await tree.postRun();
    const received = RunTree.fromHeaders(tree.toHeaders());
    const child = received.createChild({ name: "receiver" });
    await child.postRun();
    await child.end({ ok: true });
    await child.patchRun();
    await tree.end();
    await tree.patchRun();
  },
  "a traceable under headers": async ({ RunTree, traceable }) => {
    const tree = new RunTree({ name: "sender" });
    await tree.postRun();
    const received = RunTree.fromDottedOrder(tree.dotted_order);
    // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
    await traceable(async (_tree: any, q: string) => q, { name: "far" })(received, "q");
    await tree.end();
    await tree.patchRun();
  },
  "a stream consumed after its parent ended": async ({ traceable }) => {
    const child = traceable(async (n: number) => n, { name: "child" });
    const gen = traceable(
      async function* () {
        yield await child(1);
        yield await child(2);
      },
      { name: "gen" },
    );
    const stream = await traceable(async () => ({ stream: gen() }), { name: "parent", processOutputs: () => ({}) })();
    return drain(stream.stream);
  },
  "outputs that were set by hand and an error": ({ traceable, getCurrentRunTree }) =>
    traceable(
      async () => {
        getCurrentRunTree().outputs = { partial: true };
        throw new Error("after a part");
      },
      { name: "f" },
    )().catch(() => "caught"),
};
