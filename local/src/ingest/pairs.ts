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

/** All tokens of a run, each once. */
export function tokensOf(pairs: Pairs, tags: readonly string[]): string {
  const tokens = new Set<string>();
  for (const tag of tags) tokens.add(tagToken(tag));
  for (const kind of ["m", "i", "o"] as const) {
    for (const [key, value] of pairs[kind]) {
      const keyed = keyHash(key);
      tokens.add(`${kind}k${keyed}`);
      if (value === null) continue;
      const valued = hash(valueText(value));
      tokens.add(`${kind}v${valued}`);
      tokens.add(`${kind}p${keyed}y${valued}`);
    }
  }
  return [...tokens].join(" ");
}

// Keys repeat from run to run, and so do their hashes.
const keyHashes = new Map<string, string>();
const MAX_KEY_HASHES = 10_000;

function keyHash(key: string): string {
  let known = keyHashes.get(key);
  if (known === undefined) {
    if (keyHashes.size >= MAX_KEY_HASHES) keyHashes.clear();
    known = hash(key);
    keyHashes.set(key, known);
  }
  return known;
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
  return `${(a >>> 0).toString(36)}z${(b >>> 0).toString(36)}`;
}
