// What a program of the langsmith package gives a run, in the forms that programs use: nothing of it is lost in silence.
import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { RunTree as NativeRunTree } from "langsmith";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RunTree, traceable } from "../../src/authoring/index.js";
import { LangSmithSpanProcessor } from "../../src/processor/index.js";
import { type Receiver, startReceiver } from "../receiver.js";

let receiver: Receiver;
let processor: LangSmithSpanProcessor;

beforeEach(async () => {
  receiver = await startReceiver();
  processor = new LangSmithSpanProcessor({ apiUrl: receiver.url, projectName: "test", batchDelayMillis: 1 });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
});

afterEach(async () => {
  await processor.shutdown();
  await receiver.close();
  context.disable();
  trace.disable();
});

async function sent(name: string) {
  await processor.forceFlush();
  return receiver.one(name);
}

it("a RunTree keeps the events that it is made with, and new_token no token", async () => {
  const time = new Date(3).toISOString();
  const kwargs = { token: "secret" };
  const events = [{ name: "start", time, kwargs: { a: 1 } }, { name: "new_token", time, kwargs }, { name: "timeless" }];
  const posted = new RunTree({ name: "posted", run_type: "llm", events });
  expect(posted.events).toEqual(events);
  await posted.postRun();
  posted.addEvent("later");
  await posted.end({});
  await posted.patchRun();
  const child = posted.createChild({ name: "child", events: [{ name: "own", time }] });
  await child.end({});
  await child.postRun();
  expect((await sent("posted")).events).toEqual([
    { name: "start", time, kwargs: { a: 1 } },
    { name: "new_token", time },
    { name: "timeless", time: expect.any(String) },
    { name: "event", message: "later", time: expect.any(String) },
  ]);
  expect((await sent("child")).events).toEqual([{ name: "own", time }]);
});

it("a traceable takes its events, error and times from its config, as a run tree does", async () => {
  const start = Date.now() - 10_000;
  const config = { start_time: start, end_time: start + 3000, error: "stated", events: [{ name: "e", time: "t" }] };
  await traceable(async () => 1, { name: "timed", ...config })();
  const run = await sent("timed");
  expect(Date.parse(run.start_time ?? "")).toBe(start);
  expect(Date.parse(run.end_time ?? "")).toBe(start + 3000);
  expect(run).toMatchObject({ error: "stated", events: [{ name: "e", time: "t" }] });
});

it("tags are a list, a Set or one text; what is no tag is said", async () => {
  const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const forms: [string, unknown, unknown][] = [
    ["list", ["a", "a", "b"], ["a", "b"]],
    ["set", new Set(["a", "b"]), ["a", "b"]],
    ["text", "one", ["one"]],
    ["numbers", ["a", 7], ["a", "7"]],
  ];
  for (const [name, tags, expected] of forms) {
    // A program in JavaScript gives what it likes.
    const config = { name, tags: tags as string[] };
    traceable(() => 1, config)();
    const tree = new RunTree({ ...config, name: `${name} tree` });
    await tree.end();
    await tree.postRun();
    expect((await sent(name)).tags).toEqual(expected);
    expect((await sent(`${name} tree`)).tags).toEqual(expected);
  }
  expect(warned).not.toHaveBeenCalled();
  traceable(() => 1, { name: "none", tags: { a: 1 } as unknown as string[] })();
  expect((await sent("none")).tags ?? []).toEqual([]);
  expect(warned).toHaveBeenCalledWith(
    expect.stringContaining("tags"),
    expect.objectContaining({ code: "LSB_WARN_TAGS" }),
  );
  warned.mockRestore();
});

describe("an error that is no text is told", () => {
  it.each<[string, unknown, string | RegExp | undefined]>([
    ["an object", { code: 7, message: "boom" }, '{"code":7,"message":"boom"}'],
    ["an error", new TypeError("boom", { cause: new Error("root") }), /^TypeError: boom[\s\S]*Caused by: Error: root/],
    ["a number", 42, "42"],
    ["null", null, undefined],
    ["a text", "bad thing", "bad thing"],
  ])("an error that is no text is told: %s", async (_, error, text) => {
    const ended = new RunTree({ name: "ended" });
    await ended.postRun();
    await ended.end(undefined, error as string);
    await ended.patchRun();
    const made = new RunTree({ name: "made", error: error as string });
    await made.end();
    await made.postRun();
    for (const name of ["ended", "made"]) {
      const run = await sent(name);
      if (text === undefined) expect(run.error ?? undefined).toBeUndefined();
      else expect(run.error).toMatch(text);
    }
  });
});

describe("a promise, as the only argument", () => {
  it.each<[string, () => Promise<unknown>, unknown]>([
    ["rejected", () => Promise.reject(new Error("no")), { input: { error: { name: "Error", message: "no" } } }],
    ["of an object", () => Promise.resolve({ a: 1 }), { input: { a: 1 } }],
    ["of a text", () => Promise.resolve("a"), { input: "a" }],
  ])("a promise, as the only argument, is an input: %s", async (_, promise, inputs) => {
    await traceable(async (given: Promise<unknown>) => given.catch(() => "caught"), { name: "f" })(promise());
    expect((await sent("f")).inputs).toEqual(inputs);
  });
});

describe("__finalTracedIteratorKey", () => {
  it("__finalTracedIteratorKey: the run ends with the stream inside the object", async () => {
    async function* words() {
      yield "a";
      yield "b";
    }
    const config = { __finalTracedIteratorKey: "stream", aggregator: (chunks: string[]) => chunks.join("") };
    const sync = traceable(() => ({ id: 1, stream: words() }), { name: "sync", ...config })();
    const later = await traceable(async () => ({ id: 2, stream: words() }), { name: "async", ...config })();
    const web = traceable(() => ({ stream: ReadableStream.from(["a", "b"]) }), { name: "web", ...config })();
    expect([sync.id, later.id]).toEqual([1, 2]);
    for (const { stream } of [sync, later, web]) {
      const chunks: unknown[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      expect(chunks).toEqual(["a", "b"]);
    }
    for (const name of ["sync", "async", "web"]) {
      expect(await sent(name)).toMatchObject({ outputs: { outputs: "ab" }, end_time: expect.any(String) });
    }
  });
});

it("a value that contains itself is cut where it stands a second time", async () => {
  const loop: Record<string, unknown> = { a: 1 };
  loop["self"] = loop;
  traceable((_: object) => loop, { name: "f" })(loop);
  const run = await sent("f");
  expect(run.inputs).toEqual({ a: 1, self: { result: "[Circular]" } });
  expect(run.outputs).toEqual({ a: 1, self: { a: 1, self: { result: "[Circular]" } } });
});

it("a revoked proxy is an argument, a result and a thing thrown like any other", async () => {
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const given = revoked();
  expect(traceable((value: object) => value === given, { name: "in" })(given)).toBe(true);
  expect(traceable((value: object, _: number) => value === given, { name: "two" })(given, 1)).toBe(true);
  const listed = await traceable(async () => [given], { name: "out" })();
  expect(listed[0] === given).toBe(true);
  expect(traceable(() => given, { name: "bare" })() === given).toBe(true);
  const thrown = traceable(
    () => {
      throw given;
    },
    { name: "thrown" },
  );
  let caught: unknown;
  try {
    thrown();
  } catch (error) {
    caught = error;
  }
  expect(caught === given).toBe(true);
  for (const name of ["in", "two", "out", "bare", "thrown"]) expect(await sent(name)).toBeDefined();
});

it("JSON.stringify(runTree) is what the langsmith package writes", async () => {
  const config = { name: "a", inputs: { q: 1 }, outputs: { b: 2 }, error: "E", tags: ["t"], metadata: { m: 1 } };
  const more = { events: [{ name: "e", time: "t" }], serialized: { id: ["s"] }, start_time: 1_700_000_000_000 };
  const write = (Tree: typeof RunTree) => {
    const tree = new Tree({ ...config, ...more });
    tree.createChild({ name: "child" }).createChild({ name: "grandchild" });
    return JSON.parse(JSON.stringify(tree));
  };
  const shape = (run: Record<string, unknown>): unknown => {
    const { id: _, trace_id: _t, dotted_order: _d, parent_run_id: _p, start_time, session_name: _s, ...rest } = run;
    const { extra, child_runs } = rest;
    const metadata: unknown = (extra as Record<string, unknown>)["metadata"];
    const start = String(start_time).slice(0, 10);
    return { ...rest, start, extra: { metadata }, child_runs: (child_runs as Record<string, unknown>[]).map(shape) };
  };
  const ours = write(RunTree);
  expect(shape(ours)).toEqual(shape(write(NativeRunTree as unknown as typeof RunTree)));
  expect(ours.start_time).toBe("2023-11-14T22:13:20.000000Z");
});
