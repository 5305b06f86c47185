// wrapAnthropic: an Anthropic client whose messages are traced, with the payloads that langsmith's own wrapper logs.
import { LangSmithOptionError } from "../../errors.js";
import type { KeyValues } from "../../wire/run.js";
import { isTraceableFunction } from "../index.js";
import type { LooseConfig } from "../types.js";
import { isKeyValues } from "../values.js";
import { aggregateMessage } from "./anthropic-aggregate.js";
import {
  type AnyMethod,
  inPlaceOf,
  over,
  type TakesExtra,
  tracedResource,
  type WrapOptions,
  withoutRequestOptions,
} from "./traced-client.js";

/** What is needed of an Anthropic client; everything else it has stays. */
export interface AnthropicLike {
  messages: { create: AnyMethod; stream?: AnyMethod };
  // biome-ignore lint/suspicious/noExplicitAny: its type has nothing in common between the client's versions
  beta?: any;
}

/** The client's own type, whose calls also take `langsmithExtra` among their request options. */
export type WrappedAnthropic<Anthropic extends AnthropicLike> = Anthropic & {
  messages: {
    create: TakesExtra<Anthropic["messages"]["create"]>;
    stream: TakesExtra<Anthropic["messages"]["stream"]>;
  };
};

/** Options of {@link wrapAnthropic}: of every run it makes. */
export type WrapAnthropicOptions = WrapOptions;

const TRACED = ["create", "parse", "stream"];

/**
 * An Anthropic client whose messages are traced, streamed or not, with tools and thinking, those of `beta` too. Batches
 * are left alone. The client given stays as it is. Metadata, tags or a name for one call stand in its request options:
 * `{ langsmithExtra: { metadata } }`.
 *
 * @throws TypeError for a client that is wrapped already
 * @example
 * ```ts
 * const anthropic = wrapAnthropic(new Anthropic());
 * await anthropic.messages.create({ model: "claude-sonnet-4-5", max_tokens: 1024, messages });
 * ```
 */
export function wrapAnthropic<Anthropic extends AnthropicLike>(
  anthropic: Anthropic,
  options: WrapAnthropicOptions = {},
): WrappedAnthropic<Anthropic> {
  if (isTraceableFunction(anthropic.messages.create)) {
    throw LangSmithOptionError.refused("anthropic", "This instance of Anthropic client has been already wrapped once.");
  }
  const config = configOf(options);
  const traced = new Map<PropertyKey, unknown>();
  const wrapped = inPlaceOf(anthropic, traced, (other) => wrapAnthropic(other, options));
  // What is not traced as one call, a tool runner, makes its calls through the client that its resource knows.
  const speaking = (bare: object) => over(tracedResource(bare, TRACED, config), { _client: wrapped });
  traced.set("messages", speaking(anthropic.messages));
  const { beta }: { beta?: { messages?: object } } = anthropic;
  if (beta?.messages) traced.set("beta", over(beta, { messages: speaking(beta.messages) }));
  // Whatever the proxy is asked for is the client's; its type alone says what the traced calls also take.
  return wrapped as WrappedAnthropic<Anthropic>;
}

function configOf(options: WrapAnthropicOptions): LooseConfig {
  const { metadata = {}, ...rest } = options;
  const { ls_invocation_params: given, ...kept } = metadata;
  return {
    name: "ChatAnthropic",
    run_type: "llm",
    argsConfigPath: [1, "langsmithExtra"],
    aggregator: aggregateMessage,
    processInputs: shownInputs,
    processOutputs: shownOutputs,
    getInvocationParams: (payload) => invocationParams(payload, isKeyValues(given) ? given : {}),
    ...(rest as LooseConfig),
    metadata: kept,
  };
}

/** What may hold keys: of servers everything but these, of the request's transport everything. */
const SERVER_KEYS = new Set(["name", "type", "url", "tool_configuration"]);
const TRANSPORT_KEYS = ["headers", "query", "extra_headers", "extra_body", "extra_query"] as const;
const MASK = "[hidden]";

function shownInputs(inputs: KeyValues): KeyValues {
  const { system, ...payload } = withoutRequestOptions(inputs);
  const shown: KeyValues = { ...payload };
  if (Array.isArray(shown.mcp_servers)) shown.mcp_servers = shown.mcp_servers.map(withoutKeys);
  for (const key of TRANSPORT_KEYS) if (shown[key] != null) shown[key] = MASK;
  if (system === undefined || system === null || system === "") return shown;
  const messages: unknown[] = Array.isArray(shown.messages) ? shown.messages : [];
  // As the first message it can be edited in LangSmith's playground.
  return { ...shown, messages: [{ role: "system", content: textOfSystem(system) }, ...messages] };
}

function textOfSystem(system: unknown): unknown {
  if (!Array.isArray(system)) return system;
  return system.map((block) => (isKeyValues(block) ? block.text : block)).join("\n");
}

function withoutKeys(server: unknown): unknown {
  if (!isKeyValues(server)) return server;
  return Object.fromEntries(
    Object.entries(server).map(([key, value]) => [key, SERVER_KEYS.has(key) || value == null ? value : MASK]),
  );
}

function shownOutputs(outputs: KeyValues): KeyValues {
  const { type: _, usage, ...message } = outputs;
  const usage_metadata = isKeyValues(usage) ? createUsageMetadata(usage) : undefined;
  return { ...message, ...(usage_metadata && { usage_metadata }) };
}

function invocationParams(payload: unknown, given: KeyValues): KeyValues | undefined {
  if (!isKeyValues(payload)) return undefined;
  const { model, max_tokens, temperature, stop_sequences } = payload;
  const params: KeyValues = { ...given };
  for (const key of ["top_k", "top_p", "stream", "thinking"]) if (key in payload) params[key] = payload[key];
  return {
    ls_provider: "anthropic",
    ls_model_type: "chat",
    ls_model_name: model,
    ...(max_tokens != null && { ls_max_tokens: max_tokens }),
    ...(temperature != null && { ls_temperature: temperature }),
    ...(stop_sequences != null && { ls_stop: typeof stop_sequences === "string" ? [stop_sequences] : stop_sequences }),
    ls_invocation_params: params,
  };
}

/**
 * Anthropic's counts in LangSmith's terms. Its cached tokens come on top of `input_tokens`, where LangSmith counts them
 * among these. Source: `createUsageMetadata` of the langsmith package.
 */
export function createUsageMetadata(usage: object | undefined): KeyValues | undefined {
  if (!usage) return undefined;
  const count = (from: unknown, name: string) => {
    const value: unknown = isKeyValues(from) ? from[name] : undefined;
    return typeof value === "number" ? value : undefined;
  };
  const creation: unknown = Reflect.get(usage, "cache_creation");
  const details = Object.entries(
    isKeyValues(creation)
      ? {
          ephemeral_5m_input_tokens: count(creation, "ephemeral_5m_input_tokens"),
          ephemeral_1hr_input_tokens: count(creation, "ephemeral_1h_input_tokens"),
          cache_read: count(usage, "cache_read_input_tokens"),
        }
      : {
          ephemeral_5m_input_tokens: count(usage, "cache_creation_input_tokens"),
          cache_read: count(usage, "cache_read_input_tokens"),
        },
  ).filter((entry): entry is [string, number] => entry[1] !== undefined);
  const cached = details.reduce((sum, [, tokens]) => sum + tokens, 0);
  const input = (count(usage, "input_tokens") ?? 0) + cached;
  const output = count(usage, "output_tokens") ?? 0;
  return {
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
    ...(details.length > 0 && { input_token_details: Object.fromEntries(details) }),
  };
}
