// The authoring API at the edge: functions run as they are, untraced, and run trees remember what they are given.

import { Client } from "./client.js";

const SHARED = new Client();

type AnyFunction = (...args: never[]) => unknown;
type KeyValues = Record<string, unknown>;

import { LangSmithOptionError, NoRunTreeError } from "../errors.js";

export const ROOT: unique symbol = Symbol.for("langsmith:traceable:root");
const TRACEABLE = "langsmith:traceable";

/** The function itself, without the parent that its traced form takes as a first argument. */
export function traceable<Func extends AnyFunction>(wrapped: Func): Func {
  function untraced(this: unknown, ...args: unknown[]): unknown {
    const isParent = args[0] === ROOT || isRunTree(args[0]);
    return Reflect.apply(wrapped, this, isParent ? args.slice(1) : args);
  }
  Object.defineProperty(untraced, "name", { value: wrapped.name });
  const traced: unknown = Object.assign(untraced, { [TRACEABLE]: true, withConfig: () => traced });
  // It takes what the wrapped function takes, and returns what that returns.
  return traced as Func;
}

export function isTraceableFunction(value: unknown): boolean {
  return typeof value === "function" && TRACEABLE in value;
}

export function traceableClass<Class>(target: Class): Class {
  return target;
}

export function wrapOpenAI<OpenAI>(client: OpenAI): OpenAI {
  return client;
}

export function configureAuthoring(): void {}

export function getCurrentRunTree(optional = false): undefined {
  if (!optional) throw new NoRunTreeError();
}

export async function withRunTree<Result>(_runTree: unknown, fn: () => Result): Promise<Awaited<Result>> {
  return await fn();
}

export function startActiveRun<Result>(
  name: string,
  ...rest: [(run: RunTree) => Result] | [KeyValues, (run: RunTree) => Result]
): Result {
  const fn = rest.at(-1);
  if (typeof fn !== "function")
    throw new LangSmithOptionError("startActiveRun's last argument", "a function to run", fn);
  return fn(new RunTree({ name }));
}

export function startRun(name: string, options: KeyValues = {}): RunTree {
  return new RunTree({ ...options, name });
}

/** A run tree that is never sent. */
export class RunTree {
  readonly id: string;
  readonly trace_id: string;
  readonly dotted_order: string;
  readonly parent_run_id: string | undefined;
  readonly name: string;
  readonly run_type: string;
  inputs: KeyValues;
  outputs: KeyValues | undefined;
  error: string | undefined;
  metadata: KeyValues;
  tags: string[] | undefined;
  readonly child_runs: RunTree[] = [];

  constructor(config: KeyValues = {}) {
    const parent = isRunTree(config.parent_run) ? config.parent_run : undefined;
    const now = Date.now();
    this.id = typeof config.id === "string" ? config.id : uuid7FromTime(now);
    this.trace_id = parent?.trace_id ?? this.id;
    this.parent_run_id = parent?.id;
    const time = `${new Date(now).toISOString().replace(/[-:.Z]/g, "")}000Z`;
    this.dotted_order = `${parent ? `${parent.dotted_order}.` : ""}${time}${this.id}`;
    this.name = String(config.name ?? "<lambda>");
    this.run_type = String(config.run_type ?? "chain");
    this.inputs = keyValues(config.inputs);
    this.metadata = keyValues(config.metadata);
  }

  get client(): Client {
    return SHARED;
  }

  createChild(config: KeyValues): RunTree {
    const child = new RunTree({ ...config, parent_run: this });
    this.child_runs.push(child);
    return child;
  }

  async postRun(): Promise<void> {}
  async patchRun(): Promise<void> {}

  async end(outputs?: KeyValues, error?: string): Promise<void> {
    this.outputs = outputs ?? this.outputs;
    this.error = error ?? this.error;
  }

  addEvent(): void {}

  toHeaders(): KeyValues {
    return {};
  }

  toJSON(): KeyValues {
    const { id, trace_id, dotted_order, name, run_type, inputs, outputs, error } = this;
    return { id, trace_id, dotted_order, name, run_type, inputs, outputs, error };
  }

  static getSharedClient(): Client {
    return SHARED;
  }
  static fromHeaders(): undefined {}
  static fromDottedOrder(): undefined {}
  static fromRunnableConfig(_config: unknown, props: KeyValues): RunTree {
    return new RunTree(props);
  }
  static fromRun(run: KeyValues): RunTree {
    return new RunTree(run);
  }
  static async fromRunId(id: string): Promise<RunTree> {
    return new RunTree({ id });
  }
}

// `using` asks for Symbol.dispose, which not every runtime has.
if (Symbol.dispose) Object.defineProperty(RunTree.prototype, Symbol.dispose, { value: () => {} });

export function isRunTree(value: unknown): value is RunTree {
  return value instanceof RunTree;
}

export function isRunnableConfigLike(): boolean {
  return false;
}

/** A UUID v7 of now. */
export function uuid7(): string {
  return uuid7FromTime(Date.now());
}

/** A UUID v7 of a time: milliseconds since the epoch, a Date, or ISO 8601. */
export function uuid7FromTime(time: number | Date | string): string {
  const millis = Math.max(0, new Date(time).getTime() || 0);
  const prefix = millis.toString(16).padStart(12, "0");
  const random = crypto.randomUUID();
  // A random UUID's own variant digit and tail stand behind the time and the version.
  return `${prefix.slice(0, 8)}-${prefix.slice(8)}-7${random.slice(15)}`;
}

function keyValues(value: unknown): KeyValues {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
