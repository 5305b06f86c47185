// Token usage of an OpenAI answer in LangSmith's terms. Source: `processChatCompletion` of the langsmith package.
import type { KeyValues } from "../../wire/run.js";

interface Details {
  audio_tokens?: number | null;
  cached_tokens?: number | null;
  reasoning_tokens?: number | null;
}

interface Usage {
  prompt_tokens?: number;
  completion_tokens?: number;
  input_tokens?: number;
  output_tokens?: number;
  total_tokens?: number;
  prompt_tokens_details?: Details | null;
  completion_tokens_details?: Details | null;
  input_tokens_details?: Details | null;
  output_tokens_details?: Details | null;
}

/** An answer with its `usage` as `usage_metadata`; priced tiers stand apart, as LangSmith prices them. */
export function withUsage(answer: KeyValues): KeyValues {
  const { usage, ...rest } = answer;
  if (typeof usage !== "object" || usage === null) return rest;
  const tier = answer.service_tier === "priority" || answer.service_tier === "flex" ? answer.service_tier : undefined;
  return { ...rest, usage_metadata: usageMetadataOf(usage, tier) };
}

function usageMetadataOf(usage: Usage, tier: "priority" | "flex" | undefined): KeyValues {
  const isChat = "prompt_tokens" in usage;
  const input = (isChat ? usage.prompt_tokens : usage.input_tokens) ?? 0;
  const output = (isChat ? usage.completion_tokens : usage.output_tokens) ?? 0;
  const inner = (isChat ? usage.prompt_tokens_details : usage.input_tokens_details) ?? {};
  const outer = (isChat ? usage.completion_tokens_details : usage.output_tokens_details) ?? {};
  const prefix = tier ? `${tier}_` : "";
  const inputDetails = counts({
    audio: inner.audio_tokens,
    [`${prefix}cache_read`]: inner.cached_tokens,
    ...(tier && { [tier]: input - (inner.cached_tokens ?? 0) }),
  });
  const outputDetails = counts({
    audio: outer.audio_tokens,
    [`${prefix}reasoning`]: outer.reasoning_tokens,
    ...(tier && { [tier]: output - (outer.reasoning_tokens ?? 0) }),
  });
  return {
    input_tokens: input,
    output_tokens: output,
    total_tokens: usage.total_tokens ?? input + output,
    ...(inputDetails && { input_token_details: inputDetails }),
    ...(outputDetails && { output_token_details: outputDetails }),
  };
}

function counts(all: Record<string, number | null | undefined>): Record<string, number> | undefined {
  const known: Record<string, number> = {};
  for (const [name, count] of Object.entries(all)) if (typeof count === "number") known[name] = count;
  return Object.keys(known).length > 0 ? known : undefined;
}

/** An embeddings answer without its vectors, which nobody reads: how many, and how long. */
export function withoutVectors(answer: KeyValues): KeyValues {
  const { data, ...rest } = withUsage(answer);
  const vectors = Array.isArray(data) ? data : [];
  return {
    ...rest,
    data: vectors.map((item: unknown) => {
      if (typeof item !== "object" || item === null || !("embedding" in item)) return item;
      const { embedding, ...others } = item;
      const dimensions = Array.isArray(embedding) ? { dimensions: embedding.length } : {};
      return { ...others, ...dimensions };
    }),
  };
}
