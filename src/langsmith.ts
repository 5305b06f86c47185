// `otel-langsmith/langsmith`: one tree with what the native `langsmith` package traces in the same process.
import { RunTree } from "langsmith/run_trees";
import { type Joined, joinLangSmith as join } from "./langsmith/join.js";
import { useNativeClass } from "./langsmith/native-class.js";

export type { Joined } from "./langsmith/join.js";

/**
 * Joins the `langsmith` package with OpenTelemetry in this process: runs that it starts natively (LangGraph,
 * LangChain.js, `evaluate()`, its own `traceable`) under a span nest under the span's run, and spans started under a
 * native run nest under that, without headers. `otel-langsmith/register` and the first call of a `traceable` do it by
 * themselves; a program that has spans of OpenTelemetry alone calls it once, after the tracer provider is set up,
 * whether before or after `langsmith` is imported. Native runs are traced by the native package's own rules: with
 * `LANGSMITH_TRACING=true`.
 *
 * @example
 * ```ts
 * import { joinLangSmith } from "otel-langsmith/langsmith";
 * joinLangSmith();
 * ```
 */
export function joinLangSmith(): Joined {
  useNativeClass(RunTree);
  return join();
}
