// Token usage: from single counts or from an object in any API's form, to the one form LangSmith sums up.
import type { KeyValues } from "../wire/run.js";
import { decode, isObject, put, toCount } from "./json.js";
import type { Slots } from "./slots.js";
import { inputDetails, inputKeys, outputDetails, outputKeys, remainders, totalKeys } from "./usage-names.js";

/** Usage as LangSmith takes it. Details are parts of their total. */
export interface UsageMetadata extends KeyValues {
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  input_token_details?: Record<string, number>;
  output_token_details?: Record<string, number>;
  input_cost?: number;
  output_cost?: number;
  total_cost?: number;
}

interface Counts {
  input: number | undefined;
  output: number | undefined;
  total: number | undefined;
  inputDetails: Record<string, number>;
  outputDetails: Record<string, number>;
  inputCost: number | undefined;
  outputCost: number | undefined;
  totalCost: number | undefined;
  /** Whether it is known that the input leaves cached tokens out. */
  isCachedApart: boolean;
}

/** A usage object of no more keys tells totals alone. */
const totalsOnly = 3;

/** The usage that single counts and usage objects of a span come to; undefined where there is no count and no cost. */
export function usageFrom(slots: Slots, isScopeCachedApart: boolean): UsageMetadata | undefined {
  const counts = emptyCounts(isScopeCachedApart);
  counts.input = slots.first("usage.input_tokens", toCount);
  counts.output = slots.first("usage.output_tokens", toCount);
  counts.total = slots.first("usage.total_tokens", toCount);
  detail(counts.inputDetails, "cache_read", slots.first("usage.cache_read", toCount));
  detail(counts.inputDetails, "cache_creation", slots.first("usage.cache_creation", toCount));
  detail(counts.outputDetails, "reasoning", slots.first("usage.reasoning", toCount));
  counts.inputCost = slots.first("usage.input_cost", toCount);
  counts.outputCost = slots.first("usage.output_cost", toCount);
  counts.totalCost = slots.first("usage.total_cost", toCount);
  for (const { value, name } of slots.all("usage.input_details"))
    addDetails(counts.inputDetails, value, name, inputDetails);
  for (const { value, name } of slots.all("usage.output_details")) {
    addDetails(counts.outputDetails, value, name, outputDetails);
  }
  const wholes = slots.all("usage").flatMap(({ value }) => fromObject(value, isScopeCachedApart) ?? []);
  return settle(wholes.reduceRight((single, whole) => whichever(whole, single), counts));
}

/** The usage of an object in any API's form; undefined where it holds no count. */
export function toUsage(value: unknown): UsageMetadata | undefined {
  const counts = fromObject(value, false);
  return counts === undefined ? undefined : settle(counts);
}

const ownKeys: ReadonlySet<string> = new Set([
  "input_tokens",
  "output_tokens",
  "total_tokens",
  "input_token_details",
  "output_token_details",
  "input_cost",
  "output_cost",
  "total_cost",
]);
const foreignKeys: ReadonlySet<string> = new Set(
  [...inputKeys, ...outputKeys, ...totalKeys, ...Object.keys(inputDetails), ...Object.keys(outputDetails)].filter(
    (key) => !ownKeys.has(key),
  ),
);

/**
 * Usage as an author stated it: in LangSmith's form it stays as it is, with a total where only its parts were stated;
 * in another API's form it is brought into LangSmith's. What neither form knows is kept beside it.
 */
export function authoredUsage(stated: unknown): unknown {
  if (!isObject(stated)) return toUsage(stated) ?? stated;
  const isForeign = Object.keys(stated).some(
    (key) => foreignKeys.has(key) || /_tokens_details$|TokenDetails$/.test(key),
  );
  const usage = toUsage(stated);
  if (usage === undefined) return stated;
  if (!isForeign) {
    const hasParts = stated["input_tokens"] !== undefined || stated["output_tokens"] !== undefined;
    return stated["total_tokens"] === undefined && hasParts ? { ...stated, total_tokens: usage.total_tokens } : stated;
  }
  const others = Object.entries(stated).filter(([key]) => !ownKeys.has(key) && !foreignKeys.has(key));
  return { ...Object.fromEntries(others.filter(([key]) => !/_tokens_details$|TokenDetails$/.test(key))), ...usage };
}

/** The same usage told twice, the second time as an API writes it: the parts that it alone tells are the first's too. */
export function withDetails(usage: UsageMetadata, told: KeyValues | undefined): UsageMetadata {
  // Without more than the totals there are no parts.
  if (told === undefined || Object.keys(told).length <= totalsOnly) return usage;
  const other = toUsage(told);
  if (other === undefined) return usage;
  // The totals were copied from the API's, which leaves parts out of them: cached tokens, thoughts.
  if (isCopied(usage, told)) return { ...usage, ...other };
  if (usage.input_tokens !== other.input_tokens || usage.output_tokens !== other.output_tokens) return usage;
  const { input_token_details: input = usage.input_token_details, output_token_details: output } = other;
  return {
    ...usage,
    ...(input === undefined ? {} : { input_token_details: { ...input, ...usage.input_token_details } }),
    ...(output === undefined ? {} : { output_token_details: { ...output, ...usage.output_token_details } }),
  };
}

function isCopied(usage: UsageMetadata, told: KeyValues): boolean {
  if (usage.input_token_details !== undefined || usage.output_token_details !== undefined) return false;
  return usage.input_tokens === firstCount(told, inputKeys) && usage.output_tokens === firstCount(told, outputKeys);
}

function emptyCounts(isCachedApart: boolean): Counts {
  return {
    input: undefined,
    output: undefined,
    total: undefined,
    inputDetails: {},
    outputDetails: {},
    inputCost: undefined,
    outputCost: undefined,
    totalCost: undefined,
    isCachedApart,
  };
}

function fromObject(value: unknown, isCachedApart: boolean): Counts | undefined {
  const usage = decode(value);
  if (!isObject(usage)) return undefined;
  const counts = emptyCounts(isCachedApart);
  counts.input = firstCount(usage, inputKeys);
  counts.output = firstCount(usage, outputKeys);
  counts.total = firstCount(usage, totalKeys);
  addGeminis(counts, usage);
  counts.inputCost = toCount(usage["input_cost"]);
  counts.outputCost = toCount(usage["output_cost"]);
  counts.totalCost = toCount(usage["total_cost"]);
  for (const key of ["input_token_details", "input_tokens_details", "prompt_tokens_details", "inputTokenDetails"]) {
    addDetails(counts.inputDetails, usage[key], undefined, inputDetails);
  }
  for (const key of [
    "output_token_details",
    "output_tokens_details",
    "completion_tokens_details",
    "outputTokenDetails",
  ]) {
    addDetails(counts.outputDetails, usage[key], undefined, outputDetails);
  }
  // Parts that stand beside the totals; Anthropic's API counts its cached tokens apart.
  for (const key of Object.keys(usage)) {
    if (key in inputDetails && key !== "audio") addDetails(counts.inputDetails, usage[key], key, inputDetails);
    if (key in outputDetails && key !== "audio") addDetails(counts.outputDetails, usage[key], key, outputDetails);
  }
  if ("cache_read_input_tokens" in usage || "cache_creation_input_tokens" in usage) {
    counts.isCachedApart = counts.total === undefined && !("prompt_tokens" in usage);
  }
  const isEmpty = counts.input === undefined && counts.output === undefined && counts.total === undefined;
  return isEmpty && costs(counts) === undefined ? undefined : counts;
}

/** Gemini's thoughts stand beside its candidates' count, and tools' prompts beside the prompt's; its total has them. */
function addGeminis(counts: Counts, usage: KeyValues): void {
  const { input, output = 0, total } = counts;
  const thoughts = toCount(usage["thoughtsTokenCount"] ?? usage["thoughts_token_count"]) ?? 0;
  const ofTools = toCount(usage["toolUsePromptTokenCount"] ?? usage["tool_use_prompt_token_count"]) ?? 0;
  if (input === undefined || total === undefined || thoughts + ofTools === 0) return;
  if (input + output + thoughts + ofTools === total) {
    counts.input = input + ofTools;
    counts.output = output + thoughts;
  }
}

function firstCount(usage: KeyValues, keys: readonly string[]): number | undefined {
  for (const key of keys) {
    const count = toCount(usage[key]);
    if (count !== undefined) return count;
  }
  return undefined;
}

function addDetails(
  to: Record<string, number>,
  value: unknown,
  name: string | undefined,
  names: Readonly<Record<string, string>>,
): void {
  if (name !== undefined) {
    detail(to, Object.hasOwn(names, name) ? (names[name] ?? name) : name, toCount(value), name);
    return;
  }
  const details = decode(value);
  if (!isObject(details)) return;
  for (const key of Object.keys(details)) {
    detail(to, Object.hasOwn(names, key) ? (names[key] ?? key) : key, toCount(details[key]), key);
  }
}

function detail(to: Record<string, number>, name: string, count: number | undefined, key = name): void {
  if (count === undefined || count === 0 || remainders.has(key) || Object.hasOwn(to, name)) return;
  put(to, name, count);
}

/** Field by field, what stands in the object and else the single count. */
function whichever(whole: Counts, single: Counts): Counts {
  return {
    input: whole.input ?? single.input,
    output: whole.output ?? single.output,
    total: whole.total ?? single.total,
    inputDetails: { ...single.inputDetails, ...whole.inputDetails },
    outputDetails: { ...single.outputDetails, ...whole.outputDetails },
    inputCost: single.inputCost ?? whole.inputCost,
    outputCost: single.outputCost ?? whole.outputCost,
    totalCost: single.totalCost ?? whole.totalCost,
    isCachedApart: whole.isCachedApart,
  };
}

function settle(counts: Counts): UsageMetadata | undefined {
  let { input, output, total } = counts;
  const cost = costs(counts);
  if (input === undefined && output === undefined && total === undefined && cost === undefined) return undefined;
  if (input === undefined && output === undefined) {
    // A stated total alone: nobody knows its parts; an embedding's is all input.
    input = total ?? 0;
    output = 0;
  } else {
    input ??= Math.max(0, (total ?? 0) - (output ?? 0));
    output ??= total === undefined ? 0 : Math.max(0, total - input);
  }
  const cached = (counts.inputDetails["cache_read"] ?? 0) + (counts.inputDetails["cache_creation"] ?? 0);
  const inputParts = sum(counts.inputDetails);
  const outputParts = sum(counts.outputDetails);
  const missing = total === undefined ? 0 : total - input - output;
  if (counts.isCachedApart) {
    input += cached;
  } else if (missing > 0 && missing === inputParts + outputParts) {
    // The total says that parts were left out of the counts: Langfuse's wrapper subtracts all of them.
    input += inputParts;
    output += outputParts;
  } else if (missing > 0 && (missing === inputParts || missing === cached)) {
    input += missing;
  } else if (missing > 0 && missing === outputParts) {
    output += missing;
  } else if (cached > input) {
    // A part larger than its whole: counted apart, as Anthropic's API does.
    input += cached;
  }
  total = input + output;
  const usage: UsageMetadata = { input_tokens: input, output_tokens: output, total_tokens: total };
  if (Object.keys(counts.inputDetails).length > 0) usage.input_token_details = counts.inputDetails;
  if (Object.keys(counts.outputDetails).length > 0) usage.output_token_details = counts.outputDetails;
  return cost === undefined ? usage : Object.assign(usage, cost);
}

function costs({ inputCost, outputCost, totalCost }: Counts): KeyValues | undefined {
  const total =
    totalCost ??
    (inputCost === undefined && outputCost === undefined ? undefined : (inputCost ?? 0) + (outputCost ?? 0));
  // Zeros throughout say that nobody knew the price.
  if (total === undefined || (total === 0 && !inputCost && !outputCost)) return undefined;
  return {
    ...(inputCost === undefined ? {} : { input_cost: inputCost }),
    ...(outputCost === undefined ? {} : { output_cost: outputCost }),
    total_cost: total,
  };
}

function sum(details: Record<string, number>): number {
  let total = 0;
  for (const name of Object.keys(details)) total += details[name] ?? 0;
  return total;
}
