// Streams as what they were, watched: generators, async generators and iterables, ReadableStreams, Node's streams.
import type { ReadableStreamReadResult, UnderlyingByteSource } from "node:stream/web";
import { ReadableStream } from "node:stream/web";
import { hasMethod, isAsyncIterable, isNodeReadable, isReadableStream } from "./values.js";

/** What a watcher of a stream is told, and how each step of the stream is run. */
export interface StreamTap {
  onChunk(chunk: unknown): void;
  /** The stream ended by itself. `result` is what a generator returned. */
  onDone(result?: unknown): void;
  onError(error: unknown): void;
  /** The consumer broke it off. */
  onCancel(): void;
  /** Runs a step in the context of the run that the stream belongs to. */
  call<Result>(step: () => Result): Result;
}

/** Replaces a method of one object; where the object takes no property, the caller wraps it. */
function override(target: object, name: PropertyKey, method: unknown): boolean {
  return Reflect.defineProperty(target, name, { value: method, enumerable: false, configurable: true, writable: true });
}

/** A sync generator: the same object, each of its steps watched. */
export function tapGenerator<G extends Generator<unknown, unknown, unknown>>(generator: G, tap: StreamTap): G {
  const step = (name: "next" | "return" | "throw") => {
    const bare: (value: unknown) => IteratorResult<unknown, unknown> = generator[name];
    const original = bare.bind(generator);
    return (value?: unknown) => {
      let result: IteratorResult<unknown, unknown>;
      try {
        result = tap.call(() => original(value));
      } catch (error) {
        tap.onError(error);
        throw error;
      }
      settleStep(name, result, tap);
      return result;
    };
  };
  for (const name of ["next", "return", "throw"] as const) override(generator, name, step(name));
  return generator;
}

function settleStep(name: "next" | "return" | "throw", result: IteratorResult<unknown, unknown>, tap: StreamTap): void {
  if (!result.done) tap.onChunk(result.value);
  else if (name === "return") tap.onCancel();
  else tap.onDone(result.value);
}

/** An async iterable: the same object, the iteration it hands out watched. */
export function tapAsyncIterable<Iterable extends AsyncIterable<unknown> & object>(
  iterable: Iterable,
  tap: StreamTap,
): Iterable {
  if (hasMethod(iterable, "next")) {
    watchSteps(iterable, iterable, tap);
    return iterable;
  }
  // A model client's stream hands its iterator out by two ways; the inner one serves both.
  const name = hasMethod(iterable, "iterator") && hasMethod(iterable, "tee") ? "iterator" : Symbol.asyncIterator;
  const original: unknown = Reflect.get(iterable, name);
  let isTaken = false;
  const iterate = (...args: unknown[]) => {
    const iterator: unknown = tap.call(() => (original as (...args: unknown[]) => unknown).apply(iterable, args));
    if (isTaken || typeof iterator !== "object" || iterator === null) return iterator;
    isTaken = true;
    const watched: object = Object.create(iterator);
    watchSteps(iterator, watched, tap);
    return watched;
  };
  if (override(iterable, name, iterate)) return iterable;
  return new Proxy(iterable, { get: (target, key) => (key === name ? iterate : bound(target, key)) });
}

function bound(target: object, key: PropertyKey): unknown {
  const value: unknown = Reflect.get(target, key, target);
  return typeof value === "function" ? value.bind(target) : value;
}

/** Puts watched `next`, `return` and `throw` of an iterator on an object. */
function watchSteps(iterator: object, onto: object, tap: StreamTap): void {
  let isOver = false;
  const over = (say: () => void) => {
    if (isOver) return;
    isOver = true;
    say();
  };
  const step = (name: "next" | "return" | "throw") => {
    const original: unknown = Reflect.get(iterator, name);
    if (typeof original !== "function") return undefined;
    return async (value?: unknown): Promise<IteratorResult<unknown, unknown>> => {
      let result: IteratorResult<unknown, unknown>;
      try {
        result = await tap.call(() => original.call(iterator, value));
      } catch (error) {
        over(() => tap.onError(error));
        throw error;
      }
      if (result?.done) over(() => (name === "return" ? tap.onCancel() : tap.onDone(result.value)));
      else if (!isOver) tap.onChunk(result?.value);
      return result;
    };
  };
  const next = step("next");
  const leave =
    step("return") ??
    (async (value?: unknown) => {
      over(() => tap.onCancel());
      return { done: true as const, value };
    });
  override(onto, "next", next);
  override(onto, "return", leave);
  const thrown = step("throw");
  if (thrown) override(onto, "throw", thrown);
  // An iterator made from another's prototype would hand the bare one out again.
  if (onto !== iterator) override(onto, Symbol.asyncIterator, () => onto);
}

/** A ReadableStream: another one, which reads from it no faster than it is read; bytes stay bytes. */
export function tapReadableStream(stream: ReadableStream<unknown>, tap: StreamTap): ReadableStream<unknown> {
  const isBytes = takesByob(stream);
  const reader = stream.getReader();
  let isOver = false;
  const source = {
    async pull(controller: { close(): void; enqueue(chunk: unknown): void; byobRequest?: unknown }) {
      let result: ReadableStreamReadResult<unknown>;
      try {
        result = await tap.call(() => reader.read());
      } catch (error) {
        isOver = true;
        tap.onError(error);
        throw error;
      }
      if (result.done) {
        isOver = true;
        controller.close();
        if (isBytes && hasMethod(controller.byobRequest, "respond")) controller.byobRequest.respond(0);
        tap.onDone();
        return;
      }
      // The consumer's buffer takes the bytes over: they are copied before.
      tap.onChunk(isBytes && result.value instanceof Uint8Array ? result.value.slice() : result.value);
      controller.enqueue(result.value);
    },
    async cancel(reason: unknown) {
      if (!isOver) tap.onCancel();
      isOver = true;
      await reader.cancel(reason);
    },
  };
  if (isBytes) return new ReadableStream({ ...source, type: "bytes" } as UnderlyingByteSource);
  return new ReadableStream(source, { highWaterMark: 0 });
}

function takesByob(stream: ReadableStream<unknown>): boolean {
  try {
    stream.getReader({ mode: "byob" }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

/** A stream of Node's: the same object, watched by what it emits, since every way of reading it emits. */
export function tapNodeReadable<Stream extends NodeJS.ReadableStream>(stream: Stream, tap: StreamTap): Stream {
  const emit = stream.emit;
  let isOver = false;
  const over = (say: () => void) => {
    if (isOver) return;
    isOver = true;
    say();
  };
  override(stream, "emit", (name: string, ...args: unknown[]) => {
    if (name === "data" && !isOver) tap.onChunk(args[0]);
    else if (name === "end") over(() => tap.onDone());
    else if (name === "error") over(() => tap.onError(args[0]));
    else if (name === "close") over(() => tap.onCancel());
    return emit.call(stream, name, ...args);
  });
  return stream;
}

/** Watches any stream, or says undefined for a value that is none. */
export function tapStream(value: unknown, tap: StreamTap): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  if (isReadableStream(value)) return value.locked ? undefined : tapReadableStream(value, tap);
  if (isNodeReadable(value)) return tapNodeReadable(value, tap);
  if (isAsyncIterable(value)) return tapAsyncIterable(value, tap);
  return undefined;
}
