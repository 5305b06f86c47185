// Content that a run of its type has no place for: it goes to the metadata, under the keys it came from.
import { toVectors } from "./documents.js";
import { decode, encode, put } from "./json.js";
import type { Candidate, Slots } from "./slots.js";
import { isThere } from "./there.js";
import type { Field, Vocabulary } from "./vocabulary.js";

/** What says the same thing in several forms: where one of them has a place, the others have it too. */
const inputForms: readonly Field[] = ["whole_inputs", "inputs", "input_messages"];
const outputForms: readonly Field[] = [
  "whole_outputs",
  "outputs",
  "output_messages",
  "output_text",
  "output_reasoning",
  "output_tool_calls",
  "output_object",
  "output_files",
];

/** What says something of its own. */
const singleInputs: readonly Field[] = ["system", "tool_arguments", "query", "texts", "input"];
const singleOutputs: readonly Field[] = ["tool_result", "documents", "vectors", "output"];

/** Whether a field's content is a run's input or its output; undefined for what is neither. */
export function sideOfField(field: Field): "inputs" | "outputs" | undefined {
  if (inputForms.includes(field) || singleInputs.includes(field)) return "inputs";
  return outputForms.includes(field) || singleOutputs.includes(field) ? "outputs" : undefined;
}

/**
 * Leaves over what found no place among inputs and outputs. Vectors are told by number and size, as in embeddings.
 * Returns the vocabularies whose span events found none: they stay events.
 */
export function leaveUnplaced(slots: Slots, withVectors: boolean): ReadonlySet<Vocabulary> {
  const homeless = new Set<Vocabulary>();
  for (const [forms, singles] of [
    [inputForms, singleInputs],
    [outputForms, singleOutputs],
  ] as const) {
    const isSaid = forms.some((field) => slots.all(field).some((candidate) => slots.isUsed(candidate)));
    if (!isSaid) for (const field of forms) leaveAll(slots, field, withVectors, homeless);
    for (const field of singles) leaveAll(slots, field, withVectors, homeless);
  }
  return homeless;
}

function leaveAll(slots: Slots, field: Field, withVectors: boolean, homeless: Set<Vocabulary>): void {
  for (const candidate of slots.all(field)) {
    if (slots.isUsed(candidate) || !isThere(candidate.value) || isSaidElsewhere(slots, field, candidate)) continue;
    const { key, entries, isByCode } = candidate;
    if (key === undefined && (isByCode === true || entries === undefined)) homeless.add(candidate.vocabulary);
    if (key === undefined && entries === undefined) continue;
    if (field === "vectors" && !withVectors) leaveVectors(slots, candidate);
    else slots.leave(candidate);
  }
}

/** The same value was used under another field: an OpenInference tool's output beside the GenAI conventions'. */
function isSaidElsewhere(slots: Slots, field: Field, candidate: Candidate): boolean {
  const side = sideOfField(field);
  const fields = side === "inputs" ? [...inputForms, ...singleInputs] : [...outputForms, ...singleOutputs];
  const text = encode(decode(candidate.value));
  return fields.some((other) =>
    slots.all(other).some((used) => slots.isUsed(used) && encode(decode(used.value)) === text),
  );
}

function leaveVectors(slots: Slots, candidate: Candidate): void {
  const vectors = toVectors(candidate.value);
  if (vectors === undefined) {
    slots.leave(candidate);
    return;
  }
  const told: Record<string, unknown> = {};
  put(told, "count", vectors.count);
  if (vectors.dimensions !== undefined) put(told, "dimensions", vectors.dimensions);
  const key = candidate.key ?? candidate.entries?.[0]?.[0].split(".").slice(0, 2).join(".");
  if (key !== undefined) slots.unread.push([key, told]);
}
