// What a span says of tokens and costs: a model run's usage, and everybody's counts as they were stated.
import type { KeyValues } from "../wire/run.js";
import type { InsAndOuts } from "./ins-and-outs.js";
import { decode, isObject } from "./json.js";
import type { Wishes } from "./metadata.js";
import { copyOf, type Slots } from "./slots.js";
import type { MappableSpan } from "./span.js";
import { authoredUsage, toUsage, type UsageMetadata, usageFrom, withDetails } from "./usage.js";
import type { Field, Vocabulary } from "./vocabulary.js";

const usageFields: readonly Field[] = [
  "usage.input_tokens",
  "usage.output_tokens",
  "usage.total_tokens",
  "usage.cache_read",
  "usage.cache_creation",
  "usage.reasoning",
  "usage.input_cost",
  "usage.output_cost",
  "usage.total_cost",
  "usage",
];

/**
 * What a span used, and the counts as they were stated. `stated` is what its author put there by LangSmith's own
 * attributes: that counts on a run of any type.
 */
export function usageOfSpan(
  slots: Slots,
  wishes: Wishes,
  insAndOuts: InsAndOuts,
  span: MappableSpan,
  vocabularies: readonly Vocabulary[],
): { metadata?: UsageMetadata; counts: KeyValues; stated?: unknown } {
  const counts: KeyValues = {};
  const author = authorsUsage(slots, insAndOuts);
  const stated = author === undefined ? {} : { stated: authoredUsage(author) };
  for (const field of usageFields) {
    for (const { key, value } of slots.all(field)) {
      if (key === undefined) continue;
      counts[key] = copyOf(value);
      break;
    }
  }
  for (const field of ["usage.input_details", "usage.output_details"] as const) {
    for (const { key, value } of slots.all(field)) if (key !== undefined && value !== 0) counts[key] = copyOf(value);
  }
  if (wishes.usage !== undefined && Object.keys(counts).length === 0) counts["metadata.usage_metadata"] = wishes.usage;
  const isApart = vocabularies.some((vocabulary) => vocabulary.countsCachedApart?.includes(span.scope.name) === true);
  const told = usageFrom(slots, isApart) ?? toUsage(wishes.usage);
  const usage = told === undefined ? toUsage(insAndOuts.usage) : withDetails(told, insAndOuts.usage);
  return usage === undefined ? { counts, ...stated } : { metadata: usage, counts, ...stated };
}

function authorsUsage(slots: Slots, insAndOuts: InsAndOuts): KeyValues | undefined {
  for (const { vocabulary, value } of slots.all("usage")) {
    const usage = vocabulary.name === "langsmith" ? decode(value) : undefined;
    if (isObject(usage) && toUsage(usage) !== undefined) return usage;
  }
  return slots.all("whole_outputs")[0]?.vocabulary.name === "langsmith" ? insAndOuts.usage : undefined;
}
