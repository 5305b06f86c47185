// A run's metadata, inputs and outputs as flat key-value pairs, and the tokens under which they and the tags are found.
import { isObject } from "../json.js";

/** Where a pair stands: metadata, inputs, outputs. */
export type PairKind = "m" | "i" | "o";

/** A key, dotted for nested ones, and a leaf's value; null for a key that holds an object or an empty list. */
export type Pair = readonly [key: string, value: string | number | boolean | null];

/** The pairs of one run, by kind. */
export type Pairs = Record<PairKind, Pair[]>;

// A run with megabytes of JSON stays searchable by text; as key-values its first ones will do.
const MAX_PAIRS = 500;
const MAX_DEPTH = 20;
/** Longer values are compared by their beginning, on both sides. */
export const MAX_VALUE_CHARS = 1000;

/** The pairs of a JSON value: nested keys joined by dots, the items of a list under the list's own key. */
export function pairsOf(value: unknown): Pair[] {
  const pairs: Pair[] = [];
  if (isObject(value)) for (const [key, item] of Object.entries(value)) collect(key, item, pairs, 0);
  return pairs;
}

function collect(key: string, value: unknown, pairs: Pair[], depth: number): void {
  if (pairs.length >= MAX_PAIRS) return;
  if (Array.isArray(value)) {
    if (!value.some((item) => !isObject(item) && !Array.isArray(item))) addOnce(key, pairs);
    if (depth < MAX_DEPTH) for (const item of value) collect(key, item, pairs, depth + 1);
  } else if (isObject(value)) {
    addOnce(key, pairs);
    if (depth >= MAX_DEPTH) return;
    for (const [name, item] of Object.entries(value)) collect(`${key}.${name}`, item, pairs, depth + 1);
  } else if (typeof value === "string") {
    pairs.push([key, cut(value)]);
  } else if (typeof value === "number" || typeof value === "boolean" || value === null) {
    pairs.push([key, value]);
  }
}

function addOnce(key: string, pairs: Pair[]): void {
  const last = pairs.at(-1);
  if (last?.[0] !== key || last[1] !== null) pairs.push([key, null]);
}

function cut(value: string): string {
  return value.length > MAX_VALUE_CHARS ? value.slice(0, MAX_VALUE_CHARS) : value;
}

/** How a value reads in a comparison for equality: a number and its text are the same. */
export function valueText(value: string | number | boolean | null): string {
  return value === null ? "\u0000null" : cut(String(value));
}

/** The token of a tag. */
export function tagToken(tag: string): string {
  return `t${hash(tag)}`;
}

/** The token of a key. */
export function keyToken(kind: PairKind, key: string): string {
  return `${kind}k${keyHash(key)}`;
}

/** The token of a value under any key. */
export function valueToken(kind: PairKind, value: Pair[1]): string {
  return `${kind}v${hash(valueText(value))}`;
}

/** The token of a key with its value: both of theirs, one behind the other. */
export function pairToken(kind: PairKind, key: string, value: Pair[1]): string {
  return `${kind}p${keyHash(key)}y${hash(valueText(value))}`;
}

/** All tokens of a run. One may stand there twice; the index holds it once. */
export function tokensOf(pairs: Pairs, tags: readonly string[]): string {
  let tokens = "";
  for (const tag of tags) tokens += `${tagToken(tag)} `;
  for (const kind of ["m", "i", "o"] as const) {
    let last: string | undefined;
    for (const [key, value] of pairs[kind]) {
      const keyed = keyHash(key);
      if (key !== last) tokens += `${kind}k${keyed} `;
      last = key;
      if (value === null) continue;
      const valued = valueHash(valueText(value));
      tokens += `${kind}v${valued} ${kind}p${keyed}y${valued} `;
    }
  }
  return tokens;
}

// Keys repeat from run to run, short values often do, and so do their hashes.
const keyHash = remembered(hash);
const shortValueHash = remembered(hash);
const MAX_REMEMBERED = 10_000;
const MAX_SHORT_VALUE = 40;

function valueHash(text: string): string {
  return text.length <= MAX_SHORT_VALUE ? shortValueHash(text) : hash(text);
}

function remembered(compute: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    let result = known.get(text);
    if (result === undefined) {
      if (known.size >= MAX_REMEMBERED) known.clear();
      result = compute(text);
      known.set(text, result);
    }
    return result;
  };
}

// cyrb53's two lanes kept whole: 64 bits, a fraction of a microsecond for a short text. Nobody is protected by it.
function hash(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  const { length } = text;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return `${base36(a >>> 0)}z${base36(b >>> 0)}`;
}

const DIGITS = Array.from("0123456789abcdefghijklmnopqrstuvwxyz");
const TWO_DIGITS = DIGITS.flatMap((high) => DIGITS.map((low) => high + low));

// What `toString(36)` says, many times faster; half of a run's tokens are such digits.
function base36(whole: number): string {
  let text = "";
  let rest = whole;
  while (rest >= TWO_DIGITS.length) {
    const low = rest % TWO_DIGITS.length;
    text = TWO_DIGITS[low] + text;
    rest = (rest - low) / TWO_DIGITS.length;
  }
  return (rest < DIGITS.length ? DIGITS[rest] : TWO_DIGITS[rest]) + text;
}
