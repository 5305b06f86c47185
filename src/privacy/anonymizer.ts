// Masks for `new Client({ anonymizer })`, made of rules: every text in a value is looked at, wherever it stands.
import { LangSmithOptionError } from "../errors.js";

/** A text and where it stands: `messages[0].content`. */
export interface StringNode {
  value: string;
  path: string;
}

/** Patterns with what stands in their place; a function for each text; or a processor of all at once. */
export type Replacer =
  | ((value: string, path?: string) => string)
  | readonly { readonly type?: "pattern"; readonly pattern: RegExp | string; readonly replace?: string }[]
  | { maskNodes(nodes: StringNode[]): StringNode[] };

export interface AnonymizerOptions {
  /** Texts nested deeper are left as they are. Default 10, as in the langsmith package. */
  readonly maxDepth?: number;
}

/** A text, and how to put another in its place. */
interface Place extends StringNode {
  readonly put: (text: string) => void;
}

/**
 * A function that masks a copy of a value. A pattern's `replace` is `[redacted]` where it has none.
 *
 * @throws TypeError for rules that are empty, or no patterns
 * @example
 * ```ts
 * const client = new Client({ anonymizer: createAnonymizer([{ pattern: /\b\d{16}\b/g, replace: "<card>" }]) });
 * ```
 */
export function createAnonymizer(replacer: Replacer, { maxDepth = 10 }: AnonymizerOptions = {}): <T>(data: T) => T {
  const mask = maskOf(replacer);
  return <T>(data: T): T => {
    // As data that has the form of the given: JSON's copy of it.
    const copy = { data: JSON.parse(JSON.stringify(data) ?? "null") as T };
    const places = [...placesIn(copy.data, "", 0, maxDepth, (text) => Object.assign(copy, { data: text }))];
    const byPath = new Map(places.map((place) => [place.path, place]));
    for (const { path, value } of mask(places.map(({ path, value }) => ({ path, value }))))
      byPath.get(path)?.put(value);
    return copy.data;
  };
}

function maskOf(replacer: Replacer): (nodes: StringNode[]) => StringNode[] {
  if (typeof replacer === "function") {
    return (nodes) => nodes.map(({ value, path }) => ({ path, value: replacer(value, path) }));
  }
  if ("maskNodes" in replacer) return (nodes) => replacer.maskNodes(nodes);
  const rules = replacer.map(({ type = "pattern", pattern, replace = "[redacted]" }) => {
    if (type !== "pattern") throw LangSmithOptionError.refused("type", "a rule of createAnonymizer is a pattern");
    return { pattern: typeof pattern === "string" ? new RegExp(pattern, "g") : pattern, replace };
  });
  if (rules.length === 0) throw LangSmithOptionError.refused("replacer", "createAnonymizer needs a rule");
  const masked = (text: string) =>
    rules.reduce((value, { pattern, replace }) => {
      // A sticky or global pattern that somebody used before begins where that ended.
      pattern.lastIndex = 0;
      return value.replace(pattern, replace);
    }, text);
  return (nodes) => nodes.map(({ value, path }) => ({ path, value: masked(value) }));
}

function* placesIn(
  value: unknown,
  path: string,
  depth: number,
  maxDepth: number,
  put: (text: string) => void,
): Generator<Place> {
  if (typeof value === "string") yield { value, path, put };
  else if (typeof value === "object" && value !== null && depth < maxDepth) {
    for (const [key, inner] of Object.entries(value)) {
      const step = Array.isArray(value) ? `[${key}]` : path === "" ? key : `.${key}`;
      yield* placesIn(inner, `${path}${step}`, depth + 1, maxDepth, (text) => {
        Reflect.set(value, key, text);
      });
    }
  }
}
