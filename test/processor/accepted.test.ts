// What LangSmith would refuse costs its field, and neither the run nor a neighbour: every field, by every way in.
import { describe, expect, it } from "vitest";
import { checkRun } from "../../local/src/ingest/rules.js";
import { RunTree, traceable } from "../../src/authoring/index.js";
import { accepted } from "../../src/processor/accepted.js";
import { forgetWarnings } from "../../src/warnings.js";
import type { Run } from "../../src/wire/run.js";
import { newRun } from "../delivery/runs.js";
import { startBridge, type TestBridge } from "./bridge.js";

/** The codes of the warnings that come while something runs. */
async function warningsOf(run: () => Promise<unknown>): Promise<string[]> {
  const codes: string[] = [];
  const listen = (warning: Error & { code?: string }) => codes.push(warning.code ?? "");
  process.on("warning", listen);
  await run();
  // A warning is emitted in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listen);
  return codes;
}

/** A bad value for each field, and what must stand there in its place. */
const fields: readonly [field: keyof Run, bad: unknown, instead: unknown, kept?: unknown][] = [
  ["name", "", "unnamed"],
  ["name", 7, "unnamed", 7],
  ["run_type", "agent", "chain", "agent"],
  ["reference_example_id", "example-1", undefined, "example-1"],
  ["session_id", "my project", undefined, "my project"],
  ["session_name", "", undefined],
  ["session_name", null, undefined],
  ["inputs", new Date(0), { input: new Date(0) }],
  ["outputs", new URL("http://127.0.0.1/"), { output: new URL("http://127.0.0.1/") }],
  ["serialized", new Date(0), undefined],
  ["inputs", ["a"], { input: ["a"] }],
  ["outputs", "a", { output: "a" }],
  ["serialized", "a", undefined, "a"],
  ["tags", ["good", 7], ["good"], ["good", 7]],
  ["tags", "a,b", undefined, "a,b"],
  [
    "events",
    [{ name: "good", time: "2026-01-01T00:00:00.000000Z" }, "bad"],
    [{ name: "good", time: "2026-01-01T00:00:00.000000Z" }],
  ],
  ["error", { message: "m" }, '{"message":"m"}'],
  ["extra", "a", { metadata: { extra: "a" } }],
  ["extra", { metadata: ["a"] }, { metadata: { metadata: ["a"] } }],
];

describe("a run that LangSmith would refuse", () => {
  it.each(fields)("is sent without its %s %j", async (field, bad, instead, kept) => {
    const run = newRun();
    Reflect.set(run, field, bad);
    forgetWarnings();
    const codes = await warningsOf(async () => {
      const sent = accepted(run);
      expect(checkRun(sent)).toEqual([]);
      expect(sent[field]).toEqual(instead);
      if (kept !== undefined) expect(sent.extra.metadata[field]).toEqual(kept);
      accepted({ ...run });
    });
    // An empty text says nothing: there is nothing to be kept or warned about.
    expect(codes).toEqual(bad === "" || bad === null ? [] : ["LSB_WARN_FIELD"]);
  });

  it("is the same object where nothing is wrong with it", () => {
    const run = newRun({ tags: ["a"], inputs: {}, outputs: {}, events: [], error: "e" });
    expect(accepted(run)).toBe(run);
  });

  it("keeps a patch of another process's run free of extra", () => {
    const { extra: _, ...rest } = newRun();
    const patch = { ...rest, outputs: "a" } as unknown as Run;
    expect(accepted(patch)).toMatchObject({ outputs: { output: "a" } });
    expect("extra" in accepted(patch)).toBe(false);
  });
});

describe("a reference_example_id that is no UUID", () => {
  it.each<[string, (bridge: TestBridge) => unknown]>([
    [
      "an attribute",
      ({ tracer }) => tracer.startSpan("run", { attributes: { "langsmith.reference_example_id": "example-1" } }).end(),
    ],
    ["a traceable", () => traceable(async () => 1, { name: "run", reference_example_id: "example-1" })()],
    [
      "a RunTree",
      async () => {
        const tree = new RunTree({ name: "run", reference_example_id: "example-1" });
        await tree.postRun();
        await tree.end();
        await tree.patchRun();
      },
    ],
  ])("costs the id alone, is kept in the metadata and warned about once: %s", async (_, make) => {
    const bridge = await startBridge({ traces: "all" });
    const codes = await warningsOf(async () => {
      for (let at = 0; at < 25; at++) await make(bridge);
      bridge.tracer.startSpan("neighbour").end();
      await bridge.processor.forceFlush();
    });
    const receiver = await bridge.finish();
    const runs = [...receiver.runs.values()].filter((run) => run.name === "run");
    expect(runs).toHaveLength(25);
    for (const run of runs) {
      expect(run.reference_example_id).toBeUndefined();
      expect(Object.values(run.extra.metadata)).toContain("example-1");
    }
    expect(receiver.one("neighbour")).toBeDefined();
    expect(codes).toEqual(["LSB_WARN_FIELD"]);
  });
});

describe("transformRun", () => {
  it("cannot make a run that is refused: what it had before stands in", async () => {
    const bridge = await startBridge({
      traces: "all",
      transformRun: (run) => ({
        ...run,
        name: "",
        end_time: "yesterday",
        tags: "a" as unknown as string[],
        run_type: "agent" as "chain",
      }),
    });
    bridge.tracer.startSpan("mine").end();
    const run = (await bridge.finish()).one("mine");
    expect(run).toMatchObject({ name: "mine", run_type: "chain", end_time: expect.stringMatching(/^\d{4}-/) });
    expect(run.extra.metadata).toMatchObject({ tags: "a", run_type: "agent", end_time: "yesterday" });
  });

  it.each([null, "", " ", undefined, 7])("cannot take a run out of its project: %j", async (session_name) => {
    const bridge = await startBridge({
      traces: "all",
      transformRun: (run) => ({ ...run, session_name: session_name as string }),
    });
    bridge.tracer.startSpan("mine").end();
    expect((await bridge.finish()).one("mine").session_name).toBe("test");
  });

  it("may give an end in any zone, which is written as LangSmith takes it", async () => {
    const bridge = await startBridge({
      traces: "all",
      transformRun: (run) => ({ ...run, end_time: "2100-01-01T02:00:00+02:00" }),
    });
    bridge.tracer.startSpan("mine").end();
    expect((await bridge.finish()).one("mine").end_time).toBe("2100-01-01T00:00:00.000000Z");
  });
});

describe("what the authoring API is given of any type", () => {
  const odd: unknown[] = [7, true, "text", [7, "text", null], { a: 1 }, () => 1, Symbol("s"), 10n, new Date(0)];

  it.each([
    "events",
    "attachments",
    "run_type",
    "tags",
    "metadata",
    "extra",
    "serialized",
    "error",
    "inputs",
    "outputs",
  ])("as %s throws nothing, and the run arrives", async (field) => {
    const bridge = await startBridge({ traces: "all" });
    for (const value of odd) {
      await traceable(async () => 1, { name: "run", [field]: value })();
      const tree = new RunTree({ name: "run", [field]: value });
      await tree.postRun();
      tree.addEvent("more");
      await tree.end();
      await tree.patchRun();
    }
    const { runs } = await bridge.finish();
    expect(runs.size).toBe(2 * odd.length);
    for (const run of runs.values()) expect(checkRun(run)).toEqual([]);
  });
});

describe("a run without a name", () => {
  const chat = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-x" };

  it.each<[string, Record<string, string>, string]>([
    ["its operation and model", chat, "chat gpt-x"],
    ["its tool", { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" }, "search"],
    ["its agent", { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "Ada" }, "Ada"],
    ["its kind", { "openinference.span.kind": "CHAIN" }, "chain"],
    ["its scope", {}, "app"],
  ])("is called by %s, and its children hang under it", async (_, attributes, name) => {
    const bridge = await startBridge({ traces: "all" });
    bridge.tracer.startActiveSpan("", { attributes }, (span) => {
      bridge.tracer.startSpan("child").end();
      span.end();
    });
    expect([...(await bridge.finish()).runs.values()].map((run) => run.name).sort()).toEqual(["child", name].sort());
  });

  it.each<[string, (bridge: TestBridge) => unknown, string]>([
    ["a span renamed to nothing", ({ tracer }) => tracer.startSpan("before").updateName(" ").end(), "app"],
    ["a traceable", () => traceable(async function answer() {}, { name: "" })(), "answer"],
    ["a traceable of a nameless function", () => traceable(async () => 1, { name: "" })(), "<lambda>"],
    ["withConfig", () => traceable(async () => 1, { name: "a" }).withConfig({ name: "" })(), "<lambda>"],
    [
      "a RunTree",
      async () => {
        const tree = new RunTree({ name: "a" });
        tree.name = "";
        await tree.end();
        await tree.postRun();
      },
      "<lambda>",
    ],
  ])("gets one: %s", async (_, make, name) => {
    const bridge = await startBridge({ traces: "all" });
    await make(bridge);
    expect([...(await bridge.finish()).runs.values()].map((run) => run.name)).toEqual([name]);
  });
});
