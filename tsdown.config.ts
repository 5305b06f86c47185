// The bridge's build: ESM and CommonJS with types for both, and one inert module for Next.js's edge runtime. The state
// that the two copies must share lies on globalThis, so it does not matter which of them a program meets first.
import { existsSync } from "node:fs";
import { defineConfig, type InlineConfig } from "tsdown";
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
  external: [/^langsmith(\/|$)/, /^@opentelemetry\//],
  // The syntax that every Node has on which the package runs: nothing is rewritten into calls of helpers.
  target: "node20.18",
  platform: "node",
  // `.js` and `.cjs`, as package.json names them.
  fixedExtension: false,
};

export default defineConfig({
  ...shared,
  entry: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file))),
  dts: true,
  clean: true,
});
