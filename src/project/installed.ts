// What is installed in the application's folder: read from package.json files, without loading anything.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { applicationPlaces } from "./packages.js";

/** A package.json, as far as it is read here. */
interface Manifest {
  readonly version?: unknown;
  readonly dependencies?: unknown;
  readonly devDependencies?: unknown;
}

/** The application's own package.json, and its folder. */
export interface Project {
  readonly folder: string;
  /** What its dependencies name; empty where there is no package.json. */
  readonly dependencies: ReadonlySet<string>;
}

/** The nearest package.json above the main script, or above the working directory. */
export function applicationProject(): Project {
  for (const place of applicationPlaces()) {
    for (const folder of foldersAbove(place)) {
      const manifest = readManifest(join(folder, "package.json"));
      if (!manifest) continue;
      const names = [manifest.dependencies, manifest.devDependencies].flatMap(keysOf);
      return { folder, dependencies: new Set(names) };
    }
  }
  return { folder: process.cwd(), dependencies: new Set() };
}

/** The version of a package as the application sees it; undefined where it is not installed. */
export function installedVersion(name: string, places: readonly string[] = applicationPlaces()): string | undefined {
  return installedFolder(name, places)?.version;
}

/** Where a package is installed that is seen from a file, and its version. */
export function installedFolder(
  name: string,
  places: readonly string[] = applicationPlaces(),
): { readonly folder: string; readonly version: string } | undefined {
  for (const place of places) {
    for (const above of foldersAbove(place)) {
      const folder = join(above, "node_modules", name);
      const version = readManifest(join(folder, "package.json"))?.version;
      if (typeof version === "string") return { folder, version };
    }
  }
  return undefined;
}

/** The command that installs packages with the package manager whose lock file stands in the project. */
export function installCommand({ folder }: Pick<Project, "folder">, packages: readonly string[]): string {
  const [, command] = LOCK_FILES.find(([file]) => existsSync(join(folder, file))) ?? [];
  return `${command ?? "npm install"} ${packages.join(" ")}`;
}

const LOCK_FILES: readonly (readonly [file: string, command: string])[] = [
  ["pnpm-lock.yaml", "pnpm add"],
  ["yarn.lock", "yarn add"],
  ["bun.lock", "bun add"],
  ["bun.lockb", "bun add"],
];

function* foldersAbove(file: string): Generator<string> {
  let folder = dirname(file);
  for (;;) {
    yield folder;
    const above = dirname(folder);
    if (above === folder) return;
    folder = above;
  }
}

function readManifest(path: string): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    // Absent, or broken: the next folder may have one.
    return undefined;
  }
}

function keysOf(value: unknown): string[] {
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}
