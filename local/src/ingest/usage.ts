// Tokens and costs that a run says it used, and their sums.
import { isObject, type JsonObject, numberOf, objectOf } from "../json.js";

/** What one run used, or a run and all below it. Costs are undefined where nobody named one. */
export interface Usage {
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
  promptCost?: number;
  completionCost?: number;
  totalCost?: number;
  promptTokenDetails?: Record<string, number>;
  completionTokenDetails?: Record<string, number>;
  promptCostDetails?: Record<string, number>;
  completionCostDetails?: Record<string, number>;
}

/**
 * The usage in a run's own `outputs.usage_metadata` or, without one, `extra.metadata.usage_metadata`. Costs are those
 * it names; this server has no price list. Source: "What the run fields carry" in the wire reference.
 */
export function usageOf(outputs: unknown, extra: unknown): Usage | undefined {
  const said =
    objectOf(objectOf(outputs)?.["usage_metadata"]) ??
    objectOf(objectOf(objectOf(extra)?.["metadata"])?.["usage_metadata"]) ??
    generationUsage(outputs);
  if (!said) return undefined;
  const promptTokens = count(said["input_tokens"]);
  const completionTokens = count(said["output_tokens"]);
  const usage: Usage = {
    promptTokens,
    completionTokens,
    totalTokens: numberOf(said["total_tokens"]) ?? promptTokens + completionTokens,
  };
  const promptCost = numberOf(said["input_cost"]);
  const completionCost = numberOf(said["output_cost"]);
  const totalCost = numberOf(said["total_cost"]) ?? sum(promptCost, completionCost);
  if (promptCost !== undefined) usage.promptCost = promptCost;
  if (completionCost !== undefined) usage.completionCost = completionCost;
  if (totalCost !== undefined) usage.totalCost = totalCost;
  for (const [name, from] of DETAILS) {
    const details = numbersOf(said[from]);
    if (details) usage[name] = details;
  }
  return usage;
}

const DETAILS = [
  ["promptTokenDetails", "input_token_details"],
  ["completionTokenDetails", "output_token_details"],
  ["promptCostDetails", "input_cost_details"],
  ["completionCostDetails", "output_cost_details"],
] as const;

// What LangChain's callbacks put there: outputs.generations[0][0].message.kwargs.usage_metadata.
function generationUsage(outputs: unknown): JsonObject | undefined {
  const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined);
  const message = objectOf(first(first(objectOf(outputs)?.["generations"])))?.["message"];
  return objectOf(objectOf(objectOf(message)?.["kwargs"])?.["usage_metadata"]);
}

function count(value: unknown): number {
  return Math.max(0, Math.round(numberOf(value) ?? 0));
}

function numbersOf(value: unknown): Record<string, number> | undefined {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value).flatMap(([key, item]): [string, number][] => {
    const number = numberOf(item);
    return number === undefined ? [] : [[key, number]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
}

/** `a` and `sign` times `b`. */
export function addUsage(a: Usage | undefined, b: Usage | undefined, sign: 1 | -1 = 1): Usage {
  const total: Usage = {
    promptTokens: (a?.promptTokens ?? 0) + sign * (b?.promptTokens ?? 0),
    completionTokens: (a?.completionTokens ?? 0) + sign * (b?.completionTokens ?? 0),
    totalTokens: (a?.totalTokens ?? 0) + sign * (b?.totalTokens ?? 0),
  };
  for (const name of ["promptCost", "completionCost", "totalCost"] as const) {
    const cost = sum(a?.[name], b?.[name] === undefined ? undefined : sign * b[name]);
    if (cost !== undefined) total[name] = cost;
  }
  for (const [name] of DETAILS) {
    if (!a?.[name] && !b?.[name]) continue;
    const details = { ...a?.[name] };
    for (const [key, value] of Object.entries(b?.[name] ?? {})) details[key] = (details[key] ?? 0) + sign * value;
    total[name] = details;
  }
  return total;
}

/** Reads a usage back from its column. */
export function usageFromColumn(text: unknown): Usage | undefined {
  if (typeof text !== "string") return undefined;
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) return undefined;
  const usage: Usage = {
    promptTokens: count(value["promptTokens"]),
    completionTokens: count(value["completionTokens"]),
    totalTokens: count(value["totalTokens"]),
  };
  for (const name of ["promptCost", "completionCost", "totalCost"] as const) {
    const cost = numberOf(value[name]);
    if (cost !== undefined) usage[name] = cost;
  }
  for (const [name] of DETAILS) {
    const details = numbersOf(value[name]);
    if (details) usage[name] = details;
  }
  return usage;
}
