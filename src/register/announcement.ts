// The one line that register prints: where runs go.
import { isMainThread } from "node:worker_threads";
import { isLocalAddress, type ResolvedOptions } from "../options/options.js";

/** What register did: it is off by a variable, or it set this up. */
export type Announcement =
  | { readonly disabledBy: string }
  | {
      readonly resolved: ResolvedOptions;
      /** Other exporters, as the environment names them. */
      readonly exporters: readonly string[];
      /** GenAI libraries, each with how it is traced. */
      readonly libraries: readonly string[];
      /** What to do where content would stay away. */
      readonly content: string | undefined;
      /** How many are on; where the package is not installed, the command that installs it. */
      readonly instrumentations: number | string;
    };

/** Prints the line to standard error, which is nobody's output; worker threads, which register too, stay silent. */
export function announce(what: Announcement): void {
  if (!isMainThread) return;
  try {
    process.stderr.write(`otel-langsmith: ${lineOf(what)}\n`);
  } catch {
    // A closed standard error is no reason to fail.
  }
}

/** The line without its prefix. */
export function lineOf(what: Announcement): string {
  if ("disabledBy" in what) return `nothing is registered (${what.disabledBy})`;
  const { resolved, exporters, libraries, content, instrumentations } = what;
  const parts = [whereOf(resolved)];
  if (exporters.length > 0) parts.push(`spans go to ${exporters.join(", ")}, too`);
  const automatic =
    typeof instrumentations === "number"
      ? `${instrumentations} instrumentations on`
      : `no automatic instrumentation (${instrumentations})`;
  parts.push([...libraries, automatic].join(" · "));
  if (content !== undefined) parts.push(content);
  return parts.join("; ");
}

function whereOf({ enabled, apiKey, apiUrl, projectName }: ResolvedOptions): string {
  if (!enabled) return "runs are not sent (LANGSMITH_TRACING is false)";
  if (apiKey === undefined && !isLocalAddress(apiUrl)) return "runs are not sent (LANGSMITH_API_KEY is not set)";
  // An address may carry a name and a password: they are not for a log.
  const { origin, pathname } = new URL(apiUrl);
  return `runs go to project ${JSON.stringify(projectName)} at ${origin}${pathname.replace(/\/$/, "")}`;
}
