// A class whose public methods are traced.
import { WRAPPED } from "../shared.js";
import { traceable } from "./traceable.js";
import type { AnyFunction, TraceableConfig } from "./types.js";

/** Options of {@link traceableClass}; the rest is each method's config. */
export interface TraceableClassOptions extends Omit<TraceableConfig, "id" | "name"> {
  /** Only these methods. Default: every public one. */
  readonly include?: readonly string[];
  /** Not these methods. */
  readonly exclude?: readonly string[];
  /** Stands before the methods' names. Default: the class's name. */
  readonly name?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: the constraint of a constructor of any class
type AnyClass = abstract new (...args: any[]) => object;

/** Called by the language or a logger, not by the program: a run of each would be noise, and `toJSON` is asked for by the bridge itself. */
const IMPLICIT = new Set(["then", "catch", "finally", "toJSON", "toString", "toLocaleString", "valueOf"]);

/**
 * Traces every public method of a class, as `Class.method`: its own, those it inherits (under its own name), and
 * static ones. Methods whose name begins with `_`, private ones (`#…`), symbols, the constructor, getters and setters
 * stay as they are, and so do functions that an instance holds as properties, what is inherited from a class of the
 * language (`Promise`, `Map`, `Error`), and methods that the language calls by itself (`toJSON`, `toString`, `then`, …)
 * unless `include` names them. The class itself is changed and returned, so that it serves as a decorator, of the
 * language or of `experimentalDecorators`.
 *
 * @example
 * ```ts
 * const MyClass = traceableClass(class MyClass {
 *   combine(a: number, b: number) { return a + b; }
 * });
 * new MyClass().combine(13, 29); // the run "MyClass.combine"
 * ```
 */
export function traceableClass<Class extends AnyClass>(target: Class, options?: TraceableClassOptions): Class;
export function traceableClass<Class extends AnyClass>(target: Class, context: ClassDecoratorContext): Class;
export function traceableClass<Class extends AnyClass>(
  target: Class,
  given: TraceableClassOptions | ClassDecoratorContext = {},
): Class {
  const { include, exclude, name: prefix = target.name, ...config } = isDecoratorContext(given) ? {} : given;
  const isWanted = (name: string) =>
    (include ? include.includes(name) : !IMPLICIT.has(name)) && !exclude?.includes(name);
  const seen = new Set<PropertyKey>();
  for (const [key, descriptor] of methodsOf(target.prototype, Object.prototype, seen)) {
    if (isWanted(key)) wrap(target.prototype, key, descriptor, prefix, config);
  }
  seen.clear();
  for (const [key, descriptor] of methodsOf(target, Function.prototype, seen)) {
    if (isWanted(key) && !isClass(descriptor.value)) wrap(target, key, descriptor, prefix, config);
  }
  return target;
}

function isDecoratorContext(given: TraceableClassOptions | ClassDecoratorContext): given is ClassDecoratorContext {
  return "kind" in given && "addInitializer" in given;
}

type Method = PropertyDescriptor & { value: AnyFunction };

/** Public methods up the chain, the nearest of each name. */
function* methodsOf(from: object, until: object, seen: Set<PropertyKey>): Generator<[string, Method]> {
  for (let at: object | null = from; at && at !== until; at = Object.getPrototypeOf(at)) {
    for (const key of Object.getOwnPropertyNames(at)) {
      if (seen.has(key)) continue;
      seen.add(key);
      if (key === "constructor" || key === "prototype" || key.startsWith("_")) continue;
      const descriptor = Object.getOwnPropertyDescriptor(at, key);
      if (isMethod(descriptor)) yield [key, descriptor];
    }
  }
}

function isMethod(descriptor: PropertyDescriptor | undefined): descriptor is Method {
  return typeof descriptor?.value === "function" && !isOfTheLanguage(descriptor.value);
}

function isOfTheLanguage(value: object): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(value));
}

function isClass(value: AnyFunction): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function wrap(onto: object, key: string, descriptor: Method, prefix: string, config: TraceableConfig): void {
  const inner: unknown = Reflect.get(descriptor.value, WRAPPED);
  const bare = typeof inner === "function" ? (inner as AnyFunction) : descriptor.value;
  const value = traceable(bare, { ...config, name: `${prefix}.${key}` });
  // A property that cannot be redefined stays untraced.
  Reflect.defineProperty(onto, key, { ...descriptor, value });
}
