// The current run: which one it is, as a live run tree, and running something inside one.

import { type Context, context, createContextKey, type Span, trace } from "@opentelemetry/api";
import { NoRunTreeError } from "../errors.js";
import { getSettings, setSettings } from "../identity/context.js";
import { TREE } from "../shared.js";
import { authoredIn, primaryEntry, withAuthored } from "./authored-run.js";
import { contentOf, leaveContent } from "./content.js";
import type { AuthoredRun } from "./record.js";
import { isRunTree, RunTree } from "./run-tree.js";
import { contextUnder } from "./run-tree-place.js";
import { Adopted, aboveOf } from "./run-tree-state.js";

interface CurrentTree {
  readonly tree: RunTree;
  /** The active span when it was set: a span started since then is nearer. */
  readonly spanId: string | undefined;
}

const CURRENT_TREE = createContextKey("otel-langsmith.current-tree");

/** The live run tree of a run that is running. */
export function treeOf(run: AuthoredRun): RunTree {
  if (isRunTree(run.tree)) return run.tree;
  const { content } = run;
  const tree = new RunTree(
    new Adopted(
      run,
      {
        name: content.name ?? "<lambda>",
        ...(content.run_type && { run_type: content.run_type }),
        ...(content.tags && { tags: content.tags }),
        ...(content.inputs && { inputs: content.inputs }),
        ...(content.reference_example_id && { reference_example_id: content.reference_example_id }),
        metadata: run.metadata,
        extra: {
          ...content.extra,
          ...(content.invocation_params && { invocation_params: content.invocation_params }),
          ...(content.runtime && { runtime: content.runtime }),
        },
      },
      "made",
      parentTreeOf(run),
    ),
  );
  if (content.outputs) tree[TREE].outputs = content.outputs;
  if (content.events) tree.events = content.events;
  run.tree = tree;
  return tree;
}

function parentTreeOf({ startedUnder, place }: AuthoredRun): RunTree | undefined {
  if (!startedUnder) return undefined;
  const parent = "span" in startedUnder ? treeOf(startedUnder) : startedUnder;
  return isRunTree(parent) && parent.id === place.parentRunId ? parent : undefined;
}

const views = new WeakMap<Span, RunTree>();

/** A run that an instrumentation made, as a tree: its metadata, tags, inputs and outputs can be set, its end is its own. */
function viewOf(span: Span): RunTree | undefined {
  const seen = views.get(span);
  if (seen) return seen;
  const entry = primaryEntry(span);
  if (!entry?.node) return undefined;
  const { node } = entry;
  if (!entry.isKept) return RunTree.fromDottedOrder(node.dottedOrder);
  const content = contentOf(span) ?? {};
  leaveContent(span, content);
  const run: AuthoredRun = {
    span,
    content,
    place: node,
    project: node.project,
    metadata: {},
    tree: undefined,
    startedUnder: undefined,
    asAttributes: false,
    client: undefined,
    clients: undefined,
    hasEnded: false,
  };
  const name: unknown = Reflect.get(span, "name");
  const tree = new RunTree(
    new Adopted<RunTree>(run, { name: typeof name === "string" ? name : "span" }, "foreign", undefined),
  );
  run.tree = tree;
  views.set(span, tree);
  return tree;
}

/** The current run tree of a context, or undefined. */
export function runTreeIn(at: Context): RunTree | undefined {
  if (getSettings(at)?.enabled === false) return undefined;
  const span = trace.getSpan(at);
  const set = at.getValue(CURRENT_TREE);
  if (isCurrentTree(set) && set.spanId === span?.spanContext().spanId) return set.tree;
  const authored = authoredIn(at);
  if (!span || authored?.span === span) return authored && treeOf(authored);
  const runId = primaryEntry(span)?.node?.runId;
  // Inside a span that was passed over, or that nobody knows, the run made by hand is still the nearest.
  if (authored && (runId === undefined || runId === authored.place.runId)) return treeOf(authored);
  return viewOf(span);
}

function isCurrentTree(value: unknown): value is CurrentTree {
  return typeof value === "object" && value !== null && "tree" in value && "spanId" in value;
}

/**
 * The run tree of the innermost run that is running: of a `traceable`, or of a span that an instrumentation started
 * inside it. It is live: metadata, tags, inputs and outputs can be read and set while it runs.
 *
 * @param optional true: undefined where there is none, instead of an error
 * @throws Error where there is none
 * @example
 * ```ts
 * const answer = traceable(async (question: string) => {
 *   getCurrentRunTree().metadata = { user };
 *   return ask(question);
 * });
 * ```
 */
export function getCurrentRunTree(optional: true): RunTree | undefined;
export function getCurrentRunTree(optional?: false): RunTree;
export function getCurrentRunTree(optional: boolean): RunTree | undefined;
export function getCurrentRunTree(optional = false): RunTree | undefined {
  const tree = runTreeIn(context.active());
  if (tree || optional) return tree;
  throw new NoRunTreeError();
}

/** A context inside a run tree, posted or not. */
export function contextInside(base: Context, tree: RunTree): Context {
  const run = tree[TREE]?.run;
  if (tree.tracingEnabled === false) return setSettings(base, { enabled: false });
  const above = aboveOf(tree);
  if (run && tree[TREE].origin === "made") {
    return withAuthored(run.clients ? setSettings(base, { clients: run.clients }) : base, run);
  }
  const inside = above ? contextUnder(base, above) : base;
  const current: CurrentTree = { tree, spanId: trace.getSpanContext(inside)?.spanId };
  return inside.setValue(CURRENT_TREE, current);
}

/** Runs a function inside a run tree, posted or not: what is traced in it hangs under that run. */
export function withRunTree<Result>(runTree: RunTree, fn: () => Result): Promise<Awaited<Result>> {
  return new Promise((resolve, reject) => {
    context.with(contextInside(context.active(), runTree), () => {
      void Promise.resolve()
        .then(fn)
        .then((value) => resolve(value as Awaited<Result>), reject);
    });
  });
}
