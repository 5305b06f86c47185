// A traced function keeps its manners: what it returns is what it was, and its run ends when its consumer is done.
import { EventEmitter, once } from "node:events";
import { Readable } from "node:stream";
import { context, createContextKey, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { traceable } from "../../src/traceable.js";
import { startBridge } from "../processor/bridge.js";

async function oneRun(body: () => unknown): Promise<Record<string, unknown>> {
  const bridge = await startBridge();
  await body();
  const receiver = await bridge.finish();
  expect(receiver.runs.size).toBe(1);
  const [run] = receiver.runs.values();
  if (!run) throw new Error("no run");
  const { inputs, outputs, error, end_time, events } = run;
  return {
    inputs,
    outputs,
    error: error?.split("\n", 1)[0],
    hasEnded: end_time !== undefined,
    events: events?.map((e) => e.name),
  };
}

describe("plain functions", () => {
  it("a sync function returns at once, and its run has ended", async () => {
    const run = await oneRun(() => expect(traceable((a: number) => a * 2, { name: "f" })(21)).toBe(42));
    expect(run).toMatchObject({ inputs: { input: 21 }, outputs: { outputs: 42 }, hasEnded: true });
  });

  it("a sync function throws at once, the very same error", async () => {
    const thrown = new RangeError("far");
    const traced = traceable(
      () => {
        throw thrown;
      },
      { name: "f" },
    );
    const run = await oneRun(() => expect(traced).toThrow(thrown));
    expect(run.error).toBe("RangeError: far");
  });

  it.each([[undefined], [null], [0], ["text"], [{ a: 1 }], [Object.create(null)]])(
    "whatever is thrown becomes the error's text (%#)",
    async (thrown) => {
      const run = await oneRun(() =>
        expect(traceable(async () => Promise.reject(thrown), { name: "f" })()).rejects.toBe(thrown),
      );
      expect(run.error).toEqual(expect.any(String));
    },
  );

  it("keeps `this`, name, length and own properties of the function", async () => {
    await startBridge();
    const bare = Object.assign(
      function add(this: { by: number }, a: number) {
        return a + this.by;
      },
      { note: "kept" },
    );
    const traced = traceable(bare);
    expect(traced.call({ by: 2 }, 40)).toBe(42);
    expect([traced.name, traced.length, traced.note]).toEqual(["add", 1, "kept"]);
  });

  it("the application's own context keys reach the function, under ROOT too", async () => {
    await startBridge();
    const key = createContextKey("app");
    const read = traceable(() => context.active().getValue(key), { name: "read" });
    const { ROOT } = await import("../../src/traceable.js");
    const rooted = traceable((_tree: unknown) => context.active().getValue(key), { name: "rooted" });
    context.with(context.active().setValue(key, "mine"), () => {
      expect(read()).toBe("mine");
      expect(rooted(ROOT)).toBe("mine");
    });
  });

  it("what is changed after the call is recorded as it was", async () => {
    const question = { text: "before" };
    const run = await oneRun(async () => {
      const result = await traceable(async (q: { text: string }) => ({ said: [q.text] }), { name: "f" })(question);
      question.text = "after";
      result.said.push("later");
    });
    expect(run).toMatchObject({ inputs: { text: "before" }, outputs: { said: ["before"] } });
  });
});

describe("what was thrown", () => {
  it("is said with what caused it, which `fetch failed` says nothing without", async () => {
    const bridge = await startBridge();
    const refused = new Error("connect ECONNREFUSED");
    const all = new AggregateError([refused, new Error("no route")], "nobody answered");
    const circular = new Error("fetch failed", { cause: all });
    refused.cause = circular;
    const hostile = Object.defineProperty(new Error("kept"), "cause", {
      get() {
        throw new Error("no");
      },
    });
    for (const error of [circular, hostile, new Error("plain", { cause: "in words" })]) {
      await traceable(() => Promise.reject(error), { name: "f" })().catch(() => {});
    }
    const said = (await bridge.finish())
      .byName("f")
      .map(({ error }) => error?.split("\n").filter((line) => line !== "" && !line.startsWith("    at ")));
    expect(said).toEqual([
      [
        "Error: fetch failed",
        "Caused by: AggregateError: nobody answered",
        "Caused by: Error: connect ECONNREFUSED",
        "Caused by: Error: no route",
      ],
      ["Error: kept"],
      ["Error: plain", "Caused by: in words"],
    ]);
  });
});

describe("promises and thenables", () => {
  it("a rejection that nobody handles is still unhandled", async () => {
    await startBridge();
    const unhandled = new Promise((resolve) => {
      const listeners = process.listeners("unhandledRejection");
      process.removeAllListeners("unhandledRejection");
      process.once("unhandledRejection", (reason) => {
        for (const listener of listeners) process.on("unhandledRejection", listener);
        resolve(reason);
      });
    });
    void traceable(async () => Promise.reject(new Error("lost")), { name: "f" })();
    expect(await unhandled).toMatchObject({ message: "lost" });
  });

  it("a promise with properties of its own keeps them", async () => {
    const run = await oneRun(async () => {
      const child = traceable(() => Object.assign(Promise.resolve("out"), { pid: 7, kill: () => "killed" }), {
        name: "f",
      })();
      expect(child).toBeInstanceOf(Promise);
      expect([child.pid, child.kill()]).toEqual([7, "killed"]);
      expect(await child).toBe("out");
    });
    expect(run).toMatchObject({ outputs: { outputs: "out" }, hasEnded: true });
  });

  it("a query builder is not run before it is awaited, and keeps its methods", async () => {
    class Query {
      runs = 0;
      readonly #parts: string[] = [];
      where(part: string) {
        this.#parts.push(part);
        return this;
      }
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
      then<A, B>(ok?: (rows: string[]) => A, no?: (error: unknown) => B) {
        this.runs += 1;
        return Promise.resolve([...this.#parts]).then(ok, no);
      }
    }
    const run = await oneRun(async () => {
      const query = traceable(() => new Query(), { name: "query" })();
      expect(query).toBeInstanceOf(Query);
      const more = query.where("a").where("b");
      expect(query.runs).toBe(0);
      expect(await more).toEqual(["a", "b"]);
      expect(query.runs).toBe(1);
    });
    expect(run).toMatchObject({ outputs: { outputs: ["a", "b"] }, hasEnded: true });
  });
});

describe("streams", () => {
  it("a sync generator is the same kind of object, runs no step ahead, and gives back what it is given", async () => {
    const steps: unknown[] = [];
    function* count(): Generator<number, string, string> {
      steps.push(yield 1);
      steps.push(yield 2);
      return "end";
    }
    const run = await oneRun(() => {
      const made = traceable(count, { name: "count" })();
      expect(Object.prototype.toString.call(made)).toBe("[object Generator]");
      expect(made.next("ignored")).toEqual({ done: false, value: 1 });
      expect(steps).toEqual([]);
      made.next("a");
      expect(made.next("b")).toEqual({ done: true, value: "end" });
      expect(steps).toEqual(["a", "b"]);
    });
    expect(run).toMatchObject({ outputs: { outputs: [1, 2, "end"] }, hasEnded: true });
  });

  it("a sync generator broken off runs its finally, and says so", async () => {
    let isClosed = false;
    const run = await oneRun(() => {
      const made = traceable(
        function* () {
          try {
            yield 1;
            yield 2;
          } finally {
            isClosed = true;
          }
        },
        { name: "g" },
      )();
      for (const _ of made) break;
    });
    expect(isClosed).toBe(true);
    expect(run).toMatchObject({ outputs: { outputs: [1] }, error: "Cancelled", hasEnded: true });
  });

  it("an async generator's `next`, called by hand, is traced, with what is sent and thrown into it", async () => {
    const run = await oneRun(async () => {
      const made = traceable(
        async function* (): AsyncGenerator<unknown, string, unknown> {
          try {
            yield yield 1;
          } catch (error) {
            yield String(error);
          }
          return "end";
        },
        { name: "g" },
      )();
      expect(await made.next()).toEqual({ done: false, value: 1 });
      expect(await made.next("sent")).toEqual({ done: false, value: "sent" });
      expect(await made.throw(new Error("in"))).toEqual({ done: false, value: "Error: in" });
      expect(await made.next()).toEqual({ done: true, value: "end" });
    });
    expect(run).toMatchObject({ outputs: { outputs: [1, "sent", "Error: in"] }, hasEnded: true });
    expect(run.error).toBeUndefined();
  });

  it("every step of a generator runs inside its run, whoever takes it", async () => {
    const bridge = await startBridge();
    const child = traceable(async (n: number) => n, { name: "child" });
    const made = traceable(
      async function* () {
        for (let n = 0; n < 3; n += 1) yield await child(n);
      },
      { name: "generator" },
    )();
    await bridge.tracer.startActiveSpan("another", async (span) => {
      for await (const _ of made);
      span.end();
    });
    const receiver = await bridge.finish();
    const generator = receiver.one("generator");
    expect(receiver.byName("child").map((run) => run.parent_run_id)).toEqual([
      generator.id,
      generator.id,
      generator.id,
    ]);
  });

  it("an async iterable of a class keeps its class and methods, and is iterated once", async () => {
    class Feed {
      closed = false;
      async *[Symbol.asyncIterator]() {
        yield "a";
        yield "b";
      }
      close() {
        this.closed = true;
      }
    }
    const run = await oneRun(async () => {
      const feed = await traceable(async () => new Feed(), { name: "feed" })();
      expect(feed).toBeInstanceOf(Feed);
      const chunks: string[] = [];
      for await (const chunk of feed) chunks.push(chunk);
      feed.close();
      expect([chunks, feed.closed]).toEqual([["a", "b"], true]);
    });
    expect(run).toMatchObject({ outputs: { outputs: ["a", "b"] }, hasEnded: true });
  });

  it("the first chunk of a streamed llm run is its first token", async () => {
    const run = await oneRun(async () => {
      for await (const _ of traceable(
        async function* () {
          yield "a";
          yield "b";
        },
        { name: "llm", run_type: "llm" },
      )());
    });
    expect(run.events).toEqual(["new_token"]);
  });

  it("a ReadableStream is a ReadableStream that is read no faster than its consumer reads", async () => {
    let pulled = 0;
    const run = await oneRun(async () => {
      const stream = traceable(
        () => new ReadableStream<number>({ pull: (controller) => controller.enqueue(++pulled) }, { highWaterMark: 0 }),
        { name: "s" },
      )();
      expect(stream).toBeInstanceOf(ReadableStream);
      const reader = stream.getReader();
      await reader.read();
      await reader.read();
      expect(pulled).toBe(2);
      await reader.cancel("enough");
    });
    expect(run).toMatchObject({ outputs: { outputs: [1, 2] }, error: "Cancelled", hasEnded: true });
  });

  it("a stream of bytes stays one, read with a buffer of the consumer's own", async () => {
    const run = await oneRun(async () => {
      const stream = traceable(
        () =>
          new ReadableStream({
            type: "bytes",
            start(controller) {
              controller.enqueue(new TextEncoder().encode("hi"));
              controller.close();
            },
          }),
        { name: "bytes" },
      )();
      const reader = stream.getReader({ mode: "byob" });
      const first = await reader.read(new Uint8Array(8));
      expect(new TextDecoder().decode(first.value)).toBe("hi");
      expect((await reader.read(new Uint8Array(8))).done).toBe(true);
    });
    expect(run).toMatchObject({ outputs: { outputs: ["data:application/octet-stream;base64,aGk="] }, hasEnded: true });
  });

  const ways: [string, (stream: Readable) => Promise<unknown>, string | undefined][] = [
    [
      "by iteration",
      async (stream) => {
        for await (const _ of stream);
      },
      undefined,
    ],
    ["by events", (stream) => once(stream.resume(), "end"), undefined],
    ["destroyed", (stream) => once(stream.destroy(), "close"), "Cancelled"],
  ];
  it.each(ways)("a stream of Node's is the same object, %s", async (_how, read, error) => {
    const bare = Readable.from(["a", "b"]);
    const run = await oneRun(async () => {
      const stream = traceable(() => bare, { name: "node" })();
      expect(stream).toBe(bare);
      await read(stream);
    });
    expect(run).toMatchObject({ outputs: { outputs: error ? [] : ["a", "b"] }, hasEnded: true });
    expect(run.error).toBe(error);
  });

  it("an aborted call's error is the run's, and the stream's consumer gets it", async () => {
    const abort = new AbortController();
    const run = await oneRun(async () => {
      const stream = traceable(
        async function* () {
          yield 1;
          abort.signal.throwIfAborted();
          yield 2;
        },
        { name: "g" },
      )();
      await expect(async () => {
        for await (const _ of stream) abort.abort();
      }).rejects.toMatchObject({ name: "AbortError" });
    });
    expect(run).toMatchObject({ outputs: { outputs: [1] }, hasEnded: true });
    expect(run.error).toMatch(/^AbortError/);
  });

  it("a stream that nobody reads is closed at shutdown, as an error that says so", async () => {
    const run = await oneRun(
      () =>
        void traceable(
          async function* () {
            yield 1;
          },
          { name: "unread" },
        )(),
    );
    expect(run.error).toMatch(/^LSB_ERR_NEVER_ENDED/);
  });

  it("an emitter that is no stream is a value", async () => {
    const run = await oneRun(() =>
      expect(traceable(() => new EventEmitter(), { name: "e" })()).toBeInstanceOf(EventEmitter),
    );
    expect(run.hasEnded).toBe(true);
  });
});

it("hostile arguments and results break nothing", async () => {
  const bridge = await startBridge();
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error("get");
      },
      getPrototypeOf() {
        throw new Error("prototype");
      },
      ownKeys() {
        throw new Error("keys");
      },
      has() {
        throw new Error("has");
      },
    },
  );
  const echo = traceable((value: unknown) => value, { name: "echo" });
  const values: unknown[] = [
    hostile,
    Object.freeze({ next: 1 }),
    Object.freeze([1]),
    null,
    Symbol("s"),
    () => 1,
    new Proxy([], {}),
  ];
  for (const value of values) expect(echo(value)).toBe(value);
  const frozen = Object.freeze(
    (async function* () {
      yield 1;
    })(),
  );
  for await (const chunk of echo(frozen) as AsyncIterable<number>) expect(chunk).toBe(1);
  expect(trace.getActiveSpan()).toBeUndefined();
  const receiver = await bridge.finish();
  expect(receiver.byName("echo").length).toBe(values.length + 1);
});
