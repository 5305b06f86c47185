// A call's inputs: how arguments are said, and arguments that only show what they hold while the function reads them.

import { MAX_SNAPSHOT_CHARS } from "../snapshot/snapshot.js";
import { kindOfThrown } from "../user-callbacks.js";
import { warnOnce } from "../warnings.js";
import { tapAsyncIterable, tapGenerator, tapReadableStream } from "./streams.js";
import { isAsyncIterable, isGenerator, isKeyValues, isNodeReadable, isReadableStream, isSafely } from "./values.js";

/**
 * Arguments as LangSmith shows them. Source: the langsmith package's `runInputsToMap`.
 *
 * @param seen what stands for them, where they show what they hold only while they are read: a promise of an object is
 *   an `input`, as the promise was
 */
export function inputsOf(args: readonly unknown[], seen: readonly unknown[] = args): Record<string, unknown> {
  const [first] = args;
  if (first === null) return { inputs: null };
  if (first === undefined) return {};
  if (args.length > 1) return { args: seen };
  if (!isKeyValues(first)) return { input: seen[0] };
  const [inside] = seen;
  return isKeyValues(inside) ? inside : first;
}

/** An argument that is read while the function runs: what was seen of it so far. */
interface Watched {
  readonly stands: unknown;
  seen(): unknown;
}

/** Arguments to call the function with, and how they are said once it has run. */
export interface WatchedArgs {
  readonly args: unknown[];
  /** Undefined where nothing has to be watched. */
  readonly seen: (() => unknown[]) | undefined;
}

/**
 * Watches streams, generators and promises among the arguments; a `ReadableStream` is passed on through another.
 *
 * @param maxDepth how deep in plain objects and lists they are looked for; those with one inside are passed on as copies
 */
export function watchArgs(args: readonly unknown[], maxDepth = 0): WatchedArgs {
  const watched = watchItems(args, maxDepth, new Set());
  return watched
    ? { args: args.map((arg, at) => watched[at]?.stands ?? arg), seen: () => seenOf(args, watched) }
    : { args: [...args], seen: undefined };
}

function watchItems(
  items: readonly unknown[],
  maxDepth: number,
  walked: Set<object>,
): (Watched | undefined)[] | undefined {
  let watched: (Watched | undefined)[] | undefined;
  for (const [at, item] of items.entries()) {
    if (typeof item !== "object" || item === null) continue;
    const watch = watchOne(item) ?? (maxDepth > 0 ? watchInside(item, maxDepth - 1, walked) : undefined);
    if (!watch) continue;
    watched ??= [];
    watched[at] = watch;
  }
  return watched;
}

function seenOf(items: readonly unknown[], watched: readonly (Watched | undefined)[]): unknown[] {
  return items.map((item, at) => (watched[at] ? watched[at].seen() : item));
}

/** A plain object or a list with something inside that is watched. */
function watchInside(outer: object, maxDepth: number, walked: Set<object>): Watched | undefined {
  if (walked.has(outer)) return undefined;
  walked.add(outer);
  const isList = isSafely(() => Array.isArray(outer));
  if (!isList && !isKeyValues(outer)) return undefined;
  try {
    const keys = Object.keys(outer);
    const items = keys.map((key): unknown => Reflect.get(outer, key));
    const watched = watchItems(items, maxDepth, walked);
    if (!watched) return undefined;
    const together = (values: readonly unknown[]): unknown =>
      isList ? values : Object.fromEntries(keys.map((key, at) => [key, values[at]]));
    const stands = together(items.map((item, at) => watched[at]?.stands ?? item));
    return { stands, seen: () => together(seenOf(items, watched)) };
  } catch {
    // A getter or a proxy that throws: the function gets it as it is.
    return undefined;
  }
}

/** How many chunks of an argument are kept. */
const MAX_CHUNKS = 10_000;

function watchOne(arg: object): Watched | undefined {
  const chunks: unknown[] = [];
  let chars = 0;
  const onChunk = (chunk: unknown) => {
    chars += typeof chunk === "string" ? chunk.length : 64;
    if (chunks.length < MAX_CHUNKS && chars < MAX_SNAPSHOT_CHARS) chunks.push(chunk);
  };
  const seen = () => chunks;
  try {
    if (arg instanceof Promise) return watchPromise(arg);
    const tap = { onChunk, onDone() {}, onError() {}, onCancel() {}, call: <T>(step: () => T) => step() };
    if (isReadableStream(arg)) {
      // Locked: somebody else reads it.
      return arg.locked ? undefined : { stands: tapReadableStream(arg, tap), seen };
    }
    if (isNodeReadable(arg)) return undefined;
    if (isAsyncIterable(arg)) return { stands: tapAsyncIterable(arg, tap), seen };
    if (isGenerator(arg)) return { stands: tapGenerator(arg, tap), seen };
  } catch (error) {
    warnOnce(
      "LSB_WARN_INPUT",
      `An argument of a traced function cannot be watched (${kindOfThrown(error)}); it is named only.`,
    );
  }
  return undefined;
}

function watchPromise(promise: Promise<unknown>): Watched {
  let outcome: unknown;
  promise.then(
    (value) => {
      outcome = value;
    },
    (error: unknown) => {
      outcome = { error };
    },
  );
  return { stands: promise, seen: () => outcome };
}
