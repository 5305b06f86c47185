// What kind of value something is, asked without running more of its code than must be. Source: langsmith's asserts.

import { ReadableStream } from "node:stream/web";
import { textOfThrown } from "../thrown.js";
import type { KeyValues } from "../wire/run.js";

/** A plain object, or one whose class is nobody's child: what stands for inputs and outputs as it is. */
export function isKeyValues(value: unknown): value is KeyValues {
  if (typeof value !== "object" || value === null) return false;
  try {
    if (Array.isArray(value)) return false;
    const prototype: unknown = Object.getPrototypeOf(value);
    const isPlain = prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
    return isPlain && !(Symbol.toStringTag in value) && !(Symbol.iterator in value);
  } catch {
    return false;
  }
}

/** Whether a method of this name can be called on a value; false where reading it throws. */
export function hasMethod<Name extends PropertyKey>(
  value: unknown,
  name: Name,
): value is { [K in Name]: (...args: unknown[]) => unknown } & object {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  try {
    return typeof Reflect.get(value, name) === "function";
  } catch {
    return false;
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> & object {
  return typeof value === "object" && hasMethod(value, "then");
}

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> & object {
  return typeof value === "object" && hasMethod(value, Symbol.asyncIterator);
}

export function isReadableStream(value: unknown): value is ReadableStream<unknown> {
  return isSafely(() => value instanceof ReadableStream);
}

/** Node's own stream: it can be read by events too, not by iteration alone. */
export function isNodeReadable(value: unknown): value is NodeJS.ReadableStream {
  return hasMethod(value, "pipe") && hasMethod(value, "on") && hasMethod(value, "emit") && hasMethod(value, "read");
}

/** A sync generator object. */
export function isGenerator(value: unknown): value is Generator<unknown, unknown, unknown> {
  return isSafely(() => Object.prototype.toString.call(value) === "[object Generator]") && hasMethod(value, "next");
}

/** A question that a revoked proxy answers with an error: then it is not so. */
export function isSafely(ask: () => boolean): boolean {
  try {
    return ask();
  } catch {
    return false;
  }
}

/** Whether what was thrown is no failure but LangGraph's way to pause or to hand over: an interrupt, a command. */
export function isBubbleUp(thrown: unknown): boolean {
  try {
    return typeof thrown === "object" && thrown !== null && Reflect.get(thrown, "is_bubble_up") === true;
  } catch {
    return false;
  }
}

/** How many errors an error's text tells of: causes of causes, and those that were gathered in one. */
const MAX_CAUSES = 8;

/** Text of an error, that of one that cannot be read either: what it says, its stack, and what caused it. */
export function textOfError(error: unknown): string {
  const told = new Set<unknown>([error]);
  const texts = [textOfOne(error)];
  const waiting = causesOf(error);
  for (let cause = waiting.shift(); cause !== undefined && told.size < MAX_CAUSES; cause = waiting.shift()) {
    if (told.has(cause)) continue;
    told.add(cause);
    texts.push(`Caused by: ${textOfOne(cause)}`);
    waiting.push(...causesOf(cause));
  }
  return texts.join("\n\n");
}

/** The cause of an error (that `fetch failed` says nothing without), and the errors of an `AggregateError`. */
function causesOf(error: unknown): unknown[] {
  try {
    if (!(error instanceof Error)) return [];
    const errors: unknown = Reflect.get(error, "errors");
    return [error.cause, ...(Array.isArray(errors) ? errors.slice(0, MAX_CAUSES) : [])].filter(
      (cause) => cause instanceof Error || typeof cause === "string",
    );
  } catch {
    return [];
  }
}

function textOfOne(error: unknown): string {
  try {
    const said = textOfThrown(error);
    const stack = error instanceof Error ? error.stack : undefined;
    if (typeof stack !== "string" || stack === "") return said || "Error";
    return stack.startsWith(said) ? stack : `${said}\n\n${stack}`;
  } catch {
    return "Error: the error that was thrown cannot be read";
  }
}
