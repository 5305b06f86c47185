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
  ])("usage in %s is the run's, whatever its type, and stays where it was stated", (_where, authored) => {
    for (const run_type of ["llm", "embedding", "tool", "retriever", "chain"] as const) {
      const { content } = mapped({}, {}, { content: { run_type, ...authored } });
      expect(content.extra.metadata["usage_metadata"]).toEqual(usage);
      if ("outputs" in authored) expect(content.outputs).toEqual(authored.outputs);
    }
  });

  test.each<[what: string, stated: unknown, form: unknown]>([
    ["costs alone", { total_cost: 0.0015 }, { total_cost: 0.0015 }],
    [
      "LangSmith's form, with parts that are 0 and keys that it does not know",
      { ...usage, input_token_details: { audio: 0, cache_read: 4 }, foo: "bar" },
      { ...usage, input_token_details: { audio: 0, cache_read: 4 }, foo: "bar" },
    ],
    ["no total", { input_tokens: 1, output_tokens: 2 }, { input_tokens: 1, output_tokens: 2, total_tokens: 3 }],
    [
      "another API's form, with a key that nobody knows",
      { prompt_tokens: 3, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 2 }, region: "eu" },
      {
        input_tokens: 3,
        output_tokens: 1,
        total_tokens: 4,
        input_token_details: { cache_read: 2 },
        region: "eu",
      },
    ],
    ["nothing that is known", { tokens: "many" }, { tokens: "many" }],
    ["no object", "many", "many"],
  ])("usage of %s loses nothing", (_what, stated, form) => {
    const { content } = mapped({}, {}, { content: { run_type: "llm", metadata: { usage_metadata: stated } } });
    expect(content.extra.metadata["usage_metadata"]).toEqual(form);
  });

  test("an error of its own replaces the span's; an empty one does not", () => {
    const failed = { status: { code: 2, message: "boom" } };
    expect(mapped({}, failed, { content: { error: "TypeError: mine" } }).content.error).toBe("TypeError: mine");
    expect(mapped({}, failed, { content: { error: "" } }).content.error).toBe("Error: boom");
  });
});
