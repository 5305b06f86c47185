// Nobody who comes from the langsmith SDK sends more than before: hiding inputs, outputs and metadata.
import { describe, expect, it, onTestFinished } from "vitest";
import type { LangSmithOptions } from "../../src/options/options.js";
import { startBridge } from "../processor/bridge.js";
import type { StoredRun } from "../receiver.js";

const part = (role: string, content: string) => JSON.stringify([{ role, parts: [{ type: "text", content }] }]);

/** One model call that says something everywhere. */
async function runUnder(options: LangSmithOptions, env: Record<string, string> = {}): Promise<StoredRun> {
  for (const [name, value] of Object.entries(env)) process.env[name] = value;
  onTestFinished(() => {
    for (const name of Object.keys(env)) delete process.env[name];
  });
  const bridge = await startBridge(options);
  const span = bridge.tracer.startSpan("chat", {
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "m",
      "gen_ai.conversation.id": "thread-1",
      "gen_ai.input.messages": part("user", "my question"),
      "app.customer": "my customer",
    },
  });
  span.addEvent("gen_ai.something", { detail: "my event" });
  span.setAttributes({
    "gen_ai.output.messages": part("assistant", "my answer"),
    "gen_ai.usage.input_tokens": 4,
    "gen_ai.usage.output_tokens": 2,
  });
  span.end();
  return (await bridge.finish()).one("chat");
}

const textOf = (value: unknown) => JSON.stringify(value) ?? "";

describe("by default", () => {
  it("nothing is hidden", async () => {
    const run = await runUnder({});
    expect(textOf(run.inputs)).toContain("my question");
    expect(textOf(run.outputs)).toContain("my answer");
    expect(textOf(run.extra.metadata)).toContain("my customer");
  });
});

describe.each<[string, LangSmithOptions, Record<string, string>]>([
  ["LANGSMITH_HIDE_INPUTS=true", {}, { LANGSMITH_HIDE_INPUTS: "true" }],
  ["LANGCHAIN_HIDE_INPUTS=true", {}, { LANGCHAIN_HIDE_INPUTS: "true" }],
  ["hideInputs: true", { hideInputs: true }, {}],
  ["hideInputs: true over LANGSMITH_HIDE_INPUTS=false", { hideInputs: true }, { LANGSMITH_HIDE_INPUTS: "false" }],
])("%s", (_, options, env) => {
  it("hides the inputs, and content in events, but no outputs", async () => {
    const run = await runUnder(options, env);
    expect(run.inputs).toEqual({});
    expect(textOf(run)).not.toMatch(/my question|my event/);
    expect(textOf(run.outputs)).toContain("my answer");
  });
});

describe.each<[string, LangSmithOptions, Record<string, string>]>([
  ["LANGSMITH_HIDE_OUTPUTS=true", {}, { LANGSMITH_HIDE_OUTPUTS: "true" }],
  ["LANGCHAIN_HIDE_OUTPUTS=true", {}, { LANGCHAIN_HIDE_OUTPUTS: "true" }],
  ["hideOutputs: true", { hideOutputs: true }, {}],
])("%s", (_, options, env) => {
  it("hides the outputs, and content in events, but no inputs, and keeps the token counts", async () => {
    const run = await runUnder(options, env);
    expect(run.outputs).toEqual({});
    expect(textOf(run)).not.toMatch(/my answer|my event/);
    expect(textOf(run.inputs)).toContain("my question");
    expect(run.extra.metadata.usage_metadata).toMatchObject({ input_tokens: 4, output_tokens: 2 });
  });
});

describe.each<[string, LangSmithOptions, Record<string, string>]>([
  ["LANGSMITH_HIDE_METADATA=true", {}, { LANGSMITH_HIDE_METADATA: "true" }],
  ["LANGCHAIN_HIDE_METADATA=true", {}, { LANGCHAIN_HIDE_METADATA: "true" }],
  ["hideMetadata: true", { hideMetadata: true }, {}],
])("%s", (_, options, env) => {
  it("hides the metadata but for the ids of the span and what the run cost", async () => {
    const run = await runUnder(options, env);
    expect(Object.keys(run.extra.metadata).sort()).toEqual(["OTEL_SPAN_ID", "OTEL_TRACE_ID", "usage_metadata"]);
    expect(textOf(run.inputs)).toContain("my question");
    expect(textOf(run.outputs)).toContain("my answer");
  });
});

describe("an option beats the environment", () => {
  it("hideInputs: false shows what LANGSMITH_HIDE_INPUTS=true would hide", async () => {
    const run = await runUnder({ hideInputs: false }, { LANGSMITH_HIDE_INPUTS: "true" });
    expect(textOf(run.inputs)).toContain("my question");
  });
});

describe("a function", () => {
  it("returns what may be said, of inputs, outputs and metadata each", async () => {
    const run = await runUnder({
      hideInputs: (inputs) => ({ was: Object.keys(inputs) }),
      hideOutputs: (outputs) => JSON.parse(JSON.stringify(outputs).replaceAll("my answer", "[masked]")),
      hideMetadata: ({ "app.customer": _, ...rest }) => rest,
    });
    expect(run.inputs).toEqual({ was: ["messages"] });
    expect(textOf(run.outputs)).toContain("[masked]");
    expect(textOf(run)).not.toMatch(/my question|my answer|my customer/);
    expect(run.extra.metadata.usage_metadata).toMatchObject({ input_tokens: 4 });
  });

  it("gets a copy", async () => {
    const run = await runUnder({
      hideOutputs: (outputs) => {
        for (const key of Object.keys(outputs)) delete outputs[key];
        return { seen: true };
      },
      transformRun: (sent) => ({ ...sent, tags: [textOf(sent.outputs)] }),
    });
    expect(run.tags).toEqual(['{"seen":true}']);
  });

  it("that throws costs that field alone: nothing is said rather than too much", async () => {
    const fail = () => {
      throw new Error("cannot mask");
    };
    for (const option of ["hideInputs", "hideOutputs", "hideMetadata"] as const) {
      const run = await runUnder({ [option]: fail });
      const hidden = { hideInputs: "my question", hideOutputs: "my answer", hideMetadata: "my customer" };
      for (const [name, text] of Object.entries(hidden)) {
        if (name === option) expect(textOf(run)).not.toContain(text);
        else expect(textOf(run)).toContain(text);
      }
    }
  });

  it("that returns nothing usable leaves the field empty", async () => {
    for (const nothing of [undefined, null, "text", ["list"], 7]) {
      const run = await runUnder({ hideInputs: () => nothing as never });
      expect(run.inputs).toEqual({});
    }
  });
});

describe("pending posts", () => {
  it("hide as much as complete ones", async () => {
    const bridge = await startBridge({ pendingAfterMillis: 0, hideInputs: true });
    const attributes = { "gen_ai.operation.name": "chat", "gen_ai.input.messages": part("user", "my question") };
    const span = bridge.tracer.startSpan("chat", { attributes });
    await bridge.processor.forceFlush();
    span.end();
    const receiver = await bridge.finish();
    expect(receiver.operations.map(({ kind }) => kind)).toEqual(["post", "patch"]);
    expect(textOf(receiver.operations)).not.toContain("my question");
  });
});

describe("replicas and transformRun", () => {
  it("get what is hidden already", async () => {
    const seen: string[] = [];
    await runUnder({
      hideInputs: true,
      transformRun(run) {
        seen.push(textOf(run));
        return run;
      },
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]).not.toContain("my question");
  });
});
