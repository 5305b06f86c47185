// The strings of a run as full-text columns, and a search as a full-text query.
import { isObject, type JsonObject } from "../json.js";

/** The columns of the full-text index, in its order. */
export const TEXT_COLUMNS = ["name", "error", "inputs", "outputs", "tags", "metadata", "rest"] as const;
export type TextColumn = (typeof TEXT_COLUMNS)[number];

const MAX_DEPTH = 50;
// Scripts that write no spaces: each character is a word, so that a part of a sentence is found.
const UNSPACED = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]/g;
const HAS_UNSPACED = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]/;

const NO_LETTERS = /[\0\ufdd0-\ufdd2]/g;

/** Every string inside a JSON value, as one text. Keys are not strings of the run; inlined files are not words. */
export function textOf(value: unknown): string {
  if (value == null) return "";
  const strings: string[] = [];
  collect(value, strings, 0);
  return spaced(strings.join("\n"));
}

function collect(value: unknown, strings: string[], depth: number): void {
  if (typeof value === "string") {
    if (!value.startsWith("data:") || !value.includes(";base64,")) strings.push(value);
  } else if (depth > MAX_DEPTH) {
    return;
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, strings, depth + 1);
  } else if (isObject(value)) {
    for (const key in value) collect(value[key], strings, depth + 1);
  }
}

function spaced(text: string): string {
  // A NUL would end the text for the index; noncharacters stand for it in the file, and are no letters of a word.
  const whole = text.includes("\0") || text.includes("\ufdd0") ? text.replace(NO_LETTERS, " ") : text;
  return HAS_UNSPACED.test(whole) ? whole.replace(UNSPACED, " $& ") : whole;
}

/** The run's text by column, in the index's order. */
export function textsOf(run: {
  readonly name: string;
  readonly error: string | null;
  readonly inputs: unknown;
  readonly outputs: unknown;
  readonly tags: readonly string[];
  readonly extra: JsonObject | null;
  readonly events: unknown;
  readonly serialized: unknown;
}): string[] {
  const { metadata, ...extra } = run.extra ?? {};
  return [
    textOf(run.name),
    textOf(run.error),
    textOf(run.inputs),
    textOf(run.outputs),
    textOf(run.tags),
    textOf(metadata),
    textOf([extra, run.events, run.serialized]),
  ];
}

/**
 * The full-text query for a searched text: its words one after the other, the last one perhaps only begun; undefined
 * for a text without a word, which no run contains.
 */
export function matchFor(text: string, column?: TextColumn): string | undefined {
  const words = spaced(text);
  if (!/[\p{L}\p{N}\p{Co}]/u.test(words)) return undefined;
  const phrase = `"${words.replaceAll('"', '""')}" *`;
  return column ? `${column} : ${phrase}` : phrase;
}
