// What a span says of tokens and costs: a model run's usage, and everybody's counts as they were stated.
import type { KeyValues } from "../run.js";
import type { InsAndOuts } from "./ins-and-outs.js";
import type { Wishes } from "./metadata.js";
import { copyOf, type Slots } from "./slots.js";
import type { MappableSpan } from "./span.js";
import { toUsage, type UsageMetadata, usageFrom, withDetails } from "./usage.js";
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

/** Usage where `span` is a model call's; and the counts as they were stated, which is all that other runs show. */
export function usageOfSpan(
  slots: Slots,
  wishes: Wishes,
  insAndOuts: InsAndOuts,
  span: MappableSpan | undefined,
  vocabularies: readonly Vocabulary[],
): { metadata?: UsageMetadata; counts: KeyValues } {
  const counts: KeyValues = {};
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
  if (span === undefined) return { counts };
  const isApart = vocabularies.some((vocabulary) => vocabulary.countsCachedApart?.includes(span.scope.name) === true);
  const stated = usageFrom(slots, isApart) ?? toUsage(wishes.usage);
  const usage = stated === undefined ? toUsage(insAndOuts.usage) : withDetails(stated, insAndOuts.usage);
  return usage === undefined ? { counts } : { metadata: usage, counts };
}
