#!/usr/bin/env node
// The command `otel-langsmith`: `replay` sends what was kept on disk, `doctor` says why nothing arrives.
import { doctor } from "./doctor.js";
import { replay } from "./replay.js";

const USAGE = `otel-langsmith replay DIR [--dry-run] [--refused] [--lane TAG] [--give-up SECONDS]
  Sends the runs kept in DIR: this package's spool, and the trace_*.json files of the langsmith SDK.
  Resumable: what was sent is removed from DIR. Ends with 0 when all was sent, 1 when something is left.

otel-langsmith doctor
  Checks key, workspace, endpoint, clock, proxy and compression, and sends a run there and back.

Both take the destination from LANGSMITH_ENDPOINT, LANGSMITH_API_KEY and LANGSMITH_WORKSPACE_ID.`;

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  switch (command) {
    case "replay":
      return replay(rest, process.env, process.stdout);
    case "doctor":
      return doctor(process.env, process.stdout);
    case "help":
    case "--help":
    case "-h":
      console.log(USAGE);
      return 0;
    default:
      console.error(command === undefined ? USAGE : `there is no command ${command}\n\n${USAGE}`);
      return 2;
  }
}

// Whoever reads may have read enough (`| head`): the work goes on, and so does its exit code.
process.stdout.on("error", () => {});

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
