// wrapSDK: any client whose every method is traced.

import { checkRunConfig } from "../config-names.js";
import type { RunTreeConfig } from "../index.js";
import { traceable } from "../index.js";

/** Options of {@link wrapSDK}: of every run it makes. */
export type WrapSDKOptions = Partial<Omit<RunTreeConfig, "inputs" | "outputs" | "id">> & {
  /** @deprecated `name` */
  readonly runName?: string;
};

/**
 * A client whose methods, and those of what it holds, are traced as model calls: `Name.resource.method`. The client given
 * stays as it is. Every method is traced: use the wrapped one for model calls.
 *
 * @example
 * ```ts
 * const client = wrapSDK(new SomeModelClient(), { name: "SomeModel" });
 * ```
 */
export function wrapSDK<SDK extends object>(sdk: SDK, options: WrapSDKOptions = {}): SDK {
  const { name, runName, ...config } = options;
  checkRunConfig(config);
  return wrapped(sdk, name ?? runName ?? sdk.constructor?.name ?? "SDK", config);
}

type AnyFunction = (...args: never[]) => unknown;

function wrapped<Target extends object>(target: Target, name: string, config: WrapSDKOptions): Target {
  // The same one for who asks again: clients compare their own parts.
  const known = new Map<PropertyKey, { readonly from: unknown; readonly to: unknown }>();
  return new Proxy(target, {
    get(_target, key) {
      // With the client itself as `this`: it may have private members.
      const value: unknown = Reflect.get(target, key, target);
      if (typeof key === "symbol" || key === "constructor" || !isWrappable(value) || isFixed(target, key)) return value;
      const before = known.get(key);
      if (before && before.from === value) return before.to;
      const inner = `${name}.${key}`;
      const to = isFunction(value)
        ? traceable(value.bind(target as never), { run_type: "llm", ...config, name: inner })
        : wrapped(value, inner, config);
      known.set(key, { from: value, to });
      return to;
    },
  });
}

/** Functions and objects that are a part of the client; values (dates, lists, bytes, promises, …) stay what they are. */
function isWrappable(value: unknown): value is object {
  if (isFunction(value)) return true;
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false;
  return ![Date, Map, Set, WeakMap, WeakSet, Promise, RegExp, Error, URL].some((kind) => value instanceof kind);
}

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === "function";
}

/** A proxy must show such a property as it is. */
function isFixed(target: object, key: PropertyKey): boolean {
  const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
  return descriptor?.configurable === false && descriptor.writable === false;
}
