// Reads the command line, and ends with an exit code.
import { LocalServerError } from "../errors.js";
import { VERSION } from "../version.js";
import { printRuns } from "./runs.js";
import { serve } from "./serve.js";

const HELP = `otel-langsmith-local ${VERSION}: a LangSmith-compatible server for this machine.

  otel-langsmith-local [serve] [--port 4319] [--host 127.0.0.1] [--data .langsmith-local]
                       [--allow-host NAME]... [--max-age-days 30] [--max-bytes 5368709120]
      Serves until it is interrupted.

  otel-langsmith-local runs [--filter F] [--trace-filter F] [--tree-filter F] [--project NAME] [--root]
                       [--since TIME] [--limit N] [--order asc|desc] [--format table|jsonl|csv] [--data DIR]
      Prints runs, also while the server runs. --data is the directory that the server was given.
`;

/** Runs a command; resolves to the process's exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [first = "serve", ...rest] = args;
  try {
    if (first === "help" || args.includes("--help") || args.includes("-h")) {
      process.stdout.write(HELP);
      return 0;
    }
    if (first === "--version") {
      process.stdout.write(`${VERSION}\n`);
      return 0;
    }
    if (first === "runs") return await printRuns(rest);
    if (first === "serve") return await serve(rest);
    if (first.startsWith("-")) return await serve(args);
    process.stderr.write(`There is no command ${first}.\n\n${HELP}`);
    return 2;
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof LocalServerError ? `${error.code}: ` : "";
  process.stderr.write(`otel-langsmith-local: ${code}${message}\n`);
  // parseArgs's own errors, and ours about options, are about what was typed.
  const isUsage =
    error instanceof Error && "code" in error && /^(ERR_PARSE_ARGS|LSB_ERR_LOCAL_OPTION)/.test(String(error.code));
  return isUsage ? 2 : 1;
}
