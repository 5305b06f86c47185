// The RunTree class of the application's own `langsmith` package: found when it is there, since not every application
// has one, and some have two (ESM and CommonJS).

import { createRequire } from "node:module";
import { applicationPackages } from "../project/packages.js";
import { TREE } from "../shared.js";
import type { NativeRun } from "./native-run.js";

/** How a RunTree of the `langsmith` package is made. */
export type NativeClass = new (config: object) => unknown;

const NAME = "langsmith/run_trees";

let known: NativeClass | undefined;
let located: string | undefined | null = null;
let isLoading = false;

/** Names the class: `otel-langsmith/langsmith` imports it. */
export function useNativeClass(RunTree: unknown): void {
  if (isRunTreeClass(RunTree)) known ??= RunTree;
}

/** Takes the class from a run of the application's. */
export function learnNativeClass(run: NativeRun): void {
  if (known || TREE in run) return;
  const made: unknown = run.constructor;
  if (isRunTreeClass(made)) known = made;
}

/** Whether the application has the package: it is looked for once, and not loaded. */
export function isNativeInstalled(): boolean {
  return locate() !== undefined;
}

/** The class, where it is known or the application has loaded it by CommonJS; `orLoaded`: by loading it so at once. */
export function nativeClass(orLoaded = false): NativeClass | undefined {
  if (known) return known;
  const path = locate();
  if (path === undefined) return undefined;
  const require = createRequire(path);
  if (orLoaded || require.cache[path]) known = classOf(safely(() => require(path)));
  return known;
}

/** Loads the class as an ES module, which is what most applications have loaded. Never rejects. */
export function loadNativeClass(): void {
  if (isLoading || nativeClass()) return;
  isLoading = true;
  // A bundler must not look for a package that may not be there: Turbopack finds out what a variable holds.
  import(/* webpackIgnore: true */ /* @vite-ignore */ NAME).then(
    (module: unknown) => {
      known ??= classOf(module);
    },
    () => undefined,
  );
}

function locate(): string | undefined {
  if (located === null) located = safely(() => applicationPackages().locate(NAME)) ?? undefined;
  return located;
}

function classOf(module: unknown): NativeClass | undefined {
  const found: unknown = typeof module === "object" && module !== null ? Reflect.get(module, "RunTree") : undefined;
  return isRunTreeClass(found) ? found : undefined;
}

function isRunTreeClass(value: unknown): value is NativeClass {
  return typeof value === "function" && typeof value.prototype?.createChild === "function" && "fromHeaders" in value;
}

function safely<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
