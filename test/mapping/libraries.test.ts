// What single libraries do their own way: names, providers, cached tokens, ids that were scrubbed, one call seen twice.
import type { Attributes } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";
import { settleModelCalls, toldOf } from "../../src/mapping/index.js";
import { mapped } from "./span.js";

const metadataOf = (attributes: Attributes) => mapped(attributes).content.extra.metadata;

describe("the AI SDK 4 with Anthropic", () => {
  const call = {
    "ai.operationId": "ai.generateText.doGenerate",
    "ai.usage.promptTokens": 20,
    "ai.usage.completionTokens": 5,
  };
  test.each<[string, object]>([
    ["its own provider", { anthropic: { cacheCreationInputTokens: 25, cacheReadInputTokens: 80 } }],
    ["Bedrock", { bedrock: { usage: { cacheWriteInputTokens: 25, cacheReadInputTokens: 80 } } }],
  ])("counts all input tokens, cached ones too: %s", (_, told) => {
    const attributes = { ...call, "ai.response.providerMetadata": JSON.stringify(told) };
    expect(metadataOf(attributes)["usage_metadata"]).toEqual({
      input_tokens: 125,
      output_tokens: 5,
      total_tokens: 130,
      input_token_details: { cache_read: 80, cache_creation: 25 },
    });
  });
});

describe("names", () => {
  test.each<[string, Attributes, string]>([
    ["the AI SDK's by its function", { "ai.operationId": "ai.generateText", "ai.telemetry.functionId": "fn" }, "fn"],
    ["an embedding's too", { "ai.operationId": "ai.embedMany", "ai.telemetry.functionId": "fn" }, "fn"],
    ["the calls inside keep theirs", { "ai.operationId": "ai.embed.doEmbed", "ai.telemetry.functionId": "fn" }, "span"],
    ["an agent by its name", { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "bob" }, "bob"],
    ["a workflow by its name", { "gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "w" }, "w"],
    ["OpenInference's agent", { "openinference.span.kind": "AGENT", "agent.name": "bob" }, "bob"],
    ["an agent's model call is no agent", { "gen_ai.operation.name": "chat", "gen_ai.agent.name": "bob" }, "span"],
    [
      "what the user calls it wins",
      { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "bob", "langsmith.trace.name": "mine" },
      "mine",
    ],
  ])("%s", (_, attributes, name) => {
    const { content } = mapped(attributes);
    expect(content.name).toBe(name);
    expect(content.extra.metadata["otel.span.name"]).toBe(name === "span" ? undefined : "span");
  });
});

describe("a host name is no provider", () => {
  test.each<[string, string | undefined]>([
    ["api.openai.com", "openai"],
    ["https://api.anthropic.com/v1", "anthropic"],
    ["my-resource.openai.azure.com", "azure"],
    ["bedrock-runtime.eu-west-1.amazonaws.com", "amazon_bedrock"],
    ["llm.internal:8080", undefined],
    ["127.0.0.1:11434", undefined],
    ["localhost", undefined],
    ["openai.chat", "openai"],
    ["google.generative-ai", "google"],
    ["gcp.vertex_ai", "gcp.vertex_ai"],
    ["anthropic", "anthropic"],
  ])("%s is of %s", (value, provider) => {
    const metadata = metadataOf({ "gen_ai.operation.name": "chat", "gen_ai.provider.name": value });
    expect(metadata["ls_provider"]).toBe(provider);
    if (provider === undefined) expect(metadata["gen_ai.provider.name"]).toBe(value);
  });
});

test.each(["session.id", "gen_ai.conversation.id", "langsmith.metadata.session_id", "ai.telemetry.metadata.sessionId"])(
  "a scrubbed %s is no thread",
  (key) => {
    const { threadId, content } = mapped({ [key]: "[Scrubbed due to 'session']" });
    expect(threadId).toBeUndefined();
    expect(content.extra.metadata["thread_id"]).toBeUndefined();
    expect(content.extra.metadata["session_id"]).toBeUndefined();
    expect(JSON.stringify(content.extra.metadata)).toContain("Scrubbed");
  },
);

test("of two spans of one stream, the one with the answer is the model run", () => {
  const asked = { "gen_ai.operation.name": "chat", "gen_ai.input.messages": '[{"role":"user","content":"a"}]' };
  const inner = mapped(asked);
  const outer = mapped({ ...asked, "gen_ai.output.messages": '[{"role":"assistant","content":"b"}]' });
  expect(toldOf(outer)).toBeGreaterThan(toldOf(inner));
  const settled = settleModelCalls(outer, inner);
  expect([settled.outer.content.run_type, settled.inner.content.run_type]).toEqual(["llm", "chain"]);
});
