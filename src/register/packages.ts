// Finds packages where the application would: the bridge depends on no SDK, so the SDK is the application's own.
import { createRequire } from "node:module";
import { join, sep } from "node:path";
import { diag } from "@opentelemetry/api";

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
  /** First from inside a package, then from where this one looks: for what belongs to that package's version. */
  from(found: FoundPackage | undefined): PackageFinder;
}

/** Packages that bring an SDK along without a strict package manager letting the application see it. */
const BRINGERS = [
  "@opentelemetry/sdk-node",
  "@opentelemetry/sdk-trace-node",
  "@opentelemetry/auto-instrumentations-node",
];

/** A finder that looks from the application: its main script, its working directory, then the bridge's own place. */
export function applicationPackages(): PackageFinder {
  const places = [...applicationPlaces(), ownPlace()];
  const bringers = BRINGERS.flatMap((name) => resolveFrom(places, name) ?? []);
  return finderFrom([...places, ...bringers]);
}

function finderFrom(places: readonly string[]): PackageFinder {
  return {
    find: (name) => findFrom(places, name),
    from: (found) => finderFrom(found ? [found.path, ...places] : places),
  };
}

function applicationPlaces(): string[] {
  const script = process.argv[1];
  // A tool's launcher (`next`, `tsx`) stands in node_modules: it is not the application, which is where it was started.
  const isApplication = script !== undefined && !script.includes(`${sep}node_modules${sep}`);
  return [...(isApplication ? [script] : []), join(process.cwd(), "package.json")];
}

function ownPlace(): string {
  // The ESM build has no __filename, the CommonJS build no import.meta.
  return typeof __filename === "string" ? __filename : import.meta.url;
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
    diag.warn(`otel-langsmith: ${name} was found at ${path} but does not load`, error);
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
