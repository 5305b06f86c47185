// Usage: from every form to LangSmith's, on model runs only, the cached tokens in the whole.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mapped } from "./span.js";

const chat = { "gen_ai.operation.name": "chat" };

function usageOf(attributes: Parameters<typeof mapped>[0], scope = "test") {
  return mapped({ ...chat, ...attributes }, { scope: { name: scope } }).content.extra.metadata["usage_metadata"];
}

describe("usage", () => {
  test("the total is the sum, whatever was stated", () => {
    expect(
      usageOf({ "gen_ai.usage.input_tokens": 82, "gen_ai.usage.output_tokens": 17, "gen_ai.usage.total_tokens": 500 }),
    ).toMatchObject({
      total_tokens: 99,
    });
  });

  test("a stated total fills in for a missing part", () => {
    expect(usageOf({ "gen_ai.usage.input_tokens": 82, "gen_ai.usage.total_tokens": 99 })).toEqual({
      input_tokens: 82,
      output_tokens: 17,
      total_tokens: 99,
    });
  });

  test("zeros in details are left out", () => {
    expect(
      usageOf({
        "gen_ai.usage.input_tokens": 1,
        "gen_ai.usage.output_tokens": 1,
        "gen_ai.usage.cache_read.input_tokens": 0,
      }),
    ).toEqual({
      input_tokens: 1,
      output_tokens: 1,
      total_tokens: 2,
    });
  });

  test("cached tokens that are counted apart are added: details exceed the input", () => {
    expect(
      usageOf({
        "gen_ai.usage.input_tokens": 54,
        "gen_ai.usage.output_tokens": 24,
        "gen_ai.usage.cache_read.input_tokens": 64,
      }),
    ).toMatchObject({
      input_tokens: 118,
      total_tokens: 142,
    });
  });

  test("cached tokens that are counted apart are added: the scope is known for it", () => {
    const counts = {
      "gen_ai.usage.input_tokens": 82,
      "gen_ai.usage.output_tokens": 17,
      "gen_ai.usage.cache_creation.input_tokens": 10,
    };
    expect(usageOf(counts, "@traceloop/instrumentation-anthropic")).toMatchObject({
      input_tokens: 92,
      input_token_details: { cache_creation: 10 },
    });
    expect(usageOf(counts, "another")).toMatchObject({ input_tokens: 82 });
  });

  test("parts that were left out of the counts are added: the total says so", () => {
    const usage = JSON.stringify({
      input: 54,
      output: 16,
      total: 142,
      input_cached_tokens: 64,
      output_reasoning_tokens: 8,
    });
    const { content } = mapped({
      "langfuse.observation.type": "generation",
      "langfuse.observation.usage_details": usage,
    });
    expect(content.extra.metadata["usage_metadata"]).toEqual({
      input_tokens: 118,
      output_tokens: 24,
      total_tokens: 142,
      input_token_details: { cache_read: 64 },
      output_token_details: { reasoning: 8 },
    });
  });

  test.each<[form: string, usage: object]>([
    [
      "OpenAI chat",
      {
        prompt_tokens: 118,
        completion_tokens: 24,
        total_tokens: 142,
        prompt_tokens_details: { cached_tokens: 64 },
        completion_tokens_details: { reasoning_tokens: 8 },
      },
    ],
    [
      "OpenAI responses",
      {
        input_tokens: 118,
        output_tokens: 24,
        input_tokens_details: { cached_tokens: 64 },
        output_tokens_details: { reasoning_tokens: 8 },
      },
    ],
    [
      "LangSmith",
      {
        input_tokens: 118,
        output_tokens: 24,
        total_tokens: 142,
        input_token_details: { cache_read: 64 },
        output_token_details: { reasoning: 8 },
      },
    ],
    [
      "AI SDK",
      {
        inputTokens: 118,
        outputTokens: 24,
        inputTokenDetails: { cacheReadTokens: 64, noCacheTokens: 54 },
        outputTokenDetails: { reasoningTokens: 8, textTokens: 16 },
      },
    ],
    ["Gemini", { promptTokenCount: 118, candidatesTokenCount: 24, cachedContentTokenCount: 64, thoughtsTokenCount: 8 }],
  ])("%s's object is read", (_form, usage) => {
    expect(usageOf({ "langsmith.usage_metadata": JSON.stringify(usage) })).toEqual({
      input_tokens: 118,
      output_tokens: 24,
      total_tokens: 142,
      input_token_details: { cache_read: 64 },
      output_token_details: { reasoning: 8 },
    });
  });

  test("Anthropic's object counts its cached tokens apart", () => {
    const usage = { input_tokens: 25, cache_creation_input_tokens: 10, cache_read_input_tokens: 0, output_tokens: 9 };
    expect(usageOf({ "langsmith.usage_metadata": JSON.stringify(usage) })).toMatchObject({
      input_tokens: 35,
      total_tokens: 44,
    });
  });

  test("usage that stands in the answer's body alone is found there", () => {
    const body = {
      object: "chat.completion",
      choices: [{ message: { role: "assistant", content: "x" } }],
      usage: { prompt_tokens: 3, completion_tokens: 2 },
    };
    const { content } = mapped({ "openinference.span.kind": "LLM", "output.value": JSON.stringify(body) });
    expect(content.extra.metadata["usage_metadata"]).toMatchObject({ input_tokens: 3, output_tokens: 2 });
  });

  test("costs are kept, and zeros throughout are none", () => {
    expect(
      usageOf({ "gen_ai.usage.input_tokens": 1, "llm.cost.prompt": 0.1, "llm.cost.completion": 0.2 }),
    ).toMatchObject({ input_cost: 0.1, output_cost: 0.2 });
    expect(usageOf({ "gen_ai.usage.input_tokens": 1, "llm.cost.prompt": 0, "llm.cost.total": 0 })).not.toHaveProperty(
      "total_cost",
    );
  });

  test.each([
    ["gen_ai.operation.name", "invoke_agent"],
    ["gen_ai.operation.name", "execute_tool"],
    ["openinference.span.kind", "CHAIN"],
  ])("on a run of %s %s the counts are plain metadata", (key, value) => {
    const seen = mapped({ [key]: value, "gen_ai.usage.input_tokens": 200 });
    const { metadata } = seen.content.extra;
    expect(metadata["usage_metadata"]).toBeUndefined();
    expect(metadata["gen_ai.usage.input_tokens"]).toBe(200);
    expect(seen.usageIfAlone).toMatchObject({ input_tokens: 200 });
  });

  test.each(["langsmith.usage_metadata", "langsmith.metadata.usage_metadata"])(
    "what an author states in %s is usage on a run of any type, costs alone too",
    (key) => {
      for (const kind of ["chain", "tool", "retriever", "prompt", "parser"]) {
        const usage = { total_cost: 0.0015 };
        const { metadata } = mapped({ "langsmith.span.kind": kind, [key]: JSON.stringify(usage) }).content.extra;
        expect(metadata["usage_metadata"]).toEqual(usage);
      }
    },
  );

  test("details are always parts of their whole", () => {
    const count = fc.option(fc.nat({ max: 1_000 }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.record({ input: count, output: count, total: count, read: count, created: count }),
        ({ input, output, total, read, created }) => {
          const attributes = Object.fromEntries(
            Object.entries({
              "gen_ai.usage.input_tokens": input,
              "gen_ai.usage.output_tokens": output,
              "gen_ai.usage.total_tokens": total,
              "gen_ai.usage.cache_read.input_tokens": read,
              "gen_ai.usage.cache_creation.input_tokens": created,
            }).filter(([, value]) => value !== undefined),
          );
          const usage = usageOf(attributes);
          if (usage === undefined) return;
          expect(usage).toMatchObject({ input_tokens: expect.any(Number), output_tokens: expect.any(Number) });
          const {
            input_tokens,
            output_tokens,
            total_tokens,
            input_token_details = {},
          } = JSON.parse(JSON.stringify(usage));
          expect(total_tokens).toBe(input_tokens + output_tokens);
          const parts = Object.values<number>(input_token_details).reduce((sum, part) => sum + part, 0);
          expect(parts).toBeLessThanOrEqual(input_tokens);
        },
      ),
    );
  });
});

describe("usage in the outputs", () => {
  const usage = { input_tokens: 3, output_tokens: 2, total_tokens: 5 };

  test.each([["CHAIN"], ["AGENT"], ["TOOL"]])("of a %s run is moved where LangSmith does not sum it up", (kind) => {
    const value = JSON.stringify({ text: "x", usage_metadata: usage });
    const { content } = mapped({ "openinference.span.kind": kind, "output.value": value });
    expect(content.outputs).toEqual({ text: "x" });
    expect(content.extra.metadata["outputs.usage_metadata"]).toEqual(usage);
  });

  test("of a model run counts once, in the metadata", () => {
    const completion = JSON.stringify({ choices: [], usage_metadata: usage });
    const { content } = mapped({ "langsmith.span.kind": "llm", "gen_ai.completion": completion });
    expect(content.outputs).toEqual({ choices: [] });
    expect(content.extra.metadata["usage_metadata"]).toEqual(usage);
  });
});
