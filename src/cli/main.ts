#!/usr/bin/env node
// The command `otel-langsmith`: `replay` sends what was kept on disk, `doctor` says why nothing arrives.
import { parseArgs } from "node:util";
import { withoutCredentials } from "../credentials.js";
import { VERSION } from "../version.js";
import { doctor } from "./doctor.js";
import { replay } from "./replay.js";

const USAGE = `otel-langsmith replay DIR [--dry-run] [--refused] [--lane TAG] [--give-up SECONDS]
  Sends the runs kept in DIR: this package's spool, and the trace_*.json files of the langsmith SDK.
  Resumable: what was sent is removed from DIR. Ends with 0 when all was sent, 1 when something is left.

otel-langsmith doctor
  Looks at the project (versions, GenAI libraries and how each is traced, what register would do), checks key, workspace,
  endpoint, clock, proxy and compression, and sends a run there and back.

--help and --version work everywhere. Both commands take the destination from LANGSMITH_ENDPOINT, LANGSMITH_API_KEY and LANGSMITH_WORKSPACE_ID.`;

async function main([command, ...rest]: readonly string[]): Promise<number> {
  const flags = { help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "v" } } as const;
  const asked = parseArgs({
    args: [command ?? "--help", ...rest],
    options: flags,
    strict: false,
    allowPositionals: true,
  });
  if (asked.values["version"] === true) return print(VERSION);
  if (command !== undefined && (asked.values["help"] === true || command === "help")) return print(USAGE);
  switch (command) {
    case "replay":
      return replay(rest, process.env, process.stdout);
    case "doctor":
      // It takes nothing: what is not known is an error, not passed over.
      parseArgs({ args: rest, options: {} });
      return doctor(process.env, process.stdout);
    default:
      throw new TypeError(command === undefined ? "say what to do" : `there is no command ${command}`);
  }
}

function print(text: string): number {
  console.log(text);
  return 0;
}

/** What was typed, and not what was tried, is at fault: parseArgs's errors, and ours about commands. */
function isUsage(error: unknown): boolean {
  return error instanceof TypeError && (!("code" in error) || String(error.code).startsWith("ERR_PARSE_ARGS_"));
}

// Whoever reads may have read enough (`| head`): the work goes on, and so does its exit code.
process.stdout.on("error", () => {});

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(withoutCredentials(error instanceof Error ? error.message : String(error)));
    if (isUsage(error)) console.error(`\n${USAGE}`);
    process.exitCode = isUsage(error) ? 2 : 1;
  },
);
