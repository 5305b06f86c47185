// Reads the command line, and ends with an exit code.
import { LocalServerError, Refusal } from "../errors.js";
import { VERSION } from "../version.js";
import { printRuns } from "./runs.js";
import { serve } from "./serve.js";

const HELP = `otel-langsmith-local ${VERSION}: a LangSmith-compatible server for this machine.

  otel-langsmith-local [serve] [--port 4319] [--host 127.0.0.1] [--data .langsmith-local]
                       [--allow-host NAME]... [--max-age-days 30] [--max-bytes 5368709120]
                       [--max-query-millis 2000] [--open]
      Serves until it is interrupted. --open shows the page in the browser.

  otel-langsmith-local runs [--filter F] [--trace-filter F] [--tree-filter F] [--project NAME] [--root]
                       [--since TIME] [--limit N] [--order asc|desc] [--format table|jsonl|csv] [--data DIR]
      Prints runs, also while the server runs. --data is the directory that the server was given.

  otel-langsmith-local --version | --help
`;

/** Runs a command; resolves to the process's exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const [first = "serve", ...rest] = args;
  try {
    if (first === "help" || args.includes("--help") || args.includes("-h")) {
      process.stdout.write(HELP);
      return 0;
    }
    if (first === "version" || args.includes("--version") || args.includes("-v")) {
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
  // parseArgs's own errors are about words that there are not.
  const isUnknownWord = error instanceof Error && "code" in error && /^ERR_PARSE_ARGS/.test(String(error.code));
  process.stderr.write(`otel-langsmith-local: ${code}${message}\n${isUnknownWord ? `\n${HELP}` : ""}`);
  // Ours about options, and a filter's, are about what was typed, too.
  const isTyped =
    isUnknownWord ||
    error instanceof Refusal ||
    (error instanceof LocalServerError && error.code === "LSB_ERR_LOCAL_OPTION");
  return isTyped ? 2 : 1;
}
