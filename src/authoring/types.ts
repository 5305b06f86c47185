// The types of traceable: its config, and a function that keeps its own type and takes a parent before its arguments.
import type { Tracer } from "@opentelemetry/api";
import type { KVMap } from "../wire/run.js";
import type { RunTree, RunTreeConfig } from "./run-tree.js";
import type { Attachments } from "./run-tree-config.js";
import type { RunnableConfigLike } from "./runnable-config.js";

/** Given as the parent: the run roots a trace of its own. */
export const ROOT: unique symbol = Symbol.for("langsmith:traceable:root");

// `any`, since parameters of a function literal are inferred from this constraint where the user writes no types.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyFunction = (...args: any[]) => any;

// An interface is no Record<string, unknown>, but one of `any`.
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyObject = Record<string, any>;

/** What `processInputs` is given: one object as it is, one other argument as `input`, several as `args`. */
export type ProcessInputs<Args extends unknown[]> = Args extends []
  ? Record<string, never>
  : Args extends [infer Input]
    ? Input extends AnyObject
      ? Input extends Iterable<infer Item> | AsyncIterable<infer Item>
        ? { input: Item[] }
        : Input
      : { input: Input }
    : { args: Args };

/** What `processOutputs` is given: an object as it is, anything else as `outputs`. */
export type ProcessOutputs<Value> = Value extends AnyObject
  ? Value extends Iterable<infer Item> | AsyncIterable<infer Item>
    ? { outputs: Item[] }
    : Value
  : { outputs: Value };

/** Options of {@link traceable}; every name is the langsmith package's. */
export interface TraceableConfig<Func extends AnyFunction = AnyFunction>
  extends Partial<Omit<RunTreeConfig, "inputs" | "outputs" | "parent_run" | "parent_run_id" | "dotted_order">> {
  /** Makes one output of a stream's chunks; it may be asynchronous. Default: the list of them. */
  // biome-ignore lint/suspicious/noExplicitAny: the chunks are the user's own
  aggregator?: (chunks: any[]) => any;
  /** Where among the arguments a config of the one call stands (`[1, "langsmithExtra"]`); it is not recorded. */
  argsConfigPath?: [number] | [number, string];
  /** Under this name stands, in the object that the function gives, the stream that the run ends with. */
  __finalTracedIteratorKey?: string;
  /** How deep among plain objects and lists of the arguments streams, generators and promises are watched. Default 0. */
  __deferredSerializableArgOptions?: { depth?: number; maxDepth?: number };
  /** A tracer of another provider. Default: see `configureAuthoring`. */
  tracer?: Tracer;
  /** Called before the function. What it throws is said and ignored. */
  on_start?: (runTree: RunTree | undefined) => void;
  /** Takes files out of the arguments: the files, and the inputs that remain. */
  extractAttachments?: (...args: Parameters<Func>) => [Attachments | undefined, KVMap];
  /** Metadata read from the arguments: `ls_provider`, `ls_model_name` and their like. */
  getInvocationParams?: (...args: Parameters<Func>) => KVMap | undefined;
  /** What is recorded of the inputs, instead of them; it may be asynchronous and must not change them. */
  processInputs?: (inputs: Readonly<ProcessInputs<Parameters<Func>>>) => KVMap | Promise<KVMap>;
  /** What is recorded of the outputs, instead of them; it may be asynchronous and must not change them. */
  processOutputs?: (outputs: Readonly<ProcessOutputs<Awaited<ReturnType<Func>>>>) => KVMap | Promise<KVMap>;
}

/** A config whose functions are called with what its own type promised, where that type is no longer known. */
export type LooseConfig = Omit<
  TraceableConfig,
  "extractAttachments" | "getInvocationParams" | "processInputs" | "processOutputs"
> & {
  /** What a result says of the failure of what it is the result of; wrappers know their answers. Must not throw. */
  errorIn?: (result: unknown) => string | undefined;
  extractAttachments?: (...args: unknown[]) => [Attachments | undefined, KVMap];
  getInvocationParams?: (...args: unknown[]) => KVMap | undefined;
  processInputs?: (inputs: KVMap) => KVMap | Promise<KVMap>;
  processOutputs?: (outputs: KVMap) => KVMap | Promise<KVMap>;
};

type Rest<Args extends unknown[]> = Args extends [RunTree, ...infer Others] ? Others : Args;

/**
 * A traced function: the function's own type, which may also be called with a parent before its arguments: a run
 * tree, {@link ROOT}, or a RunnableConfig. What it returns is what the function returns: sync stays sync.
 */
export type TraceableFunction<Func extends AnyFunction> = {
  (parent: RunTree | typeof ROOT, ...args: Rest<Parameters<Func>>): ReturnType<Func>;
  (config: RunnableConfigLike, ...args: Parameters<Func>): ReturnType<Func>;
} & Func & {
    /** The same function with a config laid over its own: a custom id for one call, other metadata or tags. */
    withConfig(config: Partial<TraceableConfig<Func>>): TraceableFunction<Func>;
  };
