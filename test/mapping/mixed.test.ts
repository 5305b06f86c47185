// Two and three vocabularies on one span give one run, with nothing twice.
import { describe, expect, test } from "vitest";
import { mapped } from "./span.js";

const question = "What is the weather in Paris?";
const answer = "It is 18 degrees and cloudy.";
const aiSdk = {
  "operation.name": "ai.generateText.doGenerate weather",
  "resource.name": "weather",
  "ai.operationId": "ai.generateText.doGenerate",
  "ai.telemetry.functionId": "weather",
  "ai.model.provider": "openai.chat",
  "ai.model.id": "gpt-4o-mini",
  "ai.settings.temperature": 0.2,
  "ai.settings.maxOutputTokens": 64,
  "ai.prompt.messages": JSON.stringify([{ role: "user", content: [{ type: "text", text: question }] }]),
  "ai.response.text": answer,
  "ai.response.id": "chatcmpl-1",
  "ai.response.model": "gpt-4o-mini-2024-07-18",
  "ai.response.finishReason": "stop",
  "ai.usage.inputTokens": 118,
  "ai.usage.outputTokens": 24,
  "ai.usage.cachedInputTokens": 64,
};
const genAi = {
  "gen_ai.operation.name": "chat",
  "gen_ai.system": "openai",
  "gen_ai.request.model": "gpt-4o-mini",
  "gen_ai.request.temperature": 0.2,
  "gen_ai.request.max_tokens": 64,
  "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
  "gen_ai.response.id": "chatcmpl-1",
  "gen_ai.response.finish_reasons": ["stop"],
  "gen_ai.usage.input_tokens": 118,
  "gen_ai.usage.output_tokens": 24,
  "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [{ type: "text", content: question }] }]),
  "gen_ai.output.messages": JSON.stringify([
    { role: "assistant", parts: [{ type: "text", content: answer }], finish_reason: "stop" },
  ]),
};
const openInference = {
  "openinference.span.kind": "LLM",
  "llm.model_name": "gpt-4o-mini-2024-07-18",
  "llm.provider": "openai",
  "llm.system": "openai",
  "llm.invocation_parameters": '{"temperature":0.2,"maxOutputTokens":64}',
  "llm.input_messages.0.message.role": "user",
  "llm.input_messages.0.message.contents.0.message_content.type": "text",
  "llm.input_messages.0.message.contents.0.message_content.text": question,
  "llm.output_messages.0.message.role": "assistant",
  "llm.output_messages.0.message.content": answer,
  "llm.token_count.prompt": 118,
  "llm.token_count.completion": 24,
  "input.value": JSON.stringify([{ role: "user", content: question }]),
  "input.mime_type": "application/json",
  "output.value": answer,
};
const langfuse = {
  "langfuse.observation.type": "generation",
  "langfuse.observation.model.name": "gpt-4o-mini-2024-07-18",
  "langfuse.observation.input": JSON.stringify([{ role: "user", content: question }]),
  "langfuse.observation.output": JSON.stringify({ role: "assistant", content: answer }),
  "langfuse.observation.usage_details": '{"input":118,"output":24,"total":142}',
};

function timesIn(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe("one run from several vocabularies", () => {
  test.each([
    ["AI SDK with GenAI keys", { ...aiSdk, ...genAi }],
    ["OpenInference over the AI SDK", { ...aiSdk, ...openInference }],
    ["OpenInference over the AI SDK 7 in its GenAI form", { ...genAi, ...openInference }],
    ["Langfuse over GenAI", { ...genAi, ...langfuse }],
    ["all of them", { ...aiSdk, ...genAi, ...openInference, ...langfuse }],
  ])("%s", (_what, attributes) => {
    const { content } = mapped(attributes);
    const text = JSON.stringify(content);
    expect(content.run_type).toBe("llm");
    expect(content.inputs).toEqual({ messages: [{ role: "user", content: question }] });
    expect(content.outputs).toMatchObject({ choices: [{ index: 0, message: { role: "assistant", content: answer } }] });
    for (const once of [question, answer, "gpt-4o-mini-2024-07-18", '"temperature"', '"max_tokens"']) {
      expect(timesIn(text, once), once).toBeLessThanOrEqual(1);
    }
    expect(timesIn(text, "chatcmpl-1")).toBeLessThanOrEqual(1);
    expect(content.extra.metadata["usage_metadata"]).toMatchObject({
      input_tokens: 118,
      output_tokens: 24,
      total_tokens: 142,
    });
    for (const key of Object.keys(content.extra.metadata))
      expect(key).not.toMatch(/^(?!ls_).*(token|usage\.|messages|input\.|output\.|invocation)/);
  });
});
