// The module hook behind register.mjs.
import { readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);
const entries = JSON.parse(readFileSync(new URL("entries.json", root), "utf8"));
const sources = new Map([
  ...Object.entries(entries).map(([name, file]) => [
    name === "index" ? "otel-langsmith" : `otel-langsmith/${name}`,
    file,
  ]),
  ["otel-langsmith-local", "local/src/index.ts"],
]);

/** @type {import("node:module").ResolveHook} */
export async function resolve(specifier, context, next) {
  const source = sources.get(specifier);
  return next(source === undefined ? specifier : new URL(source, root).href, context);
}
