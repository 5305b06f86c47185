// Dispatchers: the caller's own, or one that is made when it is first needed.
import { createAgent, type Dispatcher, isProxied } from "./undici.js";

/** The dispatcher to use, and how to close it: the caller's own is never closed. */
export interface OpenDispatcher {
  readonly get: () => Dispatcher;
  readonly close: () => Promise<void>;
}

/** Made late: a process that never sends opens nothing. */
export function openDispatcher(given: Dispatcher | undefined): OpenDispatcher {
  if (given) return { get: () => given, close: async () => {} };
  let own: Dispatcher | undefined;
  return {
    get() {
      own ??= createAgent();
      return own;
    },
    async close() {
      await own?.destroy();
    },
  };
}

const shared = new Map<boolean, Dispatcher>();

/** For requests that nobody closes anything after: one a process, made at the first, and again where a proxy is named. */
export function sharedDispatcher(): Dispatcher {
  const key = isProxied();
  const dispatcher = shared.get(key) ?? createAgent();
  shared.set(key, dispatcher);
  return dispatcher;
}

/** By shape: the application may have an undici of its own. */
export function isDispatcher(value: unknown): value is Dispatcher {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "dispatch") === "function";
}
