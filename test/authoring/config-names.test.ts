// What a run is asked for that is not done: an error that names it, or a warning, never silence.
import { Client as NativeClient } from "langsmith";
import { RunTree as NativeRunTree } from "langsmith/run_trees";
import { describe, expect, expectTypeOf, it, vi } from "vitest";
import type { ConfigName } from "../../src/authoring/config-names.js";
import {
  RunTree,
  type RunTreeConfig,
  startActiveRun,
  startRun,
  type TraceableConfig,
  traceable,
  traceableClass,
} from "../../src/authoring/index.js";
import { wrapAnthropic } from "../../src/authoring/wrappers/anthropic.js";
import { wrapOpenAI } from "../../src/authoring/wrappers/openai.js";
import { wrapSDK } from "../../src/authoring/wrappers/sdk.js";
import { LangSmithOptionError } from "../../src/errors.js";
import { forgetWarnings } from "../../src/warnings.js";
import { startBridge } from "../processor/bridge.js";

const create = () => Promise.resolve({});

/** Every way in which a run, or every run of something, is made with a config. */
const MADE: Record<string, (config: object) => unknown> = {
  traceable: (config) => traceable(() => 1, config),
  withConfig: (config) => traceable(() => 1).withConfig(config),
  RunTree: (config) => new RunTree({ name: "run", ...config }),
  createChild: (config) => new RunTree({ name: "run" }).createChild({ name: "child", ...config }),
  startActiveRun: (config) => startActiveRun("run", config, () => 1),
  startRun: (config) => startRun("run", config),
  traceableClass: (config) => {
    class Asker {
      ask() {}
    }
    return traceableClass(Asker, config);
  },
  wrapOpenAI: (config) => wrapOpenAI({ chat: { completions: { create } } }, config),
  wrapAnthropic: (config) => wrapAnthropic({ messages: { create } } as never, config),
  wrapSDK: (config) => wrapSDK({ create }, config),
};

describe.each(Object.keys(MADE))("%s", (way) => {
  const make = MADE[way] ?? expect.fail();

  it.each([
    ["replicas", { replicas: [{ projectName: "elsewhere" }] }, /replicas.*processor.*LANGSMITH_RUNS_ENDPOINTS/],
    ["replicas with reroot", { replicas: [{ projectName: "elsewhere", reroot: true }] }, /reroot/],
    ["replicas as pairs", { replicas: [["elsewhere", undefined]] }, /LANGSMITH_RUNS_ENDPOINTS/],
    ["hideInputs", { hideInputs: true }, /no option hideInputs.*client: new Client/],
    ["anonymizer", { anonymizer: () => ({}) }, /no option anonymizer/],
    ["process_inputs", { process_inputs: () => ({}) }, /no option process_inputs; did you mean processInputs\?/],
    ["processOutput", { processOutput: () => ({}) }, /did you mean processOutputs\?/],
    ["a client's mask", { client: { hideInputs: async () => ({}) } }, /client\.hideInputs.*answers at once/],
  ])("throws, and names the way, for what would be lost or sent in clear: %s", (_, config, named) => {
    expect(() => make(config)).toThrow(LangSmithOptionError);
    expect(() => make(config)).toThrow(named);
  });

  it("takes an empty list of replicas, and a client of either package", () => {
    expect(() => make({ replicas: [], client: new NativeClient({ apiKey: "any", hideInputs: true }) })).not.toThrow();
  });
});

it("every option of a traceable and of a run tree is known", () => {
  expectTypeOf<Exclude<keyof TraceableConfig | keyof RunTreeConfig, ConfigName>>().toEqualTypeOf<never>();
});

it("an option that nobody knows is reported once", async () => {
  await startBridge();
  forgetWarnings();
  const said = vi.spyOn(process, "emitWarning").mockReturnValue();
  for (let i = 0; i < 2; i += 1) traceable(() => 1, { projectName: "x" } as object);
  new RunTree({ name: "run", ls_unheard_of: 1 } as never);
  const messages = said.mock.calls.map(([message]) => String(message));
  expect(messages).toEqual([
    expect.stringMatching(/no option projectName.*Did you mean project_name\?/),
    expect.stringContaining("no option ls_unheard_of"),
  ]);
  said.mockRestore();
});

it("replicas of the config of one call are reported, and cost the application nothing", async () => {
  const bridge = await startBridge();
  const said = vi.spyOn(process, "emitWarning").mockReturnValue();
  const client = wrapOpenAI({ chat: { completions: { create } } });
  const langsmithExtra = { name: "call", replicas: [{ projectName: "elsewhere" }] };
  await client.chat.completions.create({ model: "m" }, { langsmithExtra } as never);
  expect((await bridge.finish()).one("call")).toBeDefined();
  expect(String(said.mock.calls)).toContain("replicas");
  said.mockRestore();
});

it("RunTree shows what langsmith's shows: its default config without a key, its agent, its children; replicas cannot be set", () => {
  const theirs: object = Reflect.apply(Reflect.get(NativeRunTree, "getDefaultConfig"), NativeRunTree, []);
  const ours = RunTree.getDefaultConfig();
  expect(theirs).toMatchObject({ ...ours, start_time: expect.any(Number) });
  expect(Object.keys(theirs).filter((name) => !(name in ours))).toEqual(["api_url", "api_key", "caller_options"]);
  const agent = { kind: "AGENT", id: "helper", environment: "STAGING" } as const;
  expect(new RunTree({ name: "run", address: agent }).address).toEqual(agent);
  expect(new RunTree({ name: "run", project_name: "p" }).address).toBeUndefined();
  const child = new RunTree({ name: "child" });
  const tree = new RunTree({ name: "run", child_runs: [child] });
  expect(tree.child_runs).toEqual([child]);
  expect(() => Object.assign(tree, { replicas: [["elsewhere", {}]] })).toThrow(LangSmithOptionError);
  expect(RunTree.sharedClient).toBe(RunTree.getSharedClient());
  expect(() => Object.assign(RunTree, { sharedClient: new NativeClient({ apiKey: "any" }) })).toThrow(/pass client/);
});

it("__deferredSerializableArgOptions: streams, generators and promises are watched as deep as it says", async () => {
  const bridge = await startBridge();
  async function* words() {
    yield "a";
    yield "b";
  }
  const loop: Record<string, unknown> = { words: words() };
  loop["self"] = loop;
  const read = async (given: { deep: { list: AsyncGenerator<string>[]; later: Promise<number> } }) => {
    for await (const _ of given.deep.list[0] ?? []);
    await given.deep.later;
  };
  const config = { __deferredSerializableArgOptions: { maxDepth: 4 } };
  const given = () => ({ deep: { list: [words()], later: Promise.resolve(7) } });
  await traceable(read, { name: "deep", ...config })(given());
  await traceable(read, { name: "shallow" })(given());
  traceable((_: unknown) => 1, { name: "loop", ...config })(loop);
  const receiver = await bridge.finish();
  expect(receiver.one("deep").inputs).toEqual({ deep: { list: [["a", "b"]], later: 7 } });
  expect(receiver.one("shallow").inputs).toEqual({ deep: { list: ["[AsyncGenerator]"], later: "[Promise]" } });
  expect(receiver.one("loop").inputs).toMatchObject({ words: [] });
});
