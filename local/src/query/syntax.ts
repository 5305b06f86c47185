// The filter language's text as a tree, with the place of everything in it.
import { Refusal } from "../errors.js";

/** A literal. */
export type Literal = string | number | boolean | null;

/** Functions that compare a field with a value. */
export const COMPARISONS = ["eq", "neq", "gt", "gte", "lt", "lte", "in", "has"] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** A filter. `at` is where it begins in the text. */
export type Filter =
  | { readonly kind: "and" | "or"; readonly args: readonly Filter[]; readonly at: number }
  | { readonly kind: "not"; readonly arg: Filter; readonly at: number }
  | {
      readonly kind: "compare";
      readonly op: Comparison;
      readonly field: string;
      readonly value: Literal | readonly Literal[];
      readonly at: number;
      readonly fieldAt: number;
      readonly valueAt: number;
    }
  | {
      readonly kind: "search";
      readonly field: string | undefined;
      readonly text: string;
      readonly at: number;
      readonly fieldAt: number;
    };

/** A filter that is wrong: which argument, where, and a line that points at it. */
export class FilterError extends Refusal {
  constructor(
    readonly argument: string,
    readonly source: string,
    readonly at: number,
    problem: string,
  ) {
    super(400, `${argument}, position ${at + 1}: ${problem}\n${pointAt(source, at)}`);
    this.name = "FilterError";
  }
}

const WINDOW = 60;

function pointAt(source: string, at: number): string {
  const from = Math.max(0, at - WINDOW);
  const line = source.slice(from, at + WINDOW).replace(/\s/g, " ");
  return `  ${line}\n  ${" ".repeat(at - from)}^`;
}

const MAX_CHARS = 65_536;
const MAX_DEPTH = 50;
// SQLite takes a thousand; no person writes so many.
const MAX_TESTS = 200;
/** Longer texts are searched for by nobody, and cost by the word. */
const MAX_SEARCH_CHARS = 1000;

/** Parses a filter. @throws FilterError */
export function parseFilter(source: string, argument: string): Filter {
  const fail = (at: number, problem: string): never => {
    throw new FilterError(argument, source, at, problem);
  };
  if (source.length > MAX_CHARS) fail(0, `a filter has at most ${MAX_CHARS} characters`);
  const parser = parserOf(source, fail);
  const filter = parser.filter(0);
  parser.end();
  return filter;
}

type Fail = (at: number, problem: string) => never;

interface Parser {
  filter(depth: number): Filter;
  end(): void;
}

function parserOf(source: string, fail: Fail): Parser {
  let at = 0;
  let tests = 0;

  const space = (): void => {
    while (/\s/.test(source[at] ?? "")) at += 1;
  };
  const isNext = (char: string): boolean => {
    space();
    return source[at] === char;
  };
  const expect = (char: string): void => {
    if (!isNext(char)) fail(at, `expected ${char}, found ${found()}`);
    at += 1;
  };
  const found = (): string => (at >= source.length ? "the end" : JSON.stringify(source[at]));
  const word = (what: string): string => {
    space();
    const [name] = /^[A-Za-z_][A-Za-z0-9_]*/.exec(source.slice(at, at + 100)) ?? [];
    if (name === undefined) return fail(at, `expected ${what}, found ${found()}`);
    at += name.length;
    return name;
  };

  const literal = (): Literal => {
    space();
    const char = source[at] ?? "";
    if (char === '"' || char === "'") return string(char);
    const rest = source.slice(at, at + 400);
    const [number] = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/.exec(rest) ?? [];
    if (number !== undefined) {
      at += number.length;
      return Number(number);
    }
    const [name] = /^[A-Za-z]+/.exec(rest) ?? [];
    const known = name === undefined ? undefined : CONSTANTS.get(name.toLowerCase());
    if (name === undefined || known === undefined) return fail(at, `expected a value, found ${found()}`);
    at += name.length;
    return known;
  };

  const string = (quote: string): string => {
    const start = at;
    let text = "";
    at += 1;
    while (at < source.length && source[at] !== quote) {
      if (source[at] === "\\" && at + 1 < source.length) text += escaped();
      else text += source[at++];
    }
    if (at >= source.length) fail(start, "this string is not closed");
    at += 1;
    return text;
  };

  const escaped = (): string => {
    const char = source[at + 1] ?? "";
    const [, hex] = /^\\u([0-9a-fA-F]{4})/.exec(source.slice(at, at + 6)) ?? [];
    at += hex === undefined ? 2 : 6;
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return ESCAPES.get(char) ?? `\\${char}`;
  };

  const list = (): Literal[] => {
    const items: Literal[] = [];
    expect("[");
    while (!isNext("]")) {
      if (items.length > 0) expect(",");
      if (isNext("]")) break;
      items.push(literal());
    }
    expect("]");
    return items;
  };

  const filter = (depth: number): Filter => {
    space();
    const start = at;
    if (depth > MAX_DEPTH) fail(start, `a filter is nested at most ${MAX_DEPTH} deep`);
    const name = word("a function");
    const op = COMPARISONS.find((comparison) => comparison === name);
    if (name !== "and" && name !== "or" && name !== "not" && name !== "search" && !op) {
      fail(start, `there is no function ${name}; there are and, or, not, search, ${COMPARISONS.join(", ")}`);
    }
    expect("(");
    tests += op || name === "search" ? 1 : 0;
    if (tests > MAX_TESTS) fail(start, `a filter has at most ${MAX_TESTS} tests`);
    const result = op ? compare(op, start) : name === "search" ? search(start) : combine(name, start, depth);
    expect(")");
    return result;
  };

  const combine = (name: string, start: number, depth: number): Filter => {
    if (name === "not") return { kind: "not", arg: filter(depth + 1), at: start };
    const args = [filter(depth + 1)];
    while (isNext(",")) {
      at += 1;
      if (isNext(")")) break;
      args.push(filter(depth + 1));
    }
    return { kind: name === "and" ? "and" : "or", args, at: start };
  };

  const compare = (op: Comparison, start: number): Filter => {
    space();
    const fieldAt = at;
    const field = word("a field");
    expect(",");
    space();
    const valueAt = at;
    const isList = source[at] === "[";
    if (isList && op !== "in") fail(at, `${op} takes one value; in takes a list`);
    const value = isList ? list() : literal();
    if (op === "in" && !isList) fail(valueAt, "in takes a list, such as [1, 2]");
    return { kind: "compare", op, field, value, at: start, fieldAt, valueAt };
  };

  const search = (start: number): Filter => {
    space();
    const fieldAt = at;
    const isText = source[at] === '"' || source[at] === "'";
    const field = isText ? undefined : word("a text or a field");
    if (!isText) expect(",");
    space();
    const textAt = at;
    const text = literal();
    if (typeof text !== "string") return fail(textAt, "search takes a text in quotes");
    if (text.length > MAX_SEARCH_CHARS) fail(textAt, `a searched text has at most ${MAX_SEARCH_CHARS} characters`);
    return { kind: "search", field, text, at: start, fieldAt };
  };

  return {
    filter,
    end() {
      space();
      if (at < source.length) fail(at, `expected the end, found ${found()}`);
    },
  };
}

const CONSTANTS = new Map<string, Literal>([
  ["null", null],
  ["none", null],
  ["true", true],
  ["false", false],
]);

const ESCAPES = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["b", "\b"],
  ["f", "\f"],
  ["/", "/"],
  ["\\", "\\"],
  ['"', '"'],
  ["'", "'"],
]);
