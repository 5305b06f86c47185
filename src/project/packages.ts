// Finds packages where the application would: the bridge depends on no SDK, so the SDK is the application's own.

import { createRequire } from "node:module";
import { isAbsolute, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { diag } from "@opentelemetry/api";
import { placeOfThrown } from "../thrown.js";

/** A package that was found and loaded. */
export interface FoundPackage {
  readonly name: string;
  /** Its entry file: what it depends on is found from there. */
  readonly path: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Looks for packages from several places, in order. */
export interface PackageFinder {
  find(name: string): FoundPackage | undefined;
  /** Where a package's entry file is, without loading it. */
  locate(name: string): string | undefined;
  /** First from inside a package (its entry file), then from where this one looks: for what it depends on. */
  from(path: string | undefined): PackageFinder;
}

/** A finder that looks from the application: its main script, its working directory, then its preloads. */
export function applicationPackages(): PackageFinder {
  return finderFrom([...applicationPlaces(), ...preloadPlaces()]);
}

function finderFrom(places: readonly string[]): PackageFinder {
  return {
    find: (name) => findFrom(places, name),
    locate: (name) => resolveFrom(places, name),
    from: (path) => finderFrom(path === undefined ? places : [path, ...places]),
  };
}

/** Where the application is: its main script, and its working directory. */
export function applicationPlaces(): string[] {
  const script = process.argv[1];
  // A tool's launcher (`next`, `tsx`) stands in node_modules: it is not the application, which is where it was started.
  const isApplication = script !== undefined && !script.includes(`${sep}node_modules${sep}`);
  return [...(isApplication ? [script] : []), join(process.cwd(), "package.json")];
}

/**
 * Where the preloads of the command line stand that are given by their path: whoever injects the bridge into a process
 * from a folder outside the application has the SDK there, too.
 */
function preloadPlaces(): string[] {
  const words = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(/\s+/)];
  return words.flatMap((word) => {
    const path = word.replace(/^--(?:import|require)=/, "");
    if (isAbsolute(path)) return [path];
    return path.startsWith("file://") && URL.canParse(path) ? [fileURLToPath(path)] : [];
  });
}

function resolveFrom(places: readonly string[], name: string): string | undefined {
  for (const place of places) {
    try {
      return createRequire(place).resolve(name);
    } catch {
      // Not from here: the next place may see it.
    }
  }
  return undefined;
}

function findFrom(places: readonly string[], name: string): FoundPackage | undefined {
  const path = resolveFrom(places, name);
  if (path === undefined) return undefined;
  try {
    const exports: unknown = createRequire(path)(path);
    if (typeof exports !== "object" || exports === null) return undefined;
    return { name, path, exports: { ...exports } };
  } catch (error) {
    diag.warn(`otel-langsmith: ${name} was found at ${path} but does not load (${placeOfThrown(error)})`);
    return undefined;
  }
}

/** A class that a package exports, or undefined where it has none of that name. */
export function classIn<Arguments extends unknown[], Instance>(
  found: FoundPackage | undefined,
  name: string,
): (new (...args: Arguments) => Instance) | undefined {
  const value = found?.exports[name];
  // What a foreign package's class takes cannot be checked, only that it is callable: the caller names its contract.
  return typeof value === "function" ? (value as new (...args: Arguments) => Instance) : undefined;
}

/** A function that a package exports, or undefined where it has none of that name. */
export function functionIn<Arguments extends unknown[], Result>(
  found: FoundPackage | undefined,
  name: string,
): ((...args: Arguments) => Result) | undefined {
  const value = found?.exports[name];
  return typeof value === "function" ? (value as (...args: Arguments) => Result) : undefined;
}
