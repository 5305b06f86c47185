// The module hook behind register.mjs.
const root = new URL("../../", import.meta.url);
const sources = new Map([
  ["otel-langsmith", "src/index.ts"],
  ["otel-langsmith/register", "src/register.ts"],
  ["otel-langsmith/traceable", "src/traceable.ts"],
  ["otel-langsmith/run_trees", "src/run_trees.ts"],
  ["otel-langsmith/langsmith", "src/langsmith.ts"],
  ["otel-langsmith/worker", "src/worker.ts"],
  ["otel-langsmith-local", "local/src/index.ts"],
]);

/** @type {import("node:module").ResolveHook} */
export async function resolve(specifier, context, next) {
  const source = sources.get(specifier);
  return next(source === undefined ? specifier : new URL(source, root).href, context);
}
