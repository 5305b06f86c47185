// The names that APIs and libraries give to counts of tokens, and LangSmith's for the parts of them.

export const inputKeys = [
  "input_tokens",
  "prompt_tokens",
  "inputTokens",
  "promptTokens",
  "promptTokenCount",
  "prompt_token_count",
  "input",
];
export const outputKeys = [
  "output_tokens",
  "completion_tokens",
  "outputTokens",
  "completionTokens",
  "candidatesTokenCount",
  "candidates_token_count",
  "output",
];
export const totalKeys = ["total_tokens", "totalTokens", "totalTokenCount", "total_token_count", "total"];

/** Names that APIs give to parts of the input and the output, and LangSmith's for them. */
export const inputDetails: Readonly<Record<string, string>> = {
  cached_tokens: "cache_read",
  cache_read: "cache_read",
  cacheReadTokens: "cache_read",
  cachedInputTokens: "cache_read",
  cache_read_input_tokens: "cache_read",
  cachedContentTokenCount: "cache_read",
  cached_content_token_count: "cache_read",
  cacheReadInputTokens: "cache_read",
  cacheReadInputTokenCount: "cache_read",
  input_cached_tokens: "cache_read",
  input_cache_read: "cache_read",
  cache_creation: "cache_creation",
  cache_write: "cache_creation",
  cacheWriteTokens: "cache_creation",
  cacheWriteInputTokens: "cache_creation",
  cacheWriteInputTokenCount: "cache_creation",
  cache_creation_input_tokens: "cache_creation",
  input_cache_creation: "cache_creation",
  audio: "audio",
  audio_tokens: "audio",
  input_audio: "audio",
  input_audio_tokens: "audio",
};
export const outputDetails: Readonly<Record<string, string>> = {
  reasoning: "reasoning",
  reasoning_tokens: "reasoning",
  reasoningTokens: "reasoning",
  thoughtsTokenCount: "reasoning",
  thoughts_token_count: "reasoning",
  output_reasoning: "reasoning",
  output_reasoning_tokens: "reasoning",
  audio: "audio",
  audio_tokens: "audio",
  output_audio: "audio",
  output_audio_tokens: "audio",
};
/** What is all of its total that is not one of the other parts: no detail. */
export const remainders = new Set(["noCacheTokens", "textTokens", "text_tokens", "no_cache_tokens"]);
