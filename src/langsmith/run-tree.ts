// A RunTree of the `langsmith` package that stands for a run of ours, so that native runs nest under it.
import type { ParentPlace } from "../identity/place.js";
import type { Current } from "../propagation/current.js";
import { partsOf } from "../wire/agent-address.js";
import { threadKeysOf } from "../wire/thread.js";
import { isoOf } from "../wire/time.js";
import { inTreeTime } from "./client-in-time.js";
import { inheriting } from "./client-inherits.js";
import { obeying } from "./client-obeys.js";
import { type NativeClass, nativeClass } from "./native-class.js";
import { CHILD_CONFIG, CHILD_ENDS, CONTEXT_VARIABLES, type NativeRun } from "./native-run.js";
import { StandIn } from "./stand-in.js";

/** What is above in the native package's own store, and must stay reachable from below: LangChain's config. */
type Above = object | undefined;

const trees = new WeakMap<ParentPlace, { readonly above: Above; readonly tree: NativeRun }>();

/**
 * The RunTree for a run of ours, under what the native store holds; the same one for the same two.
 *
 * @param clients what the run of ours was made with: they hide below it, too
 */
export function treeOf(current: Current, above: Above, clients?: readonly object[]): NativeRun {
  const known = trees.get(current.place);
  if (known && known.above === above && !(known.tree instanceof StandIn && nativeClass())) return known.tree;
  const tree = makeTree(current, above, clients);
  trees.set(current.place, { above, tree });
  return tree;
}

/** A RunTree that says that nothing is traced here. */
export function untracedTree(above: Above): NativeRun {
  const tree = treeFrom({ name: "untraced", tracingEnabled: false }, () => untracedTree(above));
  keepConfig(tree, above);
  return tree;
}

/** A RunTree, or what stands in for one as long as the package's class is not at hand. */
function treeFrom(config: object, again: () => NativeRun): NativeRun {
  const RunTree: NativeClass | undefined = nativeClass();
  return RunTree ? asNative(new RunTree(config)) : new StandIn(config, again);
}

// At this border two descriptions of one class meet: the package's, which changes by version, and what we use of it.
function asNative(tree: unknown): NativeRun {
  return tree as NativeRun;
}

function makeTree(current: Current, above: Above, clients: readonly object[] | undefined): NativeRun {
  const { place, project, metadata, tags } = current;
  const client: unknown = above && Reflect.get(above, "client");
  const enabled: unknown = above && Reflect.get(above, "tracingEnabled");
  const address = project === undefined ? undefined : partsOf(project);
  const config = {
    name: "span",
    id: place.runId,
    trace_id: place.traceId,
    dotted_order: place.dottedOrder,
    start_time: isoOf(place.startMicros),
    ...(place.parentRunId !== undefined && { parent_run_id: place.parentRunId }),
    ...(project !== undefined && (address ? { address } : { project_name: project })),
    ...(typeof enabled === "boolean" && { tracingEnabled: enabled }),
    ...(typeof client === "object" && client !== null && { client }),
    extra: { metadata: { ...metadata } },
    tags: [...tags],
  };
  const tree = treeFrom(config, () => makeTree(current, above, clients));
  if (clients && tree.client) tree.client = obeying(tree.client, clients);
  if (place.startMicros > Date.now() * 1000 && tree.client) tree.client = inTreeTime(tree.client);
  orderChildren(tree, place);
  forgetChildren(tree);
  keepConfig(tree, above);
  if (Object.keys(metadata).length > 0 || tags.length > 0) {
    if (tree.client) tree.client = inheriting(tree.client, metadata, tags);
    inheritByConfig(tree, threadKeysOf(metadata));
  }
  return tree;
}

/**
 * LangChain's runs take nothing of the tree above but its place, project and client; what their own code reads of a
 * context (a thread) it reads from the config that it finds there.
 */
export function inheritByConfig(
  tree: Pick<NativeRun, "extra">,
  metadata: Readonly<Record<string, unknown>> | undefined,
): void {
  if (metadata === undefined) return;
  const found: unknown = tree.extra?.[CHILD_CONFIG];
  const config = typeof found === "object" && found !== null ? found : {};
  const above: unknown = Reflect.get(config, "metadata");
  const inherited = {
    ...config,
    // A new one for each who asks: LangChain writes into what it gets.
    get metadata() {
      return { ...(typeof above === "object" ? above : {}), ...metadata };
    },
  };
  tree.extra = { ...tree.extra, [CHILD_CONFIG]: inherited };
}

/**
 * The native package puts `execution_order` into the microsecond digits, beginning at 1 for every run; ours begin at
 * the parent's digits. With other numbers a child would come out earlier than its parent.
 */
function orderChildren(tree: NativeRun, place: ParentPlace): void {
  const digits = place.startMicros % 1000;
  tree.execution_order = digits;
  Object.defineProperty(tree, "child_execution_order", {
    enumerable: true,
    configurable: true,
    get: () => {
      const isTie = place.lastChildMillis === Math.max(Date.now(), Math.floor(place.startMicros / 1000));
      // One less than the last: the native package adds one, and cuts what has four digits.
      return Math.min(998, isTie ? Math.max(digits, place.lastChildDigits) : digits);
    },
    set: (order: number) => {
      // Our own next child, in the same millisecond, comes behind it.
      place.lastChildMillis = Math.max(Date.now(), Math.floor(place.startMicros / 1000));
      place.lastChildDigits = Math.min(999, order);
    },
  });
}

class Forgetful<T> extends Array<T> {
  override push(): number {
    return 0;
  }
}

// The span may be open for days, and nobody reads these from it; it ends as a span, and is neither posted nor patched.
function forgetChildren(tree: NativeRun): void {
  const hidden = (value: unknown) => ({ value, enumerable: false, configurable: true, writable: true });
  Object.defineProperties(tree, {
    child_runs: { ...hidden(new Forgetful()), enumerable: true },
    [CHILD_ENDS]: hidden(new Forgetful()),
    postRun: hidden(async () => undefined),
    patchRun: hidden(async () => undefined),
  });
}

/** As the native package does for a child: LangChain's config goes on, with the new run as the parent. */
function keepConfig(tree: NativeRun, above: Above): void {
  if (!above) return;
  const variables: unknown = Reflect.get(above, CONTEXT_VARIABLES);
  if (variables !== undefined) Reflect.set(tree, CONTEXT_VARIABLES, variables);
  const extra: unknown = Reflect.get(above, "extra");
  const config: unknown = typeof extra === "object" && extra !== null ? Reflect.get(extra, CHILD_CONFIG) : undefined;
  if (typeof config !== "object" || config === null) return;
  tree.extra = { ...tree.extra, [CHILD_CONFIG]: { ...config, ...callbacksUnder(tree, config) } };
}

function callbacksUnder(tree: NativeRun, config: object): { callbacks?: unknown } {
  const callbacks: unknown = Reflect.get(config, "callbacks");
  if (typeof callbacks !== "object" || callbacks === null || !Array.isArray(Reflect.get(callbacks, "handlers"))) {
    return {};
  }
  const copied: unknown = call(callbacks, "copy");
  if (typeof copied !== "object" || copied === null) return {};
  if (tree.tracingEnabled === false) return { callbacks: copied };
  Reflect.set(copied, "_parentRunId", tree.id);
  const handlers: unknown = Reflect.get(copied, "handlers");
  if (Array.isArray(handlers)) {
    for (const handler of handlers) {
      if (handler?.name === "langchain_tracer") call(handler, "updateFromRunTree", tree);
    }
  }
  return { callbacks: copied };
}

function call(target: object, method: string, ...args: unknown[]): unknown {
  const fn: unknown = Reflect.get(target, method);
  return typeof fn === "function" ? Reflect.apply(fn, target, args) : undefined;
}
