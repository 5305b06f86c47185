// The bridge's build: ESM and CommonJS with types for both, and one inert module for Next.js's edge runtime. The state
// that the two copies must share lies on globalThis, so it does not matter which of them a program meets first.
import { builtinModules } from "node:module";
import { basename } from "node:path";
import { esmExternalRequirePlugin } from "rolldown/plugins";
import { defineConfig, type InlineConfig, type Rolldown } from "tsdown";
import listed from "./entries.json" with { type: "json" };

/** What package.json's `exports` (made of the same list) and `bin` name: every entry a file. */
const entries = {
  ...listed,
  edge: "src/edge.ts",
  "cli/main": "src/cli/main.ts",
};

/** What the tests build with, too. One copy of each module a format: a RunTree is a RunTree everywhere. */
export const shared: InlineConfig = {
  format: ["esm", "cjs"],
  // The optional peers stand in no list of ranges, by which they would be known: the application's own copy is meant.
  deps: { neverBundle: [/^langsmith(\/|$)/, /^@opentelemetry\//] },
  // The syntax that every Node has on which the package runs: nothing is rewritten into calls of helpers.
  target: "node20.18",
  platform: "node",
  // `.js` and `.cjs`, as package.json names them.
  fixedExtension: false,
};

/** Parts that stand on packages of CommonJS, under the names that package.json's `imports` has for them. */
const parts: Record<string, string> = {
  "#undici": "src/service/undici-parts.ts",
  "#context-manager": "src/register/context-manager-parts.ts",
};
const partEntries = Object.fromEntries(Object.values(parts).map((file) => [basename(file, ".ts"), file]));

/** Leaves a part to `imports`: Node gets the packages themselves, a bundler (condition `module`) a copy as ES module. */
const partsByName: Rolldown.Plugin = {
  name: "parts-by-name",
  resolveId(source, importer) {
    if (!importer) return null;
    const name = Object.keys(parts).find((part) => source.endsWith(`/${basename(parts[part] ?? "", ".ts")}.js`));
    return name === undefined ? null : { id: name, external: true };
  },
};

/** What the tests build with, too: what Node loads. */
export const forNode: InlineConfig = {
  ...shared,
  entry: { ...entries, ...partEntries },
  plugins: [partsByName],
};

/** undici asks for it and can do without; Node 20 has none, and an import of it would be an error there. */
const withoutSqlite: Rolldown.Plugin = {
  name: "without-sqlite",
  resolveId: (source) => (source === "node:sqlite" ? "\0sqlite.cjs" : null),
  load: (id) =>
    id === "\0sqlite.cjs"
      ? 'throw Object.assign(new Error("No node:sqlite"), { code: "ERR_UNKNOWN_BUILTIN_MODULE" }); module.exports = {};'
      : null,
};

/** The parts, whole: an ES module has no `require`, so what they require of Node is imported. */
export const forBundlers: InlineConfig = {
  ...shared,
  entry: Object.fromEntries(Object.entries(partEntries).map(([name, file]) => [`bundled/${name}`, file])),
  format: ["esm"],
  deps: { alwaysBundle: [/^undici/, /context-async-hooks/, "@opentelemetry/api"], onlyBundle: false },
  banner:
    "/*! With parts of undici, (c) Matteo Collina and Undici contributors, MIT, and of @opentelemetry/context-async-hooks, (c) The OpenTelemetry Authors, Apache-2.0. */",
  plugins: [
    withoutSqlite,
    esmExternalRequirePlugin({ external: [/^node:(?!sqlite)/, ...builtinModules, "@opentelemetry/api"] }),
  ],
  dts: false,
};

export default defineConfig([
  { ...forNode, dts: true, clean: true },
  { ...forBundlers, clean: false },
]);
