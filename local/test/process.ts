// Runs the command line from its sources in a process of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../src/cli.ts", import.meta.url));

export interface Serving {
  readonly child: ChildProcess;
  readonly url: string;
  readonly line: string;
  /** Sends the signal; resolves to the exit code, or the signal that ended the process. */
  stop(signal: NodeJS.Signals): Promise<number | string | null>;
}

export function spawnCli(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", CLI, ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

/** Starts `serve` on a free port; resolves once it has printed its line. */
export async function serveIn(directory: string): Promise<Serving> {
  const child = spawnCli(["serve", "--port", "0", "--data", directory]);
  let out = "";
  let err = "";
  child.stderr?.on("data", (data) => {
    err += String(data);
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", (data) => {
      out += String(data);
      const [first, ...rest] = out.split("\n");
      if (first !== undefined && rest.length > 0) resolve(first);
    });
    child.once("exit", (code) => reject(new Error(`serve ended with ${code}: ${err}`)));
  });
  const [url = ""] = /http:\/\/[\d.:]+/.exec(line) ?? [];
  return {
    child,
    url,
    line,
    async stop(signal) {
      const exit = once(child, "exit");
      child.kill(signal);
      const [code, ended] = await exit;
      return code ?? ended;
    },
  };
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = spawnCli(args);
  let out = "";
  let err = "";
  child.stdout?.on("data", (data) => {
    out += String(data);
  });
  child.stderr?.on("data", (data) => {
    err += String(data);
  });
  const [code] = await once(child, "close");
  return { code, out, err };
}
