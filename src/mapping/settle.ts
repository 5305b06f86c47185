// What two runs decide between them: which of two model calls is the call, and which agent is the root.
import type { KeyValues, RunEvent } from "../wire/run.js";
import { isObject } from "./json.js";
import type { Mapped } from "./mapped.js";

/**
 * Two model runs, one inside the other with nothing but chains between them, are one call (two instrumentations saw
 * it). The one that has the messages, or the answer where both have messages, stays a model call (the inner one where both or neither have them, and where
 * nothing states that the outer one is a call) and keeps the usage, the other's where it has none itself; the other
 * becomes a chain with its counts as plain metadata.
 */
export function settleModelCalls(outer: Mapped, inner: Mapped): { outer: Mapped; inner: Mapped } {
  if (!outer.isModelCall || !inner.isModelCall) return { outer, inner };
  const staysOuter = outer.isInferredCall !== true && tellsMore(outer, inner);
  const [stays, goes] = staysOuter ? [outer, inner] : [inner, outer];
  const call = withGains(stays, goes);
  const chain = demoteModelCall(goes);
  return staysOuter ? { outer: call, inner: chain } : { outer: chain, inner: call };
}

function tellsMore(outer: Mapped, inner: Mapped): boolean {
  if (outer.hasMessages !== inner.hasMessages) return outer.hasMessages;
  // The Anthropic SDK's own span of a stream has no answer.
  if (outer.hasAnswer !== undefined && inner.hasAnswer !== undefined && outer.hasAnswer !== inner.hasAnswer)
    return outer.hasAnswer;
  return hasUsage(outer) && !hasUsage(inner);
}

/**
 * What another library's run of the same call would have in common with this one: its model and its counts. Undefined
 * for other runs, and where nothing was counted.
 */
export function callOf(mapped: Mapped): string | undefined {
  return mapped.isModelCall ? countsOf(mapped) : undefined;
}

/** What {@link toldOf} says of a call with its question and its answer. */
export const TOLD_WHOLE = 2;

/** How much of its call a run tells: the question, the answer. Of two runs of one call the one that tells more is it. */
export function toldOf({ hasMessages, hasAnswer }: Mapped): number {
  return (hasMessages ? 1 : 0) + (hasMessages && hasAnswer !== false ? 1 : 0);
}

/** What a whole call was answered, in short; undefined where it has no text and no calls. */
export function answerOf({ content }: Mapped): string | undefined {
  const choices = content.outputs?.["choices"];
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = isObject(first) ? first["message"] : undefined;
  if (!isObject(message)) return undefined;
  const { content: text, tool_calls: calls } = message;
  if (typeof text === "string" && text !== "") return `${text.length} ${text.slice(0, 256)}`;
  return Array.isArray(calls) && calls.length > 0 ? JSON.stringify(calls).slice(0, 512) : undefined;
}

function countsOf({ content }: Mapped): string | undefined {
  const { ls_model_name: model, usage_metadata: usage } = content.extra.metadata;
  return isObject(usage) ? JSON.stringify([model, usage["input_tokens"], usage["output_tokens"]]) : undefined;
}

function hasUsage(mapped: Mapped): boolean {
  return mapped.content.extra.metadata["usage_metadata"] !== undefined;
}

/** Usage and the first token's time, where only the other span has them. */
function withGains(stays: Mapped, other: Mapped): Mapped {
  const { content } = stays;
  const usage = other.content.extra.metadata["usage_metadata"];
  const first = newTokenOf(other);
  const gainsUsage = !hasUsage(stays) && usage !== undefined;
  const gainsFirst = first !== undefined && newTokenOf(stays) === undefined;
  if (!gainsUsage && !gainsFirst) return stays;
  return {
    ...stays,
    content: {
      ...content,
      ...(gainsFirst ? { events: [first, ...(content.events ?? [])] } : {}),
      extra: gainsUsage
        ? { ...content.extra, metadata: { ...content.extra.metadata, usage_metadata: usage } }
        : content.extra,
    },
  };
}

function newTokenOf(mapped: Mapped): RunEvent | undefined {
  return mapped.content.events?.find((event) => event.name === "new_token");
}

/** A model call that is counted elsewhere: a chain, its counts plain metadata. */
export function demoteModelCall(mapped: Mapped): Mapped {
  if (!mapped.isModelCall) return mapped;
  const {
    usage_metadata: usage,
    ls_model_type: _,
    ls_message_format: _format,
    ...metadata
  } = mapped.content.extra.metadata;
  const counts: KeyValues = mapped.counts ?? (usage === undefined ? {} : { counted_usage: usage });
  // What it lacks is no loss: the call is told by the other run.
  const { warnings: _warnings, ...rest } = mapped;
  return {
    ...rest,
    isModelCall: false,
    content: {
      ...mapped.content,
      ...(mapped.content.outputs && { outputs: withoutUsage(mapped.content.outputs) }),
      run_type: "chain",
      extra: { ...mapped.content.extra, metadata: { ...counts, ...metadata } },
    },
  };
}

/** A model call whose usage was sent with another run of the same call: it stays one, its counts plain metadata. */
export function withoutUsageOf(mapped: Mapped): Mapped {
  const { content, counts = {} } = mapped;
  const { usage_metadata: _, ...metadata } = content.extra.metadata;
  return {
    ...mapped,
    content: {
      ...content,
      ...(content.outputs && { outputs: withoutUsage(content.outputs) }),
      extra: { ...content.extra, metadata: { ...counts, ...metadata } },
    },
  };
}

/** LangSmith counts the usage in a run's outputs, too. */
function withoutUsage(outputs: KeyValues): KeyValues {
  if (!("usage_metadata" in outputs)) return outputs;
  const { usage_metadata: _, ...rest } = outputs;
  return rest;
}

/**
 * Says of an agent's run what it is to its trace: `root`, or `subagent` where an agent's run is above it. A stated
 * `ls_agent_type` wins; runs of no agent stay as they are.
 */
export function asAgent(mapped: Mapped, insideAgent: boolean): Mapped {
  const { content } = mapped;
  if (!mapped.isAgent || content.extra.metadata["ls_agent_type"] !== undefined) return mapped;
  const metadata = { ...content.extra.metadata, ls_agent_type: insideAgent ? "subagent" : "root" };
  return { ...mapped, content: { ...content, extra: { ...content.extra, metadata } } };
}

/**
 * An error is told once, where it happened: a run above it whose error has the same message keeps its first line, as a
 * status, without the stack.
 */
export function asStatusAbove(above: Mapped, errorBelow: string): Mapped {
  const { error } = above.content;
  const head = error?.split("\n\n", 1)[0];
  if (error === undefined || head === undefined || head === error || errorBelow.split("\n\n", 1)[0] !== head)
    return above;
  return { ...above, content: { ...above.content, error: head } };
}
