// What a value of an option may be: a kind each. It checks what was given, reads a variable's text, and says in words
// what it takes, for errors and for the docs.
import { booleanOf, listOf as namesIn, numberOf } from "./environment.js";
import type { HideFunction, HideOption, SpansOption } from "./functions.js";

/** A kind of values. */
export interface Kind<T> {
  /** What it takes, as in "must be …". */
  readonly takes: string;
  /** What it takes from a variable, where that is less. */
  readonly takesText?: string;
  /** In TypeScript, for `LangSmithOptions`. */
  readonly type: string;
  /** Texts that files may leave quotes around, and that are left out where they are empty. */
  readonly isText?: boolean;
  accepts(value: unknown): value is T;
  /** A variable's text, read: undefined counts as unset, and what is not accepted is an error. */
  read(text: string): unknown;
}

const asItStands = (text: string): unknown => text;

/** A number's text; what is none is handed on, so that the error can show it. */
const numberIn = (text: string): unknown => numberOf(text) ?? text;

export const TEXT: Kind<string> = {
  takes: "a string",
  isText: true,
  type: "string",
  accepts: (value) => typeof value === "string",
  read: asItStands,
};

/** A key, or a function for keys that rotate. */
export type KeyOption = string | (() => string | Promise<string>);

export const KEY: Kind<KeyOption> = {
  takes: "a string or a function",
  isText: true,
  type: "string | (() => string | Promise<string>)",
  accepts: (value): value is KeyOption => typeof value === "string" || typeof value === "function",
  read: asItStands,
};

export const ADDRESS: Kind<string> = {
  takes: "an http or https address with its scheme, such as https://api.smith.langchain.com or http://localhost:1984",
  isText: true,
  type: "string",
  accepts: (value): value is string => typeof value === "string" && isAddress(value),
  read: asItStands,
};

function isAddress(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** Variables with other words count as unset. */
export const FLAG: Kind<boolean> = {
  takes: "true or false",
  type: "boolean",
  accepts: (value) => typeof value === "boolean",
  read: booleanOf,
};

interface Range {
  readonly least: number;
  readonly most?: number;
  /** Whole numbers alone, and Infinity where there is no highest. */
  readonly isWhole?: boolean;
}

function numberFrom(takes: string, { least, most = Number.POSITIVE_INFINITY, isWhole = false }: Range): Kind<number> {
  return {
    takes,
    type: "number",
    accepts: (value): value is number =>
      typeof value === "number" &&
      value >= least &&
      value <= most &&
      (!isWhole || Number.isInteger(value) || value === Number.POSITIVE_INFINITY),
    read: numberIn,
  };
}

/** A time that may be none. */
export const DURATION = numberFrom("a number of milliseconds, 0 or more", { least: 0 });
/** A time in which something has to happen. */
export const TIME_LIMIT = numberFrom("a number of milliseconds, 1 or more", { least: 1 });
/** So many, and none is a number, too. */
export const COUNT = numberFrom("a number, 0 or more", { least: 0 });
/** Of what there has to be one at least. */
export const NUMBER_OF = numberFrom("a whole number, 1 or more", { least: 1, isWhole: true });
export const BYTES = numberFrom("a number of bytes, 0 or more", { least: 0 });
/** What holds one run's place at least. */
export const HEADER_SIZE = numberFrom("a number of bytes, 128 or more", { least: 128 });
/** A size that has to hold something. */
export const SIZE = numberFrom("a number of bytes, 1 or more", { least: 1 });
export const MEGABYTES = numberFrom("a number of megabytes, more than 0", { least: Number.MIN_VALUE });
export const RATE = numberFrom("a number from 0 to 1", { least: 0, most: 1 });

/** Whether to believe or to inject: for all, for none, or by carrier (the headers). */
export type CarrierSwitch = boolean | ((carrier: unknown) => boolean);

/** A word that says neither yes nor no is an error: who guards a door has to know whether it is shut. */
export const CARRIER_SWITCH: Kind<CarrierSwitch> = {
  takes: "true, false or a function",
  takesText: FLAG.takes,
  type: "boolean | ((carrier: unknown) => boolean)",
  accepts: (value): value is CarrierSwitch => typeof value === "boolean" || typeof value === "function",
  read: (text) => booleanOf(text) ?? text,
};

/** Names; in a variable, with commas between. */
export const NAMES: Kind<readonly string[]> = {
  takes: "a list of names",
  type: "readonly string[]",
  accepts: isNames,
  read: namesIn,
};

export const TAGS: Kind<boolean | readonly string[]> = {
  takes: "true, false or a list of tags",
  type: "boolean | readonly string[]",
  accepts: (value): value is boolean | readonly string[] => typeof value === "boolean" || isNames(value),
  read: namesIn,
};

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}

/** One of several words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Kind<Word> {
  const quoted = words.map((word) => JSON.stringify(word));
  return {
    takes: listed(quoted),
    type: quoted.join(" | "),
    accepts: (value): value is Word => words.some((word) => word === value),
    read: asItStands,
  };
}

const SPANS_WORDS = oneOf("application", "all");

/** Which spans become runs; a function cannot stand in a variable. */
export const SPANS: Kind<SpansOption> = {
  takes: '"application", "all" or a function',
  takesText: SPANS_WORDS.takes,
  type: "SpansOption",
  accepts: (value): value is SpansOption => SPANS_WORDS.accepts(value) || typeof value === "function",
  read: asItStands,
};

/** What hides: its function must answer at once. */
export const HIDE: Kind<HideOption> = {
  takes: "true, false or a function that answers at once, which an async function does not",
  takesText: FLAG.takes,
  type: "HideOption",
  accepts: (value): value is HideOption => typeof value === "boolean" || isPromptFunction(value),
  read: booleanOf,
};

/** A function that must answer at once. */
export const MASK: Kind<HideFunction> = {
  takes: "a function that answers at once, which an async function does not",
  type: "HideFunction",
  accepts: isPromptFunction,
  read: asItStands,
};

/** A function that does not say of itself that it answers with a promise. */
function isPromptFunction(value: unknown): value is HideFunction {
  return typeof value === "function" && value.constructor.name !== "AsyncFunction";
}

export function functionOf<Fn>(type: string): Kind<Fn> {
  return {
    takes: "a function",
    type,
    accepts: (value): value is Fn => typeof value === "function",
    read: asItStands,
  };
}

export function listOf<Item>(type: string): Kind<readonly Item[]> {
  return {
    takes: "a list",
    type,
    accepts: (value): value is readonly Item[] => Array.isArray(value),
    read: asItStands,
  };
}

/** Something of another library's, or a plain object, known by its type alone. */
export function objectOf<Type>(type: string): Kind<Type> {
  return {
    takes: "an object",
    type,
    accepts: (value): value is Type => typeof value === "object" && value !== null && !Array.isArray(value),
    read: asItStands,
  };
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
