// Beside the native SDK: its async store and OpenTelemetry's context are made to speak of one tree.

import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, context, createContextKey, trace } from "@opentelemetry/api";
import { primaryBridge } from "../bridges.js";
import { type ContextPlace, getSettings, setPlace, winningPlace } from "../identity/context.js";
import { isTracedNatively as isTracedByEnvironment } from "../options/tracing.js";
import { together } from "../privacy/client-rules.js";
import { type Current, currentOf, entryHere, isUntraced } from "../propagation/current.js";
import { CONTENT, JOINED } from "../shared.js";
import { addressOf } from "../wire/agent-address.js";
import { threadKeysOf, threadOf } from "../wire/thread.js";
import { isNativeInstalled, learnNativeClass, loadNativeClass } from "./native-class.js";
import { CHILD_CONFIG, isNativeRun, type NativeRun, placeOfNative } from "./native-run.js";
import { rootsGround } from "./roots-ground.js";
import { treeOf, untracedTree } from "./run-tree.js";

/** Under this key the `langsmith` package and LangChain find their store. */
const STORE = Symbol.for("ls:tracing_async_local_storage");
/** What the native store was set to, and which span was active then. */
const ENTERED = createContextKey("otel-langsmith.native");

interface Entered {
  readonly store: unknown;
  readonly spanId: string | undefined;
}

interface Store {
  getStore(): unknown;
  run(store: unknown, callback: (...args: unknown[]) => unknown, ...args: unknown[]): unknown;
  enterWith?(store: unknown): void;
}

interface Shared {
  [STORE]?: Store;
}

/** What {@link joinLangSmith} returns. */
export interface Joined {
  /** Parts the two again: what starts afterwards nests by its own means alone. */
  leave(): void;
}

/**
 * Joins the `langsmith` package with OpenTelemetry in this process: runs that it starts natively (LangGraph,
 * LangChain.js, `evaluate()`, its own `traceable`) under a span nest under the span's run, and spans started under a
 * native run nest under that, without headers. Call it once, after the tracer provider is set up; whether before or
 * after `langsmith` is imported makes no difference. Native runs are traced by the native package's own rules: with
 * `LANGSMITH_TRACING=true`. `otel-langsmith/register` and the first call of a `traceable` do it by themselves where the
 * application has that package; what is returned here undoes that, too.
 *
 * @example
 * ```ts
 * import { joinLangSmith } from "otel-langsmith/langsmith";
 * joinLangSmith();
 * ```
 */
export function joinLangSmith(): Joined {
  hasTriedByItself = true;
  const shared = globalThis as Shared;
  const before = shared[STORE];
  // Joined already, perhaps by the other copy (ESM, CommonJS) of this package.
  const isJoined = before !== undefined && JOINED in before;
  const isOurs = before instanceof JoinedStore && before.isByItself;
  if (isJoined && !isOurs) return { leave: () => undefined };
  const joined = isOurs ? before : new JoinedStore(before ?? new AsyncLocalStorage<unknown>());
  joined.isByItself = false;
  shared[STORE] = joined;
  return {
    leave() {
      if (shared[STORE] === joined) shared[STORE] = joined.inner;
    },
  };
}

let hasTriedByItself = false;

/**
 * {@link joinLangSmith} without being asked: where the application has the `langsmith` package, when `register` was
 * called or the authoring API traces its first call. Nothing is loaded for it that the application did not load.
 */
export function joinByItself(): void {
  if (hasTriedByItself) return;
  hasTriedByItself = true;
  const shared = globalThis as Shared;
  const before = shared[STORE];
  if (before && JOINED in before) return;
  if (!before && !isNativeInstalled()) return;
  const joined = new JoinedStore(before ?? new AsyncLocalStorage<unknown>());
  joined.isByItself = true;
  shared[STORE] = joined;
  if (before) loadNativeClass();
}

class JoinedStore implements Store {
  readonly [JOINED] = true;
  /** Nobody called for it: whoever does may part the two again. */
  isByItself = false;

  constructor(readonly inner: Store) {}

  /** The current run as the native package sees it: its own, or one that stands for the span's. */
  getStore(): unknown {
    const own = this.inner.getStore();
    try {
      // Whoever asks has loaded the package.
      loadNativeClass();
      return currentRun(own);
    } catch {
      // Nesting is not worth an exception in the application.
      return own;
    }
  }

  run(store: unknown, callback: (...args: unknown[]) => unknown, ...args: unknown[]): unknown {
    if (isNativeRun(store)) learnNativeClass(store);
    return context.with(entering(store), () => this.inner.run(store, callback, ...args));
  }

  enterWith(store: unknown): void {
    this.inner.enterWith?.(store);
  }

  disable(): void {
    const disable: unknown = Reflect.get(this.inner, "disable");
    if (typeof disable === "function") Reflect.apply(disable, this.inner, []);
  }

  exit(callback: (...args: unknown[]) => unknown, ...args: unknown[]): unknown {
    return this.run(undefined, callback, ...args);
  }
}

/** The context in which a native run is current: spans started in it hang under that. */
function entering(store: unknown): Context {
  const active = context.active();
  const entered: Entered = { store, spanId: trace.getSpanContext(active)?.spanId };
  const inner = active.setValue(ENTERED, entered);
  if (!isNativeRun(store) || store.tracingEnabled === false || !isTracedNatively(store)) return inner;
  // The tree that stands for a span, handed back: the span is current already.
  const current = currentOf(active);
  if (current?.place.runId === store.id) return inner;
  const place = placeOfNative(store);
  if (!place) return inner;
  nameThread(active, store, place);
  return setPlace(inner, placeIn(store, place));
}

/** Threads list root runs: what a native run names is its trace's, where a span's run is above it. */
function nameThread(active: Context, run: NativeRun, place: ContextPlace["place"]): void {
  const thread = threadOf(run.extra?.metadata);
  const span = trace.getSpan(active);
  const bridge = primaryBridge();
  if (thread === undefined || !span || !bridge) return;
  const entry = entryHere(span, bridge);
  if (entry?.anchor?.traceId === place.traceId) bridge.nameThread(entry, thread);
}

function placeIn(run: NativeRun, place: ContextPlace["place"]): Omit<ContextPlace, "activeSpanId"> {
  return {
    place,
    project: run.project_name ?? addressOf(run.address?.id, run.address?.environment),
    // A thread is whole only when every run carries its key; the rest of a native run's metadata is its own.
    metadata: threadKeysOf(run.extra?.metadata),
    tags: undefined,
    name: run.name,
  };
}

function currentRun(own: unknown): unknown {
  const above = typeof own === "object" && own !== null ? own : undefined;
  if (!isTracedNatively(above)) return own;
  const active = context.active();
  if (isUntraced(active)) return above && isCarryingConfig(above) ? untracedTree(above) : untracedTree(undefined);
  const current = currentSince(active, own);
  if (!current) return own ?? rootsGround(getSettings(active));
  const bridge = primaryBridge();
  if (current.entry && bridge) {
    // A native run is about to hang there: what it hangs under must be sent.
    bridge.openTrace(current.entry);
    if (bridge.isUnsampled(current.entry)) return untracedTree(above);
    if (!bridge.isOpen(current.entry)) return own;
  }
  return treeOf(current, above, clientsIn(active, current));
}

/** The clients whose rules a native run obeys here: the context's, its parent's, and those that were set on that one's tree. */
function clientsIn(active: Context, { entry }: Current): readonly object[] | undefined {
  const span = entry && trace.getSpan(active);
  const content: unknown = span && Reflect.get(span, CONTENT);
  const later: unknown = typeof content === "object" && content !== null ? Reflect.get(content, "clients") : undefined;
  const above = together(entry?.clients, Array.isArray(later) ? later : undefined);
  return together(getSettings(active)?.clients, above);
}

function isCarryingConfig(above: object): boolean {
  const extra: unknown = Reflect.get(above, "extra");
  return typeof extra === "object" && extra !== null && Reflect.get(extra, CHILD_CONFIG) !== undefined;
}

/** Our own current run, where it is newer than what the native store holds. */
function currentSince(active: Context, own: unknown): Current | undefined {
  const current = currentOf(active);
  if (!current || own === undefined) return current;
  const place = isNativeRun(own) ? placeOfNative(own) : undefined;
  if (place && current.place === place) return undefined;
  const entered = active.getValue(ENTERED) as Entered | undefined;
  if (entered?.store !== own) return current;
  const isSameSpan = entered.spanId === trace.getSpanContext(active)?.spanId;
  if (!isSameSpan) return current;
  // A header or a reference set since then stands in the context, and is no native run's.
  const set = winningPlace(active);
  return place && set && set.place !== place ? current : undefined;
}

/** Whether the run says so, else the environment. Source: `isTracingEnabled` of the `langsmith` package. */
function isTracedNatively(run: object | undefined): boolean {
  const enabled: unknown = run && Reflect.get(run, "tracingEnabled");
  // LangChain carries its config in an untraced tree where nothing above it is traced.
  if (typeof enabled === "boolean" && !(enabled === false && run && isCarryingConfig(run))) return enabled;
  return isTracedByEnvironment();
}
