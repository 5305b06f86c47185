// The bridge's build: ESM and CommonJS with types for both, and one inert module for Next.js's edge runtime. The state
// that the two copies must share lies on globalThis, so it does not matter which of them a program meets first.
import { existsSync } from "node:fs";
import { defineConfig } from "tsup";

/** What package.json's `exports` and `bin` name: every entry a file. */
const entries = {
  index: "src/index.ts",
  register: "src/register.ts",
  traceable: "src/traceable.ts",
  run_trees: "src/run_trees.ts",
  worker: "src/worker.ts",
  langsmith: "src/langsmith.ts",
  edge: "src/edge.ts",
  "cli/main": "src/cli/main.ts",
};
const written = Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file)));
const { edge: _edge, "cli/main": _cli, ...typed } = written;

/** The optional peers stand in no list of ranges, by which tsup would know them: the application's own copy is meant. */
export const external = [/^langsmith(\/|$)/, /^@opentelemetry\//];

export default defineConfig({
  entry: written,
  format: ["esm", "cjs"],
  dts: { entry: typed },
  external,
  // One copy of each module a format, whichever entries a program imports: a RunTree is a RunTree everywhere.
  splitting: true,
  clean: true,
  target: "node20",
  platform: "node",
  shims: false,
});
