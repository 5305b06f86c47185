// A run's place beside a value on its way to a worker of the same application.
import { type Context, context, defaultTextMapGetter, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { primaryBridge } from "../bridges.js";
import { setPlace, setSettings } from "../identity/context.js";
import { placeOfDottedOrder } from "../identity/place.js";
import { type RunReference, referenceOf, referenceOfPlace } from "../identity/reference.js";
import { currentOf, isUntraced } from "../propagation/current.js";
import type { KeyValues } from "../wire/run.js";

/** The mark by which the other side knows what we have wrapped. */
const MARK = "otel-langsmith.carried";

/** A value with the caller's place: what goes through `postMessage`, plain and cloneable. */
export interface Carried<T> {
  readonly [MARK]: 1;
  readonly value: T;
  /** OpenTelemetry's own headers, where a propagator is registered. */
  readonly headers: Record<string, string>;
  readonly run?: RunReference;
  readonly metadata?: KeyValues;
  readonly tags?: readonly string[];
  /** True where the caller is not traced: what the other side does for it is not either. */
  readonly untraced?: true;
}

/** Wraps a value with the place of a context's current run; the value itself is left as it is. */
export function carry<T>(value: T, from: Context = context.active()): Carried<T> {
  const headers: Record<string, string> = {};
  propagation.inject(from, headers);
  // The reference says it whole, and is believed: these are our own threads.
  delete headers["langsmith-trace"];
  return { [MARK]: 1, value, headers, ...placeIn(from) };
}

/** What piscina and tinypool call a task whose buffers move to the worker (their `move()`), instead of being copied. */
const MOVING = ["Piscina", "Tinypool"].map((pool) => ({
  buffers: Symbol.for(`${pool}.transferable`),
  value: Symbol.for(`${pool}.valueOf`),
}));

/** {@link carry} for a pool's task: one that is to move still moves, with the place beside what is moved. */
export function carryTask(task: unknown): unknown {
  if (typeof task !== "object" || task === null) return carry(task);
  const moves = Object.getOwnPropertySymbols(task).some((symbol) => symbol.description?.endsWith(".kMovable"));
  const moving = moves && MOVING.find(({ buffers, value }) => buffers in task && value in task);
  if (!moving) return carry(task);
  // What marks the task as one that moves is the pool's secret: it is inherited.
  return Object.create(task, {
    [moving.buffers]: { value: Reflect.get(task, moving.buffers) },
    [moving.value]: { value: carry(Reflect.get(task, moving.value)) },
  });
}

function placeIn(from: Context): Pick<Carried<unknown>, "run" | "metadata" | "tags" | "untraced"> {
  if (isUntraced(from)) return { untraced: true };
  const bridge = primaryBridge();
  const current = currentOf(from, bridge);
  if (!current) return {};
  if (current.entry && bridge) {
    // Whoever hands work to a worker wants to see it: what it hangs under must be sent.
    bridge.openTrace(current.entry);
    if (bridge.isUnsampled(current.entry)) return { untraced: true };
    if (!bridge.isOpen(current.entry)) return {};
  }
  const { place, project, set } = current;
  const cloneable = Object.entries(current.metadata).filter(([, value]) => typeof value !== "function");
  return {
    run: referenceOfPlace(place, { project, name: set?.name, runType: set?.runType }),
    ...(cloneable.length > 0 && { metadata: Object.fromEntries(cloneable) }),
    ...(current.tags.length > 0 && { tags: current.tags }),
  };
}

export function isCarried(message: unknown): message is Carried<unknown> {
  return typeof message === "object" && message !== null && Reflect.get(message, MARK) === 1;
}

/** The context that a carried value came with; what starts in it hangs under the caller. */
export function contextOf(carried: Carried<unknown>): Context {
  const outer = propagation.extract(ROOT_CONTEXT, carried.headers, defaultTextMapGetter);
  if (carried.untraced) return setSettings(outer, { enabled: false });
  const reference = referenceOf(carried.run);
  const place = reference && placeOfDottedOrder(reference.dotted_order);
  if (!reference || !place) return outer;
  return setPlace(outer, {
    place,
    project: reference.session_name,
    metadata: carried.metadata,
    tags: carried.tags,
    name: reference.name,
    runType: reference.run_type,
  });
}

/** Runs `fn` with a carried message's value, in its context; a message that is none is handed on as it is. */
export function within<T>(message: unknown, fn: (value: unknown) => T): T {
  if (!isCarried(message)) return fn(message);
  return context.with(contextOf(message), () => fn(message.value));
}
