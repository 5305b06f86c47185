// Hiding: what of a finished run may be said. Pure; it gets a run and returns one.

import { defaultVocabularies, sideOf, type Vocabulary } from "../mapping/index.js";
import type { HideOption } from "../options/options.js";
import { isUnawaited } from "../unawaited.js";
import { callUser } from "../user-callbacks.js";
import type { KeyValues, Run, RunEvent } from "../wire/run.js";

export interface HideOptions {
  readonly hideInputs: HideOption;
  readonly hideOutputs: HideOption;
  readonly hideMetadata: HideOption;
  /** The user's own vocabularies, which say what is content. */
  readonly given?: { readonly mapping?: { readonly vocabularies?: readonly Vocabulary[] } };
}

/** Metadata that only says of which span a run is: it stays when the rest of the metadata is hidden. */
const STRUCTURAL = new Set(["OTEL_TRACE_ID", "OTEL_SPAN_ID"]);

/** What stands where a hiding function threw: nothing is said rather than too much. */
const FAILED: KeyValues = { hidden: "the hiding function threw" };

/**
 * Leaves out, or lets a function rewrite, inputs, outputs and metadata. Where inputs or outputs are hidden whole,
 * attachments go too, and events keep their name and time alone, since libraries put content into them.
 * The options are those of the `langsmith` SDK: `LANGSMITH_HIDE_INPUTS`, `_HIDE_OUTPUTS`, `_HIDE_METADATA`.
 *
 * @param onError told when a hiding function threw; that field is left out then
 */
export function hide(run: Run, options: HideOptions, onError: (option: string, error: unknown) => void): Run {
  const { hideInputs, hideOutputs, hideMetadata } = options;
  if (!hideInputs && !hideOutputs && !hideMetadata) return run;
  const hidden: Run = { ...run };
  if (run.inputs) hidden.inputs = applied("hideInputs", hideInputs, run.inputs, onError);
  if (run.outputs) hidden.outputs = applied("hideOutputs", hideOutputs, run.outputs, onError);
  if (hideInputs === true || hideOutputs === true) {
    delete hidden.attachments;
    if (run.events) hidden.events = run.events.map(bare);
  }
  // A patch of endRun says nothing of metadata.
  if (run.extra && (hideInputs || hideOutputs))
    hidden.extra = { ...run.extra, metadata: withoutContent(run, options, onError) };
  if (hideMetadata && run.extra)
    hidden.extra = { ...run.extra, metadata: hiddenMetadata(hidden, hideMetadata, onError) };
  return hidden;
}

function applied(
  name: string,
  option: HideOption,
  values: KeyValues,
  onError: (option: string, error: unknown) => void,
): KeyValues {
  if (option === false) return values;
  if (option === true) return {};
  try {
    const result: unknown = callUser(() => option(structuredCopy(values)));
    if (isUnawaited(result)) throw new TypeError("it answered with a promise, which hiding cannot wait for");
    return isKeyValues(result) ? result : {};
  } catch (error) {
    onError(name, error);
    return { ...FAILED };
  }
}

/** Content that a run's type has no place for stands in its metadata: it is hidden there as inputs and outputs are. */
function withoutContent(run: Run, options: HideOptions, onError: (option: string, error: unknown) => void): KeyValues {
  const { hideInputs, hideOutputs, given } = options;
  const kept: KeyValues = {};
  const content: Record<"inputs" | "outputs", KeyValues> = { inputs: {}, outputs: {} };
  for (const key of Object.keys(run.extra.metadata)) {
    const side = sideOf(key, given?.mapping?.vocabularies ?? defaultVocabularies);
    (side === undefined ? kept : content[side])[key] = run.extra.metadata[key];
  }
  const isIn = (values: KeyValues) => Object.keys(values).length > 0;
  return {
    ...kept,
    ...(isIn(content.inputs) && applied("hideInputs", hideInputs, content.inputs, onError)),
    ...(isIn(content.outputs) && applied("hideOutputs", hideOutputs, content.outputs, onError)),
  };
}

function hiddenMetadata(run: Run, option: HideOption, onError: (option: string, error: unknown) => void): KeyValues {
  const { metadata } = run.extra;
  const kept: KeyValues = {};
  for (const key of STRUCTURAL) if (key in metadata) kept[key] = metadata[key];
  const counts = countsOf(metadata["usage_metadata"]);
  if (counts) kept["usage_metadata"] = counts;
  if (option === true) return kept;
  return { ...kept, ...applied("hideMetadata", option, metadata, onError) };
}

/** What a run cost: numbers, and the numbers of their parts; words that stand among them are hidden. */
function countsOf(usage: unknown): KeyValues | undefined {
  if (!isKeyValues(usage)) return undefined;
  const counts: KeyValues = {};
  for (const [key, value] of Object.entries(usage)) {
    const parts = typeof value === "number" ? value : countsOf(value);
    if (parts !== undefined) counts[key] = parts;
  }
  return Object.keys(counts).length > 0 ? counts : undefined;
}

function bare(event: RunEvent): RunEvent {
  return { name: event.name, time: event.time };
}

// The function may change what it gets; the run may be sent to others, or be live in the authoring API.
function structuredCopy(values: KeyValues): KeyValues {
  try {
    return structuredClone(values);
  } catch {
    return { ...values };
  }
}

function isKeyValues(value: unknown): value is KeyValues {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
