// `otel-langsmith/worker`: what a worker thread does hangs under the run that asked for it.

import type { MessagePort, Worker } from "node:worker_threads";
import { bridges } from "./bridges.js";
import { LangSmithOptionError } from "./errors.js";

import { CARRYING } from "./shared.js";
import { carry, carryTask, within } from "./worker/carry.js";

/** Anything that takes messages: a `Worker`, a `MessagePort`, a `BroadcastChannel`. */
export interface Posting {
  postMessage(message: unknown, ...rest: never[]): void;
}

/**
 * Makes every message that is posted to a worker (or port) carry the place of the run it was posted under. The worker
 * reads it with {@link onMessage} or {@link traced}. Posting opens a held trace.
 *
 * @returns the same worker
 * @example
 * ```ts
 * const worker = traceWorker(new Worker(new URL("./worker.js", import.meta.url)));
 * worker.postMessage({ document }); // inside a span
 * ```
 */
export function traceWorker<W extends Worker | MessagePort | Posting>(worker: W): W {
  if (Reflect.get(worker, CARRYING) === true) return worker;
  const post: unknown = Reflect.get(worker, "postMessage");
  if (typeof post !== "function")
    throw new LangSmithOptionError("traceWorker's worker", "something with postMessage", worker);
  Object.defineProperty(worker, "postMessage", {
    configurable: true,
    writable: true,
    value: (message: unknown, ...rest: unknown[]) => Reflect.apply(post, worker, [carry(message), ...rest]),
  });
  Object.defineProperty(worker, CARRYING, { value: true });
  return worker;
}

/**
 * Makes every task that is given to a pool carry the place of the run it was given under. It wraps the method that
 * takes the task as its first argument (`run` of piscina and tinypool); the worker's function is wrapped by
 * {@link traced}.
 *
 * @param method the pool's method. Default `run`
 * @returns the same pool
 * @example
 * ```ts
 * const pool = tracePool(new Piscina({ filename }));
 * const parts = await Promise.all(chunks.map((chunk) => pool.run(chunk)));
 * ```
 */
export function tracePool<P extends object>(pool: P, method = "run"): P {
  const run: unknown = Reflect.get(pool, method);
  if (typeof run !== "function")
    throw new LangSmithOptionError("tracePool's method", "the name of a method of the pool", method);
  Object.defineProperty(pool, method, {
    configurable: true,
    writable: true,
    value: (task: unknown, ...rest: unknown[]) => Reflect.apply(run, pool, [carryTask(task), ...rest]),
  });
  return pool;
}

/** Options of {@link traced}. */
export interface TracedOptions {
  /**
   * How long an answer waits, at the most, until the runs of its task are sent; milliseconds. For pools that end their
   * threads without asking them: piscina and tinypool do, when a pool is closed and when it shrinks, and what a thread
   * has not sent by then is lost. Default 0: answers do not wait.
   */
  readonly flushMillis?: number;
}

/**
 * Wraps a worker's function so that it gets the plain message, and what it starts hangs under the caller. A message
 * that carries nothing is handed on as it is.
 *
 * @example
 * ```ts
 * export default traced(async (chunk: string) => summarize(chunk), { flushMillis: 2000 });
 * ```
 */
export function traced<T, A extends unknown[], R>(fn: (task: T, ...rest: A) => R): (task: T, ...rest: A) => R;
export function traced<T, A extends unknown[], R>(
  fn: (task: T, ...rest: A) => R,
  options: TracedOptions,
): (task: T, ...rest: A) => Promise<Awaited<R>>;
export function traced<T, A extends unknown[], R>(
  fn: (task: T, ...rest: A) => R,
  options?: TracedOptions,
): (task: T, ...rest: A) => R | Promise<Awaited<R>> {
  const { flushMillis = 0 } = options ?? {};
  if (typeof flushMillis !== "number" || !(flushMillis >= 0)) {
    throw new LangSmithOptionError("flushMillis", "a number of milliseconds, 0 or more", flushMillis);
  }
  function work(this: unknown, task: T, ...rest: A): R {
    return within(task, (value) => Reflect.apply(fn, this, [value, ...rest]));
  }
  if (!options) return work;
  return async function flushed(this: unknown, task: T, ...rest: A): Promise<Awaited<R>> {
    try {
      return await Reflect.apply(work, this, [task, ...rest]);
    } finally {
      if (flushMillis > 0) await flushWithin(flushMillis);
    }
  };
}

async function flushWithin(millis: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    if (Number.isFinite(millis)) timer = setTimeout(resolve, millis);
  });
  await Promise.race([Promise.allSettled(bridges().map((bridge) => bridge.forceFlush())), late]);
  clearTimeout(timer);
}

/**
 * Listens to a port (`parentPort` in a worker) so that each message's handler runs under the run it was posted under.
 *
 * @returns a function that stops listening
 * @example
 * ```ts
 * onMessage(parentPort, async ({ document }) => parentPort?.postMessage(await summarize(document)));
 * ```
 */
export function onMessage(
  port: Pick<MessagePort, "on" | "off"> | null,
  handler: (message: unknown) => unknown,
): () => void {
  if (!port) throw new LangSmithOptionError("onMessage's port", "a port (parentPort is null in the main thread)", port);
  const listen = (message: unknown) => void within(message, handler);
  port.on("message", listen);
  return () => void port.off("message", listen);
}

export { type Carried, carry } from "./worker/carry.js";
