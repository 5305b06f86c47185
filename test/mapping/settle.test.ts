// Tokens count once, agents know their place, and GenAI spans show themselves.
import { describe, expect, test } from "vitest";
import {
  asAgent,
  demoteModelCall,
  hasGenAiMarker,
  isGenAiScope,
  settleModelCalls,
  threadIdOf,
} from "../../src/mapping/index.js";
import { mapped } from "./span.js";

const counts = { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 2 };
const withMessages = mapped({
  "gen_ai.operation.name": "chat",
  "gen_ai.input.messages": '[{"role":"user","content":"hi"}]',
  ...counts,
});
const withMessagesAlone = mapped({
  "gen_ai.operation.name": "chat",
  "gen_ai.input.messages": '[{"role":"user","content":"hi"}]',
});
const bare = mapped({ "gen_ai.operation.name": "chat", "gen_ai.response.time_to_first_chunk": 0.1, ...counts });
const embedding = mapped({ "gen_ai.operation.name": "embeddings", "gen_ai.usage.input_tokens": 6 });

function usageOf(run: ReturnType<typeof mapped>) {
  return run.content.extra.metadata["usage_metadata"];
}

describe("two model runs that are one call", () => {
  test.each<
    [what: string, outer: ReturnType<typeof mapped>, inner: ReturnType<typeof mapped>, stays: "outer" | "inner"]
  >([
    ["the outer has the messages", withMessages, bare, "outer"],
    ["the inner has the messages", bare, withMessages, "inner"],
    ["both have them", withMessages, withMessages, "inner"],
    ["neither has them", bare, bare, "inner"],
    ["both have them, the outer alone has usage", withMessages, withMessagesAlone, "outer"],
    ["a chat and an embedding", withMessages, embedding, "outer"],
  ])("%s", (_what, outer, inner, stays) => {
    const settled = settleModelCalls(outer, inner);
    const call = settled[stays];
    const chain = stays === "outer" ? settled.inner : settled.outer;
    expect(call.isModelCall).toBe(true);
    expect(usageOf(call)).toMatchObject({ input_tokens: 10 });
    expect(chain.isModelCall).toBe(false);
    expect(chain.content.run_type).toBe("chain");
    expect(usageOf(chain)).toBeUndefined();
    expect(chain.warnings).toBeUndefined();
  });

  test("the call gains usage and first token that the other alone has; the other keeps its counts as metadata", () => {
    const { outer, inner } = settleModelCalls(withMessagesAlone, bare);
    expect(usageOf(outer)).toMatchObject({ input_tokens: 10, output_tokens: 2 });
    expect(outer.content.events).toMatchObject([{ name: "new_token" }]);
    expect(inner.content.extra.metadata).toMatchObject(counts);
  });

  test("runs that are no model calls stay as they are, and nothing that came in is changed", () => {
    const chain = mapped({ "gen_ai.operation.name": "invoke_agent" });
    const before = JSON.stringify([chain, bare]);
    expect(settleModelCalls(chain, bare)).toEqual({ outer: chain, inner: bare });
    settleModelCalls(bare, withMessages);
    expect(demoteModelCall(chain)).toBe(chain);
    expect(JSON.stringify([chain, bare])).toBe(before);
  });
});

describe("agents", () => {
  test.each([
    [{ "gen_ai.operation.name": "invoke_agent" }],
    [{ "gen_ai.operation.name": "invoke_workflow" }],
    [{ "openinference.span.kind": "AGENT" }],
    [{ "langfuse.observation.type": "agent" }],
    [{ "traceloop.span.kind": "workflow" }],
    [{ "ai.operationId": "ai.generateText" }],
    [{ "mastra.span.type": "agent_run" }],
  ])("%o is an agent's run: root, and inside another a subagent", (attributes) => {
    const agent = mapped(attributes);
    expect(agent.content.run_type).toBe("chain");
    expect(asAgent(agent, false).content.extra.metadata["ls_agent_type"]).toBe("root");
    expect(asAgent(agent, true).content.extra.metadata["ls_agent_type"]).toBe("subagent");
  });

  test("a stated type wins, and other runs have none", () => {
    const stated = mapped({ "gen_ai.operation.name": "invoke_agent", "langsmith.metadata.ls_agent_type": "custom" });
    expect(asAgent(stated, true).content.extra.metadata["ls_agent_type"]).toBe("custom");
    expect(
      asAgent(mapped({ "traceloop.span.kind": "task" }), false).content.extra.metadata["ls_agent_type"],
    ).toBeUndefined();
  });
});

describe("markers", () => {
  test.each([
    "gen_ai.request.model",
    "gen_ai.operation.name",
    "gen_ai.tool.name",
    "gen_ai.agent.name",
    "gen_ai.retrieval.query.text",
    "openinference.span.kind",
    "llm.model_name",
    "retrieval.documents.0.document.content",
    "embedding.model_name",
    "traceloop.span.kind",
    "ai.operationId",
    "langfuse.observation.type",
    "mastra.span.type",
    "langsmith.span.kind",
    "gen_ai.prompt.0.content",
  ])("%s marks a GenAI span", (key) => {
    expect(hasGenAiMarker({ "http.route": "/", [key]: "x" })).toBe(true);
  });

  test.each([
    "session.id",
    "user.id",
    "http.route",
    "db.system",
    "gen_ai.conversation.id",
    "langsmith.is_root",
    "langsmith.traceable",
    "langsmith.metadata.thread_id",
    "traceloop.workflow.name",
    "traceloop.association.properties.user_id",
    "input.value",
    "metadata",
    "tag.tags",
    "logfire.msg",
    "error.type",
  ])("%s marks nothing", (key) => {
    expect(hasGenAiMarker({ [key]: "x" })).toBe(false);
  });

  test("an agent's name that OpenLLMetry put on a span below marks nothing", () => {
    expect(hasGenAiMarker({ "gen_ai.agent.name": "a", "traceloop.workflow.name": "w", "http.route": "/" })).toBe(false);
  });

  test("scopes", () => {
    const genAi = [
      "ai",
      "gen_ai",
      "@arizeai/openinference-instrumentation-openai",
      "@traceloop/instrumentation-pinecone",
      "@opentelemetry/instrumentation-openai",
      "com.anthropic.sdk.typescript",
      "langfuse-sdk",
      "langsmith",
      "@mastra/otel-bridge",
    ];
    for (const scope of genAi) expect(isGenAiScope(scope), scope).toBe(true);
    for (const scope of ["", "weather-app", "@opentelemetry/instrumentation-http", "logfire", "airplane"])
      expect(isGenAiScope(scope), scope).toBe(false);
  });
});

describe("threads", () => {
  test.each([
    ["gen_ai.conversation.id"],
    ["session.id"],
    ["langfuse.session.id"],
    ["langsmith.metadata.thread_id"],
    ["langsmith.metadata.session_id"],
    ["ai.telemetry.metadata.sessionId"],
    ["ai.settings.context.threadId"],
    ["traceloop.association.properties.conversation_id"],
    ["mastra.metadata.threadId"],
  ])("%s, at the start and in the run", (key) => {
    expect(threadIdOf({ [key]: "t-1" })).toBe("t-1");
    const run = mapped({ [key]: "t-1" });
    expect(run.threadId).toBe("t-1");
    expect(run.content.extra.metadata["thread_id"]).toBe("t-1");
  });

  test("elsewhere a session is none", () => {
    expect(threadIdOf({ "http.session_id": "x", sessionId: "y" })).toBeUndefined();
  });
});
