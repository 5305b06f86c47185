// wrapOpenAI: an OpenAI client whose calls are traced, with the payloads that langsmith's own wrapper logs.
import { LangSmithOptionError } from "../../errors.js";
import type { KeyValues } from "../../wire/run.js";
import { getCurrentRunTree, isTraceableFunction } from "../index.js";
import type { LooseConfig } from "../types.js";
import { isKeyValues } from "../values.js";
import { aggregateChat, aggregateMedia, aggregateText } from "./openai-aggregate.js";
import { failureIn } from "./openai-failure.js";
import { aggregateResponses } from "./openai-responses.js";
import { withoutVectors, withUsage } from "./openai-usage.js";
import {
  type AnyMethod,
  inPlaceOf,
  type LangSmithExtra,
  over,
  type TakesExtra,
  tracedResource,
  type WrapOptions,
  withoutRequestOptions,
} from "./traced-client.js";

export type { LangSmithExtra };

/** What is needed of an OpenAI client; everything else it has stays. */
export interface OpenAILike {
  chat: { completions: { create: AnyMethod } };
  completions?: { create: AnyMethod };
  responses?: { create: AnyMethod };
  embeddings?: { create: AnyMethod };
  images?: object;
  audio?: { transcriptions?: object; translations?: object; speech?: object };
  // biome-ignore lint/suspicious/noExplicitAny: its type has nothing in common between the client's versions
  beta?: any;
}

type CreateTakesExtra<Resource> = Resource extends { create: infer Create } ? { create: TakesExtra<Create> } : unknown;

/** The client's own type, whose calls also take {@link LangSmithExtra} among their request options. */
export type WrappedOpenAI<OpenAI extends OpenAILike> = OpenAI & {
  [Name in keyof OpenAI & ("completions" | "embeddings" | "responses")]: CreateTakesExtra<OpenAI[Name]>;
} & { chat: { completions: CreateTakesExtra<OpenAI["chat"]["completions"]> } };

/** Options of {@link wrapOpenAI}: of every run it makes. */
export type WrapOpenAIOptions = WrapOptions;

const INVOCATION_KEYS: ReadonlySet<string> = new Set([
  "frequency_penalty",
  "n",
  "logit_bias",
  "logprobs",
  "modalities",
  "parallel_tool_calls",
  "prediction",
  "presence_penalty",
  "prompt_cache_key",
  "reasoning",
  "reasoning_effort",
  "response_format",
  "seed",
  "service_tier",
  "stream_options",
  "top_logprobs",
  "top_p",
  "truncation",
  "user",
  "verbosity",
  "web_search_options",
]);

/**
 * An OpenAI client whose chat completions, responses, completions, embeddings, images and audio are traced, streamed or
 * not. The
 * client given stays as it is; what its `withOptions()` gives is traced too. Metadata, tags or a name for one call stand in its request options:
 * `{ langsmithExtra: { metadata } }`.
 *
 * @throws TypeError for a client that is wrapped already
 * @example
 * ```ts
 * const openai = wrapOpenAI(new OpenAI());
 * await openai.chat.completions.create({ model: "gpt-5.4-mini", messages });
 * ```
 */
export function wrapOpenAI<OpenAI extends OpenAILike>(
  openai: OpenAI,
  options: WrapOpenAIOptions = {},
): WrappedOpenAI<OpenAI> {
  if (isTraceableFunction(openai.chat.completions.create)) {
    throw LangSmithOptionError.refused("openai", "This instance of OpenAI client has been already wrapped once.");
  }
  const { metadata = {}, ...rest } = options;
  const { ls_invocation_params: params, ...kept } = metadata;
  const isAzure = openai.constructor?.name === "AzureOpenAI";
  const all: All = {
    options: { ...(rest as LooseConfig), metadata: kept },
    params: isKeyValues(params) ? params : {},
    provider: isAzure ? "azure" : "openai",
  };
  const chat: Kind = { name: isAzure ? "AzureChatOpenAI" : "ChatOpenAI", aggregator: aggregateChat };
  const responses: Kind = { ...chat, aggregator: aggregateResponses, isResponses: true };
  const text: Kind = { name: isAzure ? "AzureOpenAI" : "OpenAI", aggregator: aggregateText, modelType: "llm" };
  const media = (name: string): Kind => ({
    name: isAzure ? name.replace("OpenAI", "AzureOpenAI") : name,
    aggregator: aggregateMedia,
    modelType: "media",
  });
  const vectors: Kind = { name: isAzure ? "AzureOpenAIEmbeddings" : "OpenAIEmbeddings", modelType: "embedding" };

  // Methods of the client call one another, so the traced ones stand on copies and call the bare ones.
  const traced = new Map<PropertyKey, unknown>();
  const wrapped = inPlaceOf(openai, traced, (other) => wrapOpenAI(other, options));
  // What is not traced as one call, `runTools`, makes its calls through the client that its resource knows.
  const speaking = (bare: object) =>
    over(resource(bare, ["create", "parse", "stream"], chat, all), { _client: wrapped });
  traced.set("chat", over(openai.chat, { completions: speaking(openai.chat.completions) }));
  if (openai.completions) traced.set("completions", resource(openai.completions, ["create"], text, all));
  if (openai.responses) {
    traced.set("responses", resource(openai.responses, ["create", "parse", "stream"], responses, all));
  }
  if (openai.embeddings) traced.set("embeddings", resource(openai.embeddings, ["create"], vectors, all));
  if (openai.images) {
    traced.set("images", resource(openai.images, ["generate", "edit", "createVariation"], media("OpenAIImages"), all));
  }
  const { audio } = openai;
  if (audio) {
    const { transcriptions, translations, speech } = audio;
    traced.set(
      "audio",
      over(audio, {
        ...(transcriptions && {
          transcriptions: resource(transcriptions, ["create"], media("OpenAITranscriptions"), all),
        }),
        ...(translations && { translations: resource(translations, ["create"], media("OpenAITranslations"), all) }),
        ...(speech && { speech: resource(speech, ["create"], media("OpenAISpeech"), all) }),
      }),
    );
  }
  // Clients before version 5 have their helpers there.
  const { beta }: { beta?: { chat?: { completions?: object } } } = openai;
  if (beta?.chat?.completions) {
    traced.set("beta", over(beta, { chat: over(beta.chat, { completions: speaking(beta.chat.completions) }) }));
  }
  // Whatever the proxy is asked for is the client's; its type alone says what the traced calls also take.
  return wrapped as WrappedOpenAI<OpenAI>;
}

interface All {
  readonly options: LooseConfig;
  readonly params: KeyValues;
  readonly provider: "openai" | "azure";
}

interface Kind {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: chunks of any of the client's streams
  readonly aggregator?: (chunks: any[]) => KeyValues;
  /** `media`: of pictures and sounds, for which LangSmith has no word. */
  readonly modelType?: "llm" | "embedding" | "media";
  readonly isResponses?: boolean;
}

function resource(bare: object, names: readonly string[], kind: Kind, all: All): object {
  return tracedResource(bare, names, configOf(kind, all));
}

function configOf(kind: Kind, { options, params, provider }: All): LooseConfig {
  const isEmbedding = kind.modelType === "embedding";
  return {
    name: kind.name,
    run_type: isEmbedding ? "embedding" : "llm",
    argsConfigPath: [1, "langsmithExtra"],
    ...(kind.aggregator && { aggregator: kind.aggregator }),
    errorIn: failureIn,
    processInputs: withoutRequestOptions,
    processOutputs: isEmbedding ? withoutVectors : withUsage,
    getInvocationParams: (payload) => invocationParams(payload, kind, params, provider),
    ...options,
  };
}

function invocationParams(
  payload: unknown,
  { modelType, isResponses }: Kind,
  given: KeyValues,
  provider: string,
): KeyValues | undefined {
  if (!isKeyValues(payload)) return undefined;
  const request = modelType === undefined && isKeyValues(payload.metadata) ? payload.metadata : {};
  const { model, max_completion_tokens, max_tokens, temperature, stop } = payload;
  const params: KeyValues = { ...given };
  for (const key of Object.keys(payload)) if (INVOCATION_KEYS.has(key)) params[key] = payload[key];
  if (isResponses) params.use_responses_api = true;
  const stops = typeof stop === "string" ? [stop] : stop;
  const limit = max_completion_tokens ?? max_tokens;
  const isRoot =
    modelType !== "embedding" && modelType !== "media" && !("ls_agent_type" in request) && !getCurrentRunTree(true);
  return {
    ...request,
    ls_provider: provider,
    ...(modelType !== "media" && { ls_model_type: modelType ?? "chat" }),
    ls_model_name: model,
    ...(limit != null && { ls_max_tokens: limit }),
    ...(temperature != null && { ls_temperature: temperature }),
    ...(stops != null && { ls_stop: stops }),
    ls_invocation_params: params,
    ...(isRoot && { ls_agent_type: "root" }),
  };
}
