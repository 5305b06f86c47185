// What a traced function gave, handed on as what it was: values, streams, promises, thenables with methods of their own.
import { context } from "@opentelemetry/api";
import { failWith, finishWith, type RunningCall, tapOfCall } from "./finishing.js";
import { tapGenerator, tapStream } from "./streams.js";
import { hasMethod, isAsyncIterable, isGenerator, isThenable } from "./values.js";

/** Ends the run when its result is complete, and returns the result as what it was. */
export function handOn(call: RunningCall, result: unknown): unknown {
  if (typeof result !== "object" || result === null) {
    finishWith(call, result);
    return result;
  }
  if (isThenable(result)) return handOnThenable(call, result);
  return handOnValue(call, result);
}

function handOnValue(call: RunningCall, value: unknown): unknown {
  if (typeof value === "object" && value !== null) {
    try {
      if (isGenerator(value)) return tapGenerator(value, tapOfCall(call, true));
      const stream = tapStream(value, tapOfCall(call));
      if (stream !== undefined) return stream;
      const inside = withStreamInside(call, value);
      if (inside !== undefined) return inside;
    } catch {
      // Not a stream after all, or one that lets nobody near: it is a value.
    }
  }
  finishWith(call, value);
  return value;
}

/** An object that holds the stream of the run under the name that the config says. */
function withStreamInside(call: RunningCall, value: object): unknown {
  const key = call.config.__finalTracedIteratorKey;
  if (key === undefined || Array.isArray(value) || !(key in value)) return undefined;
  const bare: unknown = Reflect.get(value, key);
  if (!isAsyncIterable(bare)) return undefined;
  const stream = tapStream(bare, tapOfCall(call));
  return stream === undefined || stream === bare ? stream && value : { ...value, [key]: stream };
}

function handOnThenable(call: RunningCall, thenable: PromiseLike<unknown> & object): unknown {
  const onValue = (value: unknown) => handOnValue(call, value);
  const onError = (error: unknown) => {
    failWith(call, error);
    throw error;
  };
  const isEager = thenable instanceof Promise && thenable.then === Promise.prototype.then;
  if (isEager && Object.getOwnPropertyNames(thenable).length === 0) return thenable.then(onValue, onError);
  if (isEager) return besidePromise(thenable, thenable.then(onValue, onError));
  if (isApiPromise(thenable)) {
    return watchApiPromise(call, thenable, onValue, onError);
  }
  // A query builder runs when it is awaited, so nothing is awaited before its owner does.
  let settled: Promise<unknown> | undefined;
  const { then } = thenable;
  const begin = () => {
    settled ??= new Promise<unknown>((resolve, reject) =>
      context.with(call.inside, () => then.call(thenable, resolve, reject)),
    ).then(onValue, onError);
    return settled;
  };
  return methodsOver(thenable, {
    // biome-ignore lint/suspicious/noThenProperty: it replaces the thenable's own
    then: (onFulfilled?: never, onRejected?: never) => begin().then(onFulfilled, onRejected),
    ...(hasMethod(thenable, "catch") && { catch: (onRejected?: never) => begin().catch(onRejected) }),
    ...(hasMethod(thenable, "finally") && { finally: (onFinally?: never) => begin().finally(onFinally) }),
  });
}

/** A promise with properties of its own: everything is the promise's, but whoever waits, waits for the traced one. */
function besidePromise(promise: Promise<unknown>, traced: Promise<unknown>): unknown {
  return new Proxy(promise, {
    get(target, key) {
      if (key === "then" || key === "catch" || key === "finally") return traced[key].bind(traced);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

interface ApiPromise {
  parse: (...args: unknown[]) => unknown;
  asResponse: (...args: unknown[]) => unknown;
}

function isApiPromise(value: unknown): value is ApiPromise & object {
  return hasMethod(value, "parse") && hasMethod(value, "asResponse");
}

/**
 * A model client's promise (OpenAI's, Anthropic's): `then` goes through its `parse`, and `asResponse` gives the bare
 * response, whose body nobody may read before its owner.
 */
function watchApiPromise(
  call: RunningCall,
  promise: ApiPromise & object,
  onValue: (value: unknown) => unknown,
  onError: (error: unknown) => never,
): unknown {
  const { parse, asResponse } = promise;
  let parsed: Promise<unknown> | undefined;
  let isWithResponse = false;
  const methods: Record<string, (...args: unknown[]) => unknown> = {
    parse() {
      parsed ??= Promise.resolve(context.with(call.inside, () => parse.call(promise))).then(onValue, onError);
      return parsed;
    },
    asResponse() {
      const response = Promise.resolve(asResponse.call(promise));
      if (isWithResponse) return response;
      return response.then((value) => {
        const status = typeof value === "object" && value !== null && "status" in value ? value.status : undefined;
        finishWith(call, { status });
        return value;
      }, onError);
    },
  };
  if (hasMethod(promise, "_thenUnwrap")) {
    const { _thenUnwrap } = promise;
    // What the client's own helpers make of an answer: another such promise, and the run is what comes out of it.
    methods["_thenUnwrap"] = (...args) => {
      const unwrapped = _thenUnwrap.apply(promise, args);
      return isApiPromise(unwrapped) ? watchApiPromise(call, unwrapped, onValue, onError) : unwrapped;
    };
  }
  if (hasMethod(promise, "withResponse")) {
    const { withResponse } = promise;
    methods["withResponse"] = () => {
      isWithResponse = true;
      try {
        return withResponse.call(promise);
      } finally {
        isWithResponse = false;
      }
    };
  }
  return methodsOver(promise, methods);
}

/** The same object with some methods replaced; where it takes none, one that stands for it. */
function methodsOver(target: object, methods: Record<string, (...args: never[]) => unknown>): unknown {
  if (Object.isExtensible(target)) {
    for (const [name, value] of Object.entries(methods)) {
      Reflect.defineProperty(target, name, { value, enumerable: false, configurable: true, writable: true });
    }
    return target;
  }
  return new Proxy(target, {
    get(of, key) {
      if (typeof key === "string" && Object.hasOwn(methods, key)) return methods[key];
      const value: unknown = Reflect.get(of, key, of);
      return typeof value === "function" ? value.bind(of) : value;
    },
  });
}
