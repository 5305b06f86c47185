// The GenAI semantic conventions as they are now: messages as one JSON attribute each.

import { toCount } from "../json.js";
import type { MappableSpan } from "../span.js";
import { toId } from "../there.js";
import { byValue, isOneOf, type Vocabulary } from "../vocabulary.js";

/** Seconds since the span's start. */
export function secondsPassed(value: unknown): unknown {
  const seconds = toCount(value);
  return seconds === undefined ? undefined : { seconds };
}

function isOperation(...names: string[]): (span: MappableSpan) => boolean {
  const isOne = isOneOf(...names);
  return ({ attributes }) => isOne(attributes["gen_ai.operation.name"]) === true;
}

export const genai: Vocabulary = {
  name: "gen_ai",
  about:
    "The GenAI semantic conventions: official instrumentations, `@ai-sdk/otel`, Mastra, the Anthropic SDK, and others.",
  scopes: ["gen_ai", "@opentelemetry/instrumentation-openai", "strands-agents"],
  markers: [
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.system",
    "gen_ai.request.",
    "gen_ai.response.",
    "gen_ai.usage.",
    "gen_ai.agent.id",
    "gen_ai.agent.name",
    "gen_ai.tool.",
    "gen_ai.retrieval.",
    "gen_ai.embeddings.",
    "gen_ai.input.messages",
    "gen_ai.output.messages",
  ],
  rules: [
    {
      keys: ["gen_ai.operation.name"],
      to: "run_type",
      as: byValue(
        {
          chat: "llm",
          chat_completion: "llm",
          chat_completions: "llm",
          text_completion: "llm",
          completion: "llm",
          completions: "llm",
          generate_content: "llm",
          generate_content_stream: "llm",
          generate_text: "llm",
          stream_text: "llm",
          responses: "llm",
          messages: "llm",
          embeddings: "embedding",
          embedding: "embedding",
          embed_content: "embedding",
          execute_tool: "tool",
          retrieval: "retriever",
          rerank: "retriever",
        },
        "chain",
      ),
      note: "in any case: chat, text_completion, completion, generate_content and what SDKs call their methods → llm; embeddings → embedding; execute_tool → tool; retrieval, rerank → retriever; every other → chain",
    },
    { keys: ["gen_ai.operation.name"], to: "agent", as: isOneOf("invoke_agent", "invoke_workflow") },
    { keys: ["gen_ai.agent.name"], to: "name", when: isOperation("invoke_agent", "create_agent") },
    { keys: ["gen_ai.agent.name"], to: "metadata", name: "gen_ai.agent.name" },
    { keys: ["gen_ai.workflow.name"], to: "name", when: isOperation("invoke_workflow") },
    { keys: ["gen_ai.workflow.name"], to: "metadata", name: "gen_ai.workflow.name" },
    {
      keys: ["gen_ai.provider.name", "gen_ai.system"],
      to: "provider",
      note: "the part before the first dot; of a host name the provider that is known to be there",
    },
    { keys: ["gen_ai.response.model"], to: "model" },
    { keys: ["gen_ai.request.model"], to: "requested_model" },
    { keys: ["gen_ai.system_instructions"], to: "system" },
    { keys: ["gen_ai.input.messages"], to: "input_messages" },
    { keys: ["gen_ai.output.messages"], to: "output_messages" },
    { keys: ["gen_ai.response.finish_reasons"], to: "finish_reason" },
    { keys: ["gen_ai.tool.definitions"], to: "tools" },
    { keys: ["gen_ai.request.choice.count"], to: "param", name: "n" },
    { keys: ["gen_ai.request.reasoning.level"], to: "param", name: "reasoning_effort" },
    { keys: ["gen_ai.request.previous_response.id"], to: "param", name: "previous_response_id" },
    { prefix: "gen_ai.request.", to: "param" },
    { keys: ["gen_ai.tool.name"], to: "tool_name" },
    { keys: ["gen_ai.tool.call.id"], to: "tool_call_id", as: (id) => (id === "<not specified>" ? undefined : id) },
    { keys: ["gen_ai.tool.call.arguments"], to: "tool_arguments" },
    { keys: ["gen_ai.tool.call.result"], to: "tool_result" },
    { keys: ["gen_ai.retrieval.query.text"], to: "query" },
    { keys: ["gen_ai.retrieval.documents"], to: "documents" },
    { keys: ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"], to: "usage.input_tokens" },
    { keys: ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"], to: "usage.output_tokens" },
    { keys: ["gen_ai.usage.total_tokens"], to: "usage.total_tokens" },
    {
      keys: ["gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens"],
      to: "usage.cache_read",
    },
    {
      keys: [
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
      ],
      to: "usage.cache_creation",
    },
    { keys: ["gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens"], to: "usage.reasoning" },
    { keys: ["gen_ai.usage.input_token_details"], to: "usage.input_details" },
    { keys: ["gen_ai.usage.output_token_details"], to: "usage.output_details" },
    { keys: ["gen_ai.usage.audio_input_tokens"], to: "usage.input_details", name: "audio" },
    { keys: ["gen_ai.usage.audio_output_tokens"], to: "usage.output_details", name: "audio" },
    { keys: ["gen_ai.embeddings.dimension.count"], to: "dimensions" },
    { keys: ["gen_ai.usage.cost"], to: "usage.total_cost" },
    {
      keys: ["gen_ai.response.time_to_first_chunk", "gen_ai.client.operation.time_to_first_chunk"],
      to: "first_token",
      as: secondsPassed,
    },
    { keys: ["gen_ai.conversation.id"], to: "thread_id", as: toId },
    { keys: ["gen_ai.prompt.name"], to: "metadata", name: "gen_ai.prompt.name", note: "of a prompt template" },
    { keys: ["gen_ai.prompt.version"], to: "metadata", name: "gen_ai.prompt.version" },
    { prefix: "gen_ai.prompt.variable.", to: "metadata", ownKey: true },
  ],
};
