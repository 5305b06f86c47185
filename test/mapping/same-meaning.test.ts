// One thing said in other ways means the same: every recorded span again, with its attributes in another order, under
// other indices, with counts as texts, JSON encoded twice, under the older and newer names of the same vocabulary.
import type { Attributes, AttributeValue } from "@opentelemetry/api";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MappableSpan, type Mapped, mapSpan } from "../../src/mapping/index.js";
import { allRecordings, loadRecording, toMappable, toMappableLog } from "../fixtures/load.js";
import { spanOf } from "./span.js";

/** What a user opens: all of a run but the attributes that nobody read, which keep the names they came under. */
function meaningOf({ content, threadId, isModelCall, isAgent }: Mapped): Record<string, unknown> {
  const { metadata, invocation_params: params } = content.extra;
  const { name, run_type: type, inputs, outputs, error, tags } = content;
  const { ls_provider: provider, ls_model_name: model, usage_metadata: usage, tool_call_id: call } = metadata;
  const { user_id: user, ls_temperature: temperature, ls_integration: integration } = metadata;
  const facts = { provider, model, usage, call, user, temperature, integration, threadId, isModelCall, isAgent };
  const events = content.events?.map((event) => event.name);
  return { name, type, inputs, outputs, error, tags, params, events, ...facts };
}

interface Way {
  readonly name: string;
  /** The attributes in that way; undefined where there is nothing to change. */
  readonly say: (attributes: Attributes, span: MappableSpan) => Attributes | undefined;
  /** What may differ after all. */
  readonly without?: (meaning: Record<string, unknown>) => unknown;
}

/** Each attribute by itself: a new key, a new value, or neither. */
function each(change: (key: string, value: AttributeValue) => [string, AttributeValue] | undefined): Way["say"] {
  return (attributes) => {
    const changed: Attributes = {};
    let isChanged = false;
    for (const [key, value] of Object.entries(attributes)) {
      if (value === undefined) continue;
      const other = change(key, value);
      if (other !== undefined) isChanged = true;
      const [newKey, newValue] = other ?? [key, value];
      changed[newKey] = newValue;
    }
    return isChanged ? changed : undefined;
  };
}

const flattened =
  /^(llm\.(input_messages|output_messages|tools|prompts|choices)|gen_ai\.(prompt|completion)|retrieval\.documents|embedding\.embeddings|llm\.request\.functions)\./;
const counts = /(^|[._])(tokens?|token_count|usage)([._A-Z]|$)|Tokens$/;
const plainTexts = /(text|content|combined_chunk_content|name|role|id|model|value\.\d+)$/;

/** Two names of one thing, within one vocabulary; each stands for the other where only one is there. */
const names: readonly (readonly [one: string, other: string])[] = [
  ["gen_ai.provider.name", "gen_ai.system"],
  ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"],
  ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"],
  ["gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens"],
  ["gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens"],
  ["gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_creation.input_tokens"],
  ["gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens"],
  ["gen_ai.response.time_to_first_chunk", "gen_ai.client.operation.time_to_first_chunk"],
  ["ai.usage.inputTokens", "ai.usage.promptTokens"],
  ["ai.usage.outputTokens", "ai.usage.completionTokens"],
  ["ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"],
  ["ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens"],
  ["ai.toolCall.args", "ai.toolCall.input"],
  ["ai.toolCall.result", "ai.toolCall.output"],
  ["ai.response.text", "ai.result.text"],
  ["ai.response.object", "ai.result.object"],
  ["ai.response.toolCalls", "ai.result.toolCalls"],
  ["ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"],
  ["llm.provider", "llm.system"],
  ["langsmith.trace.name", "langsmith.span.name"],
  ["llm.response.finish_reason", "llm.response.stop_reason"],
  ["user.id", "enduser.id"],
];

function renamed(attributes: Attributes): Attributes | undefined {
  const others = new Map<string, string>();
  for (const [one, other] of names) {
    if (one in attributes && !(other in attributes) && !others.has(one)) others.set(one, other);
    else if (other in attributes && !(one in attributes) && !others.has(other)) others.set(other, one);
  }
  const taken = new Set(others.values());
  if (others.size === 0 || taken.size < others.size) return undefined;
  return each((key, value) => {
    const other = others.get(key);
    return other === undefined ? undefined : [other, value];
  })(attributes, spanOf(attributes));
}

function withoutFinish(meaning: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify(meaning, (key, value: unknown) => (key === "finish_reason" ? undefined : value)));
}

const ways: readonly Way[] = [
  { name: "backwards", say: (attributes) => Object.fromEntries(Object.entries(attributes).reverse()) },
  {
    name: "under indices with gaps",
    say: each((key, value) => {
      if (!flattened.test(key)) return undefined;
      return [key.replace(/\.(\d+)(?=\.|$)/g, (_, index: string) => `.${Number(index) * 9 + 4}`), value];
    }),
  },
  {
    name: "with counts as texts",
    say: each((key, value) => (typeof value === "number" && counts.test(key) ? [key, String(value)] : undefined)),
  },
  {
    name: "with JSON encoded twice",
    say: each((key, value) => {
      if (typeof value !== "string" || !/^[[{]/.test(value) || plainTexts.test(key)) return undefined;
      try {
        JSON.parse(value);
      } catch {
        return undefined;
      }
      return [key, JSON.stringify(value)];
    }),
  },
  { name: "under the other names of its vocabulary", say: renamed },
  {
    name: "without totals",
    say: (attributes) => {
      const hasParts = Object.keys(attributes).some((key) => /(prompt|inputTokens|input_tokens)$/.test(key));
      const isTotal = (key: string) => /(total_tokens|totalTokens|token_count\.total)$/.test(key);
      if (!hasParts || !Object.keys(attributes).some(isTotal)) return undefined;
      return Object.fromEntries(Object.entries(attributes).filter(([key]) => !isTotal(key)));
    },
  },
  {
    name: "without a reason to end",
    say: (attributes) => {
      const isFinish = (key: string) => /(finish_?reasons?|stop_reason)$/i.test(key);
      // Of an empty answer the reason to end is all that shows it.
      if (!Object.keys(attributes).some(isFinish) || attributes["gen_ai.usage.output_tokens"] === 0) return undefined;
      return Object.fromEntries(Object.entries(attributes).filter(([key]) => !isFinish(key)));
    },
    without: withoutFinish,
  },
];

interface Spoken {
  readonly span: MappableSpan;
  readonly meaning: Record<string, unknown>;
  readonly again: (attributes: Attributes, scope?: MappableSpan["scope"]) => Mapped;
}

function spansOf(folder: string, file: string): Spoken[] {
  const recording = loadRecording(folder, file);
  return recording.calls.map(({ span: recorded }) => {
    const span = toMappable(recorded);
    const logs = recording.logs
      .filter(({ log }) => log.spanId === recorded.spanId)
      .map(({ log }) => toMappableLog(log));
    const again: Spoken["again"] = (attributes, scope = span.scope) =>
      mapSpan({ ...span, attributes, scope }, { logs });
    return { span, meaning: meaningOf(again(span.attributes)), again };
  });
}

describe.each(ways)("what is said $name means the same", ({ say, without = (meaning) => meaning }) => {
  test.each(allRecordings())("%s/%s", (folder, file) => {
    for (const { span, meaning, again } of spansOf(folder, file)) {
      const attributes = say(span.attributes, span);
      if (attributes === undefined) continue;
      expect(without(meaningOf(again(attributes)))).toEqual(without(meaning));
    }
  });
});

describe("what is said in any order by any version means the same", () => {
  const all = allRecordings().flatMap(([folder, file]) => spansOf(folder, file));

  test("attributes come in any order", () => {
    const anySpan = fc.constantFrom(...all).chain((spoken) => {
      const entries = Object.entries(spoken.span.attributes);
      return fc.tuple(fc.constant(spoken), fc.shuffledSubarray(entries, { minLength: entries.length }));
    });
    fc.assert(
      fc.property(anySpan, ([{ meaning, again }, entries]) => {
        expect(meaningOf(again(Object.fromEntries(entries)))).toEqual(meaning);
      }),
      { numRuns: 400 },
    );
  });

  test("a scope's version changes nothing but itself", () => {
    for (const { span, again } of all) {
      const { name } = span.scope;
      const before = again(span.attributes, { name, version: "0.0.1" });
      const after = again(span.attributes, { name, version: "99.0.0-canary.1" });
      expect(after.content.extra.metadata["otel.scope.version"]).toBe(name === "" ? undefined : "99.0.0-canary.1");
      delete before.content.extra.metadata["otel.scope.version"];
      delete after.content.extra.metadata["otel.scope.version"];
      expect(after).toEqual(before);
    }
  });
});
