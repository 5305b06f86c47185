// What a run's client was told to hide, to mask and to sample: clients of this package and of langsmith, by every way in.
import { trace } from "@opentelemetry/api";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Client as NativeClient } from "langsmith";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  getCurrentRunTree,
  startActiveRun,
  startRun,
  traceable,
  traceableClass,
  withRunTree,
} from "../../src/authoring/index.js";
import { wrapSDK } from "../../src/authoring/wrappers/sdk.js";
import { Client, type ClientOptions } from "../../src/client/client.js";
import { endRun } from "../../src/client/end-run.js";
import { LangSmithSpanExporter } from "../../src/exporter/index.js";
import { LangSmithOptionError } from "../../src/options/options.js";
import { RunTree } from "../../src/untraced-trees.js";
import { startBridge, type TestBridge, until } from "../processor/bridge.js";

const SECRET = "hunter2";
const mask = (values: object): Record<string, unknown> => JSON.parse(JSON.stringify(values).replaceAll(SECRET, "***"));
const HIDING = { hideInputs: true, hideOutputs: true } as const;

/** A client of either package: what it was told is the same. */
const KINDS: Record<string, (options: ClientOptions) => object> = {
  ours: (options) => new Client(options),
  "langsmith's": (options) => new NativeClient({ ...(options as object), apiKey: "any", autoBatchTracing: false }),
};

const WAYS: Record<string, (client: object, bridge: TestBridge) => unknown> = {
  traceable: (client) => traceable((x: unknown) => ({ x }), { name: "run", client })({ pw: SECRET }),
  "traceable.withConfig": (client) =>
    traceable((x: unknown) => ({ x }), { name: "run" }).withConfig({ client })({ pw: SECRET }),
  "a traceable below": (client) => {
    const below = traceable((x: unknown) => ({ x }), { name: "run" });
    return traceable(() => below({ pw: SECRET }), { name: "above", client })();
  },
  "a span of an instrumentation below": (client, { genai }) =>
    traceable(
      () => {
        const span = genai.startSpan("run", {
          attributes: { "openinference.span.kind": "LLM", "input.value": SECRET },
        });
        span.setAttribute("output.value", SECRET);
        span.end();
      },
      { name: "above", client },
    )(),
  startActiveRun: (client) => startActiveRun("run", { client, inputs: { pw: SECRET } }, () => ({ pw: SECRET })),
  startRun: (client) => {
    const run = startRun("run", { client, inputs: { pw: SECRET } });
    void run.end({ pw: SECRET });
    run[Symbol.dispose]();
  },
  traceableClass: (client) => {
    class Asker {
      run(x: unknown) {
        return { x };
      }
    }
    const Traced = traceableClass(Asker, { client, name: "above" });
    new Traced().run({ pw: SECRET });
  },
  RunTree: async (client) => {
    const tree = new RunTree({ name: "run", inputs: { pw: SECRET }, client });
    await tree.postRun();
    await tree.end({ pw: SECRET });
    await tree.patchRun();
  },
  "a child of a RunTree": async (client) => {
    const above = new RunTree({ name: "above", client });
    const tree = above.createChild({ name: "run", inputs: { pw: SECRET } });
    await above.postRun();
    await tree.postRun();
    await tree.end({ pw: SECRET });
    await tree.patchRun();
    await above.end();
    await above.patchRun();
  },
  "RunTree.client": async (client) => {
    const tree = new RunTree({ name: "run", inputs: { pw: SECRET } });
    tree.client = client;
    await tree.end({ pw: SECRET });
    await tree.postRun();
  },
  "a copy of a RunTree": async (client) => {
    const child = new RunTree({ name: "above", client }).createChild({ name: "run", inputs: { pw: SECRET } });
    const copy = new RunTree(child);
    await copy.end({ pw: SECRET });
    await copy.postRun();
  },
  "a generator": async (client) => {
    async function* words(word: string) {
      yield word;
      getCurrentRunTree().addEvent({ name: "said", kwargs: { word } });
    }
    for await (const _ of traceable(words, { name: "run", client })(SECRET));
  },
  attachments: (client) =>
    traceable((x: string) => x, {
      name: "run",
      client,
      extractAttachments: (x: string) => [{ file: ["text/plain", Buffer.from(x)] }, { x }],
    })(SECRET),
  wrapSDK: (client) => wrapSDK({ run: async (x: string) => x }, { client, name: "above" }).run(SECRET),
  "createRun and updateRun": async (client) => {
    const our = client instanceof Client ? client : new Client(HIDING);
    const { id, start_time } = new RunTree({ name: "run" });
    await our.createRun({ id, name: "run", run_type: "chain", start_time, inputs: { pw: SECRET } });
    await our.updateRun(id, { outputs: { pw: SECRET }, events: [{ name: "e", pw: SECRET }], end_time: start_time + 1 });
  },
  "RunTree.client, set after postRun": async (client) => {
    const tree = new RunTree({ name: "run" });
    await tree.postRun();
    tree.client = client;
    traceable((x: unknown) => ({ x }), { name: "below" })(tree, { pw: SECRET });
    await withRunTree(tree, () => traceable((x: unknown) => ({ x }), { name: "below" })({ pw: SECRET }));
    tree.inputs = { pw: SECRET };
    await tree.end({ pw: SECRET });
    await tree.patchRun();
  },
  "getCurrentRunTree().client": (client, { genai }) =>
    traceable(
      () => {
        getCurrentRunTree().client = client;
        traceable((x: unknown) => ({ x }), { name: "below" })({ pw: SECRET });
        genai.startSpan("below", { attributes: { "openinference.span.kind": "LLM", "input.value": SECRET } }).end();
        return { pw: SECRET };
      },
      { name: "run" },
    )(),
  "the run tree of an instrumentation's span": (client, { genai }) =>
    genai.startActiveSpan("run", { attributes: { "openinference.span.kind": "LLM" } }, (span) => {
      getCurrentRunTree().client = client;
      span.setAttribute("input.value", SECRET);
      traceable((x: unknown) => ({ x }), { name: "below" })({ pw: SECRET });
      span.end();
    }),
  "a traceable in withRunTree": async (client) => {
    const tree = new RunTree({ name: "above", client });
    await withRunTree(tree, () => traceable((x: unknown) => ({ x }), { name: "run" })({ pw: SECRET }));
    await tree.end();
    await tree.postRun();
  },
  "a run of another process": async (client) => {
    const elsewhere = new RunTree({ name: "run", run_type: "tool" });
    const { id, dotted_order } = elsewhere;
    await elsewhere.postRun();
    const known = RunTree.fromRun({ id, dotted_order, name: "run", run_type: "tool" });
    known.client = client;
    await known.end({ pw: SECRET });
    await known.patchRun();
    await elsewhere.end();
    await elsewhere.patchRun();
  },
};

const sent = ({ receiver }: TestBridge) => [...receiver.byName("run"), ...receiver.byName("above.run")];

afterEach(() => vi.restoreAllMocks());

describe.each(Object.keys(KINDS))("what a client of %s hides is hidden", (kind) => {
  const make = KINDS[kind] ?? expect.fail();

  it.each(Object.keys(WAYS))("by way of %s", async (way) => {
    const bridge = await startBridge();
    await WAYS[way]?.(make(HIDING), bridge);
    await bridge.processor.forceFlush();
    await until(() => sent(bridge).length > 0, "the run arrives");
    expect(JSON.stringify(bridge.receiver.operations)).not.toContain(SECRET);
  });

  it("an anonymizer masks inputs, outputs, metadata and the error", async () => {
    const bridge = await startBridge();
    const client = make({ anonymizer: mask });
    const fails = traceable(
      () => {
        throw new Error(`no ${SECRET}`);
      },
      { name: "fails", client, metadata: { pw: SECRET } },
    );
    expect(() => fails()).toThrow(SECRET);
    traceable((x: unknown) => x, { name: "works", client })({ pw: SECRET });
    const receiver = await bridge.finish();
    expect(JSON.stringify(receiver.operations)).not.toContain(SECRET);
    expect(receiver.one("fails").error).toContain("no ***");
    expect(receiver.one("fails").extra.metadata["pw"]).toBe("***");
    expect(receiver.one("works")).toMatchObject({ inputs: { pw: "***" }, outputs: { pw: "***" } });
  });

  it("an anonymizer masks what events say, and they keep their name and time", async () => {
    const bridge = await startBridge();
    const events = [{ name: "custom", time: new Date(0).toISOString(), kwargs: { pw: SECRET } }];
    const tree = new RunTree({ name: "run", client: make({ anonymizer: mask }), events });
    await tree.postRun();
    tree.addEvent(`no ${SECRET}`);
    await tree.end();
    await tree.patchRun();
    const receiver = await bridge.finish();
    expect(receiver.one("run").events).toEqual([
      { ...events[0], kwargs: { pw: "***" } },
      { name: "event", message: "no ***", time: expect.any(String) },
    ]);
  });

  it("a rate of 0 sends nothing of the client's traces, and everything of others", async () => {
    const bridge = await startBridge();
    const client = make({ tracingSamplingRate: 0 });
    const below = traceable(() => 1, { name: "below" });
    traceable(() => below(), { name: "left out", client })();
    const tree = new RunTree({ name: "left out too", client });
    await tree.postRun();
    await tree.end();
    await tree.patchRun();
    traceable(() => 1, { name: "sent" })();
    const receiver = await bridge.finish();
    expect([...receiver.runs.values()].map(({ name }) => name)).toEqual(["sent"]);
  });

  it("without the runtime's information where it omits that", async () => {
    const bridge = await startBridge();
    traceable(() => 1, { name: "bare", client: make({ omitTracedRuntimeInfo: true }) })();
    const receiver = await bridge.finish();
    expect(receiver.one("bare").extra).not.toHaveProperty("runtime");
  });

  it("of a trace through an exporter alone too", async () => {
    const { receiver } = await startBridge({ enabled: false });
    const exporter = new LangSmithSpanExporter({ apiUrl: receiver.url, batchDelayMillis: 1 });
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    trace.disable();
    trace.setGlobalTracerProvider(provider);
    const below = traceable((x: unknown) => ({ x }), { name: "below" });
    traceable((x: unknown) => below(x), { name: "run", client: make(HIDING) })({ pw: SECRET });
    await provider.forceFlush();
    await exporter.forceFlush();
    await provider.shutdown();
    expect([...receiver.runs.values()].map(({ name }) => name).sort()).toEqual(["below", "run"]);
    expect(JSON.stringify(receiver.operations)).not.toContain(SECRET);
  });
});

describe("what a client was told", () => {
  it("holds for a run that is sent where tracing is switched off", async () => {
    const { receiver } = await startBridge({ enabled: false });
    vi.stubEnv("LANGSMITH_TRACING", "false").stubEnv("LANGSMITH_ENDPOINT", receiver.url);
    const tree = new RunTree({ name: "run", inputs: { pw: SECRET }, client: new Client(HIDING) });
    await tree.end({ pw: SECRET });
    await tree.postRun();
    await new Client().flush();
    vi.unstubAllEnvs();
    expect(receiver.one("run")).toMatchObject({ inputs: {}, outputs: {} });
  });

  it("two clients, one inside the other, hide what either hides", async () => {
    const bridge = await startBridge();
    const inner = traceable((x: unknown) => ({ x }), { name: "inner", client: new Client({ hideOutputs: true }) });
    traceable((x: unknown) => inner(x), { name: "outer", client: new Client({ hideInputs: true }) })({ pw: SECRET });
    const receiver = await bridge.finish();
    expect(receiver.one("inner")).toMatchObject({ inputs: {}, outputs: {} });
    expect(receiver.one("outer")).toMatchObject({ inputs: {}, outputs: { x: { pw: SECRET } } });
  });

  it("hidden content goes into no attribute, where every other exporter would see it", async () => {
    const bridge = await startBridge();
    const seen: unknown[] = [];
    const client = new Client(HIDING);
    const fn = traceable((x: unknown) => ({ x, seen: seen.push(trace.getActiveSpan()) }), {
      name: "run",
      client,
      contentAsAttributes: true,
    });
    fn({ pw: SECRET });
    await bridge.finish();
    expect(JSON.stringify((seen[0] as { attributes: object }).attributes)).not.toContain(SECRET);
  });

  it("a mask that answers with a promise sends a marker, never the content, and is reported", async () => {
    const said = vi.spyOn(process, "emitWarning").mockReturnValue();
    const bridge = await startBridge();
    const client = new Client({ hideInputs: (values) => Promise.resolve(values) as never });
    traceable((x: unknown) => x, { name: "run", client })({ pw: SECRET });
    const receiver = await bridge.finish();
    expect(receiver.one("run").inputs).toEqual({ hidden: "the hiding function threw" });
    expect(String(said.mock.calls)).toContain("hideInputs");
  });

  it("endRun obeys the clients it is given", async () => {
    const bridge = await startBridge();
    const { id, trace_id, dotted_order } = new RunTree({ name: "job" });
    const reference = { id, trace_id, dotted_order, name: "job", run_type: "chain" as const };
    await endRun(reference, { outputs: { pw: SECRET }, complete: true, clients: [new Client(HIDING)] });
    const receiver = await bridge.finish();
    expect(receiver.one("job").outputs).toEqual({});
  });
});

describe("an option that asks for hiding, masking or sampling", () => {
  it.each([
    ["hideInput", true, "hideInputs"],
    ["hide_outputs", true, "hideOutputs"],
    ["anonymiser", () => ({}), "anonymizer"],
    ["samplingRate", 0.1, "tracingSamplingRate"],
    ["redact", ["pw"], "redact"],
    ["hideInputs", async () => ({}), "hideInputs"],
    ["anonymizer", async () => ({}), "anonymizer"],
    ["hideOutputs", "yes", "hideOutputs"],
    ["tracingSamplingRate", 2, "tracingSamplingRate"],
  ])("and is not one that we do throws, and the error names it: %s", (name, value, named) => {
    const make = () => new Client({ [name]: value } as ClientOptions);
    expect(make).toThrow(LangSmithOptionError);
    expect(make).toThrow(named);
  });

  it("another option of the package that does nothing here is reported once", async () => {
    const said = vi.spyOn(process, "emitWarning").mockReturnValue();
    await startBridge();
    for (let i = 0; i < 2; i += 1) new Client({ autoBatchTracing: false, callerOptions: {}, timout_ms: 5 } as never);
    const messages = said.mock.calls.map(([message]) => String(message)).filter((each) => each.includes("option"));
    expect(messages).toHaveLength(3);
    expect(messages.join()).toContain("Did you mean timeout_ms?");
  });
});
