// What several copies of this package in one process share (an ES module beside CommonJS, a bundle beside node_modules):
// one versioned symbol on globalThis, and the marks that they leave on spans, functions and run trees.

/** Raised whenever the shape of a part, or of what stands under a mark, changes: such copies share nothing. */
const SHAPE = 1;
const KEY = Symbol.for("otel-langsmith.shared.1");

interface Shared {
  readonly shape: number;
  readonly parts: Map<string, unknown>;
}

type Holder = typeof globalThis & { [KEY]?: unknown };

/** Parts that this copy keeps for itself, since another copy has left theirs in another shape. */
const ownParts = new Map<string, unknown>();

function isShared(value: unknown): value is Shared {
  return isObject(value) && Reflect.get(value, "shape") === SHAPE && isMap(Reflect.get(value, "parts"));
}

/** The parts on globalThis; undefined where something else stands there. */
function sharedParts(): Map<string, unknown> | undefined {
  const global: Holder = globalThis;
  if (global[KEY] === undefined) {
    const made: Shared = { shape: SHAPE, parts: new Map() };
    // Not enumerable, so that nobody meets it who does not look for it.
    Object.defineProperty(global, KEY, { value: made, enumerable: false, configurable: true, writable: true });
    return made.parts;
  }
  return isShared(global[KEY]) ? global[KEY].parts : undefined;
}

/**
 * A part of the state that all copies share; the first copy that asks makes it. Callers keep what they got: it stays
 * the same for as long as the process lives.
 *
 * @param fits checks what another copy has left there; a part that does not fit stays that copy's, and this one has its own
 */
export function sharedPart<T>(name: string, make: () => T, fits: (part: unknown) => part is T): T {
  const parts = sharedParts();
  for (const present of [parts?.get(name), ownParts.get(name)]) if (fits(present)) return present;
  const made = make();
  if (parts && !parts.has(name)) parts.set(name, made);
  else ownParts.set(name, made);
  return made;
}

/** One value that all copies share, such as who was registered. */
export interface Slot<T> {
  value: T | undefined;
}

/** {@link sharedPart} for one value, which any copy may set. */
export function sharedSlot<T>(name: string): Slot<T> {
  return sharedPart(name, () => ({ value: undefined }), isSlot<T>);
}

function isSlot<T>(part: unknown): part is Slot<T> {
  return isObject(part) && "value" in part;
}

/** Names of the parts that are not shared, since another copy of another shape was there first. */
export function unsharedParts(): readonly string[] {
  return [...ownParts.keys()];
}

/** By its methods: what another realm (a test runner's) made is no instance of this one's classes. */
export function isMap<K, V>(value: unknown): value is Map<K, V> {
  return hasMethods(value, ["get", "set", "delete", "keys"]);
}

export function isSet<V>(value: unknown): value is Set<V> {
  return hasMethods(value, ["add", "has", "delete", "clear"]);
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  return isObject(value) && names.every((name) => typeof Reflect.get(value, name) === "function");
}

/** Any object that is not null. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** On a span: its entries, one a processor. */
export const RUN = Symbol.for("otel-langsmith.1.run");
/** On a span: content of the authoring API that does not pass through attributes. */
export const CONTENT = Symbol.for("otel-langsmith.1.content");
/** On a run tree: what it knows besides its public fields. */
export const TREE = Symbol.for("otel-langsmith.1.run-tree");
/** On a traceable function: the function inside. */
export const WRAPPED = Symbol.for("otel-langsmith.1.wrapped");
/** On a worker or a pool: its messages carry places already. */
export const CARRYING = Symbol.for("otel-langsmith.1.carrying");
/** On the store that stands before the `langsmith` package's own. */
export const JOINED = Symbol.for("otel-langsmith.1.joined");
/** On an error's prototype: which of the package's errors it is. */
export const ERROR = Symbol.for("otel-langsmith.1.error");
/** On a span: the context that it started with, for an exporter. */
export const START_CONTEXT = Symbol.for("otel-langsmith.1.start-context");
