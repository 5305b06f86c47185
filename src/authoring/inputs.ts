// A call's inputs: how arguments are said, and arguments that only show what they hold while the function reads them.

import { MAX_SNAPSHOT_CHARS } from "../snapshot/snapshot.js";
import { kindOfThrown } from "../user-callbacks.js";
import { warnOnce } from "../warnings.js";
import { tapAsyncIterable, tapGenerator, tapReadableStream } from "./streams.js";
import { isAsyncIterable, isGenerator, isKeyValues, isNodeReadable, isReadableStream } from "./values.js";

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
  return isKeyValues(first) ? first : { input: seen[0] };
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

/** Watches streams, generators and promises among the arguments; a `ReadableStream` is passed on through another. */
export function watchArgs(args: readonly unknown[]): WatchedArgs {
  let watched: (Watched | undefined)[] | undefined;
  for (const [at, arg] of args.entries()) {
    if (typeof arg !== "object" || arg === null) continue;
    const watch = watchOne(arg);
    if (!watch) continue;
    watched ??= [];
    watched[at] = watch;
  }
  if (!watched) return { args: [...args], seen: undefined };
  const watches = watched;
  return {
    args: args.map((arg, at) => watches[at]?.stands ?? arg),
    seen: () => args.map((arg, at) => (watches[at] ? watches[at].seen() : arg)),
  };
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
