// Content from the authoring API beats every attribute, field by field.
import { describe, expect, test } from "vitest";
import { mapped } from "./span.js";

const attributes = {
  "gen_ai.operation.name": "chat",
  "gen_ai.input.messages": '[{"role":"user","content":"from the span"}]',
  "gen_ai.usage.input_tokens": 1,
  "gen_ai.usage.output_tokens": 1,
  "langsmith.metadata.plan": "pro",
  "langsmith.metadata.team": "span",
  "langsmith.span.tags": "span, both",
};

describe("authored content", () => {
  test("wins field by field; metadata and tags merge; what it leaves out is the span's", () => {
    const { content } = mapped(
      attributes,
      {},
      {
        content: {
          name: "mine",
          outputs: { answer: 1 },
          metadata: { team: "authored" },
          tags: ["authored", "both"],
          invocation_params: { temperature: 1 },
          reference_example_id: "e",
          serialized: { a: 1 },
        },
      },
    );
    expect(content).toMatchObject({
      name: "mine",
      run_type: "llm",
      inputs: { messages: [{ role: "user", content: "from the span" }] },
      outputs: { answer: 1 },
      tags: ["authored", "both", "span"],
      serialized: { a: 1 },
      reference_example_id: "e",
      extra: {
        metadata: { plan: "pro", team: "authored", usage_metadata: { input_tokens: 1 } },
        invocation_params: { temperature: 1 },
      },
    });
  });

  test("its run type decides what the run is", () => {
    const run = mapped(
      { "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5 },
      {},
      { content: { run_type: "tool", inputs: { a: 1 } } },
    );
    expect(run.isModelCall).toBe(false);
    expect(run.content.extra.metadata["usage_metadata"]).toBeUndefined();
    expect(run.content.extra.metadata["gen_ai.usage.input_tokens"]).toBe(5);
    expect(mapped({}, {}, { content: { run_type: "llm", inputs: { messages: [] } } })).toMatchObject({
      isModelCall: true,
      hasMessages: true,
    });
  });

  const usage = { input_tokens: 118, output_tokens: 24, total_tokens: 142 };

  test.each<[where: string, content: object]>([
    ["outputs", { outputs: { text: "x", usage_metadata: usage } }],
    ["metadata", { metadata: { usage_metadata: usage } }],
    ["both", { outputs: { text: "x", usage_metadata: usage }, metadata: { usage_metadata: usage } }],
  ])("usage in %s counts once, on a model run", (_where, authored) => {
    const { content } = mapped(attributes, {}, { content: authored });
    expect(content.extra.metadata["usage_metadata"]).toEqual(usage);
    expect(content.outputs ?? {}).not.toHaveProperty("usage_metadata");
  });

  test("on other runs it is kept where LangSmith does not sum it up", () => {
    const { content } = mapped(
      {},
      {},
      {
        content: {
          run_type: "chain",
          outputs: { text: "x", usage_metadata: usage },
          metadata: { usage_metadata: usage },
        },
      },
    );
    expect(content.outputs).toEqual({ text: "x" });
    expect(content.extra.metadata["usage_metadata"]).toBeUndefined();
    expect(content.extra.metadata).toMatchObject({ "outputs.usage_metadata": usage, "metadata.usage_metadata": usage });
  });

  test("an error of its own replaces the span's; an empty one does not", () => {
    const failed = { status: { code: 2, message: "boom" } };
    expect(mapped({}, failed, { content: { error: "TypeError: mine" } }).content.error).toBe("TypeError: mine");
    expect(mapped({}, failed, { content: { error: "" } }).content.error).toBe("Error: boom");
  });
});
