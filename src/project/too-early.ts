// Libraries that were loaded before register was called: it could not instrument them.

import { readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type Slot, sharedSlot } from "../shared.js";
import { warnOnce } from "../warnings.js";

function slot(): Slot<readonly string[]> {
  return sharedSlot("loadedTooEarly");
}

/** Modules that were loaded before register, as far as that can be seen; register notes them. */
export function loadedTooEarly(): readonly string[] {
  return slot().value ?? [];
}

/**
 * Notes which of the modules are loaded already: CommonJS modules stand in the cache of `require`; of ES modules only the
 * imports of the file that calls register can be known, since they are loaded before its first line runs.
 *
 * @param caller a stack at the call of register
 */
export function noteLoaded(modules: readonly string[], caller: string | undefined): void {
  const cached = Object.keys(createRequire(join(process.cwd(), "x.js")).cache);
  const imported = importsOf(caller);
  const loaded = [...new Set(modules)].filter(
    (name) =>
      !isBuiltin(name) &&
      (imported.has(name) || cached.some((path) => path.includes(`${sep}node_modules${sep}${name}${sep}`))),
  );
  slot().value = loaded;
}

/** The packages that the first file of a stack outside the bridge imports statically. */
function importsOf(stack: string | undefined): ReadonlySet<string> {
  for (const [, url = ""] of (stack ?? "").matchAll(/(file:\/\/[^\s)]+?):\d+:\d+/g)) {
    if (url.includes("/otel-langsmith/dist/")) continue;
    try {
      const text = readFileSync(fileURLToPath(url), "utf8").slice(0, 100_000);
      const names = [...text.matchAll(/^import\b[^"'\n;]{0,500}["']([^"'\n]+)["']/gm)].flatMap(
        ([, name]) => name ?? [],
      );
      return new Set(
        names.map((name) =>
          name
            .split("/")
            .slice(0, name.startsWith("@") ? 2 : 1)
            .join("/"),
        ),
      );
    } catch {
      // A file that cannot be read says nothing.
    }
    return new Set();
  }
  return new Set();
}

export function warnOfLateRegister(names: readonly string[]): void {
  warnOnce(
    "LSB_WARN_LATE_REGISTER",
    `${names.join(", ")} ${names.length === 1 ? "was" : "were"} loaded before otel-langsmith's register was called, and ${names.length === 1 ? "is" : "are"} not instrumented. Start the program with \`node --import otel-langsmith/register\` (CommonJS: --require), or call register() in a file of its own that is loaded first.`,
  );
}
