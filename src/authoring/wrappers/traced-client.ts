// A traced client: a proxy in the client's place, and copies of its resources whose methods are traced.
import type { KeyValues } from "../../wire/run.js";
import { type TraceableConfig, traceable } from "../index.js";
import type { LooseConfig } from "../types.js";
import { hasMethod, isAsyncIterable, isKeyValues } from "../values.js";

// biome-ignore lint/suspicious/noExplicitAny: a method of any version of a client
export type AnyMethod = (...args: any[]) => any;

/** What one call's request options may hold besides the client's own. */
export interface LangSmithExtra {
  langsmithExtra?: Pick<TraceableConfig, "id" | "metadata" | "name" | "tags">;
}

/**
 * A client's method whose request options also take {@link LangSmithExtra}. It has up to three signatures, of which the
 * ones that are not there are inferred as the first.
 */
export type TakesExtra<Method> = Method extends {
  (body: infer A, options?: infer AOptions): infer AResult;
  (body: infer B, options?: infer BOptions): infer BResult;
  (body: infer C, options?: infer COptions): infer CResult;
}
  ? {
      (body: A, options?: AOptions & LangSmithExtra): AResult;
      (body: B, options?: BOptions & LangSmithExtra): BResult;
      (body: C, options?: COptions & LangSmithExtra): CResult;
    }
  : unknown;

/** Options of a wrapper: of every run it makes. */
export type WrapOptions = Omit<
  TraceableConfig,
  "aggregator" | "argsConfigPath" | "getInvocationParams" | "id" | "processOutputs"
>;

/**
 * A client that shows the traced resources in the place of its own. The client given stays as it is.
 *
 * @param again wraps what `withOptions()` gives
 */
export function inPlaceOf<Client extends object>(
  client: Client,
  traced: ReadonlyMap<PropertyKey, unknown>,
  again: (other: Client) => unknown,
): Client {
  return new Proxy(client, {
    get(target, key) {
      if (traced.has(key)) return traced.get(key);
      const value: unknown = Reflect.get(target, key, target);
      if (key === "withOptions" && typeof value === "function") {
        return (...args: unknown[]) => again(value.apply(target, args));
      }
      // Bound to the client itself: it has private members. Its constructor is no method.
      return typeof value === "function" && key !== "constructor" ? value.bind(target) : value;
    },
  });
}

/** A copy of a resource whose named methods, as far as it has them, are traced. */
export function tracedResource(bare: object, names: readonly string[], config: LooseConfig): object {
  const methods: Record<string, unknown> = {};
  for (const name of names) {
    const method: unknown = Reflect.get(bare, name);
    if (typeof method !== "function") continue;
    const bound: AnyMethod = method.bind(bare);
    methods[name] = traceable(name === "stream" ? watched(bound) : bound, config as TraceableConfig);
  }
  return over(bare, methods);
}

/** A copy of a resource with some of its members changed. */
export function over<Resource extends object>(bare: Resource, changes: object): Resource {
  return Object.assign(Object.create(Object.getPrototypeOf(bare)), bare, changes);
}

/** Several arguments are the payload and its request options, which may hold keys in headers: langsmith logs both. */
export function withoutRequestOptions(inputs: KeyValues): KeyValues {
  const { args } = inputs;
  return Array.isArray(args) && isKeyValues(args[0]) && Object.keys(inputs).length === 1 ? args[0] : inputs;
}

/**
 * A stream helper is read by iteration, by events, or by what it ends in, and each of these works beside the others:
 * so its run is watched by an iteration of its own, begun when the helper has been handed on, before its first event.
 */
function watched(method: AnyMethod): AnyMethod {
  return (...args: unknown[]) => {
    const stream: unknown = method(...args);
    if (!isAsyncIterable(stream)) return stream;
    const reading = new Promise<void>((resolve) => queueMicrotask(() => void readToEnd(stream).then(resolve)));
    if (hasMethod(stream, "done")) stream.done = doneAfter(stream, stream.done, reading);
    return stream;
  };
}

/** All that the helper ends in waits for its `done`: the run has ended then too, should a flush or a shutdown follow. */
function doneAfter(stream: object, done: AnyMethod, reading: Promise<void>): AnyMethod {
  return async () => {
    try {
      return await done.call(stream);
    } finally {
      // Aborted before its first event, a helper ends no iteration: nobody is kept waiting for it.
      await Promise.race([reading, new Promise((resolve) => setImmediate(resolve))]);
    }
  };
}

async function readToEnd(stream: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of stream);
  } catch {
    // It is the run's error now; whoever reads the stream gets it by his own way.
  }
}
