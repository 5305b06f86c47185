// A block, or a stretch of code, as a run: with a function, or with `using`.

import { context } from "@opentelemetry/api";
import { LangSmithOptionError } from "../errors.js";
import type { KVMap } from "../wire/run.js";
import { runTreeIn } from "./current.js";
import { RunTree, type RunTreeConfig } from "./run-tree.js";
import { postTreeNow } from "./run-tree-send.js";
import { traceable } from "./traceable.js";
import { hasBridge } from "./tracer.js";

/** Options of a block: a run tree's, without what the block itself says. */
export type ActiveRunOptions = Partial<Omit<RunTreeConfig, "name" | "dotted_order" | "parent_run_id" | "end_time">> & {
  /** Set as outputs, they stay; else what the block returns is the output. */
  readonly outputs?: KVMap;
};

/**
 * Runs a block as a run. The block gets its live run tree; what it returns is the run's output, unless it ended the
 * run with outputs of its own; what it throws is the run's error, and goes on.
 *
 * @example
 * ```ts
 * const answer = await startActiveRun("Chat Pipeline", { inputs: { question } }, async (run) => {
 *   const answer = await chat(question);
 *   await run.end({ output: answer });
 *   return answer;
 * });
 * ```
 */
export function startActiveRun<Result>(name: string, fn: (run: RunTree) => Result): Result;
export function startActiveRun<Result>(name: string, options: ActiveRunOptions, fn: (run: RunTree) => Result): Result;
export function startActiveRun<Result>(
  name: string,
  given: ActiveRunOptions | ((run: RunTree) => Result),
  then?: (run: RunTree) => Result,
): Result {
  const options = typeof given === "function" ? {} : given;
  const fn = typeof given === "function" ? given : then;
  if (typeof fn !== "function")
    throw new LangSmithOptionError("startActiveRun's last argument", "a function to run", fn);
  const { inputs = {}, outputs: _outputs, parent_run, ...config } = options;
  let tree: RunTree | undefined;
  const block = traceable(
    () => fn(tree ?? runTreeIn(context.active()) ?? new RunTree({ name, tracingEnabled: false })),
    {
      ...config,
      name,
      processInputs: () => inputs,
      processOutputs: (returned) => tree?.outputs ?? returned,
      on_start: (started) => {
        tree = started;
      },
    },
  );
  return parent_run ? block(parent_run) : block();
}

/** A run tree that ends with its block. */
export type StartedRun = RunTree & Disposable;

/**
 * Starts a run under the current one; `using` ends it where its block is left. It is not made the current run: what
 * hangs under it is its `createChild`, or runs in `withRunTree(run, …)`.
 *
 * @example
 * ```ts
 * using run = startRun("load", { run_type: "tool", inputs: { path } });
 * await run.end({ rows });
 * ```
 */
export function startRun(name: string, options: ActiveRunOptions = {}): StartedRun {
  const parent = options.parent_run ?? runTreeIn(context.active());
  const config: RunTreeConfig = { ...options, name };
  const tree = parent ? parent.createChild(config) : new RunTree(config);
  if (options.tracingEnabled !== false && hasBridge("startRun")) postTreeNow(tree);
  const end = () => {
    void tree.end();
    void tree.patchRun();
  };
  return Object.assign(tree, { [Symbol.dispose]: end });
}
